#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::test_program::{consumer, expression, facts, headers, model, origin, program, route};
use crate::{ConsumerId, Identity};

const WHEN_TEAM: u32 = 0;
const WHEN_FAILS: u32 = 1;
const WHEN_BODY: u32 = 2;

const CHAT_DEFAULT: ModelId = ModelId(0);
const CHAT_SMALL: ModelId = ModelId(1);
const EMBEDDER: ModelId = ModelId(2);

fn rule(changes: Value) -> Value {
    let mut rule = json!({
        "name": "r", "mode": "enforce", "roles": [], "effect": "allow", "operations": [], "models": [], "routes": [], "http": [],
        "when": null, "place": [0, 1, 1],
    });
    if let (Some(rule), Value::Object(changes)) = (rule.as_object_mut(), changes) {
        rule.extend(changes);
    }
    rule
}

fn policy(mode: &str, rules: &[Value]) -> Value {
    json!({"origin": origin("p"), "mode": mode, "rules": rules.iter().cloned().map(rule).collect::<Vec<_>>()})
}

/// A request by ann, who has the role `app`, against these policies.
struct Setting {
    program: Program,
    policies: Vec<Arc<Authorization>>,
    expressions: Expressions,
    headers: HeaderMap,
    body: &'static [u8],
    operation: Operation,
    path: &'static str,
}

impl Setting {
    fn new(policies: Vec<Value>) -> Self {
        let program = program(json!({
            "authorizations": policies,
            "consumers": [consumer("ann", &["app"], json!({}), json!([]))],
            "models": [model("chat-default", &[], "chat"), model("chat-small", &[], "chat"), model("embedder", &[], "embeddings")],
            "routes": [route("one", &[], json!({})), route("two", &[], json!({}))],
            "expressions": [
                expression("request.headers[\"x-team\"] == \"blue\"", "admit", "bool"),
                expression("now.unix + 9223372036854775807 > 0", "admit", "bool"),
                expression("request.body.user == \"root\"", "resolve", "bool"),
            ],
        }));
        let ids = (0_u32..).map(AuthorizationId);
        let policies =
            ids.zip(&program.authorizations).map(|(id, plan)| Arc::new(Authorization::new(id, plan, &program))).collect();
        let expressions = Expressions::compile(&program).unwrap();
        Self {
            program,
            policies,
            expressions,
            headers: headers(&[]),
            body: b"{}",
            operation: Operation::Chat,
            path: "/v1/chat/completions",
        }
    }

    fn one(rule: Value) -> Self {
        Self::new(vec![policy("enforce", &[rule])])
    }

    fn rules(rules: &[Value]) -> Self {
        Self::new(vec![policy("enforce", rules)])
    }

    fn with<T>(
        &self,
        caller: Option<Arc<Identity>>,
        judge: impl FnOnce(&Asked<'_, '_>, &mut Vec<Decision>) -> T,
    ) -> (T, Vec<Decision>) {
        let method = Method::POST;
        let mut facts = facts(&method, self.path, &self.headers);
        facts.identity = caller;
        facts.set_body(self.body);
        let mut decisions = Vec::new();
        let asked = Asked { operation: self.operation, route: RouteId(0), open: false, facts: &facts };
        (judge(&asked, &mut decisions), decisions)
    }

    fn ann(&self) -> Option<Arc<Identity>> {
        Some(Identity::of_consumer(ConsumerId(0), self.program.consumers.first()?, "key".parse().ok()?))
    }

    fn authorize(&self) -> Result<Authorized, ErrorCode> {
        self.with(self.ann(), |asked, decisions| authorize(self.policies.iter(), asked, &self.expressions, decisions))
            .0
            .map_err(|refusal| refusal.code)
    }

    fn decisions(&self) -> Vec<Decision> {
        self.with(self.ann(), |asked, decisions| drop(authorize(self.policies.iter(), asked, &self.expressions, decisions))).1
    }

