//! `aigw explain CODE`.

use clap::Args;

use crate::exit::{Exit, Outcome, Stop};
use crate::output::print;

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aigw explain R101\n  aigw explain            lists every code")]
pub(crate) struct Explain {
    /// The code of a finding, such as R101, or its name, such as unreachable-route; every code with its name where left out
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Outcome {
        let Some(asked) = self.code else {
            let lines: String =
                aigw_lint::rules().map(|rule| format!("{} {:<8} {}\n", rule.id.code, rule.level(), rule.id.name)).collect();
            print(&lines)?;
            return Ok(Exit::Fine);
        };
        let text = aigw_lint::explanation(&asked).ok_or_else(|| {
            let names: Vec<&str> = aigw_lint::rules().flat_map(|rule| [rule.id.code, rule.id.name]).collect();
            let stop = Stop::usage(format!("`{asked}` is not a code of a finding"));
            match aigw_source::nearest(&asked, names) {
                Some(name) => stop.help(format!("did you mean `{name}`?")),
                None => stop.help("`aigw explain` lists them all"),
            }
        })?;
        print(&text)?;
        Ok(Exit::Fine)
    }
}
