//! A condition with the same outcome for every request.

use aigw_expr::{Condition, Scope};
use aigw_kinds::Repository;
use aigw_kinds::route::{RouteSpec, ValueMatch};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, step};

pub(crate) const ID: RuleId = RuleId { code: "R108", name: "constant-condition" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Patterns that fit every value of a header or query parameter.
const ANYTHING: [&str; 4] = [".*", "^.*$", "^.*", ".*$"];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for condition in view::conditions(repository) {
        let Ok(compiled) = Condition::compile(condition.text, Scope::Call) else { continue };
        let Some(holds) = compiled.always() else { continue };
        let (message, help) = if holds {
            (
                "this condition holds for every request, so it decides nothing".to_owned(),
                "remove it, or compare something of the request",
            )
        } else {
            (
                format!("this condition never holds, so {}", condition.never),
                "compare something of the request, or remove what it stands on",
            )
        };
        findings.push(Finding::warning(ID, condition.doc.locate(&condition.pointer), message).help(help));
    }
    check_patterns(repository, findings);
}

fn check_patterns(repository: &Repository, findings: &mut Findings) {
    for route in repository.all::<RouteSpec>() {
        for (index, written) in route.spec.matches.iter().enumerate() {
            for (key, values) in [("headers", &written.headers), ("query", &written.query)] {
                let any = values
                    .iter()
                    .filter(|(_, value)| matches!(&value.0, ValueMatch::Regex(pattern) if ANYTHING.contains(&pattern.as_str())));
                for (name, _) in any {
                    let place = route.doc.locate(&format!("/spec/matches/{index}/{key}/{}/regex", step(name)));
                    let message = format!("every value of `{name}` fits this pattern");
                    findings
                        .push(Finding::warning(ID, place, message).help("write `{present: true}` where it only has to be there"));
                }
            }
        }
    }
}
