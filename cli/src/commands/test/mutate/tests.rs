#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::args::Globals;
use crate::commands::test::published;
use crate::commands::test::session::Opening;
use crate::output::{Color, TestFormat};
use crate::render::test::{Shown, render};

const POLICIES: &str = r#"apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: up}
spec: {type: openai-compatible, endpoints: {a: {url: "https://a.example/v1"}, b: {url: "https://b.example/v1"}}}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec:
  targets:
    - {target: up/a/m, priority: 1}
    - {target: up/b/m, priority: 2}
---
apiVersion: aigw.dev/v1
kind: Limit
metadata: {name: fair}
spec:
  per: ip
  rules:
    - {name: rpm, requests: 2, window: 1m}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: open}
spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, anonymous: true, authorization: open, policies: [fair]}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: score}
spec:
  matches:
    - {path: /score, methods: [POST]}
  serve: {http: up/a}
  anonymous: true
  authorization: open
"#;

const SUITE: &str = r#"apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {name: suite}
spec:
  fixtures:
    requests: {hello: {post: /v1/chat/completions, chat: {user: Hello!}}}
    upstreams: {ok: {status: 200, chat: {text: Hi.}}}
  cases:
    - name: the limit refuses
      upstream: {"*": ok}
      steps:
        - {send: hello, times: 2, expect: {status: 200}}
        - {send: hello, expect: {status: STATUS}}
"#;

fn folder(status: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("policies.yaml"), POLICIES).unwrap();
    std::fs::write(folder.path().join("suite.test.yaml"), SUITE.replace("STATUS", status)).unwrap();
    folder
}

fn session(path: &Path) -> Session {
    let globals = Globals { color: Color::Never, quiet: true, verbose: false };
    let opening = Opening { path, params: None, seed: 0, globals: &globals };
    opening.open(opening.read().unwrap()).unwrap().unwrap_or_else(|faults| panic!("{:#?}", faults.findings))
}

fn mutation(most: usize, least: Option<&str>) -> Mutation {
    let mutants = NonZeroUsize::new(most).unwrap();
    Mutation { mutate: true, mutants, mutate_fail_under: least.map(|least| least.parse().unwrap()) }
}

/// What comes of the only case, and how the verb ends by mutants alone.
fn run_all(session: &Session, mutation: &Mutation, jobs: usize) -> (Results, Exit) {
    let pool = Pool::new(NonZeroUsize::new(jobs), true);
    let reports = execute::run(session, &[0], &pool).unwrap();
    let mut results = published::results(session, &execute::cases(session, &[0]), &reports, Vec::new());
    let exit = mutation.run(session, &[0], &pool, &mut results).unwrap();
    (results, exit)
}

fn written(results: &Results, format: TestFormat) -> String {
    let sources = aigw_source::Sources::new();
    let shown = Shown {
        results,
        sources: &sources,
        findings: &[],
        again: &|name| format!("aigw test --run '{name}'"),
        base: "policies/",
        every_case: false,
        most_findings: 3,
        most_failures: 20,
    };
    render(&shown, format, false)
}

#[test]
fn what_no_case_notices_is_drawn_at_its_line() {
    let folder = folder("429");
    let (results, exit) = run_all(&session(folder.path()), &mutation(1000, None), 1);
    assert_eq!(exit, Exit::Fine);
    insta::assert_snapshot!("pretty", written(&results, TestFormat::Pretty));
    insta::assert_snapshot!("github", written(&results, TestFormat::Github));
}

#[test]
fn what_comes_of_it_never_depends_on_the_number_of_threads() {
    let folder = folder("429");
    let session = session(folder.path());
    let (one, _) = run_all(&session, &mutation(1000, None), 1);
    let (four, _) = run_all(&session, &mutation(1000, None), 4);
    assert!(one.mutation.as_ref().is_some_and(|report| report.mutants.len() > 5));
    assert_eq!(one, four);
}

#[test]
fn no_more_are_tried_than_were_asked_for() {
    let folder = folder("429");
    let session = session(folder.path());
    let all = run_all(&session, &mutation(1000, None), 1).0.mutation.unwrap();
    let some = run_all(&session, &mutation(2, None), 1).0.mutation.unwrap();
    assert_eq!((some.mutants.len(), some.left_out), (2, all.mutants.len() - 2));
    assert!(some.mutants.iter().all(|mutant| all.mutants.contains(mutant)));
}

#[test]
fn too_small_a_share_is_a_threshold_not_met() {
    let folder = folder("429");
    let session = session(folder.path());
    assert_eq!(run_all(&session, &mutation(1000, Some("1%")), 1).1, Exit::Fine);
    assert_eq!(run_all(&session, &mutation(1000, Some("100%")), 1).1, Exit::Threshold);
}

#[test]
fn with_a_failing_case_nothing_is_tried() {
    let folder = folder("200");
    let (results, exit) = run_all(&session(folder.path()), &mutation(1000, None), 1);
    assert_eq!((results.mutation, exit), (None, Exit::Findings));
}
