#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::json::{ScanLimits, scan};
use aigw_core::ErrorCode;
use bytes::Bytes;

fn read(text: &str) -> Result<EmbeddingsRequest, RequestError> {
    EmbeddingsRequest::read(&scan(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap())
}

#[test]
fn what_decisions_need_is_read() {
    let text = r#"{"model":"embedder","input":["a","b"],"encoding_format":"base64","dimensions":8}"#;
    let request = read(text).unwrap();
    assert_eq!(
        (request.model.as_deref(), request.encoding_format, request.dimensions),
        (Some("embedder"), EncodingFormat::Base64, Some(8))
    );
    assert_eq!(request.input.of(text.as_bytes()), br#"["a","b"]"#);
    assert_eq!(read(r#"{"input":"a"}"#).unwrap().encoding_format, EncodingFormat::Float);
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_member_named() {
    for (text, code, param) in [
        (r#"{"model":"x"}"#, ErrorCode::MissingParameter, "input"),
        (r#"{"input":null}"#, ErrorCode::MissingParameter, "input"),
        (r#"{"input":7}"#, ErrorCode::InvalidParameter, "input"),
        (r#"{"input":"a","model":[]}"#, ErrorCode::InvalidParameter, "model"),
        (r#"{"input":"a","encoding_format":"int8"}"#, ErrorCode::InvalidParameter, "encoding_format"),
        (r#"{"input":"a","dimensions":"8"}"#, ErrorCode::InvalidParameter, "dimensions"),
    ] {
        let fault = read(text).unwrap_err();
        assert_eq!((fault.code, fault.param.as_deref()), (code, Some(param)), "{text}");
    }
}
