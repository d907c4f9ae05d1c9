//! What is absent: effects in `policies/`, a second reader of YAML, tasks without an owner.

use super::{code_lines, rust_files};

/// Effects that no crate below `policies/` may have; they are handed in.
const EFFECTS: &[(&str, &str)] = &[
    ("std::fs", "files are handed in as bytes"),
    ("std::net::Tcp", "sockets belong to the runtime"),
    ("std::net::Udp", "sockets belong to the runtime"),
    ("std::env", "the environment belongs to the command line and the runtime"),
    ("std::process", "processes belong to the command line"),
    ("std::thread", "threads belong to the runtime"),
    ("SystemTime", "time is handed in"),
    ("Instant::now", "time is handed in"),
    ("Zoned::now", "time is handed in"),
    ("Timestamp::now", "time is handed in"),
    ("SystemRandom", "randomness is handed in"),
    ("rand::", "randomness is handed in"),
    ("tokio::", "the engine knows no executor"),
    ("thread_local!", "no globals"),
    ("LazyLock", "no globals"),
];

fn assert_absent(folder: &str, needle: &str, why: &str, except: &[&str]) {
    for (path, text) in rust_files(folder) {
        let is_test =
            path.ends_with("tests.rs") || path.contains("/tests/") || path.contains("/testing") || path.ends_with("/fixtures.rs");
        if is_test || except.contains(&path.as_str()) {
            continue;
        }
        for (line, code) in code_lines(&text) {
            assert!(!code.contains(needle), "{path}:{line}: `{needle}`: {why}");
        }
    }
}

#[test]
fn policies_have_no_effects() {
    for (needle, why) in EFFECTS {
        assert_absent("policies", needle, why, &[]);
    }
}

/// A cell that is filled once is no global while it is a local or a member; an item that is `static` always is one.
#[test]
fn policies_have_no_globals() {
    for (path, text) in rust_files("policies") {
        for (line, code) in code_lines(&text) {
            let item = code.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            assert!(!item.starts_with("static "), "{path}:{line}: no globals");
        }
    }
}

#[test]
fn yaml_is_read_in_one_place() {
    for folder in ["policies", "runtime", "cli"] {
        assert_absent(folder, "serde_yaml::from_", "aigw-source reads YAML; serde_yaml only writes it", &[]);
        assert_absent(folder, "granit_parser", "the parser is touched in one file", &["policies/source/src/parse.rs"]);
    }
}

#[test]
fn tasks_are_spawned_in_one_place() {
    for needle in ["tokio::spawn", "task::spawn", "thread::spawn", "spawn_blocking", "spawn_local"] {
        assert_absent("runtime", needle, "every task has an owner: runtime/src/tasks.rs", &["runtime/src/tasks.rs"]);
        assert_absent("cli", needle, "the command line starts no tasks of its own", &[]);
    }
}

#[test]
fn only_tests_can_foretell_what_a_gateway_draws() {
    assert_absent("cli", "start_foreseeable", "random choices of a gateway in use must not be foreseeable", &[]);
    assert_absent("runtime", "start_foreseeable(", "no setting may lead there", &["runtime/src/run.rs"]);
}
