//! Registries against folders: a forgotten line cannot land.

use std::fs;

use super::{folders, root};

/// Every folder below `folder` must be named in `registry`.
fn check(folder: &str, registry: &str, except: &[&str]) {
    let text = fs::read_to_string(root().join(registry)).unwrap();
    for name in folders(folder) {
        if !except.contains(&name.as_str()) {
            assert!(text.contains(&name), "{folder}/{name} has no line in {registry}");
        }
    }
}

#[test]
fn every_kind_is_registered() {
    check("policies/kinds/src", "policies/kinds/src/lib.rs", &[]);
}

#[test]
fn every_rule_is_registered() {
    check("policies/lint/src/rules", "policies/lint/src/registry.rs", &[]);
}

#[test]
fn every_wire_is_registered() {
    check("policies/providers/src/wire", "policies/providers/src/wire.rs", &[]);
}

#[test]
fn every_verb_is_registered() {
    let text = fs::read_to_string(root().join("cli/src/commands/mod.rs")).unwrap();
    for entry in fs::read_dir(root().join("cli/src/commands")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "mod" || text.contains(&format!("mod {name};")), "cli/src/commands/{name}.rs is not in the command enum");
    }
}

#[test]
fn every_example_is_listed() {
    check("examples", "examples/README.md", &[]);
}
