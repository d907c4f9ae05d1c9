//! The DSSE envelope: a payload, its type, and signatures over both (<https://github.com/secure-systems-lab/dsse>, protocol 1.0.0).
//!
//! Written as any DSSE tool reads it, and read only as written here: one spelling, so that no byte of it can be altered unseen.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::limits::MAX_ENVELOPE_BYTES;
use crate::reason::quoted_fault;
use crate::{Reason, Refusal};

/// The payload type of a bundle's statement.
pub const STATEMENT_TYPE: &str = "application/vnd.aigw.statement.v1+json";

/// The payload type of a trust root that changes hands.
pub const TRUST_TYPE: &str = "application/vnd.aigw.trust.v1+json";

/// Most signatures of one envelope: more than any threshold needs, and a bound on the work that an unsigned file can ask for.
pub const MAX_SIGNATURES: usize = 32;

/// What is signed for this payload: the pre-authentication encoding of DSSE.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// An envelope, decoded; nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// What was signed.
    pub payload: Vec<u8>,
    /// Who says so.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an [`Envelope`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// Which key to try. Not signed itself: it never makes a key count that does not verify.
    pub key_id: String,
    /// The signature over the [`pae`].
    pub signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Reads an envelope of at most 256 KiB and [`MAX_SIGNATURES`] signatures.
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() as u64 > MAX_ENVELOPE_BYTES {
            return Err(Refusal::new(Reason::Oversized, format!("the envelope has more than {MAX_ENVELOPE_BYTES} bytes")));
        }
        let wire: Wire = serde_json::from_slice(json)
            .map_err(|fault| invalid(format!("the envelope is malformed: {}", quoted_fault(&fault))))?;
        if wire.signatures.len() > MAX_SIGNATURES {
            return Err(invalid(format!("the envelope has more than {MAX_SIGNATURES} signatures")));
        }
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| invalid("the envelope holds malformed base64"));
        let signatures = wire
            .signatures
            .iter()
            .map(|signature| Ok(EnvelopeSignature { key_id: signature.keyid.clone(), signature: decode(&signature.sig)? }));
        let envelope = Self {
            payload: decode(&wire.payload)?,
            signatures: signatures.collect::<Result<_, Refusal>>()?,
            payload_type: wire.payload_type,
        };
        if envelope.to_json()? != json {
            return Err(invalid("the envelope is not in canonical form"));
        }
        Ok(envelope)
    }

    /// The one spelling of this envelope.
    pub fn to_json(&self) -> Result<Vec<u8>, Refusal> {
        let signatures = self
            .signatures
            .iter()
            .map(|signature| WireSignature { keyid: signature.key_id.clone(), sig: STANDARD.encode(&signature.signature) });
        let wire = Wire {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: signatures.collect(),
        };
        serde_json::to_vec(&wire).map_err(|fault| invalid(format!("the envelope cannot be written: {fault}")))
    }

    /// What its signatures sign.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Reason::EnvelopeInvalid, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_signed_is_what_dsse_says() {
        // The example of the DSSE protocol.
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        // Lengths are in bytes.
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }

    fn check(json: &str, expected: Result<(), &str>) {
        let parsed = Envelope::parse(json.as_bytes()).map(|_| ()).map_err(|refusal| {
            assert_eq!(refusal.reason(), Reason::EnvelopeInvalid);
            refusal.message().to_owned()
        });
        assert_eq!(parsed, expected.map_err(str::to_owned), "{json}");
    }

    #[test]
    fn an_envelope_has_one_spelling() {
        check(r#"{"payloadType":"t","payload":"aGk=","signatures":[{"keyid":"k","sig":"AA=="}]}"#, Ok(()));
        check(r#"{"payloadType":"t","payload":"aGk=","signatures":[]}"#, Ok(()));
        let other = Err("the envelope is not in canonical form");
        check(r#"{"payload":"aGk=","payloadType":"t","signatures":[]}"#, other);
        check(r#"{"payloadType":"t","payload":"aGk=","signatures":[] }"#, other);
        check(r#"{"payloadType":"\u0074","payload":"aGk=","signatures":[]}"#, other);
        let base64 = Err("the envelope holds malformed base64");
        check(r#"{"payloadType":"t","payload":"aGk","signatures":[]}"#, base64);
        check(r#"{"payloadType":"t","payload":"aGl=","signatures":[]}"#, base64);
        check(r#"{"payloadType":"t","payload":"-_-_","signatures":[]}"#, base64);
    }

    #[test]
    fn unknown_repeated_and_missing_members_are_refused() {
        for json in [
            r#"{"payloadType":"t","payload":"","signatures":[],"x":1}"#,
            r#"{"payloadType":"t","payloadType":"t","payload":"","signatures":[]}"#,
            r#"{"payloadType":"t","payload":""}"#,
            r#"{"payloadType":"t","payload":"","signatures":[{"sig":""}]}"#,
            "[]",
            "",
        ] {
            assert_eq!(Envelope::parse(json.as_bytes()).unwrap_err().reason(), Reason::EnvelopeInvalid, "{json}");
        }
        assert_eq!(Envelope::parse(&vec![b' '; 256 * 1024 + 1]).unwrap_err().reason(), Reason::Oversized);
    }

    #[test]
    fn too_many_signatures_are_refused() {
        let signature = EnvelopeSignature { key_id: "k".into(), signature: vec![0] };
        let with = |count| Envelope { payload_type: "t".into(), payload: vec![], signatures: vec![signature.clone(); count] };
        assert!(Envelope::parse(&with(MAX_SIGNATURES).to_json().unwrap()).is_ok());
        assert!(Envelope::parse(&with(MAX_SIGNATURES + 1).to_json().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(payload_type: String, payload: Vec<u8>, key_id: String, signature: Vec<u8>) {
            let envelope = Envelope { payload_type, payload, signatures: vec![EnvelopeSignature { key_id, signature }] };
            prop_assert_eq!(Envelope::parse(&envelope.to_json().unwrap()), Ok(envelope));
        }

        #[test]
        fn no_bytes_panic(json: Vec<u8>) {
            let _ = Envelope::parse(&json);
        }
    }
}
