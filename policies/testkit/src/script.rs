//! What upstreams do in a case: answers by endpoint, played one after the other.

pub(crate) mod render;

use std::sync::{Arc, Mutex, PoisonError};

use aigw_core::EndpointKey;
use aigw_kinds::{EndpointId, Program, ProviderId};

pub(crate) use self::render::whole_length;
use crate::suite::AnswerSpec;
use crate::world::{Answer, Sent, Unscripted, Upstream};

/// Answers by endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) entries: Vec<Entry>,
}

/// What one endpoint, provider or everybody answers.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) of: Of,
    /// The key as written.
    pub(crate) name: String,
    /// Where the key stands, as a JSON Pointer.
    pub(crate) pointer: String,
    pub(crate) answers: Vec<Arc<AnswerSpec>>,
    /// Whether one answer is given to every call, instead of a list one by one.
    pub(crate) repeats: bool,
}

/// Whose calls an entry answers. The order is that of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    Endpoint(EndpointId),
    Provider(ProviderId),
    All,
}

/// An entry that no call, or not every answer of which a call, has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unused {
    pub(crate) name: String,
    pub(crate) pointer: String,
    pub(crate) given: usize,
    pub(crate) written: usize,
    pub(crate) repeats: bool,
}

/// A script while it is played.
#[derive(Debug)]
pub(crate) struct Playing {
    program: Arc<Program>,
    entries: Mutex<Vec<(Entry, usize)>>,
}

impl Playing {
    pub(crate) fn new(program: Arc<Program>, script: &Script) -> Self {
        let playing = Self { program, entries: Mutex::default() };
        drop(playing.change(script));
        playing
    }

    /// From here on this is answered; what the script does not name stays. Gives back what was replaced before it was used.
    pub(crate) fn change(&self, script: &Script) -> Vec<Unused> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = |entry: &Entry| script.entries.iter().any(|new| new.of == entry.of);
        let unused =
            entries.iter().filter(|(entry, _)| replaced(entry)).filter_map(|(entry, given)| entry.unused(*given)).collect();
        entries.retain(|(entry, _)| !replaced(entry));
        entries.extend(script.entries.iter().map(|entry| (entry.clone(), 0)));
        entries.sort_by_key(|(entry, _)| entry.of);
        unused
    }

    /// What no call has used so far.
    pub(crate) fn unused(&self) -> Vec<Unused> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().filter_map(|(entry, given)| entry.unused(*given)).collect()
    }

    fn matches(&self, of: Of, endpoint: EndpointKey) -> bool {
        match of {
            Of::All => true,
            Of::Endpoint(id) => id.0 == endpoint.0,
            Of::Provider(id) => EndpointId(endpoint.0).of(&self.program).is_some_and(|plan| plan.provider == id),
        }
    }
}

impl Upstream for Playing {
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let to = || endpoint_name(&self.program, call.endpoint);
        let Some((entry, given)) = entries.iter_mut().find(|(entry, _)| self.matches(entry.of, call.endpoint)) else {
            return Err(Unscripted(format!("`{}` was called, and `upstream` does not say what it answers", to())));
        };
        let index = if entry.repeats { 0 } else { *given };
        let Some(answer) = entry.answers.get(index) else {
            let written = entry.answers.len();
            return Err(Unscripted(format!(
                "`{}` was called, and `{}` had given its last answer, number {written}",
                to(),
                entry.name
            )));
        };
        *given = given.saturating_add(1);
        render::answer(answer, call)
            .map_err(|why| Unscripted(format!("what `{}` answers does not fit the call to `{}`: {why}", entry.name, to())))
    }
}

impl Entry {
    fn unused(&self, given: usize) -> Option<Unused> {
        let enough = if self.repeats { 1 } else { self.answers.len() };
        (given < enough).then(|| Unused {
            name: self.name.clone(),
            pointer: self.pointer.clone(),
            given,
            written: self.answers.len(),
            repeats: self.repeats,
        })
    }
}

/// `provider/endpoint`.
pub(crate) fn endpoint_name(program: &Program, endpoint: EndpointKey) -> String {
    let Some(plan) = EndpointId(endpoint.0).of(program) else { return String::new() };
    let provider = plan.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
    format!("{provider}/{}", plan.name)
}
