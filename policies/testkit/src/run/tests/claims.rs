//! Tenants that claims of tokens name. See `claims.yaml` for the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_source::Limits;

use crate::coverage::Coverage;
use crate::testing::{compiled, failed, suite};
use crate::{Case, Report, Settings, Subject, load, run};

const FIXTURES: &str = "
identities:
  employee: {jwt: {issuer: idp, claims: {tid: t-contoso}}}
  stranger: {jwt: {issuer: idp, claims: {tid: t-other}}}
  f: {jwt: {issuer: idp, claims: {azp: f, tid: t-fabrikam}}}
  f-silent: {jwt: {issuer: idp, claims: {azp: f}}}
  f-two: {jwt: {issuer: idp, claims: {azp: f-two}}}
  nobody: {anonymous: true}
  f-elsewhere: {jwt: {issuer: idp, claims: {azp: f, tid: t-contoso}}}
  n-elsewhere: {jwt: {issuer: idp, claims: {azp: n, tid: t-contoso}}}
requests:
  chat: {post: /v1/chat/completions, chat: {model: chat, user: Hello!}}
upstreams:
  ok: {chat: {text: Hi.}}
";

const CASES: &str = "
- {name: claimed, as: employee, send: {use: chat, host: contoso.example}, upstream: {p/eu: ok}, expect: {status: 200, tenant: contoso, consumer: {absent: true}, attempts: [p/eu/m], limits: {budget/few: 3}}}
- {name: claimed elsewhere, as: employee, send: {use: chat, host: fabrikam.example}, expect: {status: 403, code: wrong_tenant}}
- {name: nothing claimed, as: stranger, send: {use: chat, host: shared.example}, upstream: {p/us: ok}, expect: {status: 200, tenant: {absent: true}}}
- {name: agreed, as: f, send: {use: chat, host: fabrikam.example}, upstream: {p/us: ok}, expect: {status: 200, tenant: fabrikam}}
- {name: silent, as: f-silent, send: {use: chat, host: fabrikam.example}, upstream: {p/us: ok}, expect: {status: 200, tenant: fabrikam}}
- {name: declared elsewhere, as: f-elsewhere, send: {use: chat, host: shared.example}, expect: {status: 401, code: tenant_mismatch, headers: {www-authenticate: 'Bearer error=\"invalid_token\"'}, tenant: {absent: true}, consumer: {absent: true}}}
- {name: declared nowhere, as: n-elsewhere, send: {use: chat, host: shared.example}, expect: {status: 401, code: tenant_mismatch}}
- {name: under none in particular, as: f, send: {use: chat, host: sold.example}, expect: {status: 400, code: subscription_ambiguous}}
- {name: under its credential's, as: f-two, send: {use: chat, host: sold.example}, upstream: {p/us: ok}, expect: {status: 200, subscription: two, product: two}}
- {name: whatever it asks for, as: f-two, send: {use: chat, host: sold.example, headers: {x-aigw-subscription: one}}, upstream: {p/us: ok}, expect: {status: 200, subscription: two}}
- {name: nobody of a tenant, as: nobody, send: {use: chat, host: contoso.example}, expect: {status: 401, code: missing_credentials, headers: {www-authenticate: Bearer}}}
- {name: nobody subscribed, as: nobody, send: {use: chat, host: sold.example}, expect: {status: 401, code: missing_credentials, headers: {www-authenticate: Bearer}}}";

#[test]
fn what_a_token_claims_gives_a_tenant_and_never_another() {
    let files = BTreeMap::from([("world.yaml".to_owned(), include_bytes!("claims.yaml").to_vec())]);
    let program = Arc::new(compiled(files).program.unwrap());
    let suites = BTreeMap::from([("a.test.yaml".to_owned(), suite(FIXTURES, CASES).into_bytes())]);
    let suites = load(&suites, &program, &Limits::default());
    assert!(suites.findings.is_empty(), "{:#?}", suites.findings);
    let subject = Subject::watched(&program);
    let mut coverage = Coverage::of(&program);
    let uncovered = |coverage: &Coverage| coverage.report().uncovered().any(|point| point.name == "tenant_mismatch");
    assert!(uncovered(&coverage));
    let mut reports: Vec<(Case, Report)> = Vec::new();
    for case in &suites.cases {
        reports.push((case.clone(), run(case, &subject, &Settings::default(), &mut coverage)));
    }
    assert_eq!(failed(&reports), "");
    assert!(!uncovered(&coverage));
}
