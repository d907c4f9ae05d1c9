//! One token, asked for: the request that each issuer wants, and what its answer says.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aigw_core::Secret;
use aigw_engine::LoadedIdentity;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::environment::{Environment, Issuer};
use crate::fetch::{Fetch, FetchError, Fetched, Fetcher, wiped};
use crate::secrets::read_secret_file;

/// Longest answer: tokens with many claims are some 5 KB.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest wait for one.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The metadata service's protocol (learn.microsoft.com, "How to use managed identities on a VM to acquire an access token", 2026-10).
const MACHINE_VERSION: &str = "2018-02-01";
/// The protocol of App Service and Container Apps (learn.microsoft.com, "How to use managed identities for App Service", 2026-10).
const HOST_VERSION: &str = "2019-08-01";
/// How a token of the cluster's is handed in (RFC 7523, section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life that is believed: Azure's own are a day.
const MAX_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// Longest error code that is shown.
const MAX_CODE_CHARS: usize = 40;

/// A token as it was given out.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) token: Secret,
    /// How long it is good for, from now.
    pub(super) life: Duration,
}

/// Why there is no token. Holds nothing of tokens, assertions or headers.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenFault {
    /// The variables.
    #[error("{0}")]
    Environment(&'static str),
    /// No identity is named where one must be.
    #[error("workload identity needs a client id: set AZURE_CLIENT_ID, or write `clientId`")]
    NoClientId,
    /// The cluster's token.
    #[error("the token file `{}` of AZURE_FEDERATED_TOKEN_FILE cannot be read", .0.display())]
    NoAssertion(PathBuf),
    /// The way there.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The issuer said no.
    #[error("the issuer answered {}{}", status.as_u16(), behind(code))]
    Refused {
        /// With what.
        status: StatusCode,
        /// The issuer's own word for why; empty where it gave none.
        code: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer is none.
    #[error("the issuer's answer holds no usable token")]
    Unreadable,
}

impl TokenFault {
    /// How long the issuer asks to be left alone.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Environment {
    /// Asks for a token, once.
    pub(super) async fn token(&self, fetcher: &Fetcher, identity: &LoadedIdentity) -> Result<Granted, TokenFault> {
        let client_id = identity.client_id.as_deref().or(self.client_id.as_deref());
        let resource = encoded(&identity.resource);
        let chosen = client_id.map(|id| format!("&client_id={}", encoded(id))).unwrap_or_default();
        let answer = match &self.issuer {
            Issuer::Unknown(why) => return Err(TokenFault::Environment(why)),
            Issuer::Machine { base } => {
                let url =
                    format!("{base}/metadata/identity/oauth2/token?api-version={MACHINE_VERSION}&resource={resource}{chosen}");
                let headers = header("metadata", "true").into_iter().collect();
                fetcher.fetch(Fetch { headers, ..Fetch::get(&url, MAX_ANSWER_BYTES, TIMEOUT) }).await?
            }
            Issuer::Host { endpoint, header: secret } => {
                let joint = if endpoint.contains('?') { '&' } else { '?' };
                let url = format!("{endpoint}{joint}api-version={HOST_VERSION}&resource={resource}{chosen}");
                let header = header("x-identity-header", secret.expose());
                let headers = header.ok_or(TokenFault::Environment("IDENTITY_HEADER cannot stand in a header"))?;
                let headers = [headers].into_iter().collect();
                fetcher.fetch(Fetch { headers, ..Fetch::get(&url, MAX_ANSWER_BYTES, TIMEOUT) }).await?
            }
            Issuer::Workload { authority, tenant, assertion } => {
                let client_id = client_id.ok_or(TokenFault::NoClientId)?;
                // It is short-lived and written anew: read for each request.
                let proof =
                    Zeroizing::new(read_secret_file(assertion).ok_or_else(|| TokenFault::NoAssertion(assertion.clone()))?);
                let url = format!("{authority}/{}/oauth2/v2.0/token", encoded(tenant));
                let headers = header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded").into_iter().collect();
                let body = wiped(form(client_id, &identity.resource, &proof));
                let get = Fetch::get(&url, MAX_ANSWER_BYTES, TIMEOUT);
                fetcher.fetch(Fetch { method: Method::POST, headers, body, ..get }).await?
            }
        };
        granted(&answer)
    }
}

/// What Entra ID is told in exchange for a token (RFC 6749, section 4.4, with RFC 7523).
fn form(client_id: &str, resource: &str, assertion: &str) -> Vec<u8> {
    let scope = encoded(&format!("{resource}/.default"));
    let (id, kind) = (encoded(client_id), encoded(ASSERTION_TYPE));
    let head =
        format!("grant_type=client_credentials&client_id={id}&scope={scope}&client_assertion_type={kind}&client_assertion=");
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut form = String::with_capacity(head.len().saturating_add(assertion.len().saturating_mul(3)));
    form.push_str(&head);
    encode(assertion, &mut form);
    form.into_bytes()
}

fn header(name: &'static str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_static(name), value))
}

/// Text as it stands in a query or a form (RFC 3986, section 2.3: what is not reserved stays).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, &mut out);
    out
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // INVARIANT: writing to a `String` cannot fail.
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
}

/// What all three say, each in its own types: numbers, or texts of digits.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    expires_on: Value,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.access_token.zeroize();
    }
}

fn granted(answer: &Fetched) -> Result<Granted, TokenFault> {
    if answer.status != StatusCode::OK {
        let (status, retry_after) = (answer.status, answer.retry_after());
        return Err(TokenFault::Refused { status, code: code(&answer.body), retry_after });
    }
    // What serde says of a fault may hold the answer's text.
    let mut said: Answer = serde_json::from_slice(&answer.body).map_err(|_| TokenFault::Unreadable)?;
    let life = life(&said).ok_or(TokenFault::Unreadable)?;
    let sendable = !said.access_token.is_empty() && said.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    let token = Secret::new(std::mem::take(&mut said.access_token));
    if sendable { Ok(Granted { token, life }) } else { Err(TokenFault::Unreadable) }
}

/// How long it is good for: told in seconds, or as seconds since 1970.
fn life(said: &Answer) -> Option<Duration> {
    let left = number(&said.expires_in).or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        number(&said.expires_on)?.checked_sub(now)
    })?;
    (left > 0).then(|| Duration::from_secs(left).min(MAX_LIFE))
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The code of an OAuth error, with Entra ID's number where it gives one. What else it says is not repeated, since it may repeat what it was told.
fn code(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default)]
        error: String,
        #[serde(default)]
        error_description: String,
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else { return String::new() };
    let word = word(&refusal.error);
    let number = refusal.error_description.split(|c: char| !c.is_ascii_alphanumeric()).find(|part| is_entra_number(part));
    match number {
        Some(number) => format!("{word} ({number})"),
        None => word,
    }
}

/// `AADSTS` and up to eight digits.
fn is_entra_number(text: &str) -> bool {
    text.strip_prefix("AADSTS")
        .is_some_and(|rest| (1..=8).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A word behind another, where there is one.
pub(crate) fn behind(word: &str) -> String {
    if word.is_empty() { String::new() } else { format!(" {word}") }
}

/// An error code as it may be shown: a word of letters and `_`. Anything else may be more than a code, and nothing of it is shown.
pub(crate) fn word(text: &str) -> String {
    let is_word = text.len() <= MAX_CODE_CHARS && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_word { text.to_owned() } else { String::new() }
}
