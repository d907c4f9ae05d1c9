//! Two tenants on one gateway: each tries what the other has. See `borders.yaml` for the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_source::Limits;

use crate::testing::{compiled, failed, suite};
use crate::{Case, Report, Settings, Subject, load, run};

const FIXTURES: &str = "
identities: {c: {consumer: c}, f: {consumer: f}, n: {consumer: n}}
requests:
  chat: {post: /v1/chat/completions, chat: {model: chat, user: Hello!}}
  near: {use: chat, set: {/model: near}}
  far: {use: chat, set: {/model: far}}
upstreams:
  ok: {chat: {text: Hi.}}
";

/// Cases that pass in that world.
fn pass(cases: &str) {
    let files = BTreeMap::from([("world.yaml".to_owned(), include_bytes!("borders.yaml").to_vec())]);
    let program = Arc::new(compiled(files).program.unwrap());
    let suites = BTreeMap::from([("a.test.yaml".to_owned(), suite(FIXTURES, cases).into_bytes())]);
    let suites = load(&suites, &program, &Limits::default());
    let faults: Vec<_> = suites.findings.iter().filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let subject = Subject::new(&program);
    let report = |case: &Case| run(case, &subject, &Settings::default(), &mut ());
    let reports: Vec<(Case, Report)> = suites.cases.iter().map(|case| (case.clone(), report(case))).collect();
    assert_eq!(failed(&reports), "");
}

#[test]
fn a_route_of_one_tenant_is_no_other_s() {
    pass("
- {name: own, as: c, send: {use: chat, host: contoso.example}, upstream: {p/eu: ok}, expect: {status: 200, tenant: contoso, consumer: c}}
- {name: other's, as: f, send: {use: chat, host: contoso.example}, expect: {status: 403, code: wrong_tenant, tenant: fabrikam, body: {/error/message: this route does not serve callers of your tenant}}}
- {name: back, as: c, send: {use: chat, host: fabrikam.example}, expect: {status: 403, code: wrong_tenant}}
- {name: nobody's, as: n, send: {use: chat, host: contoso.example}, expect: {status: 403, code: wrong_tenant, tenant: {absent: true}}}");
}

#[test]
fn a_tenant_s_requests_go_only_where_it_requires() {
    pass("
- {name: passed over, as: c, send: {use: chat, host: shared.example}, upstream: {p/eu: ok}, expect: {status: 200, attempts: [p/eu/m], record: {/skipped/0/target: p/us/m, /skipped/0/reason: tenant_requires}}}
- {name: also in the fallback, as: c, send: {use: near, host: shared.example}, upstream: {p/eu: [{status: 500}, {status: 500}, {status: 500}, ok]}, expect: {sent: {to: p/eu}}}
- {name: forwarded, as: c, send: {post: /score, host: score.example}, upstream: {p/eu: {status: 200, body: {}}}, expect: {status: 200, attempts: [p/eu]}}
- {name: others do, as: f, send: {use: chat, host: shared.example}, upstream: {p/us: ok}, expect: {attempts: [p/us/m]}}
- {name: a model without such a target, as: c, send: {use: far, host: shared.example}, expect: {status: 403, code: model_not_allowed}}
- {name: is not listed, as: c, send: {get: /v1/models, host: shared.example}, expect: {body: {/data: {length: 2}, /data/0/id: chat, /data/1/id: near}}}
- {name: but to others, as: n, send: {get: /v1/models, host: shared.example}, expect: {body: {/data: {length: 3}}}}");
}

#[test]
fn no_tenant_counts_in_another_s_counters() {
    pass(
        "
- name: what a header names
  upstream: {'*': ok}
  steps:
    - {as: c, send: {use: chat, host: shared.example, headers: {x-user: ann}}, times: 3, expect: {status: 200}}
    - {as: c, send: {use: chat, host: shared.example, headers: {x-user: ann}}, expect: {status: 429}}
    - {as: f, send: {use: chat, host: shared.example, headers: {x-user: ann}}, expect: {status: 200, limits: {by-user/few: 2}}}
    - {as: n, send: {use: chat, host: shared.example, headers: {x-user: ann}}, expect: {status: 200, limits: {by-user/few: 2}}}
- name: one counter for all, of one tenant
  upstream: {'*': ok}
  steps:
    - {as: c, send: {use: chat, host: shared.example}, times: 4, expect: {status: 200}}
    - {as: c, send: {use: chat, host: shared.example}, expect: {status: 429, decidedBy: [budget/few]}}
    - {as: f, send: {use: chat, host: shared.example}, expect: {status: 200, limits: {budget/few: 99}}}
    - {as: n, send: {use: chat, host: shared.example}, expect: {status: 200, limits: {budget/few: {absent: true}}}}",
    );
}

#[test]
fn a_product_is_for_its_own_subscribers_and_their_models() {
    pass("
- name: own
  as: c
  upstream: {'*': ok}
  steps:
    - {send: {use: near, host: gold.example, headers: {x-aigw-subscription: c-gold}}, times: 2, expect: {status: 200, product: gold-contoso, subscription: c-gold, headers: {deprecation: '@1577836800', sunset: 'Tue, 01 Jan 2999 00:00:00 GMT'}, sent: {headers: {x-aigw-subscription: {absent: true}}}}}
    - {send: {use: near, host: gold.example}, expect: {status: 429, decidedBy: [sold/few], headers: {deprecation: '@1577836800'}}}
- {name: another's subscription, as: c, send: {use: near, host: gold.example, headers: {x-aigw-subscription: f-gold}}, expect: {status: 403, code: subscription_required, product: {absent: true}}}
- {name: another's model, as: f, send: {use: near, host: gold.example}, expect: {status: 403, code: model_not_allowed, product: gold-fabrikam}}
- {name: no product, as: n, send: {use: near, host: gold.example}, expect: {status: 403, code: subscription_required, body: {/error/message: 'this route serves subscribers only, and no product that holds it is open to this caller'}}}
- {name: the list, as: f, send: {get: /v1/models, host: gold.example}, expect: {status: 200, body: {/data: {length: 1}, /data/0/id: chat}, headers: {deprecation: {absent: true}}}}
- {name: no fallback out of it, as: c, send: {use: near, host: gold.example}, upstream: {p/eu: {status: 500}}, expect: {code: upstream_error, sent: {to: p/eu}, record: {/fallbackFrom: {absent: true}}}}");
}
