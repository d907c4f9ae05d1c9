#![expect(clippy::unwrap_used, reason = "tests")]

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Ownership, PathPattern};
use crate::gateway::OwnershipSpec;
use crate::testing::findings;

fn pattern(text: &str) -> PathPattern {
    text.parse().unwrap()
}

fn captured(text: &str, path: &str) -> Option<Vec<String>> {
    let pattern = pattern(text);
    Some(pattern.captures(path)?.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}

fn spec(path: &str, owners: &[&str]) -> OwnershipSpec {
    let owners = owners.iter().map(|owner| (*owner).to_owned()).collect();
    OwnershipSpec { path: path.to_owned(), kinds: Vec::new(), tenant: None, owners }
}

#[test]
fn paths_fit_patterns() {
    let fits = [
        ("**", "a.yaml"),
        ("**", "a/b/c.yaml"),
        ("*.yaml", "a.yaml"),
        ("a/**", "a/b.yaml"),
        ("a/**", "a/b/c.yaml"),
        ("**/x.yaml", "x.yaml"),
        ("**/x.yaml", "a/b/x.yaml"),
        ("a/**/z/*.j2", "a/z/t.j2"),
        ("a/**/z/*.j2", "a/b/z/c/z/t.j2"),
        ("a/x-*/**", "a/x-/b"),
        ("**/b/**/d/*", "a/b/c/b/d/e"),
    ];
    for (text, path) in fits {
        assert!(captured(text, path).is_some(), "{text} {path}");
    }
    let others = [
        ("*.yaml", "a/b.yaml"),
        ("*", "a/b"),
        ("a/**", "a"),
        ("a/**", "b/a/c"),
        ("a.yaml", "b.yaml"),
        ("**/x.yaml", "a/xx.yaml"),
        ("a/**/z/*.j2", "a/z/b/t.j2"),
        ("a*a", "a"),
        ("t/{x}-y/**", "t/-y/a"),
    ];
    for (text, path) in others {
        assert_eq!(captured(text, path), None, "{text} {path}");
    }
}

#[test]
fn captures_are_one_segment() {
    assert_eq!(captured("t/{a}/{b}.yaml", "t/x/y.yaml").unwrap(), ["a=x", "b=y"]);
    assert_eq!(captured("**/{a}/z", "x/y/z").unwrap(), ["a=y"]);
    assert_eq!(captured("{a}/**", "x/y/z").unwrap(), ["a=x"]);
    assert_eq!(captured("{a}/**", "x"), None);
}

#[test]
fn what_is_no_pattern_is_told() {
    for text in
        ["", "/a", "a/", "a//b", "../a", "./a", "a**", "a*b*", "{a", "{A}", "{}", "{a}/{a}", "{a}{b}", "a b", "a[b]", "a}", "!a"]
    {
        assert!(text.parse::<PathPattern>().is_err(), "{text}");
    }
}

#[test]
fn a_pattern_covers_what_fits_nothing_else() {
    for (wide, narrow) in [
        ("**", "a/{b}/**"),
        ("**", "**/x.yaml"),
        ("a/**", "a/{b}/**"),
        ("a/*/**", "a/b/c.yaml"),
        ("{a}/**", "b/**"),
        ("{a}/**", "*/**"),
        ("*.yaml", "x-*.yaml"),
        ("**/*.yaml", "a/b/{c}.yaml"),
        ("a/**/b", "a/**/c/b"),
    ] {
        assert!(pattern(wide).covers(&pattern(narrow)), "{wide} {narrow}");
    }
    for (one, other) in [
        ("a/{b}/**", "a/**"),
        ("a/**", "**"),
        ("*", "**"),
        ("x-*.yaml", "*.yaml"),
        ("{a}.yaml", "*.yaml"),
        ("a/b", "a/*"),
        ("**/b", "a/**"),
    ] {
        assert!(!pattern(one).covers(&pattern(other)), "{one} {other}");
    }
}

proptest! {
    #[test]
    fn what_a_covered_pattern_takes_the_wider_takes_too(
        wide in "(\\*\\*/)?([ab*]|\\{x\\})(/(a|b\\*|\\*\\*|\\{y\\})){0,3}",
        narrow in "(\\*\\*/)?([ab*]|\\{x\\})(/(a|b\\*|\\*\\*|\\{y\\})){0,3}",
        path in "[ab]{1,2}(/[ab]{1,2}){0,4}",
    ) {
        let (Ok(wide), Ok(narrow)) = (wide.parse::<PathPattern>(), narrow.parse::<PathPattern>()) else { return Ok(()) };
        prop_assert!(!wide.covers(&narrow) || narrow.captures(&path).is_none() || wide.captures(&path).is_some());
    }

    #[test]
    fn no_text_breaks_a_pattern(text in "[a-c*{}/.-]{0,40}", path in "[a-c/.]{0,40}") {
        if let Ok(pattern) = text.parse::<PathPattern>() {
            let _ = pattern.captures(&path);
        }
    }
}

const FILES: [&str; 6] = [
    "gateway.yaml",
    "tenants/contoso/chat.yaml",
    "tenants/contoso/tests/chat.test.yaml",
    "tenants/fabrikam/limits.yaml",
    "tenants/fabrikam/prompts/a b/t.j2",
    "tenants/special/limits.yaml",
];

#[test]
fn codeowners_is_written_in_reverse_with_captures_expanded() {
    let specs = [
        spec("tenants/special/**", &["@ann", "@contoso/special"]),
        spec("**/prompts/{area}/*.j2", &["prompts@contoso.example"]),
        spec("tenants/{tenant}/**", &["@contoso/{tenant}", "@contoso/platform"]),
        spec("labs/{lab}/**", &["@contoso/{lab}"]),
        spec("**", &["@contoso/platform"]),
    ];
    let ownership = Ownership::of(&specs).unwrap();
    assert_snapshot!(ownership.codeowners("ai/policies", FILES).unwrap(), @"
    # Written by `aigw codeowners ai/policies` from the Gateway's `ownership`. Change it there, and write this file again.
    # The last line that fits a file decides.

    # **
    /ai/policies/ @contoso/platform

    # labs/{lab}/**

    # tenants/{tenant}/**
    /ai/policies/tenants/contoso/ @contoso/contoso @contoso/platform
    /ai/policies/tenants/fabrikam/ @contoso/fabrikam @contoso/platform

    # **/prompts/{area}/*.j2
    /ai/policies/**/prompts/*/*.j2 prompts@contoso.example

    # tenants/special/**
    /ai/policies/tenants/special/ @ann @contoso/special
    ");
    let backwards = ownership.codeowners("ai/policies", FILES.into_iter().rev()).unwrap();
    assert_eq!(backwards, ownership.codeowners("ai/policies", FILES).unwrap());
    assert_snapshot!(Ownership::of(&specs[4..]).unwrap().codeowners("", FILES).unwrap(), @"
    # Written by `aigw codeowners .` from the Gateway's `ownership`. Change it there, and write this file again.
    # The last line that fits a file decides.

    # **
    * @contoso/platform
    ");
}

#[test]
fn a_folder_that_codeowners_cannot_write_is_told() {
    let specs = [spec("{x}/**", &["@contoso/{x}"])];
    let ownership = Ownership::of(&specs).unwrap();
    assert_snapshot!(ownership.codeowners("", ["a[b]/c.yaml"]).unwrap_err(), @"the name `a[b]` cannot stand in CODEOWNERS: it holds a character that means something there");
    assert!(ownership.codeowners("a?", ["a/c.yaml"]).is_err());
}

/// A gateway with these entries, in `policies.yaml`.
fn found(entries: &str) -> String {
    findings(&format!("kind: Gateway\nmetadata: {{name: g}}\nspec:\n  ownership:\n{entries}"))
}

#[test]
fn entries_must_make_sense() {
    let entries = "    - {path: /a, owners: ['@a']}
    - {path: 'x/{a}/**', owners: ['@o/{b}', '@o/{a}', '@o/{', '@o/a b', platform]}
    - {path: '**', kinds: [Route, Route], owners: ['@o/p']}
";
    assert_snapshot!(found(entries), @"
    6:14 C027 `/a` begins or ends with `/`: write `folder/**` for what is within a folder | write a path relative to the policy folder, such as `tenants/{tenant}/**`
    7:35 C030 the path has no capture `b` | there are `a`
    7:55 C027 the braces in `@o/{` hold no name of a capture | write `{name}` as it stands in `path`
    7:63 C027 `@o/a b` is not an owner | write `@user`, `@organisation/team` or an e-mail address
    7:73 C027 `platform` is not an owner | write `@user`, `@organisation/team` or an e-mail address
    8:35 C031 `Route` stands twice in this list | remove one of them
    ");
}

#[test]
fn documents_stand_where_their_owners_may_write_them() {
    assert_snapshot!(found("    - {path: '**', kinds: [Provider, Model], owners: ['@o/p']}\n"), @"
    other file 17:7 S650 an Authentication may not stand in `house.yaml`: its owners write `Provider`, `Model` | move the document to a folder whose owners may write it
    other file 22:7 S650 an Authorization may not stand in `house.yaml`: its owners write `Provider`, `Model` | move the document to a folder whose owners may write it
    other file 27:7 S650 a Limit may not stand in `house.yaml`: its owners write `Provider`, `Model` | move the document to a folder whose owners may write it
    other file 32:7 S650 a Prompt may not stand in `house.yaml`: its owners write `Provider`, `Model` | move the document to a folder whose owners may write it
    2:7 S650 a Gateway may not stand in `p.yaml`: its owners write `Provider`, `Model` | move the document to a folder whose owners may write it
    ");
    assert_snapshot!(found("    - {path: 'x/**', owners: ['@o/p']}\n"), @r#"
    other file 1:1 S651 no entry of `ownership` is about `house.yaml` | move the file, or end the list with `{path: "**", owners: […]}`
    1:1 S651 no entry of `ownership` is about `p.yaml` | move the file, or end the list with `{path: "**", owners: […]}`
    other file 1:1 S651 no entry of `ownership` is about `prompts/own.j2` | move the file, or end the list with `{path: "**", owners: […]}`
    "#);
    assert_snapshot!(found("    - {path: '{file}', owners: ['@o/{file}_']}\n"), @r#"other file 1:1 S651 no entry of `ownership` is about `prompts/own.j2` | move the file, or end the list with `{path: "**", owners: […]}`"#);
    assert_eq!(found("    - {path: '*.yaml', owners: ['@o/p']}\n    - {path: '**', kinds: [Route], owners: ['@o/p']}\n"), "");
    assert_eq!(found("    []\n"), "");
}
