#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use tempfile::TempDir;

use super::*;

/// A repository with these files committed.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["init", "--quiet"]);
    run(folder.path(), &["config", "user.email", "t@example.com"]);
    run(folder.path(), &["config", "user.name", "t"]);
    for (path, text) in files {
        write(&folder, path, text);
    }
    run(folder.path(), &["add", "."]);
    run(folder.path(), &["commit", "--quiet", "--no-gpg-sign", "-m", "first"]);
    folder
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(folder: &Path, arguments: &[&str]) {
    let output = git(folder, arguments).unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn lines(all: &[(&str, &[(u32, u32)])]) -> Lines {
    all.iter().map(|(path, lines)| ((*path).to_owned(), lines.to_vec())).collect()
}

#[test]
fn lines_that_came_count_and_lines_that_went_do_not() {
    let folder =
        repository(&[("p/a.yaml", "1\n2\n3\n4\n5\n"), ("p/b.yaml", "1\n2\n"), ("p/same.yaml", "1\n"), ("x.yaml", "1\n")]);
    write(&folder, "p/a.yaml", "1\nnew\nnew\n3\n5 too\n");
    write(&folder, "p/b.yaml", "2\n");
    write(&folder, "x.yaml", "2\n");
    let changed = changed_lines(&folder.path().join("p"), "HEAD").unwrap();
    assert_eq!(changed, lines(&[("a.yaml", &[(2, 3), (5, 5)])]), "of this folder, by paths within it");
    assert_eq!(changed_lines(folder.path(), "HEAD").unwrap().keys().collect::<Vec<_>>(), ["p/a.yaml", "x.yaml"]);
}

#[test]
fn what_is_committed_staged_or_unknown_to_git_counts_alike() {
    let folder = repository(&[("a.yaml", "1\n"), (".gitignore", "ignored.yaml\n")]);
    run(folder.path(), &["tag", "base"]);
    write(&folder, "a.yaml", "1\n2\n");
    run(folder.path(), &["commit", "--quiet", "--no-gpg-sign", "-am", "second"]);
    write(&folder, "staged.yaml", "1\n2");
    run(folder.path(), &["add", "staged.yaml"]);
    write(&folder, "d/new file.yaml", "1\n");
    write(&folder, "ignored.yaml", "1\n");
    let changed = changed_lines(folder.path(), "base").unwrap();
    assert_eq!(changed, lines(&[("a.yaml", &[(2, 2)]), ("d/new file.yaml", &[ALL_LINES]), ("staged.yaml", &[(1, 2)])]));
    assert_eq!(changed_lines(folder.path(), "HEAD").unwrap().len(), 2);
}

#[test]
fn a_file_that_only_moved_did_not_change() {
    let text = (0..40).map(|n| format!("line {n}\n")).collect::<String>();
    let folder = repository(&[("old.yaml", &text)]);
    run(folder.path(), &["mv", "old.yaml", "new.yaml"]);
    write(&folder, "new.yaml", &text.replace("line 7\n", "line seven\n"));
    assert_eq!(changed_lines(folder.path(), "HEAD").unwrap(), lines(&[("new.yaml", &[(8, 8)])]));
}

#[test]
fn nobodys_settings_change_what_comes() {
    let folder = repository(&[("a.yaml", "1\n2\n3\n4\n5\n")]);
    for setting in ["diff.noprefix", "diff.mnemonicPrefix", "core.quotePath"] {
        run(folder.path(), &["config", setting, "true"]);
    }
    run(folder.path(), &["config", "color.ui", "always"]);
    run(folder.path(), &["config", "diff.interHunkContext", "9"]);
    run(folder.path(), &["config", "diff.external", "false"]);
    write(&folder, "a.yaml", "one\n2\n3\n4\nfive\n");
    assert_eq!(changed_lines(folder.path(), "HEAD").unwrap(), lines(&[("a.yaml", &[(1, 1), (5, 5)])]));
}

#[test]
fn what_looks_like_a_header_in_a_hunk_is_content() {
    let diff = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@ x\n--- a/b\n-@@ -1 +1 @@\n+++ b/b\n+@@ -1 +9,9 @@\n\\ No newline at end of file\n@@ -9,0 +10 @@\n+x\n";
    assert_eq!(parse(diff), lines(&[("a", &[(1, 2), (10, 10)])]));
    assert_eq!(parse("+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n"), Lines::new());
    assert_eq!(parse("+++ \"b/a\\\"\\303\\251\\tb.yaml\"\n@@ -1 +1 @@\n-1\n+1\n").len(), 1);
    assert_eq!(new_path("b/with space.yaml\t").as_deref(), Some("with space.yaml"));
    assert_eq!(new_path("\"b/a\\\"b\\\\c\\011d\"").as_deref(), Some("a\"b\\c\td"));
}

#[test]
fn what_git_cannot_tell_is_said() {
    let message = |folder: &Path, revision: &str| match changed_lines(folder, revision) {
        Err(stop) => stop.message,
        Ok(lines) => panic!("{lines:?}"),
    };
    let folder = repository(&[("a.yaml", "1\n")]);
    assert_eq!(message(folder.path(), "nowhere"), "git knows no revision `nowhere` here");
    assert_eq!(message(folder.path(), "--output=x"), "git knows no revision `--output=x` here");
    assert!(!folder.path().join("x").exists());
    let outside = tempfile::tempdir().unwrap();
    assert!(message(outside.path(), "HEAD").ends_with("is in no git repository, so that nothing tells what changed"));
}
