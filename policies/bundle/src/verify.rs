//! Verification: one walk in one order, each step failing closed before the next touches a byte. Explaining is the same walk, written down.

mod explain;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::{Millis, Name};
use jiff::{SignedDuration, Timestamp};

pub use explain::{Explanation, Outcome, Step};
use explain::{Stage, Trail};

use crate::trust::{Channel, Gate, count};
use crate::{
    Container, Envelope, Limits, LintGate, Reason, Refusal, State, Statement, TrustRoot, Version, container, content, inspect,
};

/// How far the clock of a runtime may be behind the clock of the signer: a bundle served seconds after it was signed must not be too new.
/// Expiry has no such allowance.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The bundle's name, where only one will do.
    pub name: Option<Name>,
    /// The channel that is served.
    pub channel: Name,
    /// The version of this runtime.
    pub runtime_version: Version,
    /// How much may be read.
    pub limits: Limits,
}

/// A bundle that may be served. Only verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    statement: Statement,
    signers: BTreeSet<Name>,
    members: BTreeMap<String, Vec<u8>>,
    next_state: State,
}

impl Verified {
    /// What was signed.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The ids, in the trust root, of the keys that signed.
    pub const fn signers(&self) -> &BTreeSet<Name> {
        &self.signers
    }

    /// The members by path.
    pub const fn members(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.members
    }

    /// What to remember. To be kept after the bundle is active and not before: a bundle that does not load must not bar the one in force.
    pub const fn next_state(&self) -> &State {
        &self.next_state
    }
}

/// Verifies a bundle.
pub fn verify(
    bundle: &[u8],
    trust: &TrustRoot,
    expectation: &Expectation,
    state: &State,
    now: Timestamp,
) -> Result<Verified, Refusal> {
    explain(bundle, trust, expectation, state, now).1
}

/// Verifies a bundle and says how each step went.
pub fn explain(
    bundle: &[u8],
    trust: &TrustRoot,
    expectation: &Expectation,
    state: &State,
    now: Timestamp,
) -> (Explanation, Result<Verified, Refusal>) {
    let mut trail = Trail::default();
    let result = Walk { trust, expectation, state, now }.run(bundle, &mut trail);
    (trail.finish(result.as_ref().err()), result)
}

struct Walk<'a> {
    trust: &'a TrustRoot,
    expectation: &'a Expectation,
    state: &'a State,
    now: Timestamp,
}

impl Walk<'_> {
    fn run(&self, bundle: &[u8], trail: &mut Trail) -> Result<Verified, Refusal> {
        let limits = &self.expectation.limits;
        container::check_size(bundle, limits)?;
        trail.passed(Stage::Size, format!("{} bytes", bundle.len()));
        let container = Container::split(bundle, limits)?;
        trail.passed(Stage::Container, format!("format {}", container::FORMAT_VERSION));
        let envelope = Envelope::parse(container.envelope)?;
        trail.passed(Stage::Envelope, counted(envelope.signatures.len(), "signature"));
        let channel = self.trust.channel(&self.expectation.channel)?;
        let signers = count(&envelope, self.trust, &channel.role, &format!("channel `{}`", self.expectation.channel))?;
        trail.passed(Stage::Signatures, format!("{} of {} needed: {}", signers.len(), channel.role.threshold, listed(&signers)));
        let statement = inspect::statement(&envelope)?;
        trail.passed(Stage::Statement, format!("version {}", statement.version));
        self.judge(&statement, channel, trail)?;
        let members = unpack(&statement, container.content, limits, trail)?;
        let next_state = self.state.after(&statement, self.trust.epoch());
        Ok(Verified { statement, signers, members, next_state })
    }

    /// Whether what was signed is what is wanted here and now.
    fn judge(&self, statement: &Statement, channel: &Channel, trail: &mut Trail) -> Result<(), Refusal> {
        self.check_name(statement)?;
        trail.passed(Stage::Name, statement.name.to_string());
        self.check_channel(statement)?;
        trail.passed(Stage::Channel, statement.channel.to_string());
        self.check_time(statement)?;
        check_validity(statement, channel.longest_validity)?;
        trail.passed(Stage::Validity, format!("from {} until {}", statement.not_before, statement.expires));
        let sequence = self.state.check(statement, self.trust.epoch())?;
        trail.passed(Stage::Sequence, sequence);
        self.check_runtime(statement)?;
        trail.passed(Stage::Runtime, format!("{} or later", statement.minimum_runtime));
        check_provenance(statement, channel)?;
        trail.passed(Stage::Provenance, provenance(statement));
        check_gates(statement, channel)?;
        let required: Vec<_> = channel.require_gates.iter().map(|gate| gate.name()).collect();
        trail.passed(Stage::Gates, if required.is_empty() { "none required".to_owned() } else { required.join(", ") });
        Ok(())
    }

    fn check_name(&self, statement: &Statement) -> Result<(), Refusal> {
        let name = &statement.name;
        if let Some(expected) = self.expectation.name.as_ref().filter(|expected| *expected != name) {
            return Err(Refusal::new(Reason::WrongName, format!("the bundle is `{name}`, and `{expected}` is expected")));
        }
        if !self.trust.allows_name(name) {
            return Err(Refusal::new(Reason::WrongName, format!("the trust root does not allow a bundle `{name}`")));
        }
        Ok(())
    }

    fn check_channel(&self, statement: &Statement) -> Result<(), Refusal> {
        let (is, expected) = (&statement.channel, &self.expectation.channel);
        if is == expected {
            return Ok(());
        }
        Err(Refusal::new(Reason::WrongChannel, format!("the bundle is for channel `{is}`, and this is `{expected}`")))
    }

    fn check_time(&self, statement: &Statement) -> Result<(), Refusal> {
        let Statement { not_before, expires, .. } = statement;
        if not_before.duration_since(self.now) > CLOCK_SKEW {
            return Err(Refusal::new(
                Reason::NotYetValid,
                format!("the bundle is valid from {not_before}, and it is {}", self.now),
            ));
        }
        if self.now >= *expires {
            return Err(Refusal::new(Reason::Expired, format!("the bundle expired at {expires}, and it is {}", self.now)));
        }
        Ok(())
    }

    fn check_runtime(&self, statement: &Statement) -> Result<(), Refusal> {
        let (needs, is) = (statement.minimum_runtime, self.expectation.runtime_version);
        if needs <= is {
            return Ok(());
        }
        Err(Refusal::new(Reason::RuntimeTooOld, format!("the bundle needs aigw {needs} or later, and this is {is}")))
    }
}

