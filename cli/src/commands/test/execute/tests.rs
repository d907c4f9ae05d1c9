#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::MAX_EXPLAINED;
use crate::commands::test::testing::ran;

const GATEWAY: &str = include_str!("../../../render/test/tests/gateway.yaml");

#[test]
fn decisions_are_kept_for_as_many_cases_as_somebody_may_read() {
    let case = |number: usize| {
        format!(
            "    - {{name: case {number}, send: {{post: /v1/chat/completions, chat: {{model: chat, user: Hi}}}}, expect: {{status: 200}}}}\n"
        )
    };
    let cases: String = (0..MAX_EXPLAINED + 1).map(case).collect();
    let suite = format!("apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: many}}\nspec:\n  cases:\n{cases}");
    let files = [("gateway.yaml", GATEWAY), ("many.test.yaml", &suite)];
    let results = ran(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into()).results;
    let explained = results.cases.iter().filter(|case| !case.traces.is_empty()).count();
    assert_eq!((results.summary.failed, explained), (201, MAX_EXPLAINED));
    let last = results.cases.last().unwrap();
    assert_eq!((last.failures[0].came.as_deref(), last.failures[0].trace), (Some("401"), None));
}
