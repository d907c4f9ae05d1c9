//! The gateway beside nginx proxying the same bytes bare: interleaved runs, medians, ratios.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::load::{self, Figures, Plan, Scenario};
use crate::process::{AROUND, MEASURED, Process, free_address, wait_for};

const SECONDS: f64 = 3.0;
const CONNECTIONS: usize = 32;
const STREAMS: usize = 8;
/// Paced streams that begin in a second: one each 27.25 ms, so that eight run at a time and their chunks, 2 ms apart, meet no other stream's.
const STREAM_RATE: f64 = 1.0 / 0.027_25;
/// Shares of what the slowest side can do: one at which requests meet now and then, one at which they hardly do.
const LOADS: [f64; 2] = [0.5, 0.1];

/// What stands between the load and the upstream.
struct Side {
    name: &'static str,
    address: String,
    /// None where the load goes to the upstream itself.
    process: Option<Process>,
    idle_kib: u64,
}

/// One scenario's figures of one side, one per repetition.
#[derive(Default)]
struct Row {
    cpu_micros: Vec<f64>,
    rate: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    first_content: Vec<f64>,
}

/// Runs everything and prints the table.
pub(crate) fn run(aigw: &str, nginx: &str, folder: &str, repetitions: usize) -> anyhow::Result<()> {
    let upstream = free_address()?;
    let me = std::env::current_exe()?;
    let _upstream = Process::start(AROUND, &me.to_string_lossy(), &["upstream", &upstream])?;
    wait_for(&upstream)?;
    let work = Path::new(folder);
    fs::create_dir_all(work)?;
    let sides = [direct(&upstream), start_nginx(nginx, work, &upstream)?, start_aigw(aigw, work, &upstream)?];
    for side in &sides {
        warm_up(side)?;
    }
    let mut report = String::new();
    throughput(&sides, Scenario::Chat1K, "chat, 1 KB", CONNECTIONS, repetitions, &mut report)?;
    throughput(&sides, Scenario::Chat16K, "chat, 16 KB", CONNECTIONS, repetitions, &mut report)?;
    throughput(&sides, Scenario::Flat, "stream of 100 chunks, flat out", STREAMS, repetitions, &mut report)?;
    partial_loads(&sides, repetitions, &mut report)?;
    first_content(&sides, repetitions, &mut report)?;
    memory(&sides, &mut report);
    println!("{report}");
    Ok(())
}

fn direct(upstream: &str) -> Side {
    Side { name: "direct", address: upstream.to_owned(), process: None, idle_kib: 0 }
}

fn start_nginx(nginx: &str, work: &Path, upstream: &str) -> anyhow::Result<Side> {
    let address = free_address()?;
    let config = include_str!("nginx.conf")
        .replace("LISTEN", &address)
        .replace("UPSTREAM", upstream)
        .replace("WORK", &work.to_string_lossy());
    let path = work.join("nginx.conf");
    fs::write(&path, config)?;
    started("nginx", address, Process::start(MEASURED, nginx, &["-c", &path.to_string_lossy(), "-p", &work.to_string_lossy()])?)
}

fn start_aigw(aigw: &str, work: &Path, upstream: &str) -> anyhow::Result<Side> {
    let (address, admin) = (free_address()?, free_address()?);
    let params = work.join("params.yaml");
    fs::write(&params, format!("upstream: http://{upstream}/v1\n"))?;
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/policies");
    let decisions = format!("file:{}", work.join("decisions.jsonl").to_string_lossy());
    let args = [
        "serve",
        "--dev",
        policies,
        "--params",
        &params.to_string_lossy(),
        "--listen",
        &address,
        "--admin",
        &admin,
        "--decisions",
        &decisions,
    ];
    let threads = std::env::var("AIGW_BENCH_ARGS").unwrap_or_default();
    let args: Vec<&str> = args.into_iter().chain(threads.split_whitespace()).collect();
    let process = Process::start(MEASURED, aigw, &args)?;
    wait_for(&admin)?;
    started("aigw", address, process)
}

fn started(name: &'static str, address: String, process: Process) -> anyhow::Result<Side> {
    wait_for(&address)?;
    std::thread::sleep(std::time::Duration::from_millis(300));
    let idle_kib = process.resident_kib();
    Ok(Side { name, address, process: Some(process), idle_kib })
}

fn plan(side: &Side, scenario: Scenario, connections: usize, seconds: f64, rate: Option<f64>) -> Plan {
    Plan { address: side.address.clone(), scenario, seconds, connections, rate }
}

fn warm_up(side: &Side) -> anyhow::Result<()> {
    let figures = load::drive(&plan(side, Scenario::Chat1K, CONNECTIONS, 1.0, None)).with_context(|| side.name)?;
    anyhow::ensure!(
        figures.failures == 0 && figures.requests > 0,
        "{} of {} requests to {} failed",
        figures.failures,
        figures.requests,
        side.name
    );
    Ok(())
}

