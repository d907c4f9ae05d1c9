//! What may use what, and where foreign code may come from: read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::root;

/// What each crate may use directly. What those use may be used too: the check is over the closure.
const MAY_USE: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("source", &[]),
    ("expr", &["core"]),
    ("providers", &["core"]),
    ("bundle", &["core"]),
    ("kinds", &["source", "core", "expr", "providers"]),
    ("engine", &["kinds"]),
    ("lint", &["kinds"]),
    ("compile", &["lint", "bundle"]),
    ("testkit", &["compile", "engine"]),
    ("runtime", &["engine", "bundle"]),
    ("cli", &["compile", "lint", "runtime", "testkit"]),
    ("tests", &["cli"]),
];

/// Licences that may be linked into an Apache-2.0 binary without further duties than keeping their texts. MPL-2.0 (a dependency of Rhai) asks for the
/// source of its own files only, which the registry serves. `deny.toml` holds the same list for `cargo deny`.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "0BSD",
    "BSL-1.0",
    "Unlicense",
    "OpenSSL",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
    "MPL-2.0+",
];

/// What cargo knows of this platform's dependencies; nothing is fetched, since the tests' own build has.
fn metadata() -> Value {
    let platform = format!("--filter-platform={}", host());
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").current_dir(root()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn closure(of: &str, rules: &BTreeMap<&str, &[&str]>, into: &mut BTreeSet<String>) {
    for used in rules.get(of).copied().unwrap_or_default() {
        if into.insert((*used).to_owned()) {
            closure(used, rules, into);
        }
    }
}

#[test]
fn crates_use_only_what_the_house_lets_them_use() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let metadata = metadata();
    let mut seen = BTreeSet::new();
    for package in items(&metadata, "packages") {
        let Some(name) = text(package, "name").strip_prefix("aigw-") else { continue };
        assert!(rules.contains_key(name), "`{name}` is a new crate: give it a row in MAY_USE and in policies/ARCHITECTURE.md");
        seen.insert(name.to_owned());
        let mut allowed = BTreeSet::new();
        closure(name, &rules, &mut allowed);
        for dependency in items(package, "dependencies") {
            let is_dev = text(dependency, "kind") == "dev";
            if let Some(used) = text(dependency, "name").strip_prefix("aigw-") {
                assert!(is_dev || allowed.contains(used), "`{name}` must not use `{used}`");
            }
        }
    }
    assert_eq!(seen, rules.keys().map(|name| (*name).to_owned()).collect(), "a row of MAY_USE has lost its crate");
}

#[test]
fn versions_stand_in_the_workspace_manifest_only() {
    for package in items(&metadata(), "packages") {
        if !text(package, "name").starts_with("aigw-") {
            continue;
        }
        let manifest = std::fs::read_to_string(text(package, "manifest_path")).unwrap();
        for line in manifest.lines() {
            assert!(!line.contains("version = \""), "{}: `{line}` belongs into the root Cargo.toml", text(package, "name"));
        }
    }
}

#[test]
fn foreign_code_comes_from_the_registry_under_known_licences() {
    for package in items(&metadata(), "packages") {
        let name = text(package, "name");
        if name.starts_with("aigw-") {
            continue;
        }
        let source = text(package, "source");
        assert!(source.starts_with("registry+"), "`{name}` comes from {source}");
        let licence = text(package, "license").replace('/', " OR ");
        let licence = licence.replace(['(', ')'], " ");
        let every_part_has_a_choice = licence.split(" AND ").all(|part| {
            part.split(" OR ").any(|choice| LICENCES.contains(&choice.split_whitespace().collect::<Vec<_>>().join(" ").as_str()))
        });
        assert!(every_part_has_a_choice, "`{name}` is under `{licence}`: not in the list of licences");
    }
}
