//! `aigw serve`: the runtime, on a signed bundle, or on a folder while its policies are written.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use aigw_bundle::{Content, Gates, LintGate, Release, Signer, SigningKey, TrustFile};
use aigw_core::{Millis, Name};
use aigw_runtime::reload::{ActivationRecord, ActivationResult, Dev, DevFault, Source, Trust};
use aigw_runtime::{Addresses, KeyVaultSettings, LogPlace, Settings, ThreadModel, TlsSettings};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::args::Globals;
use crate::commands::build::this_version;
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::say;
use crate::signing::trust_stop;

/// The channel and name of bundles that live in memory only.
const DEV: &str = "dev";

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw serve --dev policies\n  aigw serve --bundle gateway.aigw --trust release.trust.json --channel prod --state /var/lib/aigw-gateway\n\nSettings come from flags, then `AIGW_…` variables, then `--config`. Secrets come from `--secrets DIR`, `AIGW_SECRET_NAME` variables or `--key-vault URL`."
)]
pub(crate) struct Serve {
    /// A folder of policies, compiled in memory and again at every change
    #[arg(long, value_name = "DIR", conflicts_with_all = ["bundle", "trust", "channel", "name", "state"])]
    dev: Option<PathBuf>,
    /// A signed bundle, served again at every change of the file
    #[arg(long, env = "AIGW_BUNDLE", value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// The trust root that says who may sign
    #[arg(long, env = "AIGW_TRUST", value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The channel to serve [default: prod]
    #[arg(long, env = "AIGW_CHANNEL", value_name = "NAME")]
    channel: Option<Name>,
    /// The only bundle name to accept
    #[arg(long, env = "AIGW_BUNDLE_NAME", value_name = "NAME")]
    name: Option<Name>,
    /// A folder to keep the last good bundle and what was accepted in
    #[arg(long, env = "AIGW_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
    /// Settings as a YAML file; `aigw schema runtime` describes them
    #[arg(long, env = "AIGW_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Values of the parameters, as a YAML file of names and values
    #[arg(long, env = "AIGW_PARAMS", value_name = "FILE")]
    params: Option<PathBuf>,
    /// Where clients connect [default: 127.0.0.1:8080]
    #[arg(long, env = "AIGW_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where health, status, metrics and reloads are [default: 127.0.0.1:8081]
    #[arg(long, env = "AIGW_ADMIN", value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// The file that holds the admin address's bearer token
    #[arg(long, env = "AIGW_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// The certificate of the listener, a PEM file
    #[arg(long, env = "AIGW_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the listener, a PEM file
    #[arg(long, env = "AIGW_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A folder with one file a secret, named like the secret
    #[arg(long, env = "AIGW_SECRETS", value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// The Azure Key Vault that has the secrets which are nowhere else
    #[arg(long, env = "AIGW_KEY_VAULT", value_name = "URL")]
    key_vault: Option<String>,
    /// Refuse bundles that use a secret or an access token which is not there
    #[arg(long)]
    require_secrets: bool,
    /// How long requests in flight may go on when the process or their policies end [default: 30s]
    #[arg(long, env = "AIGW_DRAIN", value_name = "DURATION")]
    drain: Option<Millis>,
    /// Threads that serve clients [default: one for each core]
    #[arg(long, env = "AIGW_THREADS", value_name = "N")]
    threads: Option<NonZeroU16>,
    /// How threads share the work: `shared` or `per-core` [default: shared]
    #[arg(long, env = "AIGW_THREAD_MODEL", value_name = "MODEL", value_parser = thread_model)]
    thread_model: Option<ThreadModel>,
    /// Where decision records go: `stdout`, `none` or `file:PATH` [default: stdout]
    #[arg(long, env = "AIGW_DECISIONS", value_name = "WHERE")]
    decisions: Option<LogPlace>,
    /// Where the audit trail goes: `stdout`, `none` or `file:PATH` [default: none]
    #[arg(long, env = "AIGW_AUDIT", value_name = "WHERE")]
    audit: Option<LogPlace>,
}

