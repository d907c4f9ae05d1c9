//! Words stand for tokens, and hashes for meaning.

/// How many words a text has.
pub(super) fn count(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// A text in pieces that each begin with a word and, but for the first, with the space before it. Together they are the text.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|character: char| !character.is_whitespace()).unwrap_or(rest.len());
        let after = rest.get(word..).unwrap_or_default();
        let length = after.find(char::is_whitespace).unwrap_or(after.len());
        let Some((piece, tail)) = rest.split_at_checked(word + length) else { break };
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

/// FNV-1a over bytes: the same on every machine, and no secret.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The next number of a sequence that begins at a hash (splitmix64).
pub(super) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