fn measure(side: &Side, plan: &Plan, row: &mut Row) -> anyhow::Result<()> {
    let before = side.process.as_ref().map_or(0, Process::cpu_micros);
    let figures = load::drive(plan)?;
    let after = side.process.as_ref().map_or(0, Process::cpu_micros);
    anyhow::ensure!(figures.failures == 0, "{} of {} requests to {} failed", figures.failures, figures.requests, side.name);
    row.cpu_micros.push((after - before) as f64 / figures.requests as f64);
    row.rate.push(figures.requests as f64 / figures.seconds);
    row.p50.push(Figures::percentile(&figures.latencies, 0.5));
    row.p99.push(Figures::percentile(&figures.latencies, 0.99));
    row.first_content.push(Figures::percentile(&figures.first_contents, 0.5));
    Ok(())
}

/// Every side in turn, so that a drift of the machine meets all alike.
fn interleaved(sides: &[Side], repetitions: usize, plan_of: impl Fn(&Side) -> Plan) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = sides.iter().map(|_| Row::default()).collect();
    for _ in 0..repetitions {
        for (side, row) in sides.iter().zip(&mut rows) {
            measure(side, &plan_of(side), row)?;
        }
    }
    Ok(rows)
}

fn throughput(
    sides: &[Side],
    scenario: Scenario,
    title: &str,
    connections: usize,
    repetitions: usize,
    report: &mut String,
) -> anyhow::Result<()> {
    let rows = interleaved(sides, repetitions, |side| plan(side, scenario, connections, SECONDS, None))?;
    writeln!(
        report,
        "\n{title}, {connections} connections, closed loop\n\n| | CPU µs a request | × nginx | requests/s |\n|---|---|---|---|"
    )?;
    let nginx = rows.get(1).map_or(f64::NAN, |row| median(&row.cpu_micros));
    for (side, row) in sides.iter().zip(&rows) {
        let cpu = median(&row.cpu_micros);
        match side.process {
            None => writeln!(report, "| {} | – | – | {:.0} |", side.name, median(&row.rate))?,
            Some(_) => writeln!(report, "| {} | {cpu:.1} | {:.2} | {:.0} |", side.name, cpu / nginx, median(&row.rate))?,
        }
    }
    Ok(())
}

/// Requests sent evenly, at the same rate to all sides: waking whoever sleeps costs all alike, where in a closed loop the slower side pays it alone.
fn partial_loads(sides: &[Side], repetitions: usize, report: &mut String) -> anyhow::Result<()> {
    let fastest = interleaved(sides, 1, |side| plan(side, Scenario::Chat1K, CONNECTIONS, SECONDS, None))?;
    let capacity = fastest.iter().map(|row| median(&row.rate)).fold(f64::INFINITY, f64::min);
    writeln!(
        report,
        "\nchat, 1 KB, sent evenly; times added to the upstream's own, µs\n\n| load | | CPU µs a request | × nginx | p50 | × nginx | p99 | × nginx |\n|---|---|---|---|---|---|---|---|"
    )?;
    for share in LOADS {
        let rate = capacity * share;
        let rows = interleaved(sides, repetitions, |side| plan(side, Scenario::Chat1K, CONNECTIONS, SECONDS, Some(rate)))?;
        for (index, side) in sides.iter().enumerate().skip(1) {
            let (cpu, cpu_ratio) = added(&rows, index, |row| &row.cpu_micros);
            let (p50, p50_ratio) = added(&rows, index, |row| &row.p50);
            let (p99, p99_ratio) = added(&rows, index, |row| &row.p99);
            let load = format!("{:.0} %, {rate:.0} requests/s", share * 100.0);
            writeln!(
                report,
                "| {load} | {} | {cpu:.1} | {cpu_ratio:.2} | {p50:.0} | {p50_ratio:.2} | {p99:.0} | {p99_ratio:.2} |",
                side.name
            )?;
        }
    }
    Ok(())
}

/// The time until a stream's first content, with other streams under way.
fn first_content(sides: &[Side], repetitions: usize, report: &mut String) -> anyhow::Result<()> {
    let rows = interleaved(sides, repetitions, |side| plan(side, Scenario::Paced, STREAMS, SECONDS, Some(STREAM_RATE)))?;
    writeln!(
        report,
        "\nfirst content of a paced stream, {STREAMS} at a time; added to the upstream's own time\n\n| | µs | × nginx |\n|---|---|---|"
    )?;
    for (index, side) in sides.iter().enumerate().skip(1) {
        let (micros, ratio) = added(&rows, index, |row| &row.first_content);
        writeln!(report, "| {} | {micros:.0} | {ratio:.2} |", side.name)?;
    }
    Ok(())
}

/// What a side adds to the time of the first one, which is direct, and how that compares with the second one, nginx.
fn added(rows: &[Row], index: usize, pick: fn(&Row) -> &Vec<f64>) -> (f64, f64) {
    let of = |index: usize| rows.get(index).map_or(f64::NAN, |row| median(pick(row)));
    let added = of(index) - of(0);
    (added, added / (of(1) - of(0)))
}

fn memory(sides: &[Side], report: &mut String) {
    *report += "\nresident memory\n\n| | idle MiB | after the load MiB |\n|---|---|---|\n";
    for side in sides {
        if let Some(process) = &side.process {
            let (idle, loaded) = (side.idle_kib as f64 / 1024.0, process.resident_kib() as f64 / 1024.0);
            *report += &format!("| {} | {idle:.1} | {loaded:.1} |\n", side.name);
        }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
