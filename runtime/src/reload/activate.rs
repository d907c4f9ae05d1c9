//! One attempt, from bytes to a generation in force. It blocks and computes; nothing here runs on a thread that serves clients.

use std::sync::Arc;
use std::time::Instant;

use aigw_bundle::{Expectation, Limits, State, Verified, Version, verify};
use aigw_core::Name;
use aigw_engine::{Engine, Loaded};
use aigw_kinds::{CONTENTS_MEMBER, Contents, PROGRAM_MEMBER, Program};
use jiff::Timestamp;

use super::record::{ActivationRecord, ActivationResult, Durations};
use super::source::{Fault, Trust};
use crate::audit::{Activation, AuditBundle, AuditProvenance, Trigger};
use crate::generation::{About, Credentials, EndpointTokens, Generation, Release};
use crate::process::{Process, Worker};
use crate::secrets::SecretSet;
use crate::serve::Bounds;
use crate::tls::DemandError;
use crate::transport::Shape;
use crate::world::{Reach, RuntimeWorld};

/// What a head may have beyond the gateway's bound, so that the engine sees it and says why it is refused.
const HEAD_MARGIN_BYTES: usize = 8 * 1024;
/// Changed documents that the audit trail names; more are counted.
const MAX_CHANGES: usize = 200;
/// Longest text of an activation in the audit trail, in characters.
const MAX_TEXT: usize = 500;

/// An attempt while it runs.
pub(super) struct Attempt {
    record: ActivationRecord,
    audited: Activation,
    begun: Instant,
    step: Instant,
}

/// A bundle that is in force now.
pub(super) struct InForce {
    /// What to remember.
    pub(super) state: State,
    /// What came of it.
    pub(super) result: ActivationResult,
    /// What was in force before.
    pub(super) before: Option<Arc<Generation>>,
}

impl Attempt {
    pub(super) fn begin(source: String, trigger: Trigger, before: Option<String>) -> Self {
        let now = Instant::now();
        let audited = Activation {
            trigger,
            source: cut(&source),
            result: ActivationResult::Failed,
            reason: None,
            message: None,
            after: before.clone(),
            before,
            bundle: None,
            changes: None,
        };
        let record = ActivationRecord {
            time: Timestamp::now().to_string(),
            source,
            digest: None,
            sequence: None,
            result: ActivationResult::Failed,
            reason: None,
            message: None,
            help: None,
            durations: Durations::default(),
        };
        Self { record, audited, begun: now, step: now }
    }

    /// The bundle is there.
    pub(super) fn fetched(&mut self) {
        self.record.durations.fetch_micros = self.lap();
    }

    /// Verifies, loads and swaps. What fails leaves everything as it was.
    pub(super) fn activate(&mut self, process: &Process, bundle: &[u8], trust: &Trust, state: &State) -> Result<InForce, Fault> {
        let expectation = Expectation {
            name: trust.name.clone(),
            channel: trust.channel.clone(),
            runtime_version: runtime_version()?,
            limits: Limits::default(),
        };
        let verified = verify(bundle, &trust.root, &expectation, state, Timestamp::now())?;
        self.record.durations.verify_micros = self.lap();
        let digest = verified.statement().content.digest;
        self.record.digest = Some(digest.to_string());
        self.record.sequence = Some(verified.statement().sequence);
        self.audited.bundle = Some(bundle_of(&verified));
        let state = verified.next_state().clone();
        if let Some(current) = process.generations.current()
            && current.digest == digest
        {
            // The same content, signed again: a longer validity or a higher sequence, and no other program.
            current.release.store(Arc::new(release(&verified)));
            return Ok(InForce { state, result: ActivationResult::Unchanged, before: None });
        }
        let (generation, asks) = load(process, &verified, trust.test_values)?;
        // First, so that no client that connects under the new policies has missed being asked.
        process.certificates.demand(asks).map_err(certificates_fault)?;
        let contents = generation.contents.clone().filter(|_| process.audit.is_kept());
        let before = process.generations.swap(Arc::new(generation));
        self.audited.after = Some(digest.to_string());
        let then = before.as_ref().and_then(|before| before.contents.as_ref());
        self.audited.changes = contents.zip(then).map(|(now, then)| now.changes_since(then, MAX_CHANGES));
        self.record.durations.load_micros = self.lap();
        Ok(InForce { state, result: ActivationResult::Activated, before })
    }

