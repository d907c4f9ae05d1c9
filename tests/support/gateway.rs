//! A gateway as a process of its own: started, asked, signalled, and gone when the test is over.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{Answer, fetch};
use super::policies::{Policies, UPSTREAM_KEY};
use super::{aigw, until, until_async};

/// A running gateway.
pub(crate) struct Gateway {
    /// Where clients connect.
    pub(crate) data: SocketAddr,
    /// Where it is asked about itself.
    pub(crate) admin: SocketAddr,
    /// Its policy folder, if it was started on one.
    pub(crate) folder: PathBuf,
    child: Child,
    said: Arc<Mutex<String>>,
    home: TempDir,
}

impl Gateway {
    /// On a folder with these policies.
    pub(crate) async fn dev(policies: &Policies) -> Self {
        Self::dev_with(policies, &[]).await
    }

    /// On a folder with this file.
    pub(crate) async fn dev_yaml(yaml: &str) -> Self {
        Self::dev_in(yaml, &[], &[]).await
    }

    /// On a folder with these policies, with more arguments.
    pub(crate) async fn dev_with(policies: &Policies, more: &[&str]) -> Self {
        Self::dev_in(&policies.yaml(), more, &[]).await
    }

    /// On a folder with this file, with more arguments and in this environment.
    pub(crate) async fn dev_in(yaml: &str, more: &[&str], environment: &[(&str, String)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("policies");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("gateway.yaml"), yaml).unwrap();
        let mut arguments: Vec<OsString> = vec!["--dev".into(), folder.clone().into()];
        arguments.extend(more.iter().map(OsString::from));
        Self::start(home, folder, arguments, environment).await
    }

    /// With these arguments of `serve`.
    pub(crate) async fn serve(arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self::serve_in(arguments, &[]).await
    }

    /// The same in this environment.
    pub(crate) async fn serve_in(arguments: impl IntoIterator<Item = OsString>, environment: &[(&str, String)]) -> Self {
        Self::start(tempfile::tempdir().unwrap(), PathBuf::new(), arguments, environment).await
    }

    async fn start(
        home: TempDir,
        folder: PathBuf,
        arguments: impl IntoIterator<Item = OsString>,
        environment: &[(&str, String)],
    ) -> Self {
        let decisions = format!("file:{}", home.path().join("decisions.jsonl").display());
        let mut command = aigw();
        command.arg("serve").args(arguments);
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--threads", "2", "--decisions", &decisions]);
        command.env("AIGW_SECRET_UPSTREAM", UPSTREAM_KEY);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (lines, into) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut said = into.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        let mut gateway = Self { data: nowhere(), admin: nowhere(), folder, child, said, home };
        (gateway.data, gateway.admin) = until("the gateway said where it listens", || {
            let said = gateway.log();
            assert!(!said.contains("\nerror: "), "it did not start:\n{said}");
            addresses(&said)
        })
        .await;
        gateway
    }

    /// What it said on standard error so far.
    pub(crate) fn log(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The decision records so far, once there are that many at least.
    pub(crate) async fn records(&self, at_least: usize) -> Vec<Value> {
        until("the decision records were written", || {
            let records: Vec<Value> = self.decisions().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            (records.len() >= at_least).then_some(records)
        })
        .await
    }

    /// The decision log as it is.
    pub(crate) fn decisions(&self) -> String {
        fs::read_to_string(self.home.path().join("decisions.jsonl")).unwrap_or_default()
    }

    /// Writes a file of its folder, by renaming.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let fresh = self.home.path().join("fresh");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, self.folder.join(name)).unwrap();
    }

    /// Something of the admin plane.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        fetch(self.admin, "GET", path).await
    }

    /// `/status`.
    pub(crate) async fn status(&self) -> Value {
        self.get("/status").await.json()
    }

    /// A metric's value, summed over its labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.body;
        let lines = text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Asks for a reload; its record.
    pub(crate) async fn reload(&self) -> Value {
        fetch(self.admin, "POST", "/v1/reload").await.json()
    }

    /// Waits until its digest is another one.
    pub(crate) async fn until_other_than(&self, digest: &str) -> String {
        until_async("another bundle is active", || async {
            let now = self.digest().await;
            (now != digest).then_some(now)
        })
        .await
    }

    /// The digest of what is active.
    pub(crate) async fn digest(&self) -> String {
        self.status().await.pointer("/bundle/digest").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Waits until the newest attempt that `/status` shows was refused or failed, and gives it.
    pub(crate) async fn refusal(&self) -> Value {
        until_async("a bundle was refused", || async {
            let newest = self.status().await.pointer("/activations/0").cloned()?;
            newest.get("reason").is_some().then_some(newest)
        })
        .await
    }

    /// Sends it SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends it that signal, as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let told = Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
    }

    /// Waits for its end, and gives its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        until("the gateway ended", || self.child.try_wait().unwrap()).await.code()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln_log(&self.log());
        }
    }
}

#[expect(clippy::print_stderr, reason = "what the gateway said explains a failed test")]
fn eprintln_log(log: &str) {
    eprintln!("the gateway said:\n{log}");
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn addresses(said: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line = said.lines().find_map(|line| line.strip_prefix("listening on "))?;
    let (data, admin) = line.split_once(", admin plane on ")?;
    let address = |url: &str| url.split_once("://")?.1.parse().ok();
    Some((address(data)?, address(admin)?))
}
