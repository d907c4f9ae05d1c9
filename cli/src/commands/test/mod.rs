//! `aigw test`: the tests of policies, by the engine that serves, in a simulated world.
//!
//! A run is a [`session::Session`] (folder read, policies compiled, tests resolved), of which cases are chosen, run on a [`pool::Pool`], and published
//! as results that every format writes.

mod coverage;
mod execute;
mod filter;
mod mutate;
mod pool;
mod published;
mod replay;
mod session;
mod snapshots;
#[cfg(test)]
pub(crate) mod testing;
mod watch;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aigw_source::{Finding, Sources};
use aigw_testkit::results::{Results, RunStatus};
use clap::Args;

use self::coverage::CoverageArgs;
use self::filter::{Filter, Unmet};
use self::pool::Pool;
use self::replay::Replay;
use self::session::{Faults, Opening, Session};
use self::snapshots::Updated;
use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{Target, TestFormat, say, targets_or_default};
use crate::render::test::{self as render, Shown};

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(
    after_help = "Tests stand in files named `*.test.yaml` in the policy folder. Where one fails, its decisions are shown, and the command that runs it alone.\n\nExamples:\n  aigw test\n  aigw test policies --run 'limits / *' --watch\n  aigw test --format pretty --format junit:tests.xml\n  aigw test --update-snapshots"
)]
pub(crate) struct Test {
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Run the cases whose file, suite, name or `suite / name` is this, or else contains it, or meets it with `*` and `?`; may be given several
    /// times
    #[arg(long, value_name = "PATTERN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    run: Vec<String>,
    /// What random choices follow, in cases that name no seed of their own
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Threads that run cases; as many as there are cores where left out. What comes of it never depends on them
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Values of the parameters, as a YAML file of names and values; `params` of a suite or case count above them
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Write snapshots that are new or show something else, and remove those that no case takes; refused where `CI` is set
    #[arg(long)]
    update_snapshots: bool,
    /// Run again whenever a file changes, what the change touches first; ends with Ctrl-C
    #[arg(long, conflicts_with = "update_snapshots")]
    watch: bool,
    #[command(flatten)]
    mutation: mutate::Mutation,
    /// Format of the results, written to standard output or behind a colon to a file; may be given several times
    #[arg(
        long,
        value_name = "FORMAT[:FILE]",
        help = "pretty, json, junit, github or tap, with `:FILE` to write a file; several at once"
    )]
    format: Vec<Target<TestFormat>>,
    #[command(flatten)]
    coverage: CoverageArgs,
    /// Most faults of test files that pretty shows
    #[arg(long, value_name = "N", default_value_t = 50, visible_alias = "max-errors")]
    max_findings: usize,
    /// Most failing cases that pretty explains; the others are named
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_failures: usize,
}