    /// Both phases.
    fn model(&self, model: ModelId) -> Result<(), ErrorCode> {
        let authorized = self.authorize()?;
        let judge = |asked: &Asked<'_, '_>, decisions: &mut Vec<Decision>| {
            authorize_model(self.policies.iter(), asked, model, authorized, &self.expressions, decisions)
        };
        self.with(self.ann(), judge).0.map_err(|refusal| refusal.code)
    }

    fn may_use(&self, model: ModelId) -> bool {
        let operation = model.of(&self.program).map_or(Operation::Chat, |plan| plan.operation);
        self.with(self.ann(), |asked, _| may_use(self.policies.iter(), asked, model, operation, &self.expressions)).0
    }
}

const DENIED: Result<(), ErrorCode> = Err(ErrorCode::NotAuthorized);

fn check(rules: &[Value], expected: Result<(), ErrorCode>) {
    assert_eq!(Setting::rules(rules).authorize().map(drop), expected, "{rules:?}");
}

#[test]
fn something_must_allow_and_a_deny_decides() {
    check(&[], DENIED);
    check(&[json!({})], Ok(()));
    check(&[json!({"effect": "deny"})], DENIED);
    check(&[json!({}), json!({"effect": "deny"})], DENIED);
    check(&[json!({"effect": "deny", "roles": ["admin"]}), json!({})], Ok(()));
}

#[test]
fn policies_add_up() {
    let two = |first: Value, second: Value| {
        Setting::new(vec![policy("enforce", &[first]), policy("enforce", &[second])]).authorize().map(drop)
    };
    assert_eq!(two(json!({}), json!({"roles": ["admin"]})), Ok(()));
    assert_eq!(two(json!({"effect": "deny"}), json!({})), DENIED);
    assert_eq!(two(json!({}), json!({"effect": "deny"})), DENIED);
}

#[test]
fn a_rule_fits_by_role_operation_and_route() {
    check(&[json!({"roles": ["app"]})], Ok(()));
    check(&[json!({"roles": ["admin", "app"]})], Ok(()));
    check(&[json!({"roles": ["admin"]})], DENIED);
    check(&[json!({"operations": ["chat"]})], Ok(()));
    check(&[json!({"operations": ["embeddings", "models"]})], DENIED);
    check(&[json!({"routes": [0]})], Ok(()));
    check(&[json!({"routes": [1]})], DENIED);
}

#[test]
fn anonymous_callers_have_no_role() {
    let anonymous = |rule: Value| {
        let setting = Setting::one(rule);
        setting
            .with(None, |asked, decisions| authorize(setting.policies.iter(), asked, &setting.expressions, decisions))
            .0
            .is_ok()
    };
    assert!(anonymous(json!({})));
    assert!(!anonymous(json!({"roles": ["app"]})));
}

#[test]
fn a_condition_that_fails_denies_and_does_not_allow() {
    let failing = Setting::one(json!({"when": WHEN_FAILS}));
    assert_eq!(failing.authorize().map(drop), DENIED);
    let decision = failing.decisions().into_iter().next();
    assert_eq!(decision.as_ref().map(|decision| decision.verdict), Some(Verdict::Passed));
    assert!(decision.and_then(|decision| decision.note).is_some_and(|note| note.starts_with("when_failed: ")));

    let setting = Setting::rules(&[json!({}), json!({"effect": "deny", "when": WHEN_FAILS})]);
    assert_eq!(setting.authorize().map(drop), DENIED);
    let last = setting.decisions().pop();
    assert!(last.is_some_and(|decision| decision.verdict == Verdict::Refused && decision.note.is_some()));
}

#[test]
fn conditions_read_the_request() {
    let mut setting = Setting::one(json!({"when": WHEN_TEAM}));
    assert_eq!(setting.authorize().map(drop), DENIED);
    setting.headers = headers(&[("x-team", "blue")]);
    assert_eq!(setting.authorize().map(drop), Ok(()));
}

