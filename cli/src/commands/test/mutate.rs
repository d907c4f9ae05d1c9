//! `--mutate`: the policies with one thing changed at a time, and the changes that no case notices.

use std::num::NonZeroUsize;

use aigw_core::Share;
use aigw_testkit::mutation::{About, Baseline, MutationReport, Trials, Witness, mutants, sample};
use aigw_testkit::results::{Results, RunStatus};
use aigw_testkit::{Subject, run};
use clap::Args;

use super::execute;
use super::pool::Pool;
use super::session::Session;
use crate::exit::{Exit, Stop};
use crate::output::say;

/// Arguments about mutants.
#[derive(Debug, Args)]
pub(super) struct Mutation {
    /// Change the policies in one place at a time, run the cases that could notice, and list the changes that none does; every case must pass
    /// first
    #[arg(long, conflicts_with_all = ["update_snapshots", "watch"])]
    mutate: bool,
    /// Most changes that are tried; which ones follows `--seed`
    #[arg(long, value_name = "N", default_value = "1000", requires = "mutate")]
    mutants: NonZeroUsize,
    /// End with exit code 6 where a smaller share of the changes is noticed, such as `90%`
    #[arg(long, value_name = "SHARE", requires = "mutate")]
    mutate_fail_under: Option<Share>,
}

impl Mutation {
    /// Tries mutants where that was asked for and every case passed, enters what came of them, and tells how the verb ends if nothing else failed.
    pub(super) fn run(&self, session: &Session, chosen: &[usize], pool: &Pool, results: &mut Results) -> Result<Exit, Stop> {
        if !self.mutate {
            return Ok(Exit::Fine);
        }
        if results.status != RunStatus::Passed {
            say("error: no change was tried, since with a failing case there is no telling what another would have noticed");
            return Ok(Exit::Findings);
        }
        let report = self.report(session, chosen, pool)?;
        let exit = self.judge(&report);
        results.mutation = Some(report);
        Ok(exit)
    }

    fn report(&self, session: &Session, chosen: &[usize], pool: &Pool) -> Result<MutationReport, Stop> {
        let (program, settings) = (&session.program, &session.settings);
        let cases = execute::cases(session, chosen);
        let witnesses = pool.map(
            &cases,
            || Subject::new(program),
            |subject, case| {
                let mut witness = Witness::default();
                run(case, subject, settings, &mut witness);
                witness
            },
        )?;
        let all = mutants(program);
        let made = all.len();
        let drawn = sample(all, self.mutants.get(), settings.seed);
        let trials = Trials::new(program, Baseline::new(&cases, witnesses), settings);
        let verdicts = pool.of("changes").map(&drawn, || (), |(), mutant| trials.run(mutant))?;
        let left_out = made.saturating_sub(drawn.len());
        let tried: Vec<_> = drawn.into_iter().zip(verdicts).collect();
        let about = About { program, sources: &session.compiled.sources, cases: trials.cases() };
        Ok(MutationReport::new(&about, &tried, left_out, settings.seed))
    }

    fn judge(&self, report: &MutationReport) -> Exit {
        let Some(least) = self.mutate_fail_under else { return Exit::Fine };
        match report.score {
            Some(score) if score.as_ppm() >= least.as_ppm() => Exit::Fine,
            Some(score) => {
                say(&format!("error: {score} of the changes are noticed, and `--mutate-fail-under` asks for {least}"));
                Exit::Threshold
            }
            None => {
                say("error: there is nothing to change in these policies, so that `--mutate-fail-under` cannot be met");
                Exit::Threshold
            }
        }
    }
}

#[cfg(test)]
mod tests;
