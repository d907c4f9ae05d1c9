//! Validations: what is judged when, and what the record says of it.

use aigw_kinds::ValidationId;
use aigw_kinds::validation::{CheckKind, ValidationCheck, ValidationPlan};

use super::*;
use crate::testing::program::{PLACE, origin};

/// Both routes are under validations with these checks; those whose name begins with `s` are in shadow.
fn under(all: &[(&str, Vec<CheckKind>)]) -> Desk {
    Desk::new(|program| {
        for (id, (name, checks)) in (0_u32..).zip(all) {
            let mode = if name.starts_with('s') { aigw_kinds::Mode::Shadow } else { aigw_kinds::Mode::Enforce };
            let checks = checks.iter().map(|what| ValidationCheck { what: what.clone(), place: PLACE }).collect();
            program.validations.push(ValidationPlan { origin: origin(name), mode, checks });
            program.routes.iter_mut().for_each(|route| route.own.validations.push(ValidationId(id)));
        }
    })
}

fn denied(network: &str) -> CheckKind {
    CheckKind::Addresses { allow: Vec::new(), deny: vec![network.parse().unwrap()] }
}

fn body(size: &str) -> CheckKind {
    CheckKind::Body(size.parse().unwrap())
}

/// `policy/rule verdict` of every validation in the record, a shadow in brackets.
fn verdicts(desk: &Desk) -> Vec<String> {
    let record = desk.record();
    let of = record.policies.iter().filter(|verdict| verdict.phase == "validate").map(|verdict| {
        let rule = verdict.rule.as_deref().map(|rule| format!("/{rule}")).unwrap_or_default();
        let text = format!("{}{rule} {}", verdict.policy, verdict.verdict.as_str());
        if verdict.shadow { format!("({text})") } else { text }
    });
    of.collect()
}

#[test]
fn an_address_is_refused_before_anything_of_the_body_is_read() {
    let desk = under(&[("v", vec![denied("192.0.2.0/24")])]);
    let body = ClientBody::new(&desk.world, &[(4_000, ASK)]);
    let began = desk.world.millis();
    let told = desk.ask(json("/v1/chat/completions").body(body).unwrap());
    assert_eq!((told.status.as_u16(), told.code().as_str()), (403, "address_not_allowed"));
    assert_eq!(desk.world.millis(), began);
    assert_eq!(verdicts(&desk), ["v/addresses refused"]);
    assert_eq!(desk.ask(desk.get("/v1/models")).status, StatusCode::FORBIDDEN);
    assert_eq!(desk.ask(desk.post("/score/x", "{}")).status, StatusCode::FORBIDDEN);
}

#[test]
fn reading_stops_where_the_least_bound_is_passed() {
    let desk = under(&[("wide", vec![body("100B")]), ("seen", vec![body("30B")]), ("tight", vec![body("40B")])]);
    let (first, rest) = ASK.split_at(30);
    let pieces = ClientBody::new(&desk.world, &[(0, first), (0, rest), (3_000, "never read")]);
    let began = desk.world.millis();
    let told = desk.ask(json("/score/x").body(pieces).unwrap());
    assert_eq!((told.status.as_u16(), told.code().as_str()), (413, "body_too_large"));
    assert_eq!(desk.world.millis(), began);
    assert_eq!(verdicts(&desk), ["(seen/body refused)", "tight/body refused"]);
    let declared = json("/v1/chat/completions").header("content-length", "41");
    let told = desk.ask(declared.body(ClientBody::new(&desk.world, &[(3_000, ASK)])).unwrap());
    assert_eq!((told.code().as_str(), desk.world.millis()), ("body_too_large", began));
}

#[test]
fn what_is_fine_is_recorded_once_a_policy() {
    let fine = vec![denied("10.0.0.0/8"), CheckKind::JsonDepth(5), CheckKind::Messages(3)];
    let desk = under(&[("v", fine), ("s", vec![CheckKind::JsonDepth(2), body("10B")])]);
    desk.script([vec![hello()]]);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
    assert_eq!(verdicts(&desk), ["v passed", "(s/jsonDepth refused)", "(s/body refused)"]);
    assert_eq!(desk.ask(desk.get("/v1/models")).status, StatusCode::OK);
    assert_eq!(desk.world.records().last().map(|record| record.policies.len()), Some(3));
}

