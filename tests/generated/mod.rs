//! Files that are made from the code: JSON Schemas for editors, references for readers.
//!
//! One test with two modes: with `UPDATE=1` it writes them, otherwise it fails where one is not what the code says. Nothing here is written by hand.

mod errors;
mod reasons;
mod reference;
mod schemas;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The command that writes what is stale.
const COMMAND: &str = "UPDATE=1 cargo test -p aigw-tests generated";

/// What stands above every generated page.
const NOTICE: &str = "<!-- generated: do not edit, run `UPDATE=1 cargo test -p aigw-tests generated` -->\n\n";

/// Every generated file by its path from the root.
fn files() -> BTreeMap<String, String> {
    let mut files = schemas::files();
    files.insert("docs/errors.md".to_owned(), errors::page());
    files.insert("docs/reference.md".to_owned(), reference::page());
    files.insert("docs/testing-reference.md".to_owned(), reference::tests_page());
    files.insert("docs/bundle-reasons.md".to_owned(), reasons::page());
    files.insert("docs/rules.md".to_owned(), format!("{NOTICE}{}", aigw_lint::documentation()));
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A cell of a table: a bar would end it, a line break would end the table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn generated_files_say_what_the_code_says() {
    let files = files();
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        for (path, text) in &files {
            let path = root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let stale: Vec<&String> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(root().join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "{stale:?} do not say what the code says: run `{COMMAND}` and look at the difference");
}

#[test]
fn every_schema_is_generated() {
    let files = files();
    for entry in fs::read_dir(root().join("schemas")).unwrap() {
        let name = format!("schemas/{}", entry.unwrap().file_name().to_string_lossy());
        assert!(files.contains_key(&name), "nothing makes {name}: delete it");
    }
}
