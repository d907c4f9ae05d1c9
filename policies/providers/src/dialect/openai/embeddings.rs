//! An embeddings request as a client wrote it.

use super::members::{count, text};
use crate::dialect::errors::RequestError;
use crate::json::{Kind, Object, Span};

/// How vectors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EncodingFormat {
    /// As arrays of numbers.
    #[default]
    Float,
    /// As base64 of little-endian 32-bit floats.
    Base64,
}

/// What decisions need of an embeddings request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingsRequest {
    /// The model's name, where the body gives one.
    pub model: Option<String>,
    /// Where the input lies: a string, or an array of strings, of tokens, or of arrays of tokens.
    pub input: Span,
    /// How vectors are to be written.
    pub encoding_format: EncodingFormat,
    /// How long vectors are to be.
    pub dimensions: Option<u64>,
}

impl EmbeddingsRequest {
    /// Reads a scanned body. The first member that is missing or of the wrong type is the error.
    pub fn read(object: &Object) -> Result<Self, RequestError> {
        let model = text(object, "model")?;
        let input = object.present("input").ok_or_else(|| RequestError::missing("input"))?;
        if !matches!(input.kind, Kind::String | Kind::Array) {
            return Err(RequestError::invalid("input", "a string or an array", input.kind.describe()));
        }
        let encoding_format = match text(object, "encoding_format")?.as_deref() {
            None | Some("float") => EncodingFormat::Float,
            Some("base64") => EncodingFormat::Base64,
            Some(_) => return Err(RequestError::invalid("encoding_format", "`float` or `base64`", "something else")),
        };
        Ok(Self { model, input: input.value_span, encoding_format, dimensions: count(object, "dimensions")? })
    }
}

#[cfg(test)]
mod tests;
