//! Child processes on a core of their own, and what the kernel says of them.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// The core of what is measured.
pub(crate) const MEASURED: &str = "0";
/// The core of the upstream and of the load.
pub(crate) const AROUND: &str = "1";

/// A child that dies with its handle.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program on one core, its output thrown away.
    pub(crate) fn start(core: &str, program: &str, args: &[&str]) -> anyhow::Result<Self> {
        let child = Command::new("taskset")
            .args(["-c", core, program])
            .args(args)
            .env("AIGW_SECRET_UPSTREAM", "sk-bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {program}"))?;
        Ok(Self(child))
    }

    /// Processor time in microseconds, of the process and all its descendants.
    pub(crate) fn cpu_micros(&self) -> u64 {
        self.tree().into_iter().filter_map(cpu_of).sum()
    }

    /// Resident memory in KiB, of the process and all its descendants.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.tree().into_iter().filter_map(resident_of).sum()
    }

    fn tree(&self) -> Vec<u32> {
        let mut pids = vec![self.0.id()];
        let mut next = 0;
        while let Some(pid) = pids.get(next).copied() {
            next += 1;
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            pids.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        pids
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A child that has ended already needs no killing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something listens.
pub(crate) fn wait_for(address: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if TcpStream::connect(address).is_ok() {
            return Ok(started.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    bail!("nothing listens on {address}")
}

/// A port that is free now.
pub(crate) fn free_address() -> anyhow::Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn cpu_of(pid: u32) -> Option<u64> {
    let nanos: u64 = std::fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task"))
        .ok()?
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Some(nanos / 1_000)
}

fn resident_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}