    /// It is over.
    pub(super) fn end(mut self, ended: Result<ActivationResult, Fault>) -> (ActivationRecord, Activation) {
        match ended {
            Ok(result) => self.record.result = result,
            Err(fault) => {
                self.record.result = fault.result();
                self.record.reason = Some(fault.reason);
                self.record.message = Some(fault.message);
                self.record.help = fault.help;
            }
        }
        self.record.durations.total_micros = micros(self.begun);
        self.audited.result = self.record.result;
        self.audited.reason.clone_from(&self.record.reason);
        self.audited.message = self.record.message.as_deref().map(cut);
        (self.record, self.audited)
    }

    fn lap(&mut self) -> u64 {
        micros(std::mem::replace(&mut self.step, Instant::now()))
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn runtime_version() -> Result<Version, Fault> {
    env!("CARGO_PKG_VERSION").parse().map_err(|_| Fault::lasting("internal_error", "this build has no version"))
}

/// Everything of a generation, before anyone can see it, and the authorities whose client certificates it needs.
fn load(process: &Process, verified: &Verified, test_values: bool) -> Result<(Generation, Vec<Name>), Fault> {
    let program = verified.members().get(PROGRAM_MEMBER).ok_or_else(|| invalid("the bundle holds no program"))?;
    let program = Program::from_json(program).map_err(|fault| invalid(fault.to_string()))?;
    let values = program.parameter_values(&process.parameters, test_values).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Fault::lasting("parameters_invalid", faults.join("; ")).help("give them under `parameters` in the runtime's settings")
    })?;
    let loaded = Loaded::new(program, values).map_err(|fault| Fault::lasting(fault.code.as_str(), fault.message))?;
    let loaded = Arc::new(loaded);
    let secrets = process.secrets.set(&loaded.program().secrets);
    let tokens = EndpointTokens::of(process, &loaded);
    if process.require_secrets {
        complete(process, &secrets, &tokens)?;
    }
    let issuers = process.issuers.of(&loaded);
    let digest = verified.statement().content.digest;
    let callers = Arc::new(process.credential_uses.of(loaded.program()));
    let engine = |worker: &Worker| {
        let world = RuntimeWorld::new(Reach {
            clock: process.clock,
            random: Arc::clone(&process.random),
            pools: pools(worker, &loaded)?,
            secrets: Arc::clone(&secrets),
            tokens: tokens.by_endpoint(),
            issuers: Arc::clone(&issuers),
            counters: process.counters.clone(),
            requests: Arc::clone(&worker.requests),
            records: process.records.clone(),
            callers: Arc::clone(&callers),
        });
        Ok(Engine::new(Arc::clone(&loaded), Arc::clone(&process.state), world, digest.to_string()))
    };
    let engines = process.workers.iter().map(engine).collect::<Result<_, Fault>>()?;
    let credentials = Credentials { secrets, tokens };
    let asks = loaded.program().client_authorities();
    // Nothing depends on it but what is told of changes.
    let contents = verified.members().get(CONTENTS_MEMBER).and_then(|member| serde_json::from_slice::<Contents>(member).ok());
    let about = About { digest, release: release(verified), contents, callers: Arc::clone(&callers) };
    Ok((Generation::new(about, credentials, issuers, bounds(loaded.program()), engines), asks))
}

