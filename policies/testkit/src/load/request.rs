//! Requests and credentials as they will be sent.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{Loader, escape, suggestion};
use crate::keys;
use crate::plan::{Credential, Request};
use crate::rules::{BAD_VALUE, CASE_SHAPE, UNKNOWN_SUBJECT};
use crate::suite::{CancelSpec, ChatSpec, EmbeddingsSpec, IdentitySpec, RequestRef, RequestSpec};
use crate::world::Leave;

/// How deep fixtures may be made from fixtures.
const MAX_DEPTH: usize = 8;

impl Loader<'_> {
    /// The credential of an identity; `None` for nobody's.
    pub(super) fn credential(&mut self, name: &str, pointer: &str) -> Option<Option<Credential>> {
        let spec = self.identity(name, pointer)?;
        let IdentitySpec { consumer, credential, anonymous, key, header } = &spec;
        let header = match header.as_deref().map(str::parse::<HeaderName>) {
            Some(Err(_)) => {
                self.error(
                    BAD_VALUE,
                    pointer,
                    format!("the identity `{name}` names a header that is none"),
                    "write a header's name",
                );
                return None;
            }
            other => other.and_then(Result::ok),
        };
        match (consumer, anonymous, key) {
            (Some(consumer), None, None) => {
                let key = self.made_up(consumer, credential.as_deref(), pointer)?;
                Some(Some(Credential { key, header }))
            }
            (None, Some(true), None) if credential.is_none() && header.is_none() => Some(None),
            (None, None, Some(key)) if credential.is_none() => Some(Some(Credential { key: key.clone(), header })),
            _ => {
                let message = format!(
                    "the identity `{name}` is not one of `{{consumer: NAME}}`, `{{anonymous: true}}` and `{{key: TEXT}}`"
                );
                self.error(CASE_SHAPE, pointer, message, "`credential` goes with `consumer`, `header` with `consumer` or `key`");
                None
            }
        }
    }

    /// The key that is made up for a consumer's credential.
    fn made_up(&mut self, consumer: &str, credential: Option<&str>, pointer: &str) -> Option<String> {
        let program = self.program;
        let Some(plan) = program.consumers.iter().find(|plan| plan.origin.name.as_str() == consumer) else {
            let known: Vec<&str> = program.consumers.iter().map(|plan| plan.origin.name.as_str()).collect();
            let help = suggestion(consumer, &known, "declare a Consumer of this name");
            self.error(UNKNOWN_SUBJECT, pointer, format!("there is no consumer `{consumer}`"), help);
            return None;
        };
        let known: Vec<&str> = plan.keys.iter().map(|key| key.id.as_str()).collect();
        let found = match credential {
            Some(id) => known.iter().find(|known| **known == id),
            None => known.first(),
        };
        if found.is_none() {
            let message = match credential {
                Some(id) => format!("the consumer `{consumer}` has no credential `{id}`"),
                None => format!("the consumer `{consumer}` has no credential that could be sent"),
            };
            let help = suggestion(credential.unwrap_or_default(), &known, "give the consumer an API key");
            self.error(UNKNOWN_SUBJECT, pointer, message, help);
        }
        found.map(|id| keys::made_up(consumer, id))
    }

    /// A request, with everything that it is made from in place.
    pub(super) fn requested(&mut self, send: &RequestRef, pointer: &str, credential: Option<Credential>) -> Option<Request> {
        let spec = self.flattened(send, pointer, 0)?;
        let (method, target) = self.line(&spec, pointer)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &spec.headers {
            match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
                _ => {
                    let at = format!("{pointer}/headers/{}", escape(name));
                    self.error(
                        BAD_VALUE,
                        &at,
                        format!("`{name}: {value}` is not a header"),
                        "names and values are visible ASCII",
                    );
                    return None;
                }
            }
        }
        let body = self.body(&spec, pointer)?;
        if let Some((_, kind)) = body.as_ref().filter(|_| !headers.contains_key(CONTENT_TYPE)) {
            headers.insert(CONTENT_TYPE, kind.clone());
        }
        for name in &spec.without {
            headers.remove(name.as_str());
        }
        if let Some(name) = spec.host.as_deref().filter(|host| HeaderValue::from_str(host).is_err()) {
            self.error(
                BAD_VALUE,
                &format!("{pointer}/host"),
                format!("`{name}` is not a host"),
                "write a name such as `gateway.test`",
            );
            return None;
        }
        Some(Request {
            method,
            target,
            host: spec.host.unwrap_or_else(|| "gateway.test".to_owned()),
            ip: spec.ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            headers,
            body: body.map_or_else(Bytes::new, |(bytes, _)| bytes),
            credential,
            leaves: self.leaves(spec.cancel, pointer)?,
        })
    }

    /// The request with what its fixtures say below it.
    fn flattened(&mut self, send: &RequestRef, pointer: &str, depth: usize) -> Option<RequestSpec> {
        if depth > MAX_DEPTH {
            let help = "a fixture cannot be made from itself";
            self.error(CASE_SHAPE, pointer, format!("requests are made from each other more than {MAX_DEPTH} times"), help);
            return None;
        }
        let spec = match send {
            RequestRef::Name(name) => self.request(name, pointer)?,
            RequestRef::Inline(spec) => (**spec).clone(),
        };
        let Some(base) = spec.r#use.clone() else { return Some(spec) };
        let base = self.flattened(&RequestRef::Name(base), pointer, depth + 1)?;
        Some(over(base, spec))
    }

    fn line(&mut self, spec: &RequestSpec, pointer: &str) -> Option<(Method, String)> {
        let lines = [
            (Method::GET, &spec.get),
            (Method::POST, &spec.post),
            (Method::PUT, &spec.put),
            (Method::PATCH, &spec.patch),
            (Method::DELETE, &spec.delete),
        ];
        let mut written = lines.into_iter().filter_map(|(method, path)| Some((method, path.clone()?)));
        match (written.next(), written.next()) {
            (Some((method, path)), None) if path.starts_with('/') && path.parse::<http::Uri>().is_ok() => Some((method, path)),
            (Some((_, path)), None) => {
                self.error(
                    BAD_VALUE,
                    pointer,
                    format!("`{path}` is not a path"),
                    "it begins with `/`, and other characters than ASCII are escaped",
                );
                None
            }
            _ => {
                let help = "write `post: /v1/chat/completions`, or begin from a fixture by `use: NAME`";
                self.error(CASE_SHAPE, pointer, "a request has one of `get`, `post`, `put`, `patch` and `delete`", help);
                None
            }
        }
    }

    fn body(&mut self, spec: &RequestSpec, pointer: &str) -> Option<Option<(Bytes, HeaderValue)>> {
        let json = HeaderValue::from_static("application/json");
        let bodies = [spec.chat.is_some(), spec.embeddings.is_some(), spec.body.is_some(), spec.text.is_some()];
        if bodies.iter().filter(|body| **body).count() > 1 {
            self.error(
                CASE_SHAPE,
                pointer,
                "a request has one of `chat`, `embeddings`, `body` and `text`",
                "keep the one that is meant",
            );
            return None;
        }
        let body =
            spec.chat.as_ref().map(chat).or_else(|| spec.embeddings.as_ref().map(embeddings)).or_else(|| spec.body.clone());
        let Some(mut body) = body else {
            if !spec.set.is_empty() {
                self.error(
                    CASE_SHAPE,
                    &format!("{pointer}/set"),
                    "there is no JSON body to put values into",
                    "add `chat`, `embeddings` or `body`",
                );
                return None;
            }
            return Some(
                spec.text.as_ref().map(|text| (Bytes::copy_from_slice(text.as_bytes()), HeaderValue::from_static("text/plain"))),
            );
        };
        for (at, value) in &spec.set {
            if let Err(why) = set(&mut body, at, value) {
                self.error(
                    BAD_VALUE,
                    &format!("{pointer}/set/{}", escape(at)),
                    why,
                    "a JSON Pointer such as `/stream` or `/messages/0/content`",
                );
                return None;
            }
        }
        Some(Some((Bytes::from(body.to_string()), json)))
    }

    fn leaves(&mut self, cancel: Option<CancelSpec>, pointer: &str) -> Option<Option<Leave>> {
        match cancel {
            None => Some(None),
            Some(CancelSpec { after_chunks: Some(chunks), after: None }) => Some(Some(Leave::AfterChunks(chunks))),
            Some(CancelSpec { after_chunks: None, after: Some(time) }) => Some(Some(Leave::After(time))),
            Some(_) => {
                self.error(
                    CASE_SHAPE,
                    &format!("{pointer}/cancel"),
                    "a client leaves `afterChunks` or `after` a time",
                    "keep one of them",
                );
                None
            }
        }
    }
}