fn check_validity(statement: &Statement, longest: Millis) -> Result<(), Refusal> {
    let validity = statement.expires.duration_since(statement.not_before);
    if validity.as_millis() <= i128::from(longest.as_millis()) {
        return Ok(());
    }
    Err(Refusal::new(Reason::ValidityTooLong, format!("the bundle is valid for {validity:#}, and the channel allows {longest}")))
}

fn check_provenance(statement: &Statement, channel: &Channel) -> Result<(), Refusal> {
    let fault = match &statement.provenance {
        _ if channel.allow_dirty => return Ok(()),
        Some(provenance) if !provenance.dirty => return Ok(()),
        Some(_) => "the bundle was built from a working copy with changes",
        None => "the bundle does not say what it was built from",
    };
    Err(Refusal::new(Reason::DirtyBuild, fault))
}

fn provenance(statement: &Statement) -> String {
    let Some(provenance) = &statement.provenance else { return "unknown, and allowed".to_owned() };
    let dirty = if provenance.dirty { ", with changes" } else { "" };
    format!("commit {}{dirty}", crate::reason::quoted(&provenance.commit))
}

fn check_gates(statement: &Statement, channel: &Channel) -> Result<(), Refusal> {
    let passed = |gate: &Gate| match gate {
        Gate::Validated => statement.gates.validated,
        Gate::Lint => statement.gates.lint >= LintGate::NoWarnings,
        Gate::Tests => statement.gates.tests > 0,
    };
    match channel.require_gates.iter().find(|gate| !passed(gate)) {
        None => Ok(()),
        Some(gate) => Err(Refusal::new(Reason::GateMissing, format!("the bundle has not passed the gate `{}`", gate.name()))),
    }
}

fn unpack(
    statement: &Statement,
    compressed: &[u8],
    limits: &Limits,
    trail: &mut Trail,
) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    inspect::check_compressed(statement, compressed)?;
    trail.passed(Stage::Compressed, statement.compressed.digest.to_string());
    let tar = inspect::inflate(statement, compressed, limits)?;
    trail.passed(Stage::Inflated, format!("{} bytes", tar.len()));
    inspect::check_content(statement, &tar)?;
    trail.passed(Stage::Content, statement.content.digest.to_string());
    let members = content::members(&tar, limits)?;
    trail.passed(Stage::Members, counted(members.len(), "member"));
    Ok(members)
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn listed(names: &BTreeSet<Name>) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
