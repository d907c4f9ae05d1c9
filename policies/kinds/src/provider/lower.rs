//! A provider: from as written to as compiled.

use aigw_core::{Millis, Name};
use aigw_source::rules::INVALID_VALUE;

use crate::lower::references::Wanted;
use crate::lower::values::http_url;
use crate::lower::{At, Lowering};
use crate::provider::credential;
use crate::provider::{
    AzureApi, AzureApiSpec, AzureStyle, EndpointPlan, EndpointSpec, MockPlan, MockSpec, ProviderModel, ProviderPlan,
    ProviderSpec, ProviderType, TimeoutsPlan, TimeoutsSpec, WirePlan,
};
use crate::{EndpointId, Kind, ProviderId, Setting, Typed};

/// Where OpenAI itself is.
const OPENAI_URL: &str = "https://api.openai.com/v1";
/// The name of a mock's one endpoint.
pub(crate) const MOCK_ENDPOINT: &str = "mock";

/// Lowers one provider.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ProviderSpec>) -> Option<ProviderPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let id = ProviderId(lowering.id(Kind::Provider, &doc.name)?);
    check_type(lowering, spec, &at);
    let wire = wire(lowering, spec, &at);
    let endpoints = endpoints(lowering, typed, id, &at.key("endpoints"));
    let models = spec.models.iter().map(|(name, model)| (name.clone(), ProviderModel { deployment: model.deployment.clone() }));
    Some(ProviderPlan {
        origin: lowering.origin(doc)?,
        wire: wire?,
        endpoints,
        models: models.collect(),
        timeouts: timeouts(lowering, &spec.timeouts, &at.key("timeouts")),
        tls_ca: spec.tls.ca.clone(),
    })
}

/// What stands there and means nothing for the type, and what the type needs.
fn check_type<'a>(lowering: &mut Lowering<'a>, spec: &ProviderSpec, at: &At<'a>) {
    let is_mock = spec.r#type == ProviderType::Mock;
    let keys = [
        ("api", spec.api.is_some(), spec.r#type == ProviderType::AzureOpenai),
        ("mock", spec.mock.is_some(), is_mock),
        ("endpoints", !spec.endpoints.is_empty(), !is_mock),
        ("tls", spec.tls.ca.is_some(), !is_mock),
    ];
    for (key, written, fits) in keys {
        if written && !fits {
            let message = format!("`{key}` means nothing for the type `{}`", spec.r#type.as_str());
            lowering.unfit(at.key(key).key_span(), message, "remove it");
        }
    }
    if !is_mock && spec.endpoints.is_empty() {
        let message = format!("a provider of type `{}` has at least one endpoint", spec.r#type.as_str());
        let help = "write `endpoints: {NAME: {url: …, auth: {apiKey: {secret: …}}}}`";
        lowering.unfit(at.key("type").span(), message, help);
    }
    for name in spec.models.keys().filter(|name| name.is_empty()) {
        lowering.refuse(INVALID_VALUE, at.key("models").key(name).key_span(), "a model's name is empty", "write its name");
    }
}

fn wire<'a>(lowering: &mut Lowering<'a>, spec: &'a ProviderSpec, at: &At<'a>) -> Option<WirePlan> {
    Some(match spec.r#type {
        ProviderType::Openai => WirePlan::Openai,
        ProviderType::OpenaiCompatible => WirePlan::OpenaiCompatible,
        ProviderType::AzureOpenai => WirePlan::AzureOpenai(match &spec.api {
            Some(api) => azure_api(lowering, api, &at.key("api"))?,
            None => AzureApi::V1 { version: None },
        }),
        ProviderType::Mock => {
            let MockSpec { text, latency, chunk_interval } = spec.mock.clone().unwrap_or_default();
            WirePlan::Mock(MockPlan { text, latency, chunk_interval })
        }
    })
}