/// What is written above counts; headers and values are joined.
fn over(base: RequestSpec, above: RequestSpec) -> RequestSpec {
    fn joined<V>(mut below: IndexMap<String, V>, above: IndexMap<String, V>) -> IndexMap<String, V> {
        below.extend(above);
        below
    }
    let line =
        above.get.is_some() || above.post.is_some() || above.put.is_some() || above.patch.is_some() || above.delete.is_some();
    let body = above.chat.is_some() || above.embeddings.is_some() || above.body.is_some() || above.text.is_some();
    let (lines, bodies) = (if line { &above } else { &base }.clone(), if body { &above } else { &base }.clone());
    RequestSpec {
        r#use: None,
        get: lines.get,
        post: lines.post,
        put: lines.put,
        patch: lines.patch,
        delete: lines.delete,
        host: above.host.or(base.host),
        ip: above.ip.or(base.ip),
        headers: joined(base.headers, above.headers),
        without: base.without.into_iter().chain(above.without).collect(),
        chat: bodies.chat,
        embeddings: bodies.embeddings,
        body: bodies.body,
        text: bodies.text,
        set: joined(base.set, above.set),
        cancel: above.cancel.or(base.cancel),
    }
}

fn chat(spec: &ChatSpec) -> Value {
    let mut body = Map::new();
    if let Some(model) = &spec.model {
        body.insert("model".to_owned(), model.clone().into());
    }
    let system = spec.system.iter().map(|text| json!({"role": "system", "content": text}));
    let user = spec.user.iter().map(|text| json!({"role": "user", "content": text}));
    body.insert("messages".to_owned(), system.chain(spec.messages.iter().cloned()).chain(user).collect());
    if let Some(stream) = spec.stream {
        body.insert("stream".to_owned(), stream.into());
    }
    Value::Object(body)
}

fn embeddings(spec: &EmbeddingsSpec) -> Value {
    let mut body = Map::new();
    if let Some(model) = &spec.model {
        body.insert("model".to_owned(), model.clone().into());
    }
    body.insert("input".to_owned(), spec.input.clone().into());
    Value::Object(body)
}

/// Puts a value at a JSON Pointer: a member that may be new, an item that is there, or `-` for one more.
pub(crate) fn set(body: &mut Value, pointer: &str, value: &Value) -> Result<(), String> {
    let Some((parent, last)) = pointer.rsplit_once('/').filter(|_| pointer.starts_with('/')) else {
        return Err(format!("`{pointer}` does not begin with `/`"));
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(last, value.clone())),
        Some(Value::Array(items)) if last == "-" => items.push(value.clone()),
        Some(Value::Array(items)) => match last.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
            Some(item) => *item = value.clone(),
            None => return Err(format!("the list at `{parent}` has no item `{last}`")),
        },
        _ => return Err(format!("there is nothing at `{parent}` to put a value into")),
    }
    Ok(())
}
