//! Why a target, or a route, was not chosen: read from what the engine left behind and from the plans that it followed.

mod route;
mod target;

use aigw_kinds::Program;

use super::json::placed;
use super::{Evaluated, unknown};
use crate::exit::Stop;

/// The reasons, for people.
#[derive(Debug)]
pub(super) struct WhyNot {
    /// What was asked about.
    pub(super) of: String,
    /// Whether it was chosen after all.
    pub(super) chosen: bool,
    /// Why, line by line.
    pub(super) because: Vec<String>,
}

/// Why this target (`provider/endpoint/model`, or as the policy writes it), or this route, was not chosen.
pub(super) fn why_not(evaluated: &Evaluated, of: &str) -> Result<WhyNot, Stop> {
    let program = evaluated.shown.loaded.program();
    if of.contains('/') {
        let labels = target::labels(program);
        let targets = target::named(program, of);
        if targets.is_empty() {
            return Err(unknown("target", of, labels.iter().map(String::as_str)));
        }
        return Ok(target::why_not(evaluated, of, &targets));
    }
    let names = || program.routes.iter().map(|route| route.origin.name.as_str());
    match (0_u32..).zip(names()).find(|(_, name)| *name == of) {
        Some((index, _)) => Ok(route::why_not(evaluated, of, aigw_kinds::RouteId(index))),
        None => Err(unknown("route", of, names()).help("a target is written `provider/endpoint/model` or `provider/model`")),
    }
}

/// `file:line:column` of the target of this label; nothing for those of `http` routes.
pub(super) fn target_place(program: &Program, label: &str) -> String {
    target::named(program, label).first().map_or_else(String::new, |found| placed(program, found.plan.place))
}
