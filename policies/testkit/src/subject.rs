//! What is tested: a program, loaded once for each set of parameter values.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aigw_engine::Loaded;
use aigw_kinds::{Evaluation, Judged, Program, Watch};

use crate::keys;

/// A program under test. Each thread has its own.
#[derive(Debug)]
pub struct Subject {
    program: Arc<Program>,
    loaded: RefCell<BTreeMap<BTreeMap<String, String>, Arc<Loaded>>>,
    /// What expressions saw, where that is watched.
    seen: Option<Arc<Seen>>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    evaluations: Mutex<Vec<Evaluation>>,
    judged: Mutex<Vec<Judged>>,
}

impl Subject {
    /// A program that is tested without watching its expressions: the fast way.
    pub fn new(program: &Arc<Program>) -> Self {
        Self::prepared(program, None)
    }

    /// A program whose expressions are watched: for explanations and coverage.
    pub fn watched(program: &Arc<Program>) -> Self {
        Self::prepared(program, Some(Arc::default()))
    }

    /// A program that has the made-up keys already, its expressions unwatched: for mutants, of which there are many.
    pub(crate) fn with_made_up_keys(program: Program) -> Self {
        Self { program: Arc::new(program), loaded: RefCell::default(), seen: None }
    }

    fn prepared(program: &Arc<Program>, seen: Option<Arc<Seen>>) -> Self {
        let program = Arc::new(keys::with_made_up(Program::clone(program)));
        Self { program, loaded: RefCell::default(), seen }
    }

    /// The program, with the keys that are made up for tests.
    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The program loaded with these values; a message where it cannot be.
    pub(crate) fn loaded(&self, params: &BTreeMap<String, String>) -> Result<Arc<Loaded>, String> {
        if let Some(loaded) = self.loaded.borrow().get(params) {
            return Ok(Arc::clone(loaded));
        }
        let values = self
            .program
            .parameter_values(params, true)
            .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let loaded = Loaded::new(Program::clone(&self.program), values).map_err(|error| error.to_string())?;
        let loaded = Arc::new(match &self.seen {
            Some(seen) => loaded.watched(Arc::clone(seen) as Arc<dyn Watch>),
            None => loaded,
        });
        self.loaded.borrow_mut().insert(params.clone(), Arc::clone(&loaded));
        Ok(loaded)
    }

    /// What expressions saw since this was asked last.
    pub(crate) fn take_seen(&self) -> Vec<Evaluation> {
        self.seen.as_ref().map_or_else(Vec::new, |seen| std::mem::take(&mut *held(&seen.evaluations)))
    }

    /// What rules of authorization said since this was asked last.
    pub(crate) fn take_judged(&self) -> Vec<Judged> {
        self.seen.as_ref().map_or_else(Vec::new, |seen| std::mem::take(&mut *held(&seen.judged)))
    }
}

fn held<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch for Seen {
    fn saw(&self, evaluation: Evaluation) {
        held(&self.evaluations).push(evaluation);
    }

    fn judged(&self, judged: Judged) {
        held(&self.judged).push(judged);
    }
}
