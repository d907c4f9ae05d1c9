//! Why something is refused: one stable code a reason, and what to do about it.

use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $help:literal;)+) => {
        /// Why a bundle, a trust root or a trust state is refused. Codes are stable: logs, `/status` and alerts name them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason, in the order in which verification can meet them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, in `snake_case`.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What it means, in one line, for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }

            /// What a person can do about it, in one line.
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)+
                }
            }
        }
    };
}

reasons! {
    /// The file, or a length written in it, is larger than the limits allow.
    Oversized = "oversized", "raise the size limit if a bundle this large is meant, otherwise look at what it holds with `aigw inspect`";
    /// The file does not start with the magic bytes.
    BadMagic = "bad_magic", "this is not a bundle: make one with `aigw build`";
    /// The file is a bundle of a format that this version does not read.
    UnsupportedFormat = "unsupported_format", "upgrade aigw, or build the bundle with a version that writes this format";
    /// The file ends before the lengths in its header say.
    Truncated = "truncated", "copy or download the file again";
    /// The file goes on after its content.
    TrailingBytes = "trailing_bytes", "copy or download the file again; nothing may be appended to a bundle";
    /// The envelope is not a DSSE envelope in the one form that we write.
    EnvelopeInvalid = "envelope_invalid", "the file was altered or not written by aigw: build and sign it again";
    /// Nobody signed.
    Unsigned = "unsigned", "sign it with `aigw sign --key FILE`";
    /// The trust root has no such channel.
    UnknownChannel = "unknown_channel", "add the channel to the trust root, or ask for one of its channels";
    /// A signature that names a trusted key does not belong to these bytes.
    BadSignature = "bad_signature", "the file was altered after signing: build and sign it again";
    /// The trust root holds none of the signing keys.
    UnknownKey = "unknown_key", "add the key to the trust root, or sign with a key that it holds";
    /// The keys that signed are trusted, but not for this channel.
    KeyNotAllowed = "key_not_allowed", "list the key under the channel in the trust root, or sign with a key that is listed";
    /// The keys that signed are revoked.
    RevokedKey = "revoked_key", "sign the bundle again with an active key: the content need not be built again";
    /// The key is being retired: what it signed still counts, but nothing new may be signed with it.
    RetiringKey = "retiring_key", "sign with an active key";
    /// Fewer different keys signed than the trust root asks for.
    ThresholdNotMet = "threshold_not_met", "have another key holder sign with `aigw sign --add`";
    /// What was signed is a document of another type.
    PayloadType = "payload_type", "this envelope was signed for another purpose: sign the bundle itself";
    /// The statement is of a version that this runtime does not know.
    UnsupportedStatement = "unsupported_statement", "upgrade aigw to the version that signed the bundle, or later";
    /// The statement is not well-formed or contradicts itself.
    StatementInvalid = "statement_invalid", "sign the bundle again with `aigw sign`";
    /// The bundle has another name than the one expected or trusted.
    WrongName = "wrong_name", "serve the bundle that was meant, or allow its name in the trust root";
    /// The bundle was signed for another channel.
    WrongChannel = "wrong_channel", "sign it for this channel with `aigw sign --channel`";
    /// Its validity begins in the future.
    NotYetValid = "not_yet_valid", "wait, check the clock of this machine, or sign again with an earlier `--not-before`";
    /// Its validity is over.
    Expired = "expired", "sign the same content again with a later `--expires`";
    /// It is valid for longer than the trust root allows.
    ValidityTooLong = "validity_too_long", "sign again with an earlier `--expires`, or raise `longestValidity` in the trust root";
    /// A bundle with a higher sequence number was accepted before.
    OlderSequence = "older_sequence", "to roll back, sign the older content again with a higher `--sequence`";
    /// A different bundle with the same sequence number was accepted before.
    SequenceConflict = "sequence_conflict", "sign again with a higher `--sequence`";
    /// The trust root is older than the one in force.
    OlderTrust = "older_trust", "use the newest trust root";
    /// The bundle needs a newer runtime.
    RuntimeTooOld = "runtime_too_old", "upgrade aigw";
    /// It was built from a working copy with changes, or nobody knows from what.
    DirtyBuild = "dirty_build", "commit, build again and sign, or set `allowDirty` for the channel in the trust root";
    /// A gate that the channel requires was not passed.
    GateMissing = "gate_missing", "pass the gate, build again and sign, or drop it from `requireGates` of the channel";
    /// The compressed content is not the one that was signed.
    CompressedDigest = "compressed_digest", "the file was altered after signing: copy it again, or build and sign it again";
    /// The content inflates to more than it may.
    DecompressionBomb = "decompression_bomb", "raise the limit if content this large is meant, otherwise do not use this file";
    /// The content is not the one that was signed.
    ContentDigest = "content_digest", "build and sign it again";
    /// The content is not a canonical archive.
    ContentInvalid = "content_invalid", "rename or remove what the message names, and build again";
    /// The trust root is not well-formed or contradicts itself.
    TrustInvalid = "trust_invalid", "mend the trust root: the message names what is wrong";
    /// The remembered trust state is damaged.
    StateInvalid = "state_invalid", "restore the file; removing it forgets which bundles are too old";
}

/// A refusal: the reason, and one line about this case. Shown as its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    reason: Reason,
    message: String,
}

impl Refusal {
    /// A refusal for that reason; the message says what was met, in lower case and on one line.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// Why.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The stable code of the reason.
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// What was met, on one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a person can do about it, on one line.
    pub const fn help(&self) -> &'static str {
        self.reason.help()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Texts from outside are quoted in messages up to this length, on one line.
const QUOTED_CHARS: usize = 80;

/// A text from outside as a message may quote it: clipped, control characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    let clipped: String = text.chars().take(QUOTED_CHARS).collect();
    let more = if clipped.len() < text.len() { "…" } else { "" };
    let shown: String =
        clipped.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect();
    format!("`{shown}{more}`")
}

/// A serde message as a message may quote it: what it repeats of the input is clipped with it.
pub(crate) fn quoted_fault(fault: &serde_json::Error) -> String {
    quoted(&fault.to_string()).trim_matches('`').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_never_change() {
        // Alerts and dashboards match on them. New ones may come, in the order of verification.
        let codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(
            codes.join(" "),
            "oversized bad_magic unsupported_format truncated trailing_bytes envelope_invalid unsigned \
             unknown_channel bad_signature unknown_key key_not_allowed revoked_key retiring_key threshold_not_met \
             payload_type unsupported_statement statement_invalid wrong_name wrong_channel not_yet_valid expired \
             validity_too_long older_sequence sequence_conflict older_trust runtime_too_old dirty_build \
             gate_missing compressed_digest decompression_bomb content_digest content_invalid trust_invalid \
             state_invalid"
        );
        let unique: BTreeSet<_> = codes.iter().collect();
        assert_eq!(unique.len(), codes.len());
    }

    #[test]
    fn quoted_texts_stay_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "`a\\nb`");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED_CHARS + 3);
    }
}
