//! Hexadecimal digits.

/// The byte that two hexadecimal digits of either case stand for.
pub(crate) fn byte(high: u8, low: u8) -> Option<u8> {
    Some(digit(high)? << 4 | digit(low)?)
}

/// The 32 bytes that 64 hexadecimal digits stand for.
pub(crate) fn digest(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return None;
    }
    for (slot, [high, low]) in out.iter_mut().zip(pairs) {
        *slot = byte(*high, *low)?;
    }
    Some(out)
}

/// Writes bytes as lower-case digits.
pub(crate) fn push(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16)));
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn digests_read_back_and_nothing_else_is_one() {
        let text = format!("00ff{}", "a5".repeat(30));
        let mut written = String::new();
        push(&mut written, &digest(&text).unwrap());
        assert_eq!(written, text);
        for bad in ["", "0", &"0".repeat(63), &"0".repeat(65), &"0".repeat(66), &format!("zz{}", "0".repeat(62))] {
            assert_eq!(digest(bad), None, "{bad}");
        }
    }
}
