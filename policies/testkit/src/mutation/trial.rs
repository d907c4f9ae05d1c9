//! A mutant held against the cases that could notice it.

use std::sync::Arc;

use aigw_kinds::Program;

use super::Mutant;
use super::baseline::{Baseline, Unit};
use crate::keys;
use crate::plan::Case;
use crate::report::{FailureKind, Report, settle};
use crate::run::{Settings, run};
use crate::subject::Subject;

/// What came of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A case failed.
    Noticed {
        /// Its index.
        case: usize,
        /// How.
        how: FailureKind,
    },
    /// Every case that could have noticed passed.
    Unnoticed {
        /// How many these are. With 0 no case sends a request that the change could matter to.
        cases: usize,
    },
    /// The program cannot be loaded with the change: nothing is learnt from it.
    Invalid(String),
}

/// Holds mutants of one program against one set of cases. Threads may share it.
pub struct Trials<'c> {
    program: Arc<Program>,
    /// The program with the keys that are made up for tests.
    prepared: Program,
    baseline: Baseline<'c>,
    settings: &'c Settings,
}

impl<'c> Trials<'c> {
    /// Prepares trials of mutants of `program`. The cases of `baseline` passed on it.
    pub fn new(program: &Arc<Program>, baseline: Baseline<'c>, settings: &'c Settings) -> Self {
        let prepared = keys::with_made_up(Program::clone(program));
        Self { program: Arc::clone(program), prepared, baseline, settings }
    }

    /// The cases, in the order that verdicts number them.
    pub fn cases(&self) -> &[&'c Case] {
        &self.baseline.cases
    }

    /// Runs the cases that could notice a mutant until one does. Takes time in proportion to them, and once that of loading the program.
    pub fn run(&self, mutant: &Mutant) -> Verdict {
        let units = self.baseline.units_for(&self.program, mutant);
        let cases = units.iter().map(|unit| unit.cases.len()).sum();
        if units.is_empty() {
            return Verdict::Unnoticed { cases };
        }
        let subject = Subject::with_made_up_keys(mutant.apply(&self.prepared));
        let verdict = units.into_iter().find_map(|unit| self.try_unit(unit, &subject));
        verdict.unwrap_or(Verdict::Unnoticed { cases })
    }

    fn try_unit(&self, unit: &Unit, subject: &Subject) -> Option<Verdict> {
        let mut reports: Vec<Report> = Vec::new();
        let mut ran = Vec::new();
        for index in unit.cases.clone() {
            let case = *self.baseline.cases.get(index)?;
            if let Err(why) = subject.loaded(&case.setup.params) {
                return Some(Verdict::Invalid(why));
            }
            let report = run(case, subject, self.settings, &mut ());
            if let Some(failure) = report.failures.first() {
                return Some(Verdict::Noticed { case: index, how: failure.kind });
            }
            ran.push(case);
            reports.push(report);
        }
        settle(&ran, &mut reports);
        let failure = reports.iter().find_map(|report| report.failures.first())?;
        Some(Verdict::Noticed { case: unit.cases.start, how: failure.kind })
    }
}
