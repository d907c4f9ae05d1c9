//! What a runtime remembers of the bundles it accepted, so that an older one cannot come back.
//!
//! The checksum tells a damaged file from a whole one. It is no protection against whoever can write the file.

use std::collections::BTreeMap;

use aigw_core::Name;
use serde::{Deserialize, Serialize};

use crate::reason::quoted_fault;
use crate::{Digest, Reason, Refusal, Statement};

/// The version of the file that this version reads and writes.
const VERSION: u16 = 1;

/// Longest file in bytes: thousands of names and channels.
const MAX_BYTES: usize = 1 << 20;

/// The last accepted bundle of each channel and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    accepted: BTreeMap<(Name, Name), Accepted>,
}

/// What is remembered of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The epoch of the trust root that accepted it.
    pub epoch: u64,
    /// Its sequence number.
    pub sequence: u64,
    /// The digest of its content.
    pub content: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u16,
    accepted: Vec<Entry>,
    checksum: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    channel: Name,
    name: Name,
    epoch: u64,
    sequence: u64,
    content: Digest,
}

impl State {
    /// Reads what [`State::to_json`] wrote. Errs where it is damaged; starting without one is [`State::default`].
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > MAX_BYTES {
            return Err(invalid(format!("the trust state has more than {MAX_BYTES} bytes")));
        }
        let file: File = serde_json::from_slice(json)
            .map_err(|fault| invalid(format!("the trust state is malformed: {}", quoted_fault(&fault))))?;
        if file.version != VERSION {
            return Err(invalid(format!(
                "the trust state has version {}, and this version reads version {VERSION}",
                file.version
            )));
        }
        let entries = file.accepted.into_iter();
        let accepted = entries
            .map(|Entry { channel, name, epoch, sequence, content }| ((channel, name), Accepted { epoch, sequence, content }));
        let state = Self { accepted: accepted.collect() };
        // INVARIANT: one spelling, checksum included, so a repeated entry, a changed order and a changed number all fail here.
        if state.to_json()?.as_bytes() != json {
            return Err(invalid("the trust state is damaged: its checksum does not match"));
        }
        Ok(state)
    }

    /// The file to keep, in one line with a newline at the end.
    pub fn to_json(&self) -> Result<String, Refusal> {
        let file = File { version: VERSION, accepted: self.entries(), checksum: self.checksum()? };
        serde_json::to_string(&file).map(|json| json + "\n").map_err(|fault| unwritable(&fault))
    }

    /// What was accepted last for this channel and name.
    pub fn last(&self, channel: &Name, name: &Name) -> Option<Accepted> {
        self.accepted.get(&(channel.clone(), name.clone())).copied()
    }

    /// Whether this statement may follow what was accepted before.
    pub(crate) fn check(&self, statement: &Statement, epoch: u64) -> Result<String, Refusal> {
        let (sequence, content) = (statement.sequence, statement.content.digest);
        let Some(last) = self.last(&statement.channel, &statement.name) else {
            return Ok(format!("{sequence}, the first one seen"));
        };
        if epoch != last.epoch {
            return match epoch < last.epoch {
                true => Err(Refusal::new(
                    Reason::OlderTrust,
                    format!("the trust root is of epoch {epoch}, and a bundle of epoch {} was accepted before", last.epoch),
                )),
                false => Ok(format!("{sequence}, the first one of epoch {epoch}")),
            };
        }
        if sequence < last.sequence {
            return Err(Refusal::new(
                Reason::OlderSequence,
                format!("the bundle has sequence {sequence}, and {} was accepted before", last.sequence),
            ));
        }
        if sequence == last.sequence && !content.matches(&last.content) {
            return Err(Refusal::new(
                Reason::SequenceConflict,
                format!("another bundle with sequence {sequence} was accepted before, with content {}", last.content),
            ));
        }
        Ok(format!("{sequence}, after {}", last.sequence))
    }

    /// The state after this statement's bundle is active.
    pub(crate) fn after(&self, statement: &Statement, epoch: u64) -> Self {
        let mut next = self.clone();
        let accepted = Accepted { epoch, sequence: statement.sequence, content: statement.content.digest };
        next.accepted.insert((statement.channel.clone(), statement.name.clone()), accepted);
        next
    }

    fn checksum(&self) -> Result<Digest, Refusal> {
        let body = serde_json::to_vec(&(VERSION, self.entries()));
        body.map(|body| Digest::of(&body)).map_err(|fault| unwritable(&fault))
    }

    fn entries(&self) -> Vec<Entry> {
        let entry = |((channel, name), accepted): (&(Name, Name), &Accepted)| Entry {
            channel: channel.clone(),
            name: name.clone(),
            epoch: accepted.epoch,
            sequence: accepted.sequence,
            content: accepted.content,
        };
        self.accepted.iter().map(entry).collect()
    }
}

