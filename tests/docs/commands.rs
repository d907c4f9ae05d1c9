//! What pages type into a shell exists: verbs, and the flags of each.

use std::collections::BTreeMap;
use std::process::Command;

use super::{binary, blocks, pages, read, root, spans};

/// The verbs, from the list that the command line is made of.
fn verbs() -> Vec<String> {
    let source = read("cli/src/args.rs");
    let list = source.split_once("enum Command {").unwrap().1.split_once("\n}").unwrap().0;
    let variants = list
        .lines()
        .filter_map(|line| line.trim().split_once('('))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(char::is_alphabetic));
    let verbs: Vec<String> = variants.map(kebab).collect();
    assert!(verbs.len() > 10, "the list of verbs has moved");
    verbs
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        if c.is_uppercase() && index > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Every use of the command on a page: the words that follow `aigw`.
fn uses(page: &str) -> Vec<Vec<String>> {
    let shell = blocks(page).into_iter().filter(|block| block.language == "sh").flat_map(|block| {
        let joined = block.text.replace("\\\n", " ");
        joined.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let commands = shell.chain(spans(page)).filter_map(|text| {
        let code = text.split(" #").next().unwrap_or_default().to_owned();
        code.split_once("aigw ").filter(|(before, _)| before.is_empty() || before.ends_with(' ')).map(|(_, rest)| rest.to_owned())
    });
    let words =
        |text: String| text.split_whitespace().map(|word| word.trim_matches(['[', ']', '…']).to_owned()).collect::<Vec<_>>();
    commands
        .map(words)
        .filter(|words| words.first().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase())))
        .collect()
}

#[test]
fn verbs_that_pages_name_exist() {
    let verbs = verbs();
    for (page, text) in pages() {
        for words in uses(&text) {
            assert!(verbs.contains(words.first().unwrap()), "{page}: there is no `aigw {}`", words.join(" "));
        }
    }
}

#[test]
fn every_verb_has_its_row() {
    let page = read("docs/command-line.md");
    for verb in verbs() {
        assert!(page.contains(&format!("| `aigw {verb}")), "docs/command-line.md has no row for `{verb}`");
    }
}

#[test]
fn flags_that_pages_name_exist() {
    let binary = binary();
    let mut help: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (page, text) in pages() {
        for words in uses(&text) {
            let verb: Vec<String> = match words.as_slice() {
                [verb, second, ..] if verb == "api-key" => vec![verb.clone(), second.clone()],
                [verb, ..] => vec![verb.clone()],
                [] => continue,
            };
            let text = help.entry(verb.clone()).or_insert_with(|| {
                let output = Command::new(&binary).args(&verb).arg("--help").current_dir(root()).output().unwrap();
                assert!(output.status.success(), "`aigw {} --help` fails", verb.join(" "));
                String::from_utf8(output.stdout).unwrap()
            });
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let name = flag.split(['=', '|']).next().unwrap();
                let known =
                    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '=')).any(|word| word == name);
                assert!(known, "{page}: `aigw {}` has no flag `{name}`", verb.join(" "));
            }
        }
    }
}
