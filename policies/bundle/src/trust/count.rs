//! Counts who signed an envelope: different keys, never signatures.

use std::collections::BTreeSet;

use aigw_core::Name;

use super::{KeyState, Role, TrustRoot};
use crate::{Envelope, Reason, Refusal};

/// The ids of the keys of this role that signed, at least as many as its threshold.
///
/// A signature of a key that the role does not list, or that is revoked, counts for nothing and hurts nothing: during a rotation a bundle
/// carries signatures that only some runtimes know. A signature that names a listed key and does not verify is tampering, and refuses all.
pub(crate) fn count(envelope: &Envelope, trust: &TrustRoot, role: &Role, whose: &str) -> Result<BTreeSet<Name>, Refusal> {
    if envelope.signatures.is_empty() {
        return Err(Refusal::new(Reason::Unsigned, "nobody has signed"));
    }
    let pae = envelope.pae();
    let mut signed = BTreeSet::new();
    let mut rest = Passed::default();
    for signature in &envelope.signatures {
        // The id narrows which key to try and makes nothing count: that takes the signature.
        let hinted = trust.keys().iter().find(|(_, key)| key.public.id().to_hex() == signature.key_id);
        let Some((label, key)) = hinted else {
            rest.unknown.push(signature.key_id.chars().take(16).collect());
            continue;
        };
        if key.state == KeyState::Revoked {
            rest.revoked.push(label.to_string());
        } else if !role.keys.contains(label) {
            rest.not_allowed.push(label.to_string());
        } else if key.public.verifies(&pae, &signature.signature) {
            signed.insert(label.clone());
        } else {
            return Err(Refusal::new(Reason::BadSignature, format!("the signature of key `{label}` is not of these bytes")));
        }
    }
    if signed.len() >= role.threshold { Ok(signed) } else { Err(rest.refusal(signed.len(), role.threshold, whose)) }
}

/// Signatures that do not count.
#[derive(Default)]
struct Passed {
    unknown: Vec<String>,
    not_allowed: Vec<String>,
    revoked: Vec<String>,
}

impl Passed {
    fn refusal(&self, signed: usize, threshold: usize, whose: &str) -> Refusal {
        let reason = match (signed, &*self.revoked, &*self.not_allowed) {
            (1.., ..) => Reason::ThresholdNotMet,
            (_, [_, ..], _) => Reason::RevokedKey,
            (_, _, [_, ..]) => Reason::KeyNotAllowed,
            _ => Reason::UnknownKey,
        };
        let mut message = format!("{signed} of the {threshold} keys that {whose} needs have signed");
        for (what, ids) in [("revoked", &self.revoked), ("not allowed", &self.not_allowed), ("unknown", &self.unknown)] {
            if !ids.is_empty() {
                let ids: Vec<_> = ids.iter().map(|id| crate::reason::quoted(id)).collect();
                message += &format!("; {what}: {}", ids.join(", "));
            }
        }
        Refusal::new(reason, message)
    }
}
