#![expect(clippy::unwrap_used, reason = "tests")]

mod operators;
mod properties;
mod report;
mod silent;

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_source::{Limits, Sources};

use super::*;
use crate::{Settings, Subject, Suites, load, run, settle};

/// Two endpoints, three callers, one policy of each kind that a route must have.
const HOUSE: &str = "
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: p}
spec: {type: openai-compatible, endpoints: {a: {url: 'https://a.example/v1'}, b: {url: 'https://b.example/v1'}}}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: front-door}
spec: {methods: {apiKey: {}}}
---
apiVersion: aigw.dev/v1
kind: Authorization
metadata: {name: everybody}
spec: {rules: [{name: all, allow: {}}]}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: staff, labels: {tier: gold}}
spec:
  roles: [staff]
  credentials: [{apiKey: {id: staff-1, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}]
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: guest, labels: {rpm: '2'}}
spec:
  roles: [guest]
  credentials: [{apiKey: {id: guest-1, sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}}]
";

/// One model with one target.
const MODEL: &str = "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}]}}";

/// One route that serves it, open to everybody.
const OPEN: &str = "{kind: Route, name: open, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, anonymous: true, authorization: open}}";

const FIXTURES: &str = "
  fixtures:
    identities: {staff: {consumer: staff}, guest: {consumer: guest}, nobody: {anonymous: true}}
    requests: {hello: {post: /v1/chat/completions, chat: {user: Hello!}}}
    upstreams: {ok: {status: 200, chat: {text: Hi.}}, busy: {status: 503}, limited: {status: 429}}
";

/// A document of policies: from `{kind: …, name: …, spec: …}` in a line.
fn document(line: &str) -> String {
    let (kind, rest) = line.strip_prefix("{kind: ").unwrap().split_once(", name: ").unwrap();
    let (name, spec) = rest.split_once(", spec: ").unwrap();
    let spec = spec.strip_suffix('}').unwrap();
    format!("---\napiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// The program of [`HOUSE`] and these documents.
fn program(documents: &[&str]) -> Arc<Program> {
    with_sources(documents).0
}

/// The same with its files.
fn with_sources(documents: &[&str]) -> (Arc<Program>, Sources) {
    let text: String = std::iter::once(HOUSE.to_owned()).chain(documents.iter().map(|line| document(line))).collect();
    compiled(BTreeMap::from([("policies.yaml".to_owned(), text.into_bytes())]))
}

fn compiled(files: BTreeMap<String, Vec<u8>>) -> (Arc<Program>, Sources) {
    let compiled = crate::testing::compiled(files);
    (Arc::new(compiled.program.unwrap()), compiled.sources)
}

/// A suite of these cases, a line each.
fn suite(program: &Arc<Program>, cases: &[&str]) -> Suites {
    let cases: String = cases.iter().map(|case| format!("    - {case}\n")).collect();
    // A fixture that no case uses is an error of a suite, but not of its cases.
    let text = format!("apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: s}}\nspec:{FIXTURES}  cases:\n{cases}");
    let files = BTreeMap::from([("s.test.yaml".to_owned(), text.into_bytes())]);
    let suites = load(&files, program, &Limits::default());
    let faults: Vec<String> = suites
        .findings
        .iter()
        .filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE)
        .map(|finding| format!("{} {}", finding.message, finding.help.clone().unwrap_or_default()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    suites
}

/// What the cases saw; all of them must pass.
fn baseline<'c>(program: &Arc<Program>, suites: &'c Suites, settings: &Settings) -> Baseline<'c> {
    let subject = Subject::new(program);
    let cases: Vec<_> = suites.cases.iter().collect();
    let mut witnesses = Vec::new();
    let mut reports: Vec<_> = cases
        .iter()
        .map(|case| {
            let mut witness = Witness::default();
            let report = run(case, &subject, settings, &mut witness);
            witnesses.push(witness);
            report
        })
        .collect();
    settle(&cases, &mut reports);
    for (case, report) in cases.iter().zip(&reports) {
        assert!(report.passed(), "{}: {:#?}", case.name, report.failures);
    }
    Baseline::new(&cases, witnesses)
}

/// What came of the mutant of this id; `None` where it is not made.
fn verdict(program: &Arc<Program>, cases: &[&str], id: &str) -> Option<Verdict> {
    let suites = suite(program, cases);
    let settings = Settings::default();
    let trials = Trials::new(program, baseline(program, &suites, &settings), &settings);
    mutants(program).iter().find(|mutant| mutant.id == id).map(|mutant| trials.run(mutant))
}