fn azure_api<'a>(lowering: &mut Lowering<'a>, spec: &AzureApiSpec, at: &At<'a>) -> Option<AzureApi> {
    let version = match &spec.version {
        Some(version) => Some(version_setting(lowering, version, &at.key("version"))?),
        None => None,
    };
    match (spec.style, version) {
        (AzureStyle::V1, version) => Some(AzureApi::V1 { version }),
        (AzureStyle::Deployments, Some(version)) => Some(AzureApi::Deployments { version }),
        (AzureStyle::Deployments, None) => {
            let help = "write `version: \"2024-10-21\"`, or the one that your deployments were tested with";
            lowering.unfit(at.key("style").span(), "the style `deployments` needs a `version`", help);
            None
        }
    }
}

fn version_setting<'a>(
    lowering: &mut Lowering<'a>,
    given: &crate::written::Given<String>,
    at: &At<'a>,
) -> Option<Setting<String>> {
    let setting = lowering.setting(given, at, Wanted::Text)?;
    if let Setting::Value(text) = &setting
        && (text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')))
    {
        lowering.refuse(
            INVALID_VALUE,
            at.span(),
            format!("`{text}` is not an api version"),
            "write one such as `2024-10-21` or `preview`",
        );
    }
    Some(setting)
}

fn endpoints<'a>(
    lowering: &mut Lowering<'a>,
    typed: Typed<'a, ProviderSpec>,
    provider: ProviderId,
    at: &At<'a>,
) -> Vec<EndpointId> {
    let Typed { doc, spec } = typed;
    let first = lowering.endpoints.len();
    if spec.r#type == ProviderType::Mock {
        if let Ok(name) = MOCK_ENDPOINT.parse::<Name>() {
            let place = lowering.place(at.span());
            lowering.endpoints.push(EndpointPlan {
                name,
                provider,
                labels: doc.labels.clone(),
                url: None,
                credential: None,
                place,
            });
        }
    } else {
        for (name, endpoint) in &spec.endpoints {
            let at = at.key(name.as_str());
            let url = url(lowering, spec.r#type, endpoint, &at);
            let credential = credential::lower(lowering, spec.r#type, endpoint, &at);
            let place = lowering.place(at.key_span());
            let mut labels = doc.labels.clone();
            labels.extend(endpoint.labels.clone());
            lowering.endpoints.push(EndpointPlan { name: name.clone(), provider, labels, url, credential, place });
        }
    }
    let ids: Vec<EndpointId> =
        (first..lowering.endpoints.len()).map(|index| EndpointId(u32::try_from(index).unwrap_or(u32::MAX))).collect();
    lowering.endpoints_of.insert(provider, ids.clone());
    ids
}

fn url<'a>(lowering: &mut Lowering<'a>, kind: ProviderType, spec: &EndpointSpec, at: &At<'a>) -> Option<Setting<String>> {
    let Some(given) = &spec.url else {
        if kind == ProviderType::Openai {
            return Some(Setting::Value(OPENAI_URL.to_owned()));
        }
        let message = format!("an endpoint of type `{}` has a `url`", kind.as_str());
        lowering.refuse(aigw_source::rules::MISSING_KEY, at.key_span(), message, "write `url: https://…`");
        return None;
    };
    let at = at.key("url");
    let setting = lowering.setting(given, &at, Wanted::Url)?;
    if let Setting::Value(text) = &setting
        && let Err(why) = http_url(text)
    {
        lowering.refuse(
            INVALID_VALUE,
            at.span(),
            format!("`{text}` is not a base URL: {why}"),
            "write one such as `https://api.example.com/v1`",
        );
    }
    Some(setting)
}

fn timeouts<'a>(lowering: &mut Lowering<'a>, spec: &TimeoutsSpec, at: &At<'a>) -> TimeoutsPlan {
    let times = [("connect", spec.connect), ("firstByte", spec.first_byte), ("idle", spec.idle), ("total", spec.total)];
    for (key, time) in times {
        lowering.at_least(time, Millis::new(10), key, &at.key(key));
    }
    TimeoutsPlan { connect: spec.connect, first_byte: spec.first_byte, idle: spec.idle, total: spec.total }
}

#[cfg(test)]
mod tests;
