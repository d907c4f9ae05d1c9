#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::test_program::{model, program, route};

fn pattern(text: &str) -> PathPattern {
    if let Some(prefix) = text.strip_suffix("/*") {
        return PathPattern::Prefix(prefix.to_owned());
    }
    if !text.contains('{') {
        return PathPattern::Exact(text.to_owned());
    }
    let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => PathSegment::Capture(name.to_owned()),
        None => PathSegment::Literal(text.to_owned()),
    };
    PathPattern::Captures(text.trim_start_matches('/').split('/').map(segment).collect())
}

#[test]
fn paths_match_whole_segments() {
    for (text, path, expected) in [
        ("/a/b", "/a/b", true),
        ("/a/b", "/a/b/", false),
        ("/a/b", "/A/b", false),
        ("/a/*", "/a", true),
        ("/a/*", "/a/", true),
        ("/a/*", "/a/b/c", true),
        ("/a/*", "/ab", false),
        ("/*", "/", true),
        ("/*", "/anything/at/all", true),
        ("/d/{x}/chat", "/d/one/chat", true),
        ("/d/{x}/chat", "/d//chat", false),
        ("/d/{x}/chat", "/d/one/two/chat", false),
        ("/d/{x}/chat", "/d/one/chat/", false),
        ("/{x}", "/", false),
    ] {
        assert_eq!(pattern(text).matches(path), expected, "{text} {path}");
    }
    assert!(PathPattern::Prefix("/".to_owned()).matches("/a"), "`/*` kept either way is every path");
}

#[test]
fn captures_and_what_follows_a_prefix_can_be_read() {
    let captures = pattern("/d/{x}/{y}");
    assert_eq!(captures.capture("x", "/d/one/two"), Some("one"));
    assert_eq!(captures.capture("y", "/d/one/two"), Some("two"));
    assert_eq!(captures.capture("z", "/d/one/two"), None);
    assert_eq!(pattern("/a").capture("x", "/a"), None);
    assert_eq!(pattern("/a/*").rest("/a/b/c"), Some("/b/c"));
    assert_eq!(pattern("/a/*").rest("/a"), Some(""));
    assert_eq!(pattern("/*").rest("/a"), Some("/a"));
    assert_eq!(pattern("/a").rest("/a"), None);
}

fn served(default: Option<u32>) -> (ServedModels, Program) {
    let program = program(json!({
        "models": [
            model("default", &["chat-default", "gpt-4o", "gpt-4o-2024-*"], "chat"),
            model("small", &["gpt-*", "mini"], "chat"),
            model("embedder", &["embed"], "embeddings"),
            model("hidden", &["hidden", "*"], "chat"),
        ],
        "routes": [route("one", &[], json!({"serve": {"models": {"models": [0, 1, 2], "default": default}}}))],
    }));
    (ServedModels::new(&program.routes.first().unwrap().serve, &program), program)
}

#[test]
fn a_model_is_meant_by_its_exact_name_or_the_longest_pattern_and_only_where_it_is_served() {
    let (served, program) = served(None);
    for (name, expected) in [
        ("gpt-4o", Ok(0)),
        ("gpt-4o-2024-08-06", Ok(0)),
        ("gpt-4o-2024-", Ok(0)),
        ("gpt-4o-2025", Ok(1)),
        ("mini", Ok(1)),
        ("hidden", Err(ErrorCode::ModelNotFound)),
        ("GPT-4o", Err(ErrorCode::ModelNotFound)),
        ("", Err(ErrorCode::ModelNotFound)),
        ("embed", Err(ErrorCode::ModelNotFound)),
    ] {
        let found = served.resolve(Some(name), Operation::Chat, &program);
        assert_eq!(found.map(|id| id.0).map_err(|refusal| refusal.code), expected, "{name}");
    }
    assert_eq!(served.resolve(Some("embed"), Operation::Embeddings, &program), Ok(ModelId(2)));
    assert_eq!(served.all(), [ModelId(0), ModelId(1), ModelId(2)]);
}

#[test]
fn the_default_serves_who_names_none_for_its_own_operation() {
    let (with, program) = served(Some(1));
    assert_eq!(with.resolve(None, Operation::Chat, &program), Ok(ModelId(1)));
    let missing = Err(ErrorCode::MissingParameter);
    assert_eq!(with.resolve(None, Operation::Embeddings, &program).map_err(|refusal| refusal.code), missing);
    let (without, program) = served(None);
    assert_eq!(without.resolve(None, Operation::Chat, &program).map_err(|refusal| refusal.code), missing);
}

#[test]
fn a_made_up_name_is_repeated_in_part_only() {
    let (served, program) = served(None);
    let refusal = served.resolve(Some(&"x".repeat(10_000)), Operation::Chat, &program).unwrap_err();
    assert!(refusal.message.len() < 200, "{}", refusal.message);
    let wrong = served.resolve(Some("embed"), Operation::Chat, &program).unwrap_err();
    assert_eq!(wrong.message, "the model `embed` is for embeddings, not for chat");
}