fn unwritable(fault: &serde_json::Error) -> Refusal {
    invalid(format!("the trust state cannot be written: {fault}"))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Reason::StateInvalid, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::fixtures::{content, name, release};
    use proptest::prelude::*;

    fn statement(sequence: u64) -> Statement {
        Statement::of(&content(), crate::Release { sequence, ..release() }).unwrap()
    }

    fn state() -> State {
        let other = crate::Release { name: name("other"), ..release() };
        State::default().after(&statement(7), 0).after(&Statement::of(&content(), other).unwrap(), 2)
    }

    fn refused(json: &[u8]) {
        assert_eq!(State::parse(json).unwrap_err().reason(), Reason::StateInvalid);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let json = state().to_json().unwrap();
        let read = State::parse(json.as_bytes()).unwrap();
        assert_eq!(read, state());
        let kept = Accepted { epoch: 0, sequence: 7, content: content().digest() };
        assert_eq!(read.last(&name("prod"), &name("support")), Some(kept));
        assert_eq!(read.last(&name("staging"), &name("support")), None);
        assert_eq!(State::parse(State::default().to_json().unwrap().as_bytes()).unwrap(), State::default());
    }

    #[test]
    fn a_damaged_state_is_refused_and_never_taken_for_an_empty_one() {
        let json = state().to_json().unwrap().into_bytes();
        for length in 0..json.len() {
            refused(json.get(..length).unwrap());
        }
        for at in 0..json.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut altered = json.clone();
                *altered.get_mut(at).unwrap() ^= flip;
                refused(&altered);
            }
        }
        let text = String::from_utf8(json).unwrap();
        refused(text.replace("\"sequence\":7", "\"sequence\":6").as_bytes());
        refused(text.replace("\"version\":1", "\"version\":2").as_bytes());
        refused(&vec![b' '; MAX_BYTES + 1]);
    }

    #[test]
    fn the_file_has_a_known_form() {
        // Older files must stay readable: a change here needs a version.
        let json = State::default().after(&statement(7), 1).to_json().unwrap();
        let (digest, checksum) = (
            content().digest(),
            Digest::of(
                format!(
                    "[1,[{{\"channel\":\"prod\",\"name\":\"support\",\"epoch\":1,\"sequence\":7,\"content\":\"{}\"}}]]",
                    content().digest()
                )
                .as_bytes(),
            ),
        );
        assert_eq!(
            json,
            format!(
                "{{\"version\":1,\"accepted\":[{{\"channel\":\"prod\",\"name\":\"support\",\"epoch\":1,\"sequence\":7,\"content\":\"{digest}\"}}],\"checksum\":\"{checksum}\"}}\n"
            )
        );
    }

    proptest! {
        #[test]
        fn sequences_never_fall(sequences in prop::collection::vec(0..20_u64, 1..20)) {
            let mut state = State::default();
            let mut highest = 0;
            for sequence in sequences {
                let next = statement(sequence);
                prop_assert_eq!(state.check(&next, 0).is_ok(), sequence >= highest);
                if state.check(&next, 0).is_ok() {
                    state = state.after(&next, 0);
                    highest = sequence;
                }
            }
        }

        #[test]
        fn no_bytes_panic(json: Vec<u8>) {
            let _ = State::parse(&json);
        }
    }
}
