//! `aigw schema [KIND]`.

use clap::Args;

use crate::exit::{Exit, Outcome, Stop};
use crate::output::print;

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw schema > .aigw/schema.json\n  aigw schema Route\n  aigw schema TestSuite      the tests of policies\n  aigw schema runtime        settings of `aigw serve --config`\n  aigw schema decision       one line of the decision log\n  aigw schema test-report    what `aigw test --format json` writes\n  aigw schema coverage       what `aigw test --coverage json` writes"
)]
pub(crate) struct Schema {
    /// A kind, `TestSuite`, `TestFixtures`, `runtime`, `decision`, `test-report` or `coverage`; the whole policy language where left out
    of: Option<String>,
}

impl Schema {
    pub(crate) fn run(self) -> Outcome {
        let Some(asked) = self.of else {
            print(&text(&aigw_kinds::schema::schema_of_all()))?;
            return Ok(Exit::Fine);
        };
        let schema = match asked.as_str() {
            "runtime" => schemars::schema_for!(aigw_runtime::Settings).to_value(),
            aigw_testkit::SUITE_KIND => aigw_testkit::suite_schema(),
            aigw_testkit::FIXTURES_KIND => aigw_testkit::fixtures_schema(),
            "test-report" => aigw_testkit::results::results_schema(),
            "coverage" => aigw_testkit::coverage_schema(),
            "audit" => schemars::schema_for!(aigw_runtime::audit::AuditLine).to_value(),
            "decision" => schemars::schema_for!(aigw_core::Record).to_value(),
            kind => aigw_kinds::schema::schema_of(kind.parse().map_err(|_| unknown(kind))?),
        };
        print(&text(&schema))?;
        Ok(Exit::Fine)
    }
}

/// What else has a schema.
const OTHERS: [&str; 7] =
    [aigw_testkit::SUITE_KIND, aigw_testkit::FIXTURES_KIND, "runtime", "decision", "audit", "test-report", "coverage"];

/// As it is written to files: indented, with a newline at the end.
pub(crate) fn text(schema: &serde_json::Value) -> String {
    format!("{schema:#}\n")
}

fn unknown(asked: &str) -> Stop {
    let names = aigw_kinds::Kind::ALL.iter().map(|kind| kind.as_str()).chain(OTHERS);
    let stop = Stop::usage(format!("`{asked}` is not a kind"));
    match aigw_source::nearest(asked, names) {
        Some(name) => stop.help(format!("did you mean `{name}`?")),
        None => stop,
    }
}