impl Test {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        if self.update_snapshots {
            snapshots::refuse_in_ci()?;
        }
        if self.watch { watch::run(&self, globals) } else { self.once(globals) }
    }

    fn once(&self, globals: &Globals) -> Outcome {
        let began = Instant::now();
        self.coverage.check(&targets_or_default(&self.format))?;
        let opening = self.opening(globals);
        let mut session = match opening.open(opening.read()?)? {
            Ok(session) => session,
            Err(faults) => return self.tell_faults(&faults, globals),
        };
        let chosen = match self.chosen(&session) {
            Ok(chosen) => chosen,
            Err(stop) => return self.tell_no_test(&session, stop, globals),
        };
        let pool = Pool::new(self.jobs, globals.quiet);
        let (mut reports, counted) = self.coverage.run(&session, &chosen, &pool, &self.path)?;
        let mut orphans = if self.run.is_empty() { snapshots::orphans(&session) } else { Vec::new() };
        if self.update_snapshots {
            let root = root(&self.path)?;
            let mut updated = snapshots::update(&mut session, &chosen, &mut reports, &pool, &root)?;
            snapshots::remove(&root, std::mem::take(&mut orphans), &mut updated)?;
            tell_updated(&updated, globals);
        }
        let mut results = published::results(&session, &execute::cases(&session, &chosen), &reports, orphans);
        let threshold = self.mutation.run(&session, &chosen, &pool, &mut results)?;
        self.write(&results, &session.suites.sources, &[], globals)?;
        let reached = self.coverage.publish(counted.as_ref(), &session, &annotations_base(&self.path), globals.color)?;
        tell_time(began, globals);
        let thresholds = [threshold, reached].into_iter().find(|exit| *exit != Exit::Fine).unwrap_or(Exit::Fine);
        Ok(if results.status == RunStatus::Passed { thresholds } else { Exit::Findings })
    }

    /// The cases that run; why there is none.
    fn chosen(&self, session: &Session) -> Result<Vec<usize>, Stop> {
        if session.suites.cases.is_empty() {
            return Err(no_test(&self.path));
        }
        Filter::new(&self.run).choose(&session.suites.cases).map_err(|unmet| unmet_pattern(&unmet, session.suites.cases.len()))
    }

    /// Nothing runs, since something is wrong with the policies or with the tests.
    fn tell_faults(&self, faults: &Faults, globals: &Globals) -> Outcome {
        self.write(&published::of_faults(faults, self.seed), &faults.sources, &faults.findings, globals)?;
        let path = self.path.display();
        match faults.exit {
            Exit::NotCompiled => say(&format!("error: the policies in `{path}` do not compile, so that no test ran")),
            _ => say("error: test files have errors, so that no test ran"),
        }
        Ok(faults.exit)
    }

    /// Nothing runs, since there is nothing to run.
    fn tell_no_test(&self, session: &Session, stop: Stop, globals: &Globals) -> Outcome {
        let results = published::of_no_test(self.seed, session.suites.cases.len());
        self.write(&results, &session.suites.sources, &[], globals)?;
        Err(stop)
    }

    fn write(&self, results: &Results, sources: &Sources, findings: &[Finding], globals: &Globals) -> Result<(), Stop> {
        let targets = targets_or_default(&self.format);
        self.shown(results, sources, findings, globals, |shown| render::write(shown, &targets, globals.color))
    }

    /// Hands over what formats need.
    fn shown<T>(
        &self,
        results: &Results,
        sources: &Sources,
        findings: &[Finding],
        globals: &Globals,
        write: impl FnOnce(&Shown<'_>) -> T,
    ) -> T {
        let replay = Replay { path: self.path.clone(), params: self.params.clone(), seed: self.seed };
        let again = |name: &str| replay.command_line(name);
        write(&Shown {
            results,
            sources,
            findings,
            again: &again,
            base: &annotations_base(&self.path),
            every_case: globals.verbose,
            most_findings: self.max_findings,
            most_failures: self.max_failures,
        })
    }

    fn opening<'o>(&'o self, globals: &'o Globals) -> Opening<'o> {
        Opening { path: &self.path, params: self.params.as_deref(), seed: self.seed, globals }
    }
}

/// There is nothing that could be run, and green would say that something was.
fn no_test(path: &Path) -> Stop {
    Stop::usage(format!("no test found in `{}`", path.display()))
        .with_exit(Exit::NoTest)
        .help("tests stand in files named `*.test.yaml` in the policy folder; docs/testing.md begins with one")
}

fn unmet_pattern(unmet: &Unmet, cases: usize) -> Stop {
    let stop = Stop::usage(format!("`--run {}` meets none of the {cases} cases, so that no test ran", unmet.pattern))
        .with_exit(Exit::NoTest);
    match &unmet.meant {
        Some(meant) => stop.help(format!("did you mean `{meant}`?")),
        None => stop
            .help("a pattern is a part of a file, suite or case name, or has `*` and `?` in it; `aigw test -v` lists every case"),
    }
}

/// The policy folder itself, without links.
fn root(path: &Path) -> Result<PathBuf, Stop> {
    path.canonicalize().map_err(|error| Stop::usage(format!("`{}` cannot be read: {error}", path.display())))
}

/// What stands before a path within the policy folder, for readers that know the folder in which the verb was started; empty, or with `/` at its end.
fn annotations_base(path: &Path) -> String {
    let Ok(root) = path.canonicalize() else { return String::new() };
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let base = root.strip_prefix(&here).unwrap_or(&root).to_string_lossy().replace('\\', "/");
    if base.is_empty() { base } else { format!("{base}/") }
}

fn tell_updated(updated: &Updated, globals: &Globals) {
    if globals.quiet {
        return;
    }
    updated.written.iter().for_each(|path| say(&format!("wrote {path}")));
    updated.removed.iter().for_each(|path| say(&format!("removed {path}, which no case takes")));
}

/// Standard output has no time of the wall in it, so that equal input gives equal output.
fn tell_time(began: Instant, globals: &Globals) {
    if !globals.quiet {
        say(&format!("took {:.2} s", began.elapsed().as_secs_f64()));
    }
}
