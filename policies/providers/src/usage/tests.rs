use super::*;

fn check(body: &str, expected: Option<[Option<u64>; 4]>) {
    let expected = expected.map(|[input, cached, output, reasoning]| Usage { input, cached, output, reasoning });
    assert_eq!(Usage::of_answer(body.as_bytes()), expected, "{body}");
}

#[test]
fn figures_are_read_where_they_stand() {
    check(
        r#"{"choices":[{"usage":7}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,
            "prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4}}}"#,
        Some([Some(19), Some(3), Some(10), Some(4)]),
    );
    check(r#"{"usage":{"prompt_tokens":5,"total_tokens":5}}"#, Some([Some(5), None, None, None]));
    check(r#"{"usage":{"prompt_tokens":5,"prompt_cache_hit_tokens":2}}"#, Some([Some(5), Some(2), None, None]));
}

#[test]
fn zero_is_a_figure_and_what_is_no_whole_number_is_missing() {
    check(r#"{"usage":{"prompt_tokens":0,"completion_tokens":-1}}"#, Some([Some(0), None, None, None]));
    check(r#"{"usage":{"prompt_tokens":1.5,"completion_tokens":"7","prompt_tokens_details":null}}"#, Some([None; 4]));
}

#[test]
fn an_answer_without_usage_or_without_json_has_none() {
    for body in ["{}", r#"{"usage":null}"#, r#"{"usage":3}"#, "", "[1]", r#"{"usage":{"#, "\u{0}"] {
        check(body, None);
    }
}

#[test]
fn a_later_report_replaces_only_what_it_gives() {
    let mut usage = Usage { input: Some(1), cached: Some(2), output: None, reasoning: None };
    usage.merge(Usage { input: Some(5), cached: None, output: Some(6), reasoning: None });
    assert_eq!(usage, Usage { input: Some(5), cached: Some(2), output: Some(6), reasoning: None });
}

#[test]
fn the_record_says_what_the_answer_said() {
    let usage = Usage { input: Some(5), cached: Some(2), output: Some(6), reasoning: None };
    let expected =
        UsageRecord { input_tokens: Some(5), cached_input_tokens: Some(2), output_tokens: Some(6), reasoning_tokens: None };
    assert_eq!(UsageRecord::from(usage), expected);
}
