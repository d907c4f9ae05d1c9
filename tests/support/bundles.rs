//! A workshop for bundles: a folder with policies, keys and trust roots, and the verbs that make them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use aigw_bundle::{Container, Content, Envelope, Gates, Limits, LintGate, Release, Signer, SigningKey, sign};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::policies::Policies;
use super::{aigw, run};

/// The workshop.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// With a key `release`, trusted for `prod`.
    pub(crate) fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap() };
        workshop.keygen("release", &["--allow-dirty"]);
        workshop
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a key and a trust root for it.
    pub(crate) fn keygen(&self, prefix: &str, more: &[&str]) {
        run(aigw().arg("keygen").arg("--out").arg(self.path(prefix)).args(more)).expect(0);
    }

    /// Builds policies into the file `name`, signed by `release` for `prod` unless `more` says otherwise.
    pub(crate) fn build(&self, name: &str, policies: &Policies, more: &[&str]) -> PathBuf {
        let sources = self.path(&format!("{name}.d"));
        fs::create_dir_all(&sources).unwrap();
        fs::write(sources.join("gateway.yaml"), policies.yaml()).unwrap();
        let (file, key) = (self.path(name), self.path("release.key.pem"));
        let mut command = aigw();
        command.arg("build").arg(&sources).arg("-o").arg(&file).args(more);
        if !more.contains(&"--key") {
            command.arg("--key").arg(key);
        }
        if !more.contains(&"--channel") {
            command.args(["--channel", "prod"]);
        }
        run(&mut command).expect(0);
        file
    }

    /// Replaces the file `name` by `bytes`, by renaming.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let fresh = self.path("fresh");
        fs::write(&fresh, bytes).unwrap();
        fs::rename(fresh, self.path(name)).unwrap();
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A content signed again by `release`, as `change` leaves what is said of it, under another payload type where one is given.
    pub(crate) fn signed(
        &self,
        content: &Content,
        sequence: u64,
        change: impl FnOnce(&mut Release),
        payload_type: Option<&str>,
    ) -> Vec<u8> {
        let pem = fs::read_to_string(self.path("release.key.pem")).unwrap();
        let key = SigningKey::from_pem(&pem, None).unwrap();
        let now = Timestamp::now();
        let mut release = Release {
            name: "e2e".parse().unwrap(),
            channel: "prod".parse().unwrap(),
            sequence,
            issued: now - SignedDuration::from_secs(60),
            not_before: now - SignedDuration::from_secs(120),
            expires: now + SignedDuration::from_hours(24),
            minimum_runtime: "0.1.0".parse().unwrap(),
            provenance: None,
            gates: Gates { validated: true, lint: LintGate::Clean, tests: 0 },
        };
        change(&mut release);
        let bundle = sign(content, release, &[&key]).unwrap();
        let Some(payload_type) = payload_type else { return bundle };
        let container = Container::parse(&bundle, &Limits::default()).unwrap();
        let mut envelope = Envelope::parse(container.envelope).unwrap();
        envelope.payload_type = payload_type.to_owned();
        let signature = key.sign(&envelope.pae()).unwrap();
        envelope.signatures.first_mut().unwrap().signature = signature;
        Container { envelope: &envelope.to_json().unwrap(), content: container.content }.write().unwrap()
    }

    /// Arguments of `serve` for the bundle file `name`.
    pub(crate) fn serve(&self, name: &str, more: &[&str]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--bundle".into(), self.path(name).into()];
        arguments.extend(["--trust".into(), self.path("release.trust.json").into()]);
        arguments.extend(more.iter().map(OsString::from));
        arguments
    }
}
