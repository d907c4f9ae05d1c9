//! The list of models and its entries: what this caller may use, under the names that it may write.

use aigw_core::{ErrorCode, World};
use aigw_kinds::Refusal;
use aigw_providers::dialect::openai::{ModelEntry, model_body, models_body};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::exchange::Exchange;
use crate::loaded::Matched;
use crate::reply::{Reply, ReplyBody};

/// Clients want a creation time, and a name has none.
const CREATED: u64 = 0;

/// Answers from the program alone; no target is called.
///
/// # Errors
/// 404 for a single model that is not there, or that this caller may not use: the two look the same.
pub(crate) fn answer<W: World>(x: &Exchange<'_, W>, matched: Matched<'_>) -> Result<Reply<W>, Refusal> {
    let loaded = &x.fixed.loaded;
    let program = loaded.program();
    let owned_by = program.gateway.name.as_str();
    let entry = |id| ModelEntry { id, created: CREATED, owned_by };
    let usable = loaded.usable_models(&matched, x.scopes()?, &x.facts);
    let body = match matched.capture("model", x.facts.path) {
        Some(name) => {
            let found = matched.route.models.find(&name).filter(|id| usable.contains(id));
            found.map(|_| model_body(entry(&name))).ok_or_else(|| not_found(&name))?
        }
        None => {
            let names = usable.iter().filter_map(|id| id.of(program)).flat_map(|plan| &plan.names);
            // A pattern stands for names without end.
            let entries: Vec<ModelEntry<'_>> = names.filter(|name| !name.ends_with('*')).map(|name| entry(name)).collect();
            models_body(&entries)
        }
    };
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Reply { status: StatusCode::OK, headers, body: ReplyBody::Whole(body) })
}

fn not_found(name: &str) -> Refusal {
    const NAME_IN_MESSAGE: usize = 80;
    let shown: String = name.chars().take(NAME_IN_MESSAGE).collect();
    Refusal::new(ErrorCode::ModelNotFound, format!("the model `{shown}` does not exist here")).about("model")
}
