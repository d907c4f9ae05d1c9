//! The registry is sane, and the examples say what they claim, as far as this crate can tell.
#![expect(clippy::unwrap_used, reason = "tests")]

mod precision;

use std::collections::BTreeSet;

use aigw_source::Findings;

use crate::testing::{codes, found};
use crate::{Examples, RaisedBy, documentation, explanation, find, rules};

#[test]
fn codes_and_names_are_unique_and_in_order() {
    let codes: Vec<&str> = rules().map(|rule| rule.id.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
    let names: BTreeSet<&str> = rules().map(|rule| rule.id.name).collect();
    assert_eq!(names.len(), codes.len());
}

#[test]
fn codes_are_a_letter_and_three_digits_and_names_are_words_with_hyphens() {
    for rule in rules() {
        let (letter, digits) = rule.id.code.split_at(1);
        assert!(
            "CRBQTMSXHAVD".contains(letter) && digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()),
            "{}",
            rule.id.code
        );
        let sound =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.');
        assert!(rule.id.name.split('-').all(sound), "{}", rule.id.name);
    }
}

#[test]
fn explanations_say_something_in_whole_sentences() {
    for rule in rules() {
        let text = rule.explanation.trim();
        assert!(text.len() > 80 && text.ends_with(['.', '`']), "{}", rule.id.code);
        assert!(!text.contains("TODO"), "{}", rule.id.code);
    }
}

#[test]
fn every_rule_can_be_explained_by_its_code_and_by_its_name() {
    for rule in rules() {
        let by_code = explanation(&rule.id.code.to_lowercase()).unwrap();
        assert!(by_code.starts_with(&format!("{} {} ({})\n", rule.id.code, rule.id.name, rule.level())), "{by_code}");
        assert_eq!(explanation(rule.id.name).unwrap(), by_code);
    }
    assert_eq!(explanation("R999"), None);
}

#[test]
fn an_explanation_reads_as_one_piece() {
    insta::assert_snapshot!(explanation("R106").unwrap());
}

#[test]
fn the_documentation_has_a_section_for_every_rule() {
    let text = documentation();
    for rule in rules() {
        assert!(text.contains(&format!("\n## {} {}\n", rule.id.code, rule.id.name)), "{}", rule.id.code);
    }
}

#[test]
fn every_code_of_the_reader_is_registered() {
    for id in aigw_source::rules::ALL {
        assert_eq!(find(id.code).map(|rule| rule.id), Some(id));
    }
}

#[test]
fn a_bad_example_raises_its_own_rule_alone_and_a_good_one_nothing() {
    for rule in rules() {
        let (Examples::Yaml { bad, good }, RaisedBy::Check(_)) = (rule.examples, rule.raised_by) else { continue };
        assert_eq!(codes(bad), [rule.id.code], "bad example of {}: {:#?}", rule.id.code, messages(&found(bad)));
        assert_eq!(codes(good), [""; 0], "good example of {}: {:#?}", rule.id.code, messages(&found(good)));
        for finding in &found(bad) {
            assert_eq!((finding.rule, finding.level), (rule.id, rule.level), "{}", rule.id.code);
        }
    }
}

#[test]
fn messages_are_one_line_without_a_full_stop_and_help_is_given() {
    for rule in rules() {
        let (Examples::Yaml { bad, .. }, RaisedBy::Check(_)) = (rule.examples, rule.raised_by) else { continue };
        for finding in &found(bad) {
            assert!(!finding.message.ends_with('.') && !finding.message.contains('\n'), "{}", finding.message);
            assert!(!finding.message.starts_with(|c: char| c.is_ascii_uppercase()), "{}", finding.message);
            assert!(finding.help.is_some(), "{}", finding.message);
        }
    }
}

fn messages(findings: &Findings) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.rule.code, finding.message)).collect()
}
