//! Scripts of upstreams: whose they are, and whether what they answer can be played.

use std::sync::Arc;

use aigw_kinds::written::OneOrMany;
use indexmap::IndexMap;

use super::request::check_header_map;
use super::shelf::Reporter;
use super::{Loader, suggestion};
use crate::rules::{BAD_VALUE, CASE_SHAPE, SCRIPTED_MOCK, UNKNOWN_SUBJECT};
use crate::script::{Entry, Of, Script, whole_length};
use crate::suite::{AnswerRef, AnswerSpec, FaultWord, PieceSpec, StreamEnd};

/// Most pieces that a slow body comes in.
const MAX_PIECES: usize = 10_000;

impl Loader<'_> {
    /// A script. `place` tells where what stands below a name is written.
    pub(super) fn script(&mut self, written: &IndexMap<String, OneOrMany<AnswerRef>>, place: &dyn Fn(&str) -> String) -> Script {
        let mut entries: Vec<Entry> = Vec::new();
        for (name, answers) in written {
            let pointer = place(name);
            let Some(of) = self.whose(name, &pointer) else { continue };
            if answers.items.is_empty() {
                self.error(CASE_SHAPE, &pointer, "a list without answers says nothing", "write at least one answer");
            }
            let played = answers.items.iter().enumerate().filter_map(|(index, answer)| {
                let at = if answers.list { format!("{pointer}/{index}") } else { pointer.clone() };
                self.played(answer, &at)
            });
            let played = played.collect();
            entries.push(Entry { of, name: name.clone(), pointer, answers: played, repeats: !answers.list });
        }
        Script { entries }
    }

    fn played(&mut self, answer: &AnswerRef, pointer: &str) -> Option<Arc<AnswerSpec>> {
        match answer {
            AnswerRef::Name(name) => self.answer(name, pointer),
            AnswerRef::Inline(spec) => {
                let own = std::rc::Rc::clone(&self.own);
                check(&mut own.reporter(self.findings), spec, pointer).then(|| Arc::new((**spec).clone()))
            }
        }
    }

    /// Whose answers these are: `provider/endpoint`, `provider` or `*`.
    fn whose(&mut self, name: &str, pointer: &str) -> Option<Of> {
        if name == "*" {
            return Some(Of::All);
        }
        let Some(upstream) = self.known.upstreams.get(name).copied() else {
            let otherwise = "write `provider/endpoint`, `provider` or `\"*\"`";
            let help = suggestion(name, self.known.upstreams.keys(), otherwise);
            self.error(UNKNOWN_SUBJECT, pointer, format!("there is no provider or endpoint `{name}`"), help);
            return None;
        };
        if upstream.mock {
            let help = "leave the script out; what a mock answers is set where it is declared";
            self.error(SCRIPTED_MOCK, pointer, format!("`{name}` is a mock: it answers by itself and calls nobody"), help);
            return None;
        }
        Some(upstream.of)
    }
}

/// Says what is wrong with an answer; whether nothing is.
pub(super) fn check(at: &mut Reporter<'_>, spec: &AnswerSpec, pointer: &str) -> bool {
    if let Some((message, help)) = shape(spec) {
        at.error(CASE_SHAPE, pointer, message, help);
        return false;
    }
    let mut sound = check_header_map(at, &spec.headers, pointer);
    if let Some(slow) = spec.slow.filter(|slow| whole_length(spec).div_ceil(slow.bytes.max(1) as usize) > MAX_PIECES) {
        let message = format!("in pieces of {} bytes this body comes in more than {MAX_PIECES} pieces", slow.bytes);
        at.error(BAD_VALUE, &format!("{pointer}/slow/bytes"), message, "make the pieces larger");
        sound = false;
    }
    sound & spec.stream.as_deref().is_none_or(|pieces| check_stream(at, pieces, &format!("{pointer}/stream")))
}

/// What of an answer cannot stand together, and what to do.
fn shape(spec: &AnswerSpec) -> Option<(&'static str, &'static str)> {
    let bodies =
        [spec.chat.is_some(), spec.embeddings.is_some(), spec.body.is_some(), spec.text.is_some(), spec.stream.is_some()];
    let bodies = bodies.iter().filter(|body| **body).count();
    let headless = spec.fault.is_some_and(|fault| !matches!(fault, FaultWord::Truncated | FaultWord::Malformed));
    let head = spec.status.is_some() || spec.slow.is_some() || !spec.headers.is_empty();
    let succeeds = spec.status.is_none_or(|status| (200..300).contains(&status));
    let timeless = matches!(spec.fault, Some(FaultWord::ConnectTimeout | FaultWord::Timeout)) && spec.after.is_some();
    if bodies > 1 {
        Some(("an answer has one of `chat`, `embeddings`, `body`, `text` and `stream`", "keep the one that is meant"))
    } else if headless && (bodies > 0 || head) {
        Some(("this fault comes instead of an answer", "keep the fault alone; `truncated` and `malformed` spoil a body"))
    } else if timeless {
        Some(("how long this fault takes, the gateway's time-outs say", "take `after` out"))
    } else if !headless && succeeds && bodies == 0 {
        Some(("an answer that succeeds says what it answers", "add `chat`, `embeddings`, `body`, `text` or `stream`"))
    } else {
        None
    }
}

fn check_stream(at: &mut Reporter<'_>, pieces: &[PieceSpec], pointer: &str) -> bool {
    let mut sound = true;
    for (index, piece) in pieces.iter().enumerate() {
        let last = index.saturating_add(1) == pieces.len();
        let (message, help) = if parts(piece) != 1 {
            ("a piece of a stream is one thing", "make a piece of each")
        } else if piece.end.is_some() && !last {
            ("a stream ends with its last piece", "take out what follows, or move `end`")
        } else {
            continue;
        };
        at.error(CASE_SHAPE, &format!("{pointer}/{index}"), message, help);
        sound = false;
    }
    let unfinished = pieces.last().and_then(|piece| piece.end).is_some_and(|end| end != StreamEnd::WithoutDone);
    if let Some(index) = pieces.iter().position(|piece| piece.usage.is_some()).filter(|_| unfinished) {
        let message = "tokens come with the finish of a stream, and this one does not finish";
        at.error(CASE_SHAPE, &format!("{pointer}/{index}"), message, "take them out, or write the chunk as an `event`");
        sound = false;
    }
    sound
}

/// How many things a piece is.
fn parts(piece: &PieceSpec) -> usize {
    let texts = [piece.text.is_some(), piece.refusal.is_some(), piece.finish.is_some(), piece.raw.is_some()];
    let others =
        [piece.tool_call.is_some(), piece.wait.is_some(), piece.usage.is_some(), piece.event.is_some(), piece.end.is_some()];
    texts.iter().chain(&others).filter(|part| **part).count()
}
