//! Whatever speaks OpenAI's dialect under a base address: vLLM, Ollama, DeepSeek, OpenRouter and many more.

use super::{Credential, Definition, Target};

/// Any server of OpenAI's dialect.
pub const DEFINITION: Definition = Definition {
    type_name: "openai-compatible",
    credential: Credential::Bearer,
    path_and_query,
    edit_body: super::body::compatible,
};

/// Below the base path exactly as written, as the clients' own base URL works: some servers have no `/v1`.
fn path_and_query(target: &Target<'_>) -> String {
    format!("{}{}", target.base(), target.operation_path())
}

#[cfg(test)]
mod tests;