#[test]
fn http_rules_are_about_method_and_path_of_http_routes() {
    let rule = json!({"http": [{"methods": ["POST"], "path": {"prefix": "/score"}}]});
    for (operation, path, expected) in [
        (Operation::Http, "/score/a", Ok(())),
        (Operation::Http, "/score", Ok(())),
        (Operation::Http, "/scores", DENIED),
        (Operation::Chat, "/score/a", DENIED),
    ] {
        let mut setting = Setting::one(rule.clone());
        (setting.operation, setting.path) = (operation, path);
        assert_eq!(setting.authorize().map(drop), expected, "{path}");
    }
    let mut other_method = Setting::one(json!({"http": [{"methods": ["GET"], "path": null}]}));
    other_method.operation = Operation::Http;
    assert_eq!(other_method.authorize().map(drop), DENIED);
}

#[test]
fn a_rule_about_models_waits_until_the_model_is_known() {
    let allow = |models: &[&str]| Setting::one(json!({"models": models}));
    assert_eq!(allow(&["chat-*"]).model(CHAT_SMALL), Ok(()));
    assert_eq!(allow(&["chat-*"]).model(EMBEDDER), Err(ErrorCode::ModelNotAllowed));
    assert_eq!(allow(&["chat-default"]).model(CHAT_DEFAULT), Ok(()));
    assert_eq!(allow(&["chat-default"]).model(CHAT_SMALL), Err(ErrorCode::ModelNotAllowed));
    let deny = Setting::rules(&[json!({}), json!({"effect": "deny", "models": ["chat-small"]})]);
    assert_eq!(deny.model(CHAT_DEFAULT), Ok(()));
    assert_eq!(deny.model(CHAT_SMALL), Err(ErrorCode::ModelNotAllowed));
    let other_role = Setting::one(json!({"models": ["chat-*"], "roles": ["admin"]}));
    assert_eq!(
        other_role.model(CHAT_SMALL),
        Err(ErrorCode::NotAuthorized),
        "no rule can allow, so it ends before the body is read"
    );
}

#[test]
fn a_rule_that_reads_the_body_waits_for_it() {
    let mut setting = Setting::rules(&[json!({}), json!({"effect": "deny", "when": WHEN_BODY})]);
    assert_eq!(setting.model(CHAT_SMALL), Ok(()));
    setting.body = br#"{"user": "root"}"#;
    assert_eq!(setting.authorize().map(drop), Ok(()));
    assert_eq!(setting.model(CHAT_SMALL), Err(ErrorCode::ModelNotAllowed));
}

#[test]
fn a_rule_about_models_says_nothing_of_http_routes() {
    let mut setting = Setting::one(json!({"models": ["chat-*"]}));
    setting.operation = Operation::Http;
    assert_eq!(setting.authorize().map(drop), DENIED);
}

#[test]
fn shadows_are_recorded_and_decide_nothing() {
    let shadow_deny = json!({"effect": "deny", "mode": "shadow", "name": "s"});
    check(&[shadow_deny.clone(), json!({})], Ok(()));
    check(&[json!({"mode": "shadow"})], DENIED);
    let decisions = Setting::rules(&[shadow_deny, json!({})]).decisions();
    let seen: Vec<_> = decisions.iter().map(|decision| (decision.by, decision.verdict, decision.shadow)).collect();
    let rule = |index| Decider::AuthorizationRule(AuthorizationId(0), index);
    assert_eq!(seen, [(rule(0), Verdict::Refused, true), (rule(1), Verdict::Allowed, false)]);
    let policies = vec![
        policy("shadow", &[json!({"effect": "deny"}), json!({"effect": "deny", "models": ["chat-*"]})]),
        policy("enforce", &[json!({})]),
    ];
    assert_eq!(Setting::new(policies).model(CHAT_SMALL), Ok(()), "a whole policy in shadow, late rules too");
    let disabled = json!({"effect": "deny", "mode": "disabled"});
    check(&[disabled, json!({})], Ok(()));
}

