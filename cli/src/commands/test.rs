//! `aigw test`: the tests of policies, by the engine that serves, in a simulated world.

use std::path::PathBuf;
use std::sync::Arc;

use aigw_source::Limits;
use aigw_testkit::{Settings, Subject};
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome};
use crate::load;
use crate::output::print;
use crate::render::{self, Report};
use crate::walk;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
}

impl Test {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let (_, program) = load::program(&self.path, globals)?;
        let limits = Limits::default();
        let folder = walk::read_folder(&self.path, limits.file_bytes as u64)?;
        let program = Arc::new(program);
        let suites = aigw_testkit::load(&folder.files, &program, &limits);
        if suites.findings.has_errors() {
            let all = render::at_least(&suites.findings, aigw_source::Level::Error);
            let report = Report { verb: "test", sources: &suites.sources, findings: &all, most: 50 };
            print(&render::render(&report, crate::output::Format::Pretty, false))?;
            return Ok(Exit::Findings);
        }
        if suites.cases.is_empty() {
            print("no test found\n")?;
            return Ok(Exit::NoTest);
        }
        let subject = Subject::new(&program);
        let cases: Vec<&aigw_testkit::Case> = suites.cases.iter().collect();
        let mut reports: Vec<_> =
            cases.iter().map(|case| aigw_testkit::run(case, &subject, &Settings::default(), &mut ())).collect();
        aigw_testkit::settle(&cases, &mut reports);
        let mut failed = 0;
        for (case, report) in cases.iter().zip(&reports) {
            if !report.passed() {
                failed += 1;
                print(&format!("FAILED {} / {}: {:#?}\n", case.suite, case.name, report.failures))?;
            }
        }
        print(&format!("{} cases, {failed} failed\n", suites.cases.len()))?;
        Ok(if failed == 0 { Exit::Fine } else { Exit::Findings })
    }
}
