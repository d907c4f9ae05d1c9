use super::*;

const ERROR: ErrorBody<'static> = ErrorBody {
    message: "no \"such\" model",
    kind: "not_found_error",
    code: "model_not_found",
    param: Some("model"),
    request_id: Some("req-1"),
};

#[test]
fn an_error_has_the_members_that_clients_read() {
    let expected = r#"{"error":{"message":"no \"such\" model","type":"not_found_error","param":"model","code":"model_not_found","request_id":"req-1"}}"#;
    assert_eq!(ERROR.to_bytes(), expected);
    let bare = ErrorBody { param: None, request_id: None, ..ERROR };
    assert_eq!(
        bare.to_bytes(),
        r#"{"error":{"message":"no \"such\" model","type":"not_found_error","param":null,"code":"model_not_found"}}"#
    );
}

#[test]
fn in_a_stream_it_is_one_event_that_our_own_reader_takes_for_a_failure() {
    let event = ERROR.to_event();
    let body = String::from_utf8_lossy(&ERROR.to_bytes()).into_owned();
    assert_eq!(event, format!("data: {body}\n\n"));
}

#[test]
fn every_fault_of_a_body_has_its_code() {
    let at = 0;
    for (fault, code) in [
        (ScanError::Syntax { offset: at, expected: "a value" }, ErrorCode::InvalidJson),
        (ScanError::InvalidUtf8 { offset: at }, ErrorCode::InvalidJson),
        (ScanError::LoneSurrogate { offset: at }, ErrorCode::InvalidJson),
        (ScanError::TrailingBytes { offset: at }, ErrorCode::InvalidJson),
        (ScanError::NotAnObject { offset: at }, ErrorCode::InvalidRequest),
        (ScanError::TooManyMembers { offset: at, limit: 1 }, ErrorCode::InvalidRequest),
        (ScanError::TooDeep { offset: at, limit: 1 }, ErrorCode::JsonTooDeep),
        (ScanError::DuplicateMember { name: "n".to_owned(), offset: at }, ErrorCode::DuplicateMember),
    ] {
        assert_eq!(RequestError::from(fault.clone()).code, code, "{fault}");
    }
    let duplicate = RequestError::from(ScanError::DuplicateMember { name: "n".to_owned(), offset: 9 });
    assert_eq!(
        (duplicate.message.as_str(), duplicate.param.as_deref()),
        ("the member `n` occurs twice, again at byte 9", Some("n"))
    );
}

#[test]
fn the_type_follows_the_status() {
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "api_error"),
    ] {
        assert_eq!(error_type(http::StatusCode::from_u16(status).unwrap_or_default()), kind, "{status}");
    }
}