#[test]
fn a_refusal_without_a_rule_names_the_policies_that_could_have_allowed() {
    let decisions = Setting::one(json!({"roles": ["admin"]})).decisions();
    assert_eq!(decisions.first().map(|decision| decision.by), Some(Decider::Authorization(AuthorizationId(0))));
    let mut late = Setting::one(json!({"models": ["chat-small"]}));
    late.path = "/";
    assert_eq!(late.model(EMBEDDER), Err(ErrorCode::ModelNotAllowed));
}

#[test]
fn the_list_holds_the_models_that_could_be_used() {
    let mut setting = Setting::one(json!({"operations": ["models", "chat"], "models": ["chat-*"]}));
    setting.operation = Operation::Models;
    assert_eq!((setting.may_use(CHAT_SMALL), setting.may_use(EMBEDDER)), (true, false));
    let mut list_only = Setting::one(json!({"operations": ["models"]}));
    list_only.operation = Operation::Models;
    assert!(!list_only.may_use(CHAT_SMALL), "it may be listed and may not be used");
    let mut denied = Setting::rules(&[json!({}), json!({"effect": "deny", "models": ["embedder"]})]);
    denied.operation = Operation::Models;
    assert_eq!((denied.may_use(CHAT_SMALL), denied.may_use(EMBEDDER)), (true, false));
}

#[derive(Debug, Default)]
struct Notebook(std::sync::Mutex<Vec<Judged>>);

impl crate::Watch for Notebook {
    fn saw(&self, _: crate::Evaluation) {}

    fn judged(&self, judged: Judged) {
        self.0.lock().unwrap().push(judged);
    }
}

/// What a watch hears of both phases: the rule's index, whether it applies, and what its `when` gave.
fn heard(setting: &mut Setting, model: ModelId) -> Vec<(u16, bool, Option<bool>)> {
    let notebook = Arc::new(Notebook::default());
    let expressions = std::mem::take(&mut setting.expressions);
    setting.expressions = expressions.watched(Arc::clone(&notebook) as Arc<dyn crate::Watch>, []);
    let _ = (setting.model(model), setting.may_use(model));
    let heard = notebook.0.lock().unwrap();
    let heard = heard.iter().map(|judged| match judged.by {
        Decider::AuthorizationRule(AuthorizationId(0), index) => (index, judged.applies, judged.held),
        other => panic!("{other:?} is no rule"),
    });
    heard.collect()
}

#[test]
fn a_watch_hears_of_rules_that_do_not_apply() {
    let rules = [
        json!({"roles": ["admin"], "when": WHEN_TEAM}),
        json!({"when": WHEN_TEAM}),
        json!({"effect": "deny", "mode": "shadow", "when": WHEN_FAILS}),
        json!({"models": ["chat-small"], "when": WHEN_TEAM}),
        json!({"models": ["chat-default"], "roles": ["admin"]}),
        json!({"effect": "deny", "models": ["chat-*"]}),
        json!({}),
        json!({"models": ["chat-small"]}),
    ];
    let early = [(0, false, None), (1, false, Some(false)), (2, true, None), (4, false, None), (6, true, None)];
    let expected = |late: &[(u16, bool, Option<bool>)]| [early.as_slice(), late].concat();
    let at = |model| heard(&mut Setting::rules(&rules), model);
    assert_eq!(at(CHAT_SMALL), expected(&[(3, false, Some(false)), (5, true, None)]), "a deny ends it");
    assert_eq!(at(CHAT_DEFAULT), expected(&[(3, false, None), (5, true, None)]));
    let mut blue = Setting::one(json!({"when": WHEN_TEAM}));
    blue.headers = headers(&[("x-team", "blue")]);
    assert_eq!(heard(&mut blue, CHAT_SMALL), [(0, true, Some(true))]);
    let mut http = Setting::rules(&[json!({"models": ["chat-*"]}), json!({"roles": ["admin"]})]);
    http.operation = Operation::Http;
    assert_eq!(heard(&mut http, CHAT_SMALL), [(1, false, None)], "a rule about models says nothing there");
}
