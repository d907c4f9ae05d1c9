//! Benchmarks of the gateway beside nginx, in one command: `tests/bench/run`. Not tests: they time things.
//!
//! `compare` starts a mock upstream, nginx and the gateway, drives them in interleaved runs and writes a table; `upstream` and `load` are its parts.
//! `startup` times the command line, `simulate` the simulated world, `identity` what it costs to know who calls, `policies` the tests of policies.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

mod access;
mod compare;
mod identity;
mod load;
mod process;
mod simulate;
mod startup;
mod suites;
mod upstream;

use std::process::ExitCode;

use anyhow::{Context, bail};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> anyhow::Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["upstream", address] => upstream::serve(address),
        ["load", address, scenario, seconds, connections, rest @ ..] => {
            let scenario = load::Scenario::named(scenario).with_context(|| format!("`{scenario}` is not a scenario"))?;
            let plan = load::Plan {
                address: (*address).to_owned(),
                scenario,
                seconds: seconds.parse()?,
                connections: connections.parse()?,
                rate: rest.first().map(|rate| rate.parse()).transpose().context("the rate")?,
            };
            println!("{}", load::drive(&plan)?);
            Ok(())
        }
        ["compare", aigw, nginx, folder, rest @ ..] => {
            let repetitions = rest.first().map_or(Ok(5), |number| number.parse()).context("the number of repetitions")?;
            compare::run(aigw, nginx, folder, repetitions)
        }
        ["startup", aigw] => startup::run(aigw),
        ["simulate"] => simulate::run(),
        ["identity"] => identity::run(),
        ["policies", aigw, cerbos @ ..] => suites::run(aigw, cerbos.first().copied()),
        _ => bail!(
            "usage: aigw-bench upstream ADDRESS | load ADDRESS SCENARIO SECONDS CONNECTIONS [RATE] | compare AIGW NGINX FOLDER [REPETITIONS] | startup AIGW | simulate | identity | policies AIGW [CERBOS]"
        ),
    }
}
