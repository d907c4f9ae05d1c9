//! Embeddings of the stand-in: a direction drawn from the hash of each text.

use super::words::{count, hash, next};
use super::{MockAnswer, MockSettings};
use crate::dialect::errors::RequestError;
use crate::dialect::openai::{EmbeddingsRequest, EncodingFormat};
use crate::json::{Kind, Object, elements, string_value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

/// The length of a vector where the request does not say.
const DIMENSIONS: u64 = 64;
/// The longest vector, that of OpenAI's largest model.
const MAX_DIMENSIONS: u64 = 3072;
/// The most inputs of one request (OpenAI's OpenAPI file of 2026-08-21).
const MAX_INPUTS: usize = 2048;

pub(super) fn answer(settings: &MockSettings, object: &Object) -> Result<MockAnswer, RequestError> {
    let request = EmbeddingsRequest::read(object)?;
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS);
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(RequestError::invalid("dimensions", "between 1 and 3072", &dimensions.to_string()));
    }
    let inputs = inputs(&request, object)?;
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| json!({"object": "embedding", "index": index, "embedding": embedding(&input.seed, dimensions, request.encoding_format)}))
        .collect();
    let tokens: u64 = inputs.iter().map(|input| input.tokens).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    let body = json!({"object": "list", "data": data, "model": request.model.unwrap_or_default(), "usage": usage});
    Ok(MockAnswer::Whole { status: StatusCode::OK, after: settings.latency, body: body.to_string().into() })
}

struct Input {
    seed: Vec<u8>,
    tokens: u64,
}

/// The inputs of a request: one string, strings, one array of tokens, or arrays of tokens.
fn inputs(request: &EmbeddingsRequest, object: &Object) -> Result<Vec<Input>, RequestError> {
    let bytes = object.bytes();
    if let Some(text) = string_value(bytes, request.input) {
        return Ok(vec![Input { tokens: count(&text), seed: text.into_owned().into_bytes() }]);
    }
    let mut inputs = Vec::new();
    let mut single_tokens = 0;
    for element in elements(bytes, request.input)? {
        let element = element?;
        let seed = element.span.of(bytes).to_vec();
        match element.kind {
            Kind::Number => single_tokens += 1,
            Kind::Array => inputs.push(Input { tokens: elements(bytes, element.span)?.count() as u64, seed }),
            Kind::String => {
                let text = string_value(bytes, element.span).unwrap_or_default();
                inputs.push(Input { tokens: count(&text), seed: text.into_owned().into_bytes() });
            }
            kind => return Err(RequestError::invalid("input", "a string, tokens, or a list of either", kind.describe())),
        }
        if inputs.len() > MAX_INPUTS {
            return Err(RequestError::invalid("input", "at most 2048 texts", "longer"));
        }
    }
    match (inputs.is_empty(), single_tokens) {
        (true, 0) => Err(RequestError::invalid("input", "not empty", "an empty array")),
        (true, tokens) => Ok(vec![Input { tokens, seed: request.input.of(bytes).to_vec() }]),
        (false, 0) => Ok(inputs),
        (false, _) => Err(RequestError::invalid("input", "of one sort", "a mixture of tokens and texts")),
    }
}

/// A vector of length one.
fn embedding(seed: &[u8], dimensions: u64, format: EncodingFormat) -> Value {
    let mut state = hash(seed);
    let drawn: Vec<f32> = (0..dimensions).map(|_| component(next(&mut state))).collect();
    let length = drawn.iter().map(|component| component * component).sum::<f32>().sqrt();
    let vector = drawn.into_iter().map(|component| component / length);
    match format {
        EncodingFormat::Float => vector.map(|component| json!(component)).collect(),
        EncodingFormat::Base64 => STANDARD.encode(vector.flat_map(f32::to_le_bytes).collect::<Vec<_>>()).into(),
    }
}

/// A number in (-1, 1), never zero.
fn component(drawn: u64) -> f32 {
    let [low, high, ..] = drawn.to_le_bytes();
    (f32::from(u16::from_le_bytes([low, high])) + 0.5) / 32_768.0 - 1.0
}
