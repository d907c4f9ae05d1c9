//! Examples as people meet them: their tests pass, what `init` writes works from the first command on, and tests never reach a bundle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Ran, aigw, run};

/// What a commented test begins with.
const COMMENTED: &str = "    # - name: ";

/// Every folder of `examples/`.
fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut folders: Vec<PathBuf> = folders.collect();
    folders.sort();
    assert!(folders.len() >= 2, "the examples have moved");
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn test(folder: &Path) -> Ran {
    run(aigw().arg("test").arg(folder))
}

/// Every file below a folder by its path, hidden ones left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn is_test(path: &str) -> bool {
    path.ends_with(".test.yaml") || path.starts_with("fixtures/")
}

#[test]
fn every_example_passes_its_tests() {
    for folder in examples() {
        let out = test(&folder).expect(0);
        assert!(out.contains(" passed"), "{}: {out}", folder.display());
    }
}

/// The content of a bundle: its digest, and the paths of its members.
fn content(sources: &Path, workshop: &Path) -> (serde_json::Value, String) {
    let bundle = workshop.join("b.aigw");
    let mut build = aigw();
    build.arg("build").arg(sources).arg("-o").arg(&bundle).arg("--key").arg(workshop.join("k.key.pem"));
    run(build.args(["--channel", "prod"])).expect(0);
    let inspected = run(aigw().arg("inspect").arg(&bundle)).expect(0);
    let whole: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    (whole["statement"]["content"]["digest"].clone(), inspected)
}

#[test]
fn tests_never_reach_a_bundle() {
    let workshop = tempfile::tempdir().unwrap();
    run(aigw().arg("keygen").arg("--out").arg(workshop.path().join("k")).arg("--allow-dirty")).expect(0);
    for folder in examples() {
        let bare = tempfile::tempdir().unwrap();
        for (path, bytes) in files(&folder).iter().filter(|(path, _)| !is_test(path)) {
            let path = bare.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let ((with, members), (without, _)) = (content(&folder, workshop.path()), content(bare.path(), workshop.path()));
        assert!(with.is_string(), "{members}");
        assert_eq!(with, without, "{}", folder.display());
        assert!(!members.contains(".test.yaml") && !members.contains("fixtures/"), "{members}");
    }
}

/// A repository that `init` wrote.
fn begun(example: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(aigw().args(["init", "--from", example]).arg(folder.path())).expect(0);
    folder
}

#[test]
fn what_init_writes_is_tested_and_a_failing_test_explains_itself() {
    for example in examples() {
        let folder = begun(&name(&example));
        let suites = files(&example).into_keys().filter(|path| is_test(path)).count();
        assert_eq!(files(folder.path()).keys().filter(|path| is_test(path)).count(), suites, "init leaves a test out");
        test(folder.path()).expect(0);

        let (path, text) = commented(folder.path());
        let case = text.split(COMMENTED).nth(1).unwrap().lines().next().unwrap().to_owned();
        fs::write(&path, uncommented(&text)).unwrap();
        let out = test(folder.path()).expect(1);
        // What is wrong, where it stands, what was decided there, and how to run it alone.
        for part in [&format!("/ {case}"), "expected: ", "came: ", "decisions\n", "run it alone: "] {
            assert!(out.contains(part), "{}: `{part}` is not told: {out}", example.display());
        }
        assert!(out.contains(&format!("{}:", path.file_name().unwrap().to_string_lossy())), "{out}");
        assert!(out.contains(" 1 failed"), "{out}");
    }
}

/// The one test file that holds a commented test, and its text.
fn commented(folder: &Path) -> (PathBuf, String) {
    let found = files(folder).into_iter().map(|(path, bytes)| (folder.join(path), String::from_utf8(bytes).unwrap()));
    let mut found: Vec<(PathBuf, String)> = found.filter(|(_, text)| text.contains(COMMENTED)).collect();
    assert_eq!(found.len(), 1, "one file shows a test that fails");
    found.remove(0)
}

/// The text with its commented test in force.
fn uncommented(text: &str) -> String {
    let (before, after) = text.split_once(COMMENTED).unwrap();
    let case = format!("{COMMENTED}{after}");
    let lines = case.lines().map(|line| line.strip_prefix("    # ").map_or(line.to_owned(), |line| format!("    {line}")));
    std::iter::once(before.to_owned()).chain(lines.map(|line| line + "\n")).collect()
}

#[test]
fn what_init_writes_for_editors_is_where_files_say_it_is() {
    for example in examples() {
        let folder = begun(&name(&example));
        for (path, bytes) in files(folder.path()).iter().filter(|(path, _)| path.ends_with(".yaml")) {
            let text = String::from_utf8_lossy(bytes);
            let schema = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema=")).unwrap();
            let schema = folder.path().join(path).parent().unwrap().join(schema);
            assert!(schema.is_file(), "{path}: {}", schema.display());
        }
        let workflow = fs::read_to_string(folder.path().join(".github/workflows/policies.yml")).unwrap();
        assert!(workflow.contains("- run: aigw test ."), "{workflow}");
    }
}