#[test]
fn the_other_bounds_have_their_own_codes() {
    let desk = under(&[(
        "v",
        vec![CheckKind::ContentTypes(vec!["application/json".to_owned()]), CheckKind::JsonDepth(4), CheckKind::Messages(1)],
    )]);
    let two = r#"{"model":"m","messages":[{},{}]}"#;
    let deep = r#"{"model":"m","messages":[[[[1]]]]}"#;
    let as_text = || keyed("/score/x").method("POST").header("content-type", "text/plain");
    for (request, status, code, by) in [
        (desk.post("/v1/chat/completions", two), 400, "too_many_messages", "v/messages refused"),
        (desk.post("/v1/chat/completions", deep), 400, "json_too_deep", "v/jsonDepth refused"),
        (desk.post("/score/x", "[[[[[1]]]]]"), 400, "json_too_deep", "v/jsonDepth refused"),
        (desk.with(as_text(), "{}"), 415, "unsupported_media_type", "v/contentTypes refused"),
    ] {
        let told = desk.ask(request);
        assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        let records = desk.world.records();
        let last = records.last().unwrap().policies.last().unwrap().clone();
        assert_eq!(format!("{}/{} {}", last.policy, last.rule.unwrap_or_default(), last.verdict.as_str()), by);
        assert_eq!(&*last.at, "policies.yaml:3:5");
    }
    desk.script([vec![hello()]]);
    assert_eq!(desk.ask(desk.with(keyed("/score/x"), "")).status, StatusCode::OK);
}

#[test]
fn schemas_and_signatures_are_told_without_what_was_sent() {
    use aigw_kinds::validation::SignatureClass::{Path, Sql};
    let schema = serde_json::json!({"properties": {"user": {"maxLength": 20}}});
    let schema = CheckKind::Schema { file: "schemas/chat.json".to_owned(), schema };
    let desk = under(&[("v", vec![schema, CheckKind::Signatures(vec![Sql, Path])])]);
    let with_user = |user: &str| format!(r#"{{"model":"m","messages":[],"user":"{user}"}}"#);
    for (request, code, at, note) in [
        (desk.post("/v1/chat/completions", &with_user("CANARYCANARYCANARYCANARY")), "schema_mismatch", "/user", "maxLength"),
        (desk.post("/v1/chat/completions", &with_user("CANARY'--")), "attack_signature", "/user", "sql in the body"),
        (desk.get("/v1/models?CANARY=../../x"), "attack_signature", "CANARY", "path in the query"),
    ] {
        let told = desk.ask(request);
        let body: serde_json::Value = serde_json::from_str(&told.body.text()).unwrap();
        assert_eq!(body.pointer("/error/code").unwrap(), code);
        assert_eq!(body.pointer("/error/param").unwrap(), at);
        let records = desk.world.records();
        let last = records.last().unwrap();
        assert_eq!(last.policies.last().unwrap().note.as_deref(), Some(note));
        assert!(!format!("{last:?}").contains("CANARY"), "{last:?}");
        assert!(at == "CANARY" || !told.body.text().contains("CANARY"));
    }
}

#[test]
fn a_schema_that_cannot_be_judged_does_not_load() {
    let mut program = program();
    let what = CheckKind::Schema { file: "s.json".to_owned(), schema: serde_json::json!({"$ref": "#"}) };
    let checks = vec![ValidationCheck { what, place: PLACE }];
    program.validations.push(ValidationPlan { origin: origin("v"), mode: aigw_kinds::Mode::Enforce, checks });
    let error = Loaded::new(program, ParameterValues::default()).unwrap_err();
    assert_eq!(error.code.as_str(), "program_unloadable");
    assert!(error.message.contains("s.json"), "{}", error.message);
}
