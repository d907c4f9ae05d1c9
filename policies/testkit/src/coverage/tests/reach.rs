//! What no request could reach is no point.

use super::*;

const POLICIES: &str = "
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: door}
spec: {methods: {apiKey: {headers: [x-key]}}}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: ann}
spec: {roles: [app], credentials: [{apiKey: {id: ann-1, sha256: bf734e9d97114fd69aa7dff8392226816a4c79e79e9ee3134431b836372f838e}}]}
---
apiVersion: aigw.dev/v1
kind: Authorization
metadata: {name: who}
spec:
  rules:
    - {name: one, RULE}
---
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: p}
spec: {type: mock}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat-m}
spec: {operation: chat, targets: [{target: p/m}]}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: talk}
spec: {surfaces: [openai], operations: [chat, models], serve: {models: [chat-m]}, policies: [door, who]}
";

const OTHER: &str = "---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: bob}
spec: {roles: [guest], credentials: [{apiKey: {id: bob-1, sha256: 0f734e9d97114fd69aa7dff8392226816a4c79e79e9ee3134431b836372f838e}}]}
";

/// Whether the rule can fail to apply, and which refusals follow from it.
fn reach(policies: &str) -> (bool, Vec<String>) {
    let report = Coverage::of(&compiled(policies).program.unwrap()).report();
    let fails = report.points.iter().any(|point| point.name == "who/one" && point.outcome == Outcome::False);
    let refusals = report.points.into_iter().filter(|point| point.kind == PointKind::Error && point.name.ends_with("ed"));
    (fails, refusals.map(|point| point.name).collect())
}

fn check(rule: &str, fails: bool, refusals: &[&str]) {
    let found = reach(&POLICIES.replace("RULE", rule));
    assert_eq!(found, (fails, refusals.iter().map(|name| (*name).to_owned()).collect()), "{rule}");
}

#[test]
fn a_rule_for_everything_that_there_is_refuses_nobody() {
    for rule in ["allow: {}", "roles: [app], allow: {}", "roles: [app], allow: {operations: [chat, models], models: ['chat-*']}"]
    {
        check(rule, false, &[]);
    }
}

#[test]
fn a_rule_that_leaves_something_out_refuses_it() {
    check("allow: {operations: [chat]}", true, &["not_authorized"]);
    check("allow: {models: ['other-*']}", true, &["model_not_allowed"]);
    check("allow: {}, when: 'request.headers[\"x-a\"] == \"b\"'", true, &["not_authorized"]);
    check("allow: {}, when: 'request.body.user == \"b\"'", true, &["model_not_allowed"]);
    check("allow: {}}\n    - {name: two, deny: {models: [chat-m]}", false, &["model_not_allowed"]);
    check("allow: {}}\n    - {name: two, deny: {operations: [models]}", false, &["not_authorized"]);
    check("allow: {}}\n    - {name: two, roles: [none], allow: {models: [chat-m]}", false, &[]);
    check("mode: shadow, allow: {}", false, &["not_authorized"]);
}

#[test]
fn a_role_that_somebody_lacks_leaves_him_out() {
    let rule = "roles: [app], allow: {models: ['*']}";
    check(rule, false, &[]);
    let with_other = format!("{}{OTHER}", POLICIES.replace("RULE", rule));
    assert_eq!(reach(&with_other), (true, vec!["not_authorized".to_owned(), "model_not_allowed".to_owned()]));
}

#[test]
fn a_rule_that_is_used_nowhere_may_have_gone_either_way() {
    let policies = POLICIES.replace("RULE", "allow: {}");
    let unused = policies.replace("policies: [door, who]", "policies: [door], authorization: open");
    assert_eq!(reach(&unused), (true, Vec::new()));
}
