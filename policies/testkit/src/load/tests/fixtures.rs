//! Fixtures: inline, shared, made from each other, unused.

use crate::testing::{findings, loaded, suite};

fn shared(spec: &str) -> String {
    format!("apiVersion: aigw.dev/v1\nkind: TestFixtures\nmetadata: {{name: shared}}\nspec: {spec}\n")
}

const REQUESTS: &str = "requests: {hello: {post: /v1/chat/completions, chat: {model: chat, user: Hi}}}";
const CASE: &str = "- {send: hello, expect: {status: 401}}";

#[test]
fn fixtures_of_folders_are_seen_by_suites_below_and_the_nearest_counts() {
    let plain = suite("identities: {}", CASE);
    assert_eq!(findings(&[("fixtures/a.yaml", &shared(&format!("{{{REQUESTS}}}"))), ("a.test.yaml", &plain)]), "");
    assert_eq!(findings(&[("fixtures/a.yaml", &shared(&format!("{{{REQUESTS}}}"))), ("x/y/a.test.yaml", &plain)]), "");
    assert_eq!(findings(&[("x/fixtures/a.yml", &shared(&format!("{{{REQUESTS}}}"))), ("x/a.test.yml", &plain)]), "");
    let far = findings(&[("x/fixtures/a.yaml", &shared(&format!("{{{REQUESTS}}}"))), ("y/a.test.yaml", &plain)]);
    assert_eq!(far, "y/a.test.yaml:8:14 V101 there is no request of the name `hello` | declare it below `fixtures.requests`");
    let near = shared("{requests: {hello: {get: /near}}}");
    let both = loaded(&[
        ("fixtures/a.yaml", &shared(&format!("{{{REQUESTS}}}"))),
        ("x/fixtures/a.yaml", &near),
        ("x/a.test.yaml", &plain),
    ]);
    let lines: Vec<String> = both.cases.iter().map(|case| format!("{:?}", case.steps)).collect();
    assert!(lines.len() == 1 && lines[0].contains("/near"), "{lines:?}");
}

#[test]
fn requests_are_made_from_requests_above_them() {
    let base =
        shared("{requests: {base: {post: /v1/chat/completions, headers: {x-a: '1', x-b: '1'}, chat: {model: chat, user: Hi}}}}");
    let made =
        "requests:\n  hello: {use: base, headers: {x-b: '2'}, without: [x-a], set: {/user: me}, ip: 192.0.2.1, host: other.test}";
    let suites = loaded(&[("fixtures/a.yaml", &base), ("a.test.yaml", &suite(made, CASE))]);
    assert!(suites.findings.is_empty(), "{:?}", suites.findings);
    let step = format!("{:?}", suites.cases[0].steps);
    for part in ["\"x-b\": \"2\"", "other.test", "192.0.2.1", r#"\"user\":\"me\""#, "/v1/chat/completions"] {
        assert!(step.contains(part), "{part}: {step}");
    }
    assert!(!step.contains("x-a"), "{step}");
}

#[test]
fn requests_are_not_made_from_themselves() {
    let own = suite("requests:\n  hello: {use: hello}", CASE);
    insta::assert_snapshot!(findings(&[("a.test.yaml", &own)]), @"a.test.yaml:7:20 V107 requests are made from each other without an end or more than 8 deep: `hello` uses `hello` | let one of them say all that it is");
    let cycle = suite("requests:\n  hello: {use: two, get: /}\n  two: {use: three}\n  three: {use: two}", CASE);
    insta::assert_snapshot!(findings(&[("a.test.yaml", &cycle)]), @"a.test.yaml:9:20 V107 requests are made from each other without an end or more than 8 deep: `hello` uses `two` uses `three` uses `two` | let one of them say all that it is");
    let missing = suite("requests:\n  hello: {use: helo}", CASE);
    insta::assert_snapshot!(findings(&[("a.test.yaml", &missing)]), @"a.test.yaml:7:20 V101 there is no request of the name `helo` | did you mean `hello`?");
}

#[test]
fn what_no_case_uses_is_told() {
    let fixtures = format!("identities: {{app: {{consumer: app}}}}\n{REQUESTS}\nupstreams: {{ok: {{text: a}}}}");
    insta::assert_snapshot!(findings(&[("a.test.yaml", &suite(&fixtures, CASE)), ("fixtures/a.yaml", &shared("{upstreams: {no: {text: a}}}"))]), @"
    a.test.yaml:6:18 V106 no case uses the identity `app` | use it, or take it out: what is not used proves nothing
    a.test.yaml:8:17 V106 no case uses the answer `ok` | use it, or take it out: what is not used proves nothing
    ");
}

#[test]
fn what_no_suite_uses_of_shared_fixtures_is_told() {
    let used = format!("{{{REQUESTS}, upstreams: {{no: {{text: a}}}}}}");
    insta::assert_snapshot!(findings(&[("a.test.yaml", &suite("identities: {}", CASE)), ("fixtures/a.yaml", &shared(&used))]), @"fixtures/a.yaml:4:100 V106 no case uses the answer `no` | use it, or take it out: what is not used proves nothing");
}

#[test]
fn faults_of_fixtures_are_told_once_where_they_stand() {
    let fixtures = "
identities:
  a: {consumer: ap}
  b: {consumer: app, credential: app-2}
  c: {consumer: app, key: x}
  d: {anonymous: false}
  e: {key: x, header: 'a b'}
  f: {key: \"a\\nb\"}
requests: {hello: {post: v1, headers: {'a b': c}}}
upstreams: {ok: {text: a, chat: {}}}";
    let cases = "
- {name: a, as: a, send: hello, upstream: {p: ok}, expect: {status: 200}}
- {name: b, as: a, send: hello, upstream: {p: ok}, expect: {status: 200}}";
    insta::assert_snapshot!(findings(&[("a.test.yaml", &suite(fixtures, cases))]), @"
    a.test.yaml:7:21 V102 there is no Consumer `ap` | did you mean `app`?
    a.test.yaml:8:38 V102 the Consumer `app` has no credential `app-2` | did you mean `app-1`?
    a.test.yaml:9:10 V107 an identity is one of `{consumer: NAME}`, `{jwt: {issuer: NAME}}`, `{anonymous: true}`, `{key: TEXT}` and `{mtls: …}` | `credential` goes with `consumer`, `header` with `consumer` or `key`
    a.test.yaml:10:10 V107 an identity is one of `{consumer: NAME}`, `{jwt: {issuer: NAME}}`, `{anonymous: true}`, `{key: TEXT}` and `{mtls: …}` | `credential` goes with `consumer`, `header` with `consumer` or `key`
    a.test.yaml:11:27 V108 this is not the name of a header | write one such as `api-key`
    a.test.yaml:12:16 V108 no header can hold this key | write visible ASCII
    a.test.yaml:13:30 V108 `v1` is not a path | it begins with `/`, and other characters than ASCII are escaped
    a.test.yaml:13:51 V108 `a b: c` is not a header | names are letters, digits and `-`, values are visible ASCII
    a.test.yaml:14:21 V107 an answer has one of `chat`, `embeddings`, `body`, `text` and `stream` | keep the one that is meant
    ");
}

#[test]
fn fixtures_of_one_folder_have_names_of_their_own() {
    let one = shared(&format!("{{{REQUESTS}}}"));
    insta::assert_snapshot!(findings(&[("fixtures/a.yaml", &one), ("fixtures/b.yaml", &one), ("a.test.yaml", &suite("identities: {}", CASE))]), @"fixtures/b.yaml:4:19 V105 there are two requests of the name `hello` | give one of them another name");
}
