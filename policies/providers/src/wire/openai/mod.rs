//! OpenAI itself: <https://api.openai.com/v1>, a key as bearer token.

use super::{Credential, Definition, Target};

/// OpenAI.
pub const DEFINITION: Definition =
    Definition { type_name: "openai", credential: Credential::Bearer, path_and_query, edit_body: super::body::openai };

/// Below the base path; an address without a path means `/v1`, since OpenAI has nothing else.
fn path_and_query(target: &Target<'_>) -> String {
    let base = match target.base() {
        "" => "/v1",
        base => base,
    };
    format!("{base}{}", target.operation_path())
}

#[cfg(test)]
mod tests;
