//! What the tests that drive the built binary share: a gateway as a process, an upstream that follows a script, a client that sees every chunk, bundles, policies.
//!
//! Nothing here waits for a time to pass: everything waits for a condition, and fails at a deadline with what it waited for.

pub(crate) mod azure;
pub(crate) mod bundles;
pub(crate) mod client;
pub(crate) mod gateway;
pub(crate) mod issuer;
pub(crate) mod policies;
pub(crate) mod tls;
pub(crate) mod upstream;

use std::future::Future;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take. Generous: debug builds, two cores, other tests beside.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The built binary. Cargo does not build another package's binary for a test, so it must be there already.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(|deps| deps.parent()).unwrap().join("aigw");
    assert!(binary.is_file(), "there is no {}: build it first with `cargo build -p aigw-cli`", binary.display());
    binary
}

/// The binary, in an environment that says nothing about it.
pub(crate) fn aigw() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let of_azure = name.starts_with("AZURE_") || name.starts_with("IDENTITY_");
        if name.starts_with("AIGW_") || name.starts_with("GITHUB_") || of_azure || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs a verb to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::from(command.output().unwrap())
}

/// What came of a verb.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Standard output, where it ended with that code.
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Waits until `poll` gives something.
pub(crate) async fn until<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    until_async(what, || std::future::ready(poll())).await
}

/// Waits until what `poll` gives is something.
pub(crate) async fn until_async<T, F: Future<Output = Option<T>>>(what: &str, mut poll: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for a future, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    assert!(waited.is_ok(), "waited in vain for {what}");
    waited.unwrap()
}
