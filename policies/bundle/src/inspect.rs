//! Looks inside a bundle without trusting it: for people, and for whoever is about to sign.

use std::collections::BTreeMap;

use crate::envelope::STATEMENT_TYPE;
use crate::{Container, Envelope, Limits, Reason, Refusal, Statement, content};

/// A bundle that holds together: its statement describes its content. Who signed it, and whether anybody should believe them, is not checked:
/// nothing in here may be served.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The envelope, with the signatures as they are.
    pub envelope: Envelope,
    /// What the statement says.
    pub statement: Statement,
    /// The members by path.
    pub members: BTreeMap<String, Vec<u8>>,
}

impl Inspection {
    /// Opens a bundle as verification does, without the questions about trust, time and sequence.
    pub fn of(bundle: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let container = Container::parse(bundle, limits)?;
        let envelope = Envelope::parse(container.envelope)?;
        let statement = statement(&envelope)?;
        check_compressed(&statement, container.content)?;
        let tar = inflate(&statement, container.content, limits)?;
        check_content(&statement, &tar)?;
        let members = content::members(&tar, limits)?;
        Ok(Self { envelope, statement, members })
    }
}

/// The statement in this envelope; its type is looked at before a byte of it.
pub(crate) fn statement(envelope: &Envelope) -> Result<Statement, Refusal> {
    if envelope.payload_type != STATEMENT_TYPE {
        let shown = crate::reason::quoted(&envelope.payload_type);
        return Err(Refusal::new(Reason::PayloadType, format!("what was signed has type {shown}, not `{STATEMENT_TYPE}`")));
    }
    Statement::parse(&envelope.payload)
}

pub(crate) fn check_compressed(statement: &Statement, content: &[u8]) -> Result<(), Refusal> {
    if statement.compressed.is(content) {
        return Ok(());
    }
    Err(Refusal::new(Reason::CompressedDigest, "the compressed content is not the one that was signed"))
}

/// Inflates to what the statement says and not a byte more, and to nothing where that is beyond the limit.
pub(crate) fn inflate(statement: &Statement, content: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let (size, limit) = (statement.content.size, limits.max_inflated_bytes);
    if size > limit {
        return Err(Refusal::new(
            Reason::DecompressionBomb,
            format!("the content inflates to {size} bytes, and at most {limit} are allowed"),
        ));
    }
    content::inflate(content, size)
}

pub(crate) fn check_content(statement: &Statement, tar: &[u8]) -> Result<(), Refusal> {
    if statement.content.is(tar) {
        return Ok(());
    }
    Err(Refusal::new(Reason::ContentDigest, "the content is not the one that was signed"))
}