impl Serve {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        log(globals)?;
        let dev = self.dev.clone();
        let settings = self.settings()?;
        let source = dev.map(|folder| dev_source(folder, globals)).transpose()?.map(|dev| Box::new(dev) as Box<dyn Source>);
        let quiet = globals.quiet;
        aigw_runtime::run(settings, source, |addresses, first, serving| started(addresses, first, serving, quiet))
            .map_err(|error| Stop::usage(error.to_string()))?;
        Ok(Exit::Fine)
    }

    /// Flags and variables over the file.
    fn settings(self) -> Result<Settings, Stop> {
        let file = match &self.config {
            Some(path) => load::bind_file::<Settings>(path, "settings of the runtime")?,
            None => Settings::default(),
        };
        let parameters = self.params.as_deref().map(load::parameters_file).transpose()?.unwrap_or_default();
        let tls = self.tls_cert.zip(self.tls_key).map(|(cert, key)| TlsSettings { cert, key });
        let flags = Settings {
            listen: self.listen,
            admin: self.admin,
            admin_token_file: self.admin_token_file,
            tls,
            secrets_folder: self.secrets,
            key_vault: self.key_vault.map(KeyVaultSettings::at),
            require_secrets: self.require_secrets.then_some(true),
            parameters,
            bundle: self.bundle,
            bundle_name: self.name,
            trust: self.trust,
            channel: self.channel,
            state: self.state,
            drain: self.drain,
            threads: self.threads,
            thread_model: self.thread_model,
            decisions: self.decisions,
            audit: self.audit,
            ..Settings::default()
        };
        Ok(flags.merge(file))
    }
}

/// Says where it listens, and whether there is anything to serve yet.
fn started(addresses: &Addresses, first: &ActivationRecord, serving: bool, quiet: bool) {
    if !quiet {
        let scheme = if addresses.tls { "https" } else { "http" };
        say(&format!("listening on {scheme}://{}, admin plane on http://{}", addresses.data, addresses.admin));
    }
    if !matches!(first.result, ActivationResult::Activated | ActivationResult::Unchanged) {
        let reason = first.reason.as_deref().unwrap_or("unknown");
        let state = if serving { "serving the last good bundle" } else { "not ready" };
        say(&format!("{state}: {reason}: {}", first.message.as_deref().unwrap_or("nothing was activated")));
        if let Some(help) = &first.help {
            say(&format!("help: {help}"));
        }
    }
}

fn thread_model(text: &str) -> Result<ThreadModel, String> {
    match text {
        "shared" => Ok(ThreadModel::Shared),
        "per-core" => Ok(ThreadModel::PerCore),
        _ => Err("write `shared` or `per-core`".to_owned()),
    }
}

/// The process's own log goes to standard error; decision records have a place of their own. `RUST_LOG` chooses more.
fn log(globals: &Globals) -> Result<(), Stop> {
    let level = match (globals.quiet, globals.verbose) {
        (true, _) => "error",
        (_, true) => "debug",
        _ => "info",
    };
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("warn,aigw={level},aigw_runtime={level}")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init()
        .map_err(|error| Stop::usage(error.to_string()).with_exit(Exit::Bug))
}

/// A source that compiles a folder and signs the result with a key that only this process knows.
fn dev_source(folder: PathBuf, globals: &Globals) -> Result<Dev, Stop> {
    if !folder.exists() {
        return Err(
            Stop::usage(format!("there is no folder `{}`", folder.display())).help("`aigw init DIR` creates a policy repository")
        );
    }
    let mut seed = zeroize::Zeroizing::new([0_u8; 32]);
    SystemRandom::new().fill(&mut seed[..]).map_err(|_| Stop::usage("the system gave no random bytes"))?;
    let key = SigningKey::from_seed(&seed).map_err(trust_stop)?;
    let name: Name = DEV.parse().map_err(|error| Stop::usage(format!("{error}")).with_exit(Exit::Bug))?;
    let mut trust = TrustFile::of_one_key(name.clone(), key.public_key(), name.clone(), Millis::MAX);
    trust.channels.values_mut().for_each(|channel| channel.allow_dirty = true);
    let trust =
        Trust { root: trust.check().map_err(trust_stop)?, channel: name.clone(), name: Some(name.clone()), test_values: true };
    let (watched, globals, mut sequence) = (folder.clone(), globals.clone(), 0_u64);
    let compile = move || {
        sequence += 1;
        dev_bundle(&watched, &globals, &key, &name, sequence)
            .map_err(|stop| DevFault { reason: "policies_do_not_compile".to_owned(), message: stop.message })
    };
    Ok(Dev::new(folder, trust, compile))
}

fn dev_bundle(folder: &Path, globals: &Globals, key: &SigningKey, name: &Name, sequence: u64) -> Result<Vec<u8>, Stop> {
    let (compiled, program) = load::program(folder, globals)?;
    let members = aigw_compile::bundle_members(&compiled, &program).map_err(|error| Stop::usage(error.to_string()))?;
    let content = Content::build(&members, &aigw_bundle::Limits::default()).map_err(trust_stop)?;
    let now = jiff::Timestamp::now();
    let release = Release {
        name: name.clone(),
        channel: name.clone(),
        sequence,
        issued: now,
        not_before: now,
        expires: now.checked_add(jiff::SignedDuration::from_hours(24 * 365)).map_err(|error| Stop::usage(error.to_string()))?,
        minimum_runtime: this_version()?,
        provenance: None,
        gates: Gates { validated: true, lint: LintGate::NotPassed, tests: 0 },
    };
    aigw_bundle::sign(&content, release, &[key]).map_err(trust_stop)
}
