//! The load generator: keep-alive HTTP/1.1 connections on one thread, closed loop or at a given rate.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// The key of `tests/bench/policies`.
pub(crate) const KEY: &str = "aigw_bench_0c2f6a91d4e8b753";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A chat request of 1 KB.
    Chat1K,
    /// A chat request of 16 KB.
    Chat16K,
    /// A stream whose chunks come as fast as they go.
    Flat,
    /// A stream with 2 ms between chunks.
    Paced,
}

/// How it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) address: String,
    pub(crate) scenario: Scenario,
    pub(crate) seconds: f64,
    pub(crate) connections: usize,
    /// Requests a second in all; as fast as answers come where none.
    pub(crate) rate: Option<f64>,
}

/// What came of it. Times in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    pub(crate) failures: u64,
    pub(crate) latencies: Vec<u32>,
    pub(crate) first_contents: Vec<u32>,
}

impl Scenario {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "chat-1k" => Self::Chat1K,
            "chat-16k" => Self::Chat16K,
            "flat" => Self::Flat,
            "paced" => Self::Paced,
            _ => return None,
        })
    }

    fn body(self) -> String {
        let (size, more) = match self {
            Self::Chat1K => (1_024, ""),
            Self::Chat16K => (16_384, ""),
            Self::Flat => (1_024, r#","stream":true,"user":"flat""#),
            Self::Paced => (1_024, r#","stream":true,"user":"paced""#),
        };
        let frame = format!(r#"{{"model":"chat-default"{more},"messages":[{{"role":"user","content":""}}]}}"#);
        let text = "Please tell me how the tides work. ".repeat(size / 35 + 1);
        let text = text.get(..size.saturating_sub(frame.len())).unwrap_or(&text);
        format!(r#"{{"model":"chat-default"{more},"messages":[{{"role":"user","content":"{text}"}}]}}"#)
    }

    const fn streams(self) -> bool {
        matches!(self, Self::Flat | Self::Paced)
    }
}

impl Figures {
    pub(crate) fn percentile(values: &[u32], share: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is a length")]
        let index = ((sorted.len().saturating_sub(1)) as f64 * share) as usize;
        sorted.get(index).copied().map_or(f64::NAN, f64::from)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, of) = (self.requests as f64 / self.seconds, Self::percentile);
        write!(f, "requests {} failures {} rate {rate:.0}", self.requests, self.failures)?;
        for (name, values) in [("latency", &self.latencies), ("first_content", &self.first_contents)] {
            write!(f, " {name}_p50 {} {name}_p90 {} {name}_p99 {}", of(values, 0.5), of(values, 0.9), of(values, 0.99))?;
        }
        Ok(())
    }
}

/// Runs the plan on one thread.
pub(crate) fn drive(plan: &Plan) -> anyhow::Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let until = started + Duration::from_secs_f64(plan.seconds);
        let request = head_and_body(plan);
        let turns = plan.rate.map(|rate| turns_at(rate, until));
        let workers: Vec<_> =
            (0..plan.connections).map(|_| tokio::spawn(worker(plan.clone(), request.clone(), until, turns.clone()))).collect();
        let mut all = Figures::default();
        for worker in workers {
            let one = worker.await??;
            all.requests += one.requests;
            all.failures += one.failures;
            all.latencies.extend(one.latencies);
            all.first_contents.extend(one.first_contents);
        }
        all.seconds = started.elapsed().as_secs_f64();
        Ok(all)
    })
}

fn head_and_body(plan: &Plan) -> Vec<u8> {
    let body = plan.scenario.body();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        plan.address,
        body.len()
    )
    .into_bytes()
}

/// Gives turns at a rate, evenly: a thread of its own sleeps to the microsecond, where the executor's timers know milliseconds only and would send
/// in bursts.
fn turns_at(rate: f64, until: Instant) -> Arc<Semaphore> {
    let turns = Arc::new(Semaphore::new(0));
    let given = Arc::clone(&turns);
    std::thread::spawn(move || {
        let (started, mut number) = (Instant::now(), 0.0);
        while Instant::now() < until {
            number += 1.0;
            let due = started + Duration::from_secs_f64(number / rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            given.add_permits(1);
        }
        given.close();
    });
    turns
}

async fn worker(plan: Plan, request: Vec<u8>, until: Instant, turns: Option<Arc<Semaphore>>) -> anyhow::Result<Figures> {
    let mut socket = TcpStream::connect(&plan.address).await.with_context(|| format!("connecting to {}", plan.address))?;
    socket.set_nodelay(true)?;
    let mut figures = Figures::default();
    let mut buffer = Vec::with_capacity(64 << 10);
    while Instant::now() < until {
        if let Some(turns) = &turns {
            match turns.acquire().await {
                Ok(turn) => turn.forget(),
                Err(_) => break,
            }
        }
        let sent = Instant::now();
        socket.write_all(&request).await?;
        let answer = read_answer(&mut socket, &mut buffer, plan.scenario.streams()).await?;
        figures.requests += 1;
        figures.failures += u64::from(!answer.fine);
        figures.latencies.push(micros(sent.elapsed()));
        figures.first_contents.push(micros(answer.first_content - sent));
    }
    Ok(figures)
}

struct Answer {
    fine: bool,
    first_content: Instant,
}

/// Reads one answer to its end. A stream is fine where `[DONE]` was in it.
async fn read_answer(socket: &mut TcpStream, buffer: &mut Vec<u8>, streams: bool) -> anyhow::Result<Answer> {
    buffer.clear();
    let mut first_content = None;
    let mut head = None;
    loop {
        if socket.read_buf(buffer).await? == 0 {
            bail!("the connection ended within an answer");
        }
        if head.is_none() {
            head = memchr::memmem::find(buffer, b"\r\n\r\n").map(|end| end + 4);
        }
        let Some(head_end) = head else { continue };
        let (head, body) = buffer.split_at(head_end);
        if first_content.is_none() && (!streams || memchr::memmem::find(body, b"\"content\"").is_some()) {
            first_content = Some(Instant::now());
        }
        let ended = match content_length(head) {
            Some(length) => body.len() >= length,
            None => body.ends_with(b"0\r\n\r\n"),
        };
        if ended {
            let fine = head.starts_with(b"HTTP/1.1 200") && (!streams || memchr::memmem::find(body, b"[DONE]").is_some());
            return Ok(Answer { fine, first_content: first_content.unwrap_or_else(Instant::now) });
        }
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
