//! Azure OpenAI: deployments with a dated version, or the v1 paths.

use super::{Api, BodyContext, Credential, Definition, Target, body};
use crate::json::Splice;

/// Azure OpenAI.
pub const DEFINITION: Definition =
    Definition { type_name: "azure-openai", credential: Credential::ApiKey, path_and_query, edit_body };

/// The first version that takes `stream_options.include_usage`; earlier ones refuse or ignore it.
const USAGE_IN_STREAMS_SINCE: &str = "2024-09-01";
/// The first version in which `max_completion_tokens` is a bound for every model and not only for reasoning ones.
const COMPLETION_TOKENS_SINCE: &str = "2025-01-01";

fn path_and_query(target: &Target<'_>) -> String {
    let base = resource_base(target.base());
    let operation = target.operation_path();
    match target.api {
        Api::Deployments { version } => {
            format!("{base}/openai/deployments/{}{operation}?api-version={}", escape(target.model), escape(version))
        }
        Api::V1 { version: Some(version) } => format!("{base}/openai/v1{operation}?api-version={}", escape(version)),
        Api::V1 { version: None } | Api::Plain => format!("{base}/openai/v1{operation}"),
    }
}

/// The base path of the resource, whether or not the address was written with the `/openai` or `/openai/v1` that portals show.
fn resource_base(base: &str) -> &str {
    let base = base.strip_suffix("/openai/v1").unwrap_or(base);
    base.strip_suffix("/openai").unwrap_or(base)
}

/// Text as one segment of a path or one value of a query: everything but RFC 3986's unreserved characters as `%XX`.
fn escape(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

fn edit_body(context: &BodyContext<'_>, splice: &mut Splice) {
    match context.api {
        // The path names the deployment, and the body's `model` is ignored there.
        Api::Deployments { version } => {
            if since(version, USAGE_IN_STREAMS_SINCE) {
                body::ask_for_usage(context, splice);
            }
            if !since(version, COMPLETION_TOKENS_SINCE) {
                body::use_max_tokens(context, splice);
            }
        }
        Api::V1 { .. } | Api::Plain => body::openai(context, splice),
    }
}

/// Whether a dated version is at least that date. `preview` and `latest` are always the newest.
fn since(version: &str, date: &str) -> bool {
    !version.starts_with(|first: char| first.is_ascii_digit()) || version >= date
}

#[cfg(test)]
mod tests;
