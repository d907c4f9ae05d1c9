//! JSON Schemas (2020-12) of the kinds, made from their specs: what editors read, what the reference is written from, and what
//! the structural check of every document follows.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::authentication::AuthenticationSpec;
use crate::authorization::AuthorizationSpec;
use crate::consumer::ConsumerSpec;
use crate::gateway::GatewaySpec;
use crate::limit::LimitSpec;
use crate::model::ModelSpec;
use crate::prompt::PromptSpec;
use crate::provider::ProviderSpec;
use crate::route::RouteSpec;
use crate::tenant::TenantSpec;
use crate::validation::ValidationSpec;
use crate::{API_VERSION, Kind, Metadata};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of documents of one kind. Equal from run to run, byte for byte.
pub fn schema_of(kind: Kind) -> Value {
    let mut generator = generator();
    let spec = spec_schema(kind, &mut generator);
    let description = spec_description(&spec, &generator);
    let mut schema = envelope(json!({"const": kind.as_str()}), spec, &mut generator);
    schema.insert("title".to_owned(), kind.as_str().into());
    schema.insert("description".to_owned(), description.into());
    finish(schema, &mut generator)
}

/// The schema of documents that share the envelope of policies and are none, such as test suites.
pub fn schema_of_other<S: JsonSchema>(kind: &str) -> Value {
    let mut generator = generator();
    let spec = generator.subschema_for::<S>().to_value();
    let description = spec_description(&spec, &generator);
    let mut schema = envelope(json!({"const": kind}), spec, &mut generator);
    schema.insert("title".to_owned(), kind.into());
    schema.insert("description".to_owned(), description.into());
    finish(schema, &mut generator)
}

/// The schema of documents of any kind: which `spec` they have follows from their `kind`.
pub fn schema_of_all() -> Value {
    let mut generator = generator();
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let cases: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| {
            let spec = spec_schema(*kind, &mut generator);
            json!({
                "if": {"properties": {"kind": {"const": kind.as_str()}}, "required": ["kind"]},
                "then": {"properties": {"spec": spec}},
            })
        })
        .collect();
    let mut schema = envelope(json!({"enum": names}), json!(true), &mut generator);
    schema.insert("title".to_owned(), "aigw policies".into());
    schema.insert("allOf".to_owned(), cases.into());
    finish(schema, &mut generator)
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn spec_schema(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
        generator.subschema_for::<T>().to_value()
    }
    match kind {
        Kind::Gateway => of::<GatewaySpec>(generator),
        Kind::Provider => of::<ProviderSpec>(generator),
        Kind::Model => of::<ModelSpec>(generator),
        Kind::Route => of::<RouteSpec>(generator),
        Kind::Tenant => of::<TenantSpec>(generator),
        Kind::Consumer => of::<ConsumerSpec>(generator),
        Kind::Product => of::<crate::product::ProductSpec>(generator),
        Kind::Subscription => of::<crate::subscription::SubscriptionSpec>(generator),
        Kind::Authentication => of::<AuthenticationSpec>(generator),
        Kind::Authorization => of::<AuthorizationSpec>(generator),
        Kind::Validation => of::<ValidationSpec>(generator),
        Kind::Limit => of::<LimitSpec>(generator),
        Kind::Prompt => of::<PromptSpec>(generator),
    }
}

/// What the kind's own type says of itself.
fn spec_description(spec: &Value, generator: &SchemaGenerator) -> String {
    let name = spec.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let definition = generator.definitions().get(name);
    definition.and_then(|definition| definition.get("description")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn envelope(kind: Value, spec: Value, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let metadata = generator.subschema_for::<Metadata>().to_value();
    let properties = json!({
        "apiVersion": {"description": "The language and its version.", "const": API_VERSION},
        "kind": with_description(kind, "What the document is."),
        "metadata": with_description(metadata, "Its name, labels and annotations."),
        "spec": with_description(spec, "What it says."),
    });
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), DIALECT.into());
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    schema.insert("required".to_owned(), json!(["apiVersion", "kind", "metadata", "spec"]));
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

fn with_description(schema: Value, text: &str) -> Value {
    match schema {
        Value::Object(mut members) => {
            members.insert("description".to_owned(), text.into());
            members.into()
        }
        other => other,
    }
}

fn finish(mut schema: Map<String, Value>, generator: &mut SchemaGenerator) -> Value {
    let mut definitions: Vec<(String, Value)> = generator.take_definitions(true).into_iter().collect();
    definitions.sort_by(|one, other| one.0.cmp(&other.0));
    let mut schema = {
        schema.insert("$defs".to_owned(), definitions.into_iter().collect::<Map<_, _>>().into());
        Value::Object(schema)
    };
    tidy(&mut schema);
    schema
}

/// Takes out what serde's types imply and policies do not mean: `null` for what may be left out, the widths of Rust's integers, and the line
/// breaks of comments.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => {
            without_null(members);
            if members
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| format.starts_with("int") || format.starts_with("uint"))
            {
                members.shift_remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            members.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

fn without_null(members: &mut Map<String, Value>) {
    if members.get("default") == Some(&Value::Null) {
        members.shift_remove("default");
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(branches)) = members.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type") != Some(&Value::from("null")));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            members.shift_remove("anyOf");
            for (key, value) in only {
                members.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