/// Refuses a program whose endpoints could not all be called.
fn complete(process: &Process, secrets: &SecretSet, tokens: &EndpointTokens) -> Result<(), Fault> {
    let missing = secrets.missing();
    if !missing.is_empty() {
        let help = match process.secrets.vault() {
            None => "set `AIGW_SECRET_NAME`, or put a file of the secret's name into the secrets folder",
            Some(_) => {
                "see `keyVault` in `/status`; or set `AIGW_SECRET_NAME`, or put a file of the secret's name into the secrets folder"
            }
        };
        return Err(Fault::transient("secrets_missing", format!("no value for the secrets {}", missing.join(", "))).help(help));
    }
    let missing = tokens.missing();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("no access token for the endpoints {}", missing.join(", "));
    Err(Fault::transient("tokens_missing", message).help("see `accessTokens` in `/status`"))
}

/// What the host lacks may come with its next start.
fn certificates_fault(fault: DemandError) -> Fault {
    let (reason, help) = match fault {
        DemandError::NoTls => ("tls_required", "give the listener a certificate: `tls: {cert, key}` in the runtime's settings"),
        DemandError::UnknownCa(_) => ("ca_unknown", "name the CA under `cas` in the runtime's settings"),
        DemandError::Tls(_) => ("tls_invalid", "look at the files under `tls` and `cas` in the runtime's settings"),
    };
    Fault::lasting(reason, fault.to_string()).help(help)
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::lasting("program_invalid", message)
}

/// A pool for each endpoint with an address.
fn pools(worker: &Worker, loaded: &Loaded) -> Result<Vec<Option<Arc<crate::transport::Pool>>>, Fault> {
    let plans = loaded.program().endpoints.iter().zip(loaded.endpoints());
    plans
        .map(|(plan, endpoint)| {
            let Some(base) = &endpoint.base else { return Ok(None) };
            let ca = plan.provider.of(loaded.program()).and_then(|provider| provider.tls_ca.as_ref());
            let shape = Shape::of(&format!("{}://{}", base.scheme, base.authority), ca);
            let pool = shape.map_err(|fault| invalid(format!("endpoint `{}`: {fault}", plan.name)))?;
            worker.pools.of(pool).map(Some).map_err(|fault| {
                Fault::lasting("endpoint_unusable", format!("endpoint `{}`: {fault}", plan.name))
                    .help("name the CA under `cas` in the runtime's settings")
            })
        })
        .collect()
}

fn bounds(program: &Program) -> Bounds {
    let plan = &program.gateway.bounds;
    Bounds {
        head_bytes: plan.headers.as_len().saturating_add(HEAD_MARGIN_BYTES),
        headers: usize::try_from(plan.header_count).unwrap_or(usize::MAX),
        client_idle: plan.client_idle.as_duration(),
        write_stall: plan.client_idle.as_duration(),
        client_rate: plan.client_rate.as_bytes(),
        resets: plan.http2_resets,
        weightless_frames: plan.http2_frames,
        per_address: plan.connections_per_address,
        connections: plan.connections,
    }
}

fn release(verified: &Verified) -> Release {
    let statement = verified.statement();
    Release {
        name: statement.name.to_string(),
        channel: statement.channel.to_string(),
        sequence: statement.sequence,
        expires: statement.expires,
        commit: statement.provenance.as_ref().map(|provenance| provenance.commit.clone()),
    }
}

/// What the audit trail says of a bundle.
fn bundle_of(verified: &Verified) -> AuditBundle {
    let statement = verified.statement();
    AuditBundle {
        name: statement.name.to_string(),
        channel: statement.channel.to_string(),
        sequence: statement.sequence,
        digest: statement.content.digest.to_string(),
        issued: statement.issued.to_string(),
        expires: statement.expires.to_string(),
        signers: verified.signers().iter().map(ToString::to_string).collect(),
        provenance: statement.provenance.as_ref().map(|provenance| AuditProvenance {
            repository: cut(&provenance.repository),
            commit: cut(&provenance.commit),
            dirty: provenance.dirty,
        }),
    }
}

fn cut(text: impl AsRef<str>) -> String {
    text.as_ref().chars().take(MAX_TEXT).collect()
}
