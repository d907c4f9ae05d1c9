//! How long the command line takes over a large repository, and a gateway until it is ready.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::ensure;

use crate::process::{MEASURED, Process, free_address};

const ROUTES: usize = 1_000;
const RUNS: usize = 5;

/// Measures and prints.
pub(crate) fn run(aigw: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let policies = folder.path().join("policies");
    write_repository(&policies)?;
    let (policies, at) =
        (policies.to_string_lossy().into_owned(), |name: &str| folder.path().join(name).to_string_lossy().into_owned());
    println!("| | median of {RUNS} |\n|---|---|");
    timed("validate 1,000 policies", || command(aigw, &["validate", &policies]))?;
    command(aigw, &["keygen", "--out", &at("bench")])?;
    timed("build and sign 1,000 policies", || {
        command(aigw, &["build", &policies, "-o", &at("b.aigw"), "--key", &at("bench.key.pem"), "--channel", "prod"])
    })?;
    let (trust, bundle) = (at("bench.trust.json"), at("b.aigw"));
    // What is measured here comes from no repository.
    let root = fs::read_to_string(&trust)?.replace("\"allowDirty\": false", "\"allowDirty\": true");
    fs::write(&trust, root)?;
    timed("ready with 1,000 routes", || {
        ready(aigw, &["--bundle", &bundle, "--trust", &trust, "--channel", "prod", "--state", &at("state")])
    })?;
    let resident =
        resident_after_ready(aigw, &["--bundle", &bundle, "--trust", &trust, "--channel", "prod", "--state", &at("state")])?;
    println!("| resident memory, idle, 1,000 routes | {:.1} MiB |", resident as f64 / 1024.0);
    Ok(())
}

/// 1,000 documents and 1,000 routes among them.
fn write_repository(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut text = String::from(
        "apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: upstream}\nspec: {type: mock}\n---\napiVersion: aigw.dev/v1\nkind: Model\nmetadata: {name: chat}\nspec:\n  operation: chat\n  targets: [{target: upstream/m}]\n---\napiVersion: aigw.dev/v1\nkind: Authentication\nmetadata: {name: open-door}\nspec: {methods: {anonymous: true}}\n",
    );
    for index in 0..ROUTES {
        write!(
            text,
            "---\napiVersion: aigw.dev/v1\nkind: Route\nmetadata: {{name: route-{index}, labels: {{team: t{index}}}}}\nspec:\n  hosts: [h{index}.example.com]\n  surfaces: [openai]\n  operations: [chat, models]\n  serve: {{models: [chat], default: chat}}\n  policies: [open-door]\n  authorization: open\n"
        )?;
        if index % 100 == 99 {
            fs::write(folder.join(format!("routes-{index}.yaml")), std::mem::take(&mut text))?;
        }
    }
    Ok(())
}

fn timed(what: &str, mut once: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut millis = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        once()?;
        millis.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    millis.sort_by(f64::total_cmp);
    println!("| {what} | {:.0} ms |", millis.get(RUNS / 2).copied().unwrap_or(f64::NAN));
    Ok(())
}

fn command(aigw: &str, args: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(aigw).args(args).output()?;
    ensure!(
        output.status.success(),
        "aigw {}: {}{}",
        args.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn ready(aigw: &str, args: &[&str]) -> anyhow::Result<()> {
    start(aigw, args).map(drop)
}

fn resident_after_ready(aigw: &str, args: &[&str]) -> anyhow::Result<u64> {
    let process = start(aigw, args)?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    Ok(process.resident_kib())
}

fn start(aigw: &str, args: &[&str]) -> anyhow::Result<Process> {
    let (listen, admin) = (free_address()?, free_address()?);
    let args: Vec<&str> = ["serve"].iter().chain(args).copied().chain(["--listen", &listen, "--admin", &admin]).collect();
    let process = Process::start(MEASURED, aigw, &args)?;
    let started = Instant::now();
    while !is_ready(&admin) {
        ensure!(started.elapsed().as_secs() < 20, "the gateway did not become ready: aigw {}", args.join(" "));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(process)
}

fn is_ready(admin: &str) -> bool {
    use std::io::{Read, Write};
    let ask = || -> std::io::Result<bool> {
        let mut socket = std::net::TcpStream::connect(admin)?;
        socket.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
