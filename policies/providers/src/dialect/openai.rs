//! OpenAI's dialect, which Azure OpenAI shares: chat completions, embeddings and models.

mod chat;
mod embeddings;
mod members;
mod messages;
mod models;
mod parameters;

pub use chat::ChatRequest;
pub use embeddings::{EmbeddingsRequest, EncodingFormat};
pub use messages::{MessageEdits, message};
pub use models::{ModelEntry, model_body, models_body};
pub use parameters::{LOGICAL_PARAMETERS, LogicalParameter, ParameterType, logical_parameter};
