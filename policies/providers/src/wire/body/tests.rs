use crate::json::Splice;
use crate::wire::Api;
use crate::wire::openai::DEFINITION;
use crate::wire::tests::sent;

fn check(body: &str, expected: &str) {
    assert_eq!(sent(&DEFINITION, "m", &Api::Plain, body, |_, _| {}), expected, "{body}");
}

#[test]
fn usage_is_asked_for_only_in_streams_whose_client_did_not() {
    for same in [
        r#"{"model":"m","messages":[]}"#,
        r#"{"model":"m","messages":[],"stream":false}"#,
        r#"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
        r#"{"model":"m","input":"x"}"#,
    ] {
        check(same, same);
    }
}

#[test]
fn stream_options_that_are_there_keep_what_they_say() {
    let body = |options: &str| format!(r#"{{"model":"m","messages":[],"stream":true,"stream_options": {options} }}"#);
    check(&body(r#"{ "include_usage" : false, "a":1}"#), &body(r#"{ "include_usage" : true, "a":1}"#));
    check(&body(r#"{"include_usage":null}"#), &body(r#"{"include_usage":true}"#));
    check(&body(r#"{"a":1.0}"#), &body(r#"{"include_usage":true,"a":1.0}"#));
    check(&body("{ }"), &body(r#"{"include_usage":true }"#));
    check(&body("null"), &body(r#"{"include_usage":true}"#));
}

#[test]
fn the_upstreams_name_for_the_model_wins_over_a_policys_and_is_escaped() {
    check(r#"{"messages":[]}"#, r#"{"messages":[],"model":"m"}"#);
    let policy = |_: &crate::json::Object, splice: &mut Splice| splice.set_member("model", &b"\"other\""[..]);
    assert_eq!(sent(&DEFINITION, "m\"", &Api::Plain, r#"{"model":"x"}"#, policy), r#"{"model":"m\""}"#);
}
