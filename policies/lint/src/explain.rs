//! Rules as text for people.

use std::fmt::Write as _;

use crate::rule::{Examples, Rule};
use crate::{find, rules};

/// The explanation of a rule by its code or name, in any case; `None` where there is no such rule.
#[must_use]
pub fn explanation(code_or_name: &str) -> Option<String> {
    let rule = find(code_or_name)?;
    let mut text = format!("{} {} ({})\n\n{}\n", rule.id.code, rule.id.name, rule.level(), rule.explanation.trim());
    match rule.examples {
        Examples::Yaml { bad, good } | Examples::Suite { bad, good } => {
            text.push_str(&format!("\nThis raises it:\n\n{}\nThis does not:\n\n{}", indented(bad), indented(good)));
        }
        Examples::Words(why) => text.push_str(&format!("\nThere is no example: {why}.\n")),
    }
    text.push_str(&format!("\n{}\n", silencing(rule)));
    Some(text)
}

/// Every rule as one Markdown page: a table, then a section each.
#[must_use]
pub fn documentation() -> String {
    let mut text = String::from(HEAD);
    for rule in rules() {
        let Rule { id, .. } = rule;
        // Writing to a text cannot fail.
        writeln!(
            text,
            "| [{code}](#{anchor}) | {name} | {level} |",
            code = id.code,
            anchor = anchor(rule),
            name = id.name,
            level = rule.level()
        )
        .unwrap_or_default();
    }
    for rule in rules() {
        section(&mut text, rule);
    }
    text
}

const HEAD: &str = "# Rules\n\nEvery finding has a code that keeps its meaning for good. An error is what would misbehave at run time or cannot be understood, a warning is \
probably not what was meant, an advice could be better. `aigw explain CODE` prints a section of this page.\n\n| code | name | level |\n|---|---|---|\n";

fn section(text: &mut String, rule: &Rule) {
    text.push_str(&format!(
        "\n## {} {}\n\nLevel: {}.\n\n{}\n",
        rule.id.code,
        rule.id.name,
        rule.level(),
        rule.explanation.trim()
    ));
    match rule.examples {
        Examples::Yaml { bad, good } | Examples::Suite { bad, good } => {
            text.push_str(&format!("\nThis raises it:\n\n```yaml\n{bad}```\n\nThis does not:\n\n```yaml\n{good}```\n"));
        }
        Examples::Words(why) => text.push_str(&format!("\nThere is no example: {why}.\n")),
    }
    text.push_str(&format!("\n{}\n", silencing(rule)));
}

fn silencing(rule: &Rule) -> String {
    if rule.can_be_silenced() {
        format!("Where it is meant: `# aigw: allow {} -- reason`, above what it is about or behind it on the line.", rule.id.code)
    } else {
        "It cannot be silenced.".to_owned()
    }
}

/// The anchor that Markdown renderers give the rule's heading: lower case, spaces as hyphens, punctuation but hyphens dropped.
fn anchor(rule: &Rule) -> String {
    let heading = format!("{} {}", rule.id.code, rule.id.name).to_lowercase().replace(' ', "-");
    heading.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

fn indented(yaml: &str) -> String {
    yaml.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
