//! Scripts of upstreams: whose they are, and whether what they answer can be played.

use std::sync::Arc;

use aigw_kinds::provider::WirePlan;
use aigw_kinds::written::OneOrMany;
use aigw_kinds::{EndpointId, ProviderId};
use http::{HeaderName, HeaderValue};
use indexmap::IndexMap;

use super::{Loader, escape, suggestion};
use crate::rules::{BAD_VALUE, CASE_SHAPE, SCRIPTED_MOCK, UNKNOWN_SUBJECT};
use crate::script::{Entry, Of, Script, endpoint_name};
use crate::suite::{AnswerRef, AnswerSpec, FaultWord, PieceSpec};

impl Loader<'_> {
    pub(super) fn script(&mut self, written: &IndexMap<String, OneOrMany<AnswerRef>>, pointer: &str) -> Script {
        let mut entries: Vec<Entry> = Vec::new();
        for (name, answers) in written {
            let at = format!("{pointer}/{}", escape(name));
            let Some(of) = self.whose(name, &at) else { continue };
            if answers.items.is_empty() {
                self.error(CASE_SHAPE, &at, "a list without answers says nothing", "write at least one answer");
                continue;
            }
            let mut played = Vec::new();
            for (index, answer) in answers.items.iter().enumerate() {
                let at = if answers.list { format!("{at}/{index}") } else { at.clone() };
                let spec = match answer {
                    AnswerRef::Name(name) => self.answer(name, &at),
                    AnswerRef::Inline(spec) => Some((**spec).clone()),
                };
                if let Some(spec) = spec.filter(|spec| self.playable(spec, &at)) {
                    played.push(Arc::new(spec));
                }
            }
            entries.push(Entry { of, name: name.clone(), pointer: at, answers: played, repeats: !answers.list });
        }
        Script { entries }
    }

    /// Whose answers these are: `provider/endpoint`, `provider` or `*`.
    fn whose(&mut self, name: &str, pointer: &str) -> Option<Of> {
        if name == "*" {
            return Some(Of::All);
        }
        let program = self.program;
        let provider = (0_u32..).map(ProviderId).zip(&program.providers).find(|(_, plan)| plan.origin.name.as_str() == name);
        let endpoint = (0_u32..).map(EndpointId).zip(&program.endpoints);
        let endpoint = endpoint
            .map(|(id, plan)| (id, plan.provider))
            .find(|(id, _)| endpoint_name(program, aigw_core::EndpointKey(id.0)) == name);
        let (of, provider) = match (provider, endpoint) {
            (Some((id, _)), _) => (Of::Provider(id), id),
            (None, Some((id, provider))) => (Of::Endpoint(id), provider),
            (None, None) => {
                let endpoints =
                    (0_u32..).zip(&program.endpoints).map(|(id, _)| endpoint_name(program, aigw_core::EndpointKey(id)));
                let known: Vec<String> =
                    endpoints.chain(program.providers.iter().map(|plan| plan.origin.name.to_string())).collect();
                let help = suggestion(
                    name,
                    &known.iter().map(String::as_str).collect::<Vec<_>>(),
                    "write `provider/endpoint`, `provider` or `\"*\"`",
                );
                self.error(UNKNOWN_SUBJECT, pointer, format!("there is no provider or endpoint `{name}`"), help);
                return None;
            }
        };
        if provider.of(program).is_some_and(|plan| matches!(plan.wire, WirePlan::Mock(_))) {
            let help = "leave the script out; what a mock answers is set where it is declared";
            self.error(SCRIPTED_MOCK, pointer, format!("`{name}` is a mock: it answers by itself and calls nobody"), help);
            return None;
        }
        Some(of)
    }

    fn playable(&mut self, spec: &AnswerSpec, pointer: &str) -> bool {
        let bodies =
            [spec.chat.is_some(), spec.embeddings.is_some(), spec.body.is_some(), spec.text.is_some(), spec.stream.is_some()];
        let count = bodies.iter().filter(|body| **body).count();
        let headless = spec.fault.is_some_and(|fault| !matches!(fault, FaultWord::Truncated | FaultWord::Malformed));
        let succeeds = spec.status.is_none_or(|status| (200..300).contains(&status));
        let fault = if count > 1 {
            Some("an answer has one of `chat`, `embeddings`, `body`, `text` and `stream`")
        } else if headless && (count > 0 || spec.status.is_some() || spec.slow.is_some() || !spec.headers.is_empty()) {
            Some("this fault comes instead of an answer")
        } else if !headless && succeeds && count == 0 {
            Some("an answer that succeeds says what it answers: `chat`, `embeddings`, `body`, `text` or `stream`")
        } else {
            None
        };
        if let Some(message) = fault {
            self.error(CASE_SHAPE, pointer, message, "see `aigw schema TestSuite`");
            return false;
        }
        if let Some(name) =
            spec.headers.iter().find(|(name, value)| name.parse::<HeaderName>().is_err() || HeaderValue::from_str(value).is_err())
        {
            self.error(
                BAD_VALUE,
                pointer,
                format!("`{}: {}` is not a header", name.0, name.1),
                "names and values are visible ASCII",
            );
            return false;
        }
        spec.stream.as_deref().is_none_or(|pieces| self.streams(pieces, pointer))
    }

    fn streams(&mut self, pieces: &[PieceSpec], pointer: &str) -> bool {
        let parts = |piece: &PieceSpec| {
            let texts = [piece.text.is_some(), piece.refusal.is_some(), piece.finish.is_some(), piece.raw.is_some()];
            let others = [
                piece.tool_call.is_some(),
                piece.wait.is_some(),
                piece.usage.is_some(),
                piece.event.is_some(),
                piece.end.is_some(),
            ];
            texts.iter().chain(&others).filter(|part| **part).count()
        };
        let wrong = pieces.iter().position(|piece| parts(piece) != 1);
        let early = pieces.iter().rev().skip(1).position(|piece| piece.end.is_some());
        let message = match (wrong, early, pieces.is_empty()) {
            (Some(index), ..) => format!("piece {} of the stream is not one thing", index + 1),
            (_, Some(_), _) => "a stream ends with its last piece".to_owned(),
            (.., true) => "a stream has pieces".to_owned(),
            _ => return true,
        };
        self.error(CASE_SHAPE, pointer, message, "make a piece of each");
        false
    }
}
