//! A folder, read and compiled once for a run: the policies, their tests, the snapshots that there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aigw_compile::Compiled;
use aigw_kinds::Program;
use aigw_source::{Finding, Level, Limits, Sources};
use aigw_testkit::{Settings, Suites};

use super::snapshots;
use crate::args::Globals;
use crate::exit::{Exit, Stop};
use crate::load;
use crate::render;
use crate::walk;

/// Everything that a run needs.
pub(crate) struct Session {
    /// The program, with the values of `--params` as its `test` values.
    pub(crate) program: Arc<Program>,
    /// What it was compiled from, for those who show it.
    pub(crate) compiled: Compiled,
    /// The tests.
    pub(crate) suites: Suites,
    /// How cases run.
    pub(crate) settings: Settings,
}

/// What is wrong with the policies or with their tests, so that nothing runs.
pub(crate) struct Faults {
    /// The files.
    pub(crate) sources: Sources,
    /// What is wrong: errors.
    pub(crate) findings: Vec<Finding>,
    /// How the verb ends.
    pub(crate) exit: Exit,
}

/// The files of a folder of policies and tests.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What a run starts from.
pub(crate) struct Opening<'o> {
    /// The policy folder.
    pub(crate) path: &'o Path,
    /// `--params`
    pub(crate) params: Option<&'o Path>,
    /// `--seed`
    pub(crate) seed: u64,
    /// What every verb takes.
    pub(crate) globals: &'o Globals,
}

impl Opening<'_> {
    /// Reads the folder's files.
    pub(crate) fn read(&self) -> Result<walk::Folder, Stop> {
        if aigw_testkit::is_suite_file(&self.path.to_string_lossy()) && self.path.is_file() {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Stop::usage(format!("`{}` is a test file, and its tests need the policies", self.path.display()))
                .help(format!("name the policy folder: `aigw test FOLDER --run {name}`")));
        }
        walk::read_folder(self.path, Limits::default().file_bytes as u64)
    }

    /// Compiles the policies and reads their tests. The inner error is what is wrong with them.
    pub(crate) fn open(&self, folder: walk::Folder) -> Result<Result<Session, Faults>, Stop> {
        let files = folder.files.clone();
        let mut compiled = load::compile_folder(self.path, folder, self.globals)?;
        let Some(mut program) = compiled.program.take() else { return Ok(Err(not_compiled(compiled))) };
        self.give_parameters(&mut program)?;
        let program = Arc::new(program);
        let suites = aigw_testkit::load(&files, &program, &Limits::default());
        if suites.findings.has_errors() {
            let findings = render::at_least(&suites.findings, Level::Error);
            return Ok(Err(Faults { sources: suites.sources, findings, exit: Exit::Findings }));
        }
        let settings = Settings { seed: self.seed, snapshots: snapshots::stored(&files) };
        Ok(Ok(Session { program, compiled, suites, settings }))
    }

    /// `--params` takes the place of `test` values, so that the `params` of suites and cases stay above them.
    fn give_parameters(&self, program: &mut Program) -> Result<(), Stop> {
        let Some(path) = self.params else { return Ok(()) };
        let given = load::parameters_file(path)?;
        // A fault in these values is the file's, not that of any test; a parameter that only suites give a value is none.
        let mut whole = program.clone();
        let placeholder =
            |parameter: &aigw_kinds::gateway::ParameterPlan| given.contains_key(&parameter.name) || parameter.test.is_some();
        whole.parameters.retain(placeholder);
        load::parameter_values(&whole, Some(&given), true)?;
        for parameter in &mut program.parameters {
            if let Some(value) = given.get(&parameter.name) {
                parameter.test = Some(value.clone());
            }
        }
        Ok(())
    }
}

fn not_compiled(compiled: Compiled) -> Faults {
    let findings = render::at_least(&compiled.findings, Level::Error);
    Faults { sources: compiled.sources, findings, exit: Exit::NotCompiled }
}
