//! Reads usage off an answer that passes by, without holding it up and without copying it.

use std::collections::VecDeque;

use aigw_providers::usage::Usage;
use bytes::Bytes;

/// The most of an answer that is held to be read whole: 1 MiB is two hundred thousand tokens of text.
const WHOLE_BYTES: usize = 1 << 20;
/// Of longer answers (embeddings mostly) the end is held, where `usage` stands: it is some hundred bytes long.
const TAIL_BYTES: usize = 4 << 10;

/// The pieces that have passed.
#[derive(Default)]
pub(crate) struct Tap {
    pieces: VecDeque<Bytes>,
    held: usize,
    /// True once the beginning has been let go.
    cut: bool,
}

impl Tap {
    /// A piece passes.
    pub(crate) fn push(&mut self, piece: &Bytes) {
        self.held += piece.len();
        self.pieces.push_back(piece.clone());
        self.cut |= self.held > WHOLE_BYTES;
        while self.cut && self.pieces.front().is_some_and(|first| self.held - first.len() >= TAIL_BYTES) {
            self.held -= self.pieces.pop_front().map_or(0, |first| first.len());
        }
    }

    /// The usage that the whole reports.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let joined;
        let bytes: &[u8] = match self.pieces.front() {
            Some(only) if self.pieces.len() == 1 => only,
            _ => {
                joined = self.pieces.iter().fold(Vec::with_capacity(self.held), |mut all, piece| {
                    all.extend_from_slice(piece);
                    all
                });
                &joined
            }
        };
        // Most answers end with it; the text before it need not be looked at.
        let whole = || if self.cut { None } else { Usage::of_answer(bytes) };
        usage_at_end(bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default()).or_else(whole)
    }
}

/// Reads a `usage` that is among the last members of an object of which only the end is at hand. A quote inside a text is escaped, so the
/// member's name cannot be a part of one; a nested member leaves a bracket too many and is not JSON.
fn usage_at_end(bytes: &[u8]) -> Option<Usage> {
    const MEMBER: &[u8] = b"\"usage\"";
    let at = bytes.windows(MEMBER.len()).rposition(|window| window == MEMBER)?;
    Usage::of_answer(&[b"{", bytes.get(at..)?].concat())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn tapped(body: &str, piece: usize) -> Option<Usage> {
        let mut tap = Tap::default();
        for piece in body.as_bytes().chunks(piece) {
            tap.push(&Bytes::copy_from_slice(piece));
        }
        assert!(tap.held <= WHOLE_BYTES + piece);
        tap.usage()
    }

    #[test]
    fn usage_is_read_however_the_answer_is_cut_and_however_long_it_is() {
        for text in [10, WHOLE_BYTES + 1, 3 * WHOLE_BYTES] {
            let body = format!(r#"{{"data":"{}","usage":{{"prompt_tokens":7,"total_tokens":7}}}}"#, "x".repeat(text));
            for piece in [100, 4096, 1 << 22] {
                assert_eq!(tapped(&body, piece).unwrap().input, Some(7), "{text} {piece}");
            }
        }
    }

    #[test]
    fn usage_is_the_answers_wherever_it_stands_and_whatever_follows() {
        let own = r#""usage":{"prompt_tokens":7}"#;
        for rest in ["", r#","x":{"usage":{"prompt_tokens":9}}"#, r#","x":"usage""#, r#","x":"\"usage\":{\"prompt_tokens\":9}""#]
        {
            assert_eq!(tapped(&format!("{{{own}{rest}}}"), 4096).unwrap().input, Some(7), "{rest}");
        }
        assert_eq!(tapped(r#"{"x":{"usage":{"prompt_tokens":9}}}"#, 4096), None);
    }

    #[test]
    fn usage_of_a_nested_object_is_not_taken_for_the_answers() {
        let body = format!(r#"{{"data":"{}","x":{{"usage":{{"prompt_tokens":7}}}}}}"#, "x".repeat(2 * WHOLE_BYTES));
        assert_eq!(tapped(&body, 4096), None);
    }
}
