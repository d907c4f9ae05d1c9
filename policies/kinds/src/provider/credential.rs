//! What proves to an endpoint who calls: a key, or a token of a managed identity.

use std::net::IpAddr;

use aigw_source::rules::INVALID_VALUE;
use http::Uri;
use http::uri::Scheme;

use crate::Setting;
use crate::lower::references::Wanted;
use crate::lower::{At, Lowering};
use crate::provider::{CredentialPlan, EndpointSpec, ManagedIdentityPlan, ManagedIdentitySpec, ProviderType};
use crate::written::Given;

/// Longest client id in characters: they are UUIDs.
const MAX_CLIENT_ID: usize = 64;

/// Lowers an endpoint's `auth`.
pub(super) fn lower<'a>(
    lowering: &mut Lowering<'a>,
    kind: ProviderType,
    spec: &'a EndpointSpec,
    at: &At<'a>,
) -> Option<CredentialPlan> {
    let auth = spec.auth.as_ref()?;
    let at_auth = at.key("auth");
    match (&auth.api_key, &auth.managed_identity) {
        (Some(key), None) => {
            lowering.secrets.insert(key.secret.clone());
            Some(CredentialPlan::Key(key.secret.clone()))
        }
        (None, Some(identity)) => {
            fits(lowering, kind, spec, at);
            managed_identity(lowering, identity, &at_auth.key("managedIdentity")).map(CredentialPlan::ManagedIdentity)
        }
        (Some(_), Some(_)) => {
            let message = "an endpoint is called with a key or with a token, not with both";
            lowering.unfit(at_auth.key("managedIdentity").key_span(), message, "remove one of them");
            None
        }
        (None, None) => {
            let help = "write `{apiKey: {secret: NAME}}` or `{managedIdentity: {}}`, or remove `auth`";
            lowering.unfit(at.key("auth").key_span(), "`auth` says nothing", help);
            None
        }
    }
}

/// Tokens go to whom they are for, and to nobody on the way.
fn fits<'a>(lowering: &mut Lowering<'a>, kind: ProviderType, spec: &EndpointSpec, at: &At<'a>) {
    if !matches!(kind, ProviderType::AzureOpenai | ProviderType::OpenaiCompatible) {
        let message = format!("`managedIdentity` means nothing for the type `{}`", kind.as_str());
        lowering.unfit(at.key("auth").key("managedIdentity").key_span(), message, "write `apiKey: {secret: NAME}`");
    }
    if let Some(Given::Value(url)) = &spec.url
        && !keeps_tokens(url)
        && url.starts_with("http://")
    {
        let message = "a token of a managed identity would go there unencrypted";
        lowering.unfit(at.key("url").span(), message, "write `https://…`");
    }
}

fn managed_identity<'a>(lowering: &mut Lowering<'a>, spec: &ManagedIdentitySpec, at: &At<'a>) -> Option<ManagedIdentityPlan> {
    let client_id = match &spec.client_id {
        Some(given) => Some(lowering.setting(given, &at.key("clientId"), Wanted::Text)?),
        None => None,
    };
    if let Some(Setting::Value(text)) = &client_id
        && !is_client_id(text)
    {
        let message = format!("`{}` is not a client id", text.chars().take(80).collect::<String>());
        let help = "write one such as `11111111-2222-3333-4444-555555555555`";
        lowering.refuse(INVALID_VALUE, at.key("clientId").span(), message, help);
    }
    if !is_resource(&spec.resource) {
        let message = format!("`{}` is not a resource", spec.resource.chars().take(80).collect::<String>());
        let help = "write one such as `https://cognitiveservices.azure.com`, without `/.default`";
        lowering.refuse(INVALID_VALUE, at.key("resource").span(), message, help);
    }
    Some(ManagedIdentityPlan { client_id, resource: spec.resource.clone() })
}

/// Whether a text can be an identity's client id: letters, digits and `-`, at most 64.
pub fn is_client_id(text: &str) -> bool {
    (1..=MAX_CLIENT_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether nobody reads along on the way to this base URL: `https`, or this machine.
pub fn keeps_tokens(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().map(|host| host.trim_matches(['[', ']'])).unwrap_or_default();
    let here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTPS || here)
}

/// An identifier of Entra ID: an address, `api://…`, or an application's id. A scope is one with `/.default` behind it, which is added where needed.
fn is_resource(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'_');
    !text.is_empty() && text.bytes().all(sound) && !text.ends_with("/.default") && !text.starts_with("http://")
}
