//! How long tests of policies take: `aigw test` on many simple cases, and on many policies with a suite each, beside `cerbos compile` on the same access
//! policy with the same verdicts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::access::{self, VERDICTS, Wrong};

const SIMPLE: usize = 20_000;
const SERVICES: usize = 1_000;
const RUNS: usize = 7;
/// How often a process's memory is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// Of `/proc/self/stat`: how many there are in a second, on every Linux that this runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// A command that is measured.
struct Side {
    name: String,
    program: String,
    args: Vec<String>,
    took: Vec<Took>,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
    peak_kib: u64,
}

/// Measures and prints. `cerbos` is its binary, where there is one.
pub(crate) fn run(aigw: &str, cerbos: Option<&str>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    simple(&at("simple"))?;
    access::ours(&at("ours"), SERVICES, Wrong::Nothing)?;
    access::ours(&at("ours-wrong"), SERVICES, Wrong::Last)?;
    ends(aigw, &["test", &text(&at("ours"))], 0)?;
    ends(aigw, &["test", &text(&at("ours-wrong"))], 1)?;
    let mut sides = vec![
        Side::new(format!("aigw: {SIMPLE} simple cases"), aigw, &["test", &text(&at("simple"))]),
        Side::new(format!("aigw: {SERVICES} policies, {} verdicts", SERVICES * VERDICTS), aigw, &["test", &text(&at("ours"))]),
        Side::new("aigw: the same policies, compiled only".to_owned(), aigw, &["validate", &text(&at("ours"))]),
    ];
    match cerbos {
        None => println!("Cerbos: not measured, its binary is not there\n"),
        Some(cerbos) => {
            access::of_cerbos(&at("cerbos"), SERVICES, Wrong::Nothing)?;
            access::of_cerbos(&at("cerbos-wrong"), SERVICES, Wrong::Last)?;
            ends(cerbos, &["compile", &text(&at("cerbos-wrong"))], 4)?;
            counts(cerbos, &text(&at("cerbos")))?;
            let path = text(&at("cerbos"));
            sides.push(Side::new(
                format!("cerbos: {SERVICES} policies, {} verdicts", SERVICES * VERDICTS),
                cerbos,
                &["compile", &path],
            ));
            sides.push(Side::new(
                "cerbos: the same policies, compiled only".to_owned(),
                cerbos,
                &["compile", "--skip-tests", &path],
            ));
        }
    }
    for _ in 0..RUNS {
        for side in &mut sides {
            let took = timed(&side.program, &side.args)?;
            side.took.push(took);
        }
    }
    print(&sides)
}

impl Side {
    fn new(name: String, program: &str, args: &[&str]) -> Self {
        Self { name, program: program.to_owned(), args: args.iter().map(|arg| (*arg).to_owned()).collect(), took: Vec::new() }
    }

    fn median(&self, of: impl Fn(&Took) -> f64) -> f64 {
        let mut values: Vec<f64> = self.took.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

fn print(sides: &[Side]) -> anyhow::Result<()> {
    let mut table = format!("| median of {RUNS} | wall s | CPU s | peak memory MiB |\n|---|---|---|---|\n");
    for side in sides {
        let (wall, cpu) = (side.median(|took| took.wall), side.median(|took| took.cpu));
        let peak = side.median(|took| took.peak_kib as f64 / 1024.0);
        writeln!(table, "| {} | {wall:.2} | {cpu:.2} | {peak:.0} |", side.name)?;
    }
    println!("{table}");
    Ok(())
}

/// Cases that differ in what the user says, a thousand a file, on the policies that the gateway is measured with.
fn simple(folder: &Path) -> anyhow::Result<()> {
    const A_FILE: usize = 1_000;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("gateway.yaml"), include_bytes!("policies/gateway.yaml"))?;
    for file in 0..SIMPLE / A_FILE {
        let mut text = format!(
            "apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: suite-{file}}}\nspec:\n  fixtures:\n    identities: {{load: {{consumer: load}}}}\n    requests: {{hello: {{post: /v1/chat/completions, chat: {{model: chat-default, user: Hello!}}}}}}\n    upstreams: {{ok: {{chat: {{text: Hi., usage: {{input: 3, output: 2}}}}}}}}\n  cases:\n"
        );
        for case in 0..A_FILE {
            writeln!(
                text,
                "    - {{name: case {case}, as: load, send: {{use: hello, set: {{/user: u{case}}}}}, upstream: {{upstream/main: ok}}, expect: {{status: 200, target: upstream/main/m}}}}"
            )?;
        }
        fs::write(folder.join(format!("suite-{file}.test.yaml")), text)?;
    }
    Ok(())
}

/// That it ends so: a wrong expectation must be seen, else what is measured tests nothing.
fn ends(program: &str, args: &[&str], code: i32) -> anyhow::Result<()> {
    let output = Command::new(program).args(args).output().with_context(|| format!("starting {program}"))?;
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    ensure!(
        output.status.code() == Some(code),
        "{program} {}: {:?} instead of {code}\n{said}",
        args.join(" "),
        output.status.code()
    );
    Ok(())
}

/// That as many verdicts are tested there as here.
fn counts(cerbos: &str, path: &str) -> anyhow::Result<()> {
    let output = Command::new(cerbos).args(["compile", "--no-color", "--test-output=junit", path]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let tested = said.matches("<testcase ").count();
    ensure!(tested == SERVICES * VERDICTS, "cerbos tested {tested} verdicts instead of {}", SERVICES * VERDICTS);
    Ok(())
}

/// Runs a command to its end, which must be a good one.
fn timed(program: &str, args: &[String]) -> anyhow::Result<Took> {
    let before = cpu_of_children()?;
    let began = Instant::now();
    let mut child = Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let (status, peak_kib) = watched(&mut child)?;
    let wall = began.elapsed().as_secs_f64();
    ensure!(status.success(), "{program} {}: {status}", args.join(" "));
    Ok(Took { wall, cpu: cpu_of_children()? - before, peak_kib })
}

/// Waits for a child's end. The kernel keeps its peak, which is read until it is gone.
fn watched(child: &mut Child) -> anyhow::Result<(ExitStatus, u64)> {
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0).max(peak);
        std::thread::sleep(LOOK);
    }
}

/// Seconds of processor time of children that have ended: the sixteenth and seventeenth field of `/proc/self/stat`.
fn cpu_of_children() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("the kernel's figures")?;
    let ticks: f64 = fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_A_SECOND)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
