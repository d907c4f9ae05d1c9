//! Callers that are known by the certificate of their connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_source::Limits;

use crate::testing::{compiled, failed, suite};
use crate::{Case, Coverage, Outcome, PointKind, Report, Settings, Subject, load, run};

const POLICIES: &str = "
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: lab}
spec: {type: mock}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: lab/small}]}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: partners}
spec: {methods: {mtls: {ca: partners}}}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: mobile}
spec: {credentials: [{mtls: {subject: 'CN=mobile, O=Contoso'}}, {mtls: {id: by-name, san: 'uri:spiffe://contoso.example/mobile'}}]}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: chat}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [partners], authorization: open}
";

const FIXTURES: &str = "
identities:
  mobile: {consumer: mobile}
  by-name: {consumer: mobile, credential: by-name}
  stranger: {mtls: {subject: CN=stranger}}
  elsewhere: {mtls: {authorities: [], subject: 'CN=mobile,O=Contoso'}}
  late: {mtls: {subject: 'CN=mobile,O=Contoso', notAfter: 2020-01-01}}
requests: {hello: {post: /v1/chat/completions, chat: {model: chat, user: Hello!}}}
";

fn reports(cases: &str) -> (Vec<(Case, Report)>, Coverage) {
    let program = compiled(BTreeMap::from([("a.yaml".to_owned(), POLICIES.as_bytes().to_vec())])).program.unwrap();
    let program = Arc::new(program);
    let files = BTreeMap::from([("a.test.yaml".to_owned(), suite(FIXTURES, cases).into_bytes())]);
    let suites = load(&files, &program, &Limits::default());
    let faults: Vec<_> = suites.findings.iter().filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let mut coverage = Coverage::of(&program);
    let subject = Subject::watched(&program);
    let reports = suites.cases.iter().map(|case| (case.clone(), run(case, &subject, &Settings::default(), &mut coverage)));
    (reports.collect(), coverage)
}

#[test]
fn a_connection_says_who_calls() {
    let (reports, coverage) = reports(
        "
- {name: a, as: mobile, send: hello, expect: {status: 200, record: {/consumer: mobile, /credential: mtls}}}
- {name: b, as: by-name, send: hello, expect: {status: 200, record: {/credential: by-name}}}
- {name: c, send: hello, expect: {status: 401, code: missing_certificate}}
- {name: d, as: stranger, send: hello, expect: {status: 401, code: unknown_certificate}}
- {name: e, as: elsewhere, send: hello, expect: {status: 401, code: unknown_certificate}}
- {name: f, as: late, send: hello, expect: {status: 401, code: certificate_expired}}
",
    );
    assert_eq!(failed(&reports), "");
    let report = coverage.report();
    let counted = |kind: PointKind, outcome: Outcome| {
        let points = report.points.iter().filter(|point| point.kind == kind && point.outcome == outcome);
        points.map(|point| (point.name.clone(), point.count)).collect::<Vec<_>>()
    };
    assert_eq!(counted(PointKind::Authentication, Outcome::Certificate), [("partners".to_owned(), 2)]);
    assert_eq!(counted(PointKind::Authentication, Outcome::Refused), [("partners".to_owned(), 4)]);
    let errors = counted(PointKind::Error, Outcome::Told);
    assert!(
        errors.contains(&("missing_certificate".to_owned(), 1)) && errors.contains(&("unknown_certificate".to_owned(), 2)),
        "{errors:?}"
    );
}

#[test]
fn identities_by_certificate_are_checked() {
    let program = Arc::new(compiled(BTreeMap::from([("a.yaml".to_owned(), POLICIES.as_bytes().to_vec())])).program.unwrap());
    let fixtures = "
identities:
  a: {mtls: {subject: mobile}}
  c: {mtls: {subject: CN=a}, key: x}
  d: {consumer: mobile, header: x-key}
  e: {consumer: mobile, credential: by-nam}
";
    let files = BTreeMap::from([(
        "a.test.yaml".to_owned(),
        suite(fixtures, "- {send: {get: /v1/models}, expect: {status: 401}}").into_bytes(),
    )]);
    let suites = load(&files, &program, &Limits::default());
    let lines = suites.findings.iter().filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE);
    let lines: Vec<String> = lines.map(|finding| format!("{} {}", finding.rule.code, finding.message)).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    V108 `mobile` is not `TYPE=VALUE`, such as `CN=mobile.contoso.example`
    V107 an identity is one of `{consumer: NAME}`, `{jwt: {issuer: NAME}}`, `{anonymous: true}`, `{key: TEXT}` and `{mtls: …}`
    V107 a client certificate is sent in no header
    V102 the Consumer `mobile` has no credential `by-nam`
    ");
}
