//! PEM blocks (RFC 7468), as far as keys need them: one block, no headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Characters in a line of base64.
const LINE: usize = 64;

/// The bytes of the first block with that label. What stands before and after it is not looked at.
pub(super) fn decode(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, body) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = body.split_once(&format!("-----END {label}-----"))?;
    let base64: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}

/// A block with that label.
pub(super) fn encode(bytes: &[u8], label: &str) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(bytes));
    // Room for all of it at once: growing would leave copies of a secret behind.
    let mut text = Zeroizing::new(String::with_capacity(base64.len() * 2 + 2 * label.len() + 64));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    for (at, c) in base64.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str("\n-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}
