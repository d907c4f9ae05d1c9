//! The real side: the gateway that serves, started in this process, real sockets before and behind it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use aigw_bundle::{Content, Gates, LintGate, Release, SigningKey, TrustFile, sign};
use aigw_compile::Compiled;
use aigw_core::{Millis, Name, Record};
use aigw_kinds::Program;
use aigw_runtime::reload::{Fault, Fingerprint, Source, Trust, Watched};
use aigw_runtime::{LogPlace, Running, Settings};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::Case;
use super::outcome::{Outcome, headers, record};
use super::policies::SECRETS;
use super::wire::Calls;
use crate::support::PATIENCE;

/// Longer than the pauses of milliseconds for which upstreams ask here: the next request finds them over, in both worlds.
const BETWEEN: Duration = Duration::from_millis(15);

/// A bundle that is handed over in memory.
struct Made {
    trust: Trust,
    bundle: Vec<u8>,
}

/// A gateway in this process.
pub(super) struct Gateway {
    running: Running,
    folder: tempfile::TempDir,
    /// The digest of what it serves.
    pub(super) digest: String,
}

impl Gateway {
    /// Serves these policies; what it draws follows from the case's seed.
    pub(super) fn start(case: &Case, compiled: &Compiled, program: &Program) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secrets = folder.path().join("secrets");
        fs::create_dir(&secrets).unwrap();
        for (place, name) in SECRETS.iter().enumerate().filter(|(place, _)| case.policies.lost != Some(*place)) {
            assert!(place < SECRETS.len());
            fs::write(secrets.join(name), aigw_testkit::world::stand_in(name)).unwrap();
        }
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = Settings {
            listen: Some(any),
            admin: Some(any),
            secrets_folder: Some(secrets),
            threads: Some(1.try_into().unwrap()),
            drain: Some(Millis::from_secs(5)),
            decisions: Some(LogPlace::File(folder.path().join("decisions.jsonl"))),
            ..Settings::default()
        };
        let source = Made::of(compiled, program);
        let running = Running::start_foreseeable(settings, Some(Box::new(source)), case.seed).unwrap();
        let digest = running.first_activation().digest.clone();
        assert!(digest.is_some(), "{:?}", running.first_activation());
        Self { running, folder, digest: digest.unwrap() }
    }

    /// Takes the case's requests through it, one after the other: when each began, and what came of it.
    pub(super) fn run(&self, runtime: &Runtime, case: &Case, calls: &Calls) -> Vec<(Millis, Outcome)> {
        let mut outcomes = Vec::new();
        let first = Instant::now();
        for (number, ask) in (1..).zip(&case.asks) {
            let began = Millis::new(u64::try_from(first.elapsed().as_millis()).unwrap());
            let address = self.running.addresses().data;
            let (status, headers, body, cut) = runtime.block_on(asked(address, ask.request(), ask.is_chunked()));
            let record = record(&self.record(number));
            let calls = std::mem::take(&mut *calls.lock().unwrap());
            outcomes.push((began, Outcome { status, headers, body, cut, record, calls }));
            std::thread::sleep(BETWEEN);
        }
        outcomes
    }

    /// The decision record of that number, the first being 1, once it is written: what a request holds is given back before.
    fn record(&self, number: usize) -> Record {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = read(&self.folder.path().join("decisions.jsonl"));
            let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
            if let Some(line) = complete.lines().nth(number - 1) {
                return serde_json::from_str(line).unwrap();
            }
            assert!(Instant::now() < deadline, "request {number} left no record");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Status, headers, body, and whether it was cut. Without a head the status is 0.
async fn asked(address: SocketAddr, request: http::Request<Bytes>, chunked: bool) -> (u16, Vec<(String, String)>, Vec<u8>, bool) {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(async move { drop(connection.await) });
    assert_eq!(chunked, request.headers().contains_key("transfer-encoding"));
    let sent = tokio::time::timeout(PATIENCE, sender.send_request(request.map(Full::new))).await.unwrap();
    let Ok(response) = sent else { return (0, Vec::new(), Vec::new(), true) };
    let (head, mut body) = response.into_parts();
    let (mut bytes, mut cut) = (Vec::new(), false);
    while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap() {
        match frame {
            Ok(frame) => bytes.extend(frame.into_data().unwrap_or_default()),
            Err(_) => {
                cut = true;
                break;
            }
        }
    }
    drop(sender);
    connection.abort();
    (head.status.as_u16(), headers(&head.headers), bytes, cut)
}

impl Made {
    fn of(compiled: &Compiled, program: &Program) -> Self {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let name: Name = "equal".parse().unwrap();
        let mut trust = TrustFile::of_one_key(name.clone(), aigw_bundle::Signer::public_key(&key), name.clone(), Millis::MAX);
        trust.channels.values_mut().for_each(|channel| channel.allow_dirty = true);
        let members = aigw_compile::bundle_members(compiled, program).unwrap();
        let content = Content::build(&members, &aigw_bundle::Limits::default()).unwrap();
        let now = Timestamp::now();
        let release = Release {
            name: name.clone(),
            channel: name.clone(),
            sequence: 1,
            issued: now,
            not_before: now,
            expires: now + SignedDuration::from_hours(1),
            minimum_runtime: "0.1.0".parse().unwrap(),
            provenance: None,
            gates: Gates { validated: true, lint: LintGate::NotPassed, tests: 0 },
        };
        let bundle = sign(&content, release, &[&key]).unwrap();
        Self { trust: Trust { root: trust.check().unwrap(), channel: name, name: None, test_values: true }, bundle }
    }
}

impl Source for Made {
    fn describe(&self) -> String {
        "a bundle in memory".to_owned()
    }

    fn watched(&self) -> Option<Watched> {
        None
    }

    fn fingerprint(&mut self) -> Fingerprint {
        Fingerprint([0; 32])
    }

    fn trust(&mut self) -> Result<Trust, Fault> {
        Ok(self.trust.clone())
    }

    fn fetch(&mut self) -> Result<Vec<u8>, Fault> {
        Ok(self.bundle.clone())
    }

    fn is_remembered(&self) -> bool {
        false
    }
}
