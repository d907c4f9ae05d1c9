//! Room for classes that no route has.

use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_kinds::route::{Class, RouteSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R123", name: "class-without-route" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let routes: Vec<Class> = repository.all::<RouteSpec>().map(|route| route.spec.class).collect();
    if routes.is_empty() || repository.partial {
        return;
    }
    for gateway in repository.all::<GatewaySpec>() {
        let Some(load) = &gateway.spec.load else { continue };
        for class in Class::ALL.into_iter().filter(|class| !routes.contains(class)) {
            let pointer = format!("/spec/load/classes/{}", class.as_str());
            if view::written(gateway.doc, &pointer) {
                let message = format!("no route is `{}`, so this share does nothing", class.as_str());
                let help = format!("write `class: {}` in a route, or remove this", class.as_str());
                findings.push(Finding::warning(ID, gateway.doc.locate(&pointer), message).help(help));
            }
        }
        // What is kept for classes above those that there are is used by nobody.
        let highest = routes.iter().max().copied().unwrap_or_default();
        let reached = load.classes.of(highest);
        if reached < load.classes.critical {
            let message = format!(
                "no route is above `{}`, so the process takes {reached} of these {} requests and never more",
                highest.as_str(),
                load.concurrency,
            );
            let help = format!(
                "write `class: critical` in the routes that must be served, or `{}: {}` under `classes`",
                highest.as_str(),
                load.classes.critical,
            );
            findings.push(Finding::warning(ID, gateway.doc.locate("/spec/load/concurrency"), message).help(help));
        }
    }
}
