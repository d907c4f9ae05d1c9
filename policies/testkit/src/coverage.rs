//! What tests of policies reached, counted as a policy author counts: routes, rules true and false, limits, targets, fallbacks, prompts, errors.
//!
//! [`Coverage::of`] lists every point of a program; as an [`Observer`] of a watched [`Subject`](crate::Subject) it counts how often each was reached.
//! Facts come from decision records and from what expressions and rules were seen to say. It reads no file and draws nothing.

mod changes;
mod list;
mod mark;
mod point;
mod report;

use std::sync::Arc;

use aigw_kinds::{Evaluation, Judged, Program};

use crate::run::Observer;
use crate::world::Exchange;

pub use changes::Changes;
pub use point::{Outcome, PointKind};
pub use report::{CoverageReport, CoveredPoint, KindTally, Tally, coverage_schema};

use self::list::List;

/// Every point of a program, and how often each was reached.
#[derive(Clone, Debug)]
pub struct Coverage {
    list: Arc<List>,
    counts: Vec<u64>,
}

impl Coverage {
    /// Nothing of this program is reached yet.
    pub fn of(program: &Program) -> Self {
        let list = Arc::new(List::of(program));
        let counts = vec![0; list.points.len()];
        Self { list, counts }
    }

    /// Adds what another thread counted of the same program.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// The facts, for whoever draws them.
    pub fn report(&self) -> CoverageReport {
        CoverageReport::of(self.list.points.iter().zip(self.counts.iter().copied()))
    }

    /// The same of those points only that changed.
    pub fn report_of(&self, changes: &Changes) -> CoverageReport {
        let all = self.list.points.iter().zip(self.counts.iter().copied());
        CoverageReport::of(all.filter(|(point, _)| changes.touch(&point.file, point.line, point.column)))
    }

    fn count(&mut self, point: Option<usize>) {
        if let Some(count) = point.and_then(|point| self.counts.get_mut(point)) {
            *count = count.saturating_add(1);
        }
    }
}

impl Observer for Coverage {
    fn exchanged(&mut self, exchange: &Exchange, evaluations: &[Evaluation]) {
        mark::record(self, &exchange.record);
        mark::evaluations(self, evaluations);
    }

    fn judged(&mut self, judged: &[Judged]) {
        mark::judged(self, judged);
    }
}

#[cfg(test)]
mod tests;
