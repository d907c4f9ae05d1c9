//! Folders that mean harm get a clear error, quickly.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::policies::Policies;
use crate::support::{aigw, run};

/// What any of them may take, debug builds and a busy machine included.
const QUICKLY: Duration = Duration::from_secs(15);

/// Makes a folder with good policies and something bad; what `validate` says must end with 1 or 2 and hold `expected`.
fn check(what: &str, bad: impl FnOnce(&Path), expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gateway.yaml"), Policies::mock("{}").yaml()).unwrap();
    bad(folder.path());
    let began = Instant::now();
    let ran = run(aigw().arg("validate").current_dir(folder.path()));
    let all = format!("{}{}", ran.out, ran.err);
    assert!((1..=2).contains(&ran.code), "{what}: {ran:?}");
    assert!(all.contains(expected) && !all.contains("panicked"), "{what}: {all}");
    assert!(all.len() < 20_000, "{what}: {} bytes of findings", all.len());
    assert!(began.elapsed() < QUICKLY, "{what}: {:?}", began.elapsed());
}

#[test]
fn links_that_leave_the_folder_and_devices_are_not_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.yaml"), "password: canary").unwrap();
    check("a link out", |at| symlink(outside.path().join("secret.yaml"), at.join("x.yaml")).unwrap(), "leaves the policy folder");
    check("a device", |at| symlink("/dev/zero", at.join("x.yaml")).unwrap(), "x.yaml");
    check("a link to itself", |at| symlink("x.yaml", at.join("x.yaml")).unwrap(), "x.yaml");
    check(
        "a pipe",
        |at| assert!(Command::new("mkfifo").arg(at.join("x.yaml")).status().unwrap().success()),
        "neither a file nor a folder",
    );
}

#[test]
fn large_and_unreadable_files_are_named_and_not_drawn() {
    check(
        "100 MB",
        |at| {
            fs::write(at.join("x.yaml"), "apiVersion: aigw.dev/v1\nkind: Gateway\n").unwrap();
            fs::OpenOptions::new().write(true).open(at.join("x.yaml")).unwrap().set_len(100 << 20).unwrap();
        },
        "x.yaml",
    );
    check(
        "100 MB of text",
        |at| fs::write(at.join("x.yaml"), format!("apiVersion: aigw.dev/v1\n{}", "a: b\n".repeat(20_000_000))).unwrap(),
        "x.yaml",
    );
    check("not UTF-8", |at| fs::write(at.join("x.yaml"), b"apiVersion: aigw.dev/v1\nkind: \xff\xfe").unwrap(), "UTF-8");
    check(
        "one endless line",
        |at| fs::write(at.join("x.yaml"), format!("apiVersion: aigw.dev/v1\nkind: {}", "x".repeat(1 << 19))).unwrap(),
        "x.yaml",
    );
}

#[test]
fn deep_nesting_and_multiplying_aliases_are_refused() {
    let head = "apiVersion: aigw.dev/v1\nkind: Gateway\nmetadata: {name: deep}\nspec: ";
    check("10,000 lists", |at| fs::write(at.join("x.yaml"), format!("{head}{}", "[".repeat(10_000))).unwrap(), "x.yaml");
    check(
        "10,000 mappings",
        |at| fs::write(at.join("x.yaml"), format!("{head}{}1{}", "{a: ".repeat(10_000), "}".repeat(10_000))).unwrap(),
        "x.yaml",
    );
    let mut block = format!("{head}\n");
    for depth in 1..2_000 {
        block.push_str(&format!("{}a:\n", " ".repeat(depth)));
    }
    check("2,000 levels of block style", |at| fs::write(at.join("x.yaml"), block).unwrap(), "x.yaml");
    let mut bomb = format!("{head}\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let previous = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("  a{level}: &a{level} [{previous}]\n"));
    }
    check("a billion laughs", |at| fs::write(at.join("x.yaml"), bomb).unwrap(), "x.yaml");
}

#[test]
fn folders_beyond_reason_are_refused() {
    check(
        "60 folders deep",
        |at| {
            let deep = at.join(vec!["d"; 60].join("/"));
            fs::create_dir_all(&deep).unwrap();
            fs::write(deep.join("x.yaml"), "a: b").unwrap();
        },
        "deeper",
    );
    check(
        "not a folder of policies",
        |at| {
            fs::remove_file(at.join("gateway.yaml"))
                .and_then(|()| fs::write(at.join("x.yaml"), "apiVersion: aigw.dev/v1\nkind: ["))
                .unwrap()
        },
        "x.yaml",
    );
}
