//! A limit whose counter changes with the time.

use aigw_expr::NameId;
use aigw_kinds::Repository;
use aigw_kinds::limit::{KeyPartSpec, LimitSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q305", name: "limit-key-from-clock" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for limit in repository.all::<LimitSpec>() {
        let per = &limit.spec.per;
        for (index, part) in per.items.iter().enumerate() {
            let KeyPartSpec::Expr(text) = part else { continue };
            if view::reads(text).iter().any(|read| read.name == NameId::Now) {
                let item = if per.list { format!("/spec/per/{index}/expr") } else { "/spec/per/expr".to_owned() };
                let message =
                    "the key of this limit changes with the time, so its counters begin anew and the old ones are left behind";
                let help = "`window` says how long is counted; to limit only at certain hours, write a `when`";
                findings.push(Finding::warning(ID, limit.doc.locate(&item), message).help(help));
            }
        }
    }
}
