//! `aigw validate`: is it correct? What passes here activates.

use aigw_source::Level;
use clap::Args;

use crate::args::{Globals, Judging};
use crate::exit::{Exit, Outcome};
use crate::load;
use crate::output::say;

/// Arguments of `validate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw validate\n  aigw validate policies --params env/prod.yaml\n  aigw validate --format pretty --format sarif:aigw.sarif"
)]
pub(crate) struct Validate {
    #[command(flatten)]
    judging: Judging,
}

impl Validate {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let compiled = load::compile(&self.judging.path, globals)?;
        load::report("validate", &compiled, Level::Error, &self.judging, globals.color)?;
        let Some(program) = &compiled.program else { return Ok(Exit::Findings) };
        // The parameters are judged as activation judges them, so that what passes here activates.
        // A file that cannot be read is no finding.
        let given = self.judging.params.as_deref().map(load::parameters_file).transpose()?;
        let values = load::parameter_values(program, given.as_ref(), true).map_err(|stop| stop.with_exit(Exit::Findings))?;
        aigw_engine::Loaded::new(program.clone(), values)
            .map_err(|error| crate::exit::Stop::usage(format!("the program does not load: {error}")).with_exit(Exit::Bug))?;
        if !globals.quiet {
            let documents = compiled.repository.documents.len();
            let rest = compiled.findings.len();
            let hint = if rest > 0 { format!("; `aigw lint` has {rest} more to say") } else { String::new() };
            say(&format!("{documents} documents are valid{hint}"));
        }
        Ok(Exit::Fine)
    }
}
