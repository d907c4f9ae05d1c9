//! One activated bundle: its engines, and what is known of it. Requests hold the generation they began with to their last byte.

mod tokens;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use aigw_bundle::Digest;
use aigw_engine::Engine;
use aigw_kinds::Contents;
use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use crate::credentials::CallerCredentials;
use crate::cut::Cut;
use crate::issuers::IssuerList;
use crate::secrets::SecretSet;
use crate::serve::Bounds;
use crate::world::RuntimeWorld;

pub(crate) use tokens::EndpointTokens;

/// An activated bundle.
pub(crate) struct Generation {
    /// The content's digest.
    pub(crate) digest: Digest,
    /// What was signed about it last; signing the same content again makes no new generation.
    pub(crate) release: ArcSwap<Release>,
    /// When it became active.
    pub(crate) activated: Timestamp,
    /// What its endpoints are called with.
    pub(crate) credentials: Credentials,
    /// Its issuers of tokens.
    pub(crate) issuers: IssuerList,
    /// What it was made from, document by document; none where its bundle does not say.
    pub(crate) contents: Option<Contents>,
    /// Credentials of callers, and when they were used.
    pub(crate) callers: Arc<CallerCredentials>,
    /// The bounds of connections accepted under it.
    pub(crate) bounds: Bounds,
    /// Given when requests that still use it must end.
    pub(crate) cut: Arc<Cut>,
    engines: Vec<Engine<RuntimeWorld>>,
}

/// What a program's endpoints are called with.
pub(crate) struct Credentials {
    pub(crate) secrets: Arc<SecretSet>,
    pub(crate) tokens: EndpointTokens,
}

/// What is known of a bundle besides how to execute it.
pub(crate) struct About {
    pub(crate) digest: Digest,
    pub(crate) release: Release,
    pub(crate) contents: Option<Contents>,
    pub(crate) callers: Arc<CallerCredentials>,
}

/// What was signed about a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) channel: String,
    pub(crate) sequence: u64,
    pub(crate) expires: Timestamp,
    pub(crate) commit: Option<String>,
}

/// The generation in force, and those that requests still use.
#[derive(Default)]
pub(crate) struct Generations {
    current: ArcSwapOption<Generation>,
    all: Mutex<Vec<Weak<Generation>>>,
}

impl Generation {
    /// A generation; one engine for each data runtime.
    pub(crate) fn new(
        about: About,
        credentials: Credentials,
        issuers: IssuerList,
        bounds: Bounds,
        engines: Vec<Engine<RuntimeWorld>>,
    ) -> Self {
        let About { digest, release, contents, callers } = about;
        Self {
            digest,
            release: ArcSwap::from_pointee(release),
            activated: Timestamp::now(),
            credentials,
            issuers,
            contents,
            callers,
            bounds,
            cut: Arc::default(),
            engines,
        }
    }

    /// The engine of that data runtime.
    pub(crate) fn engine(&self, worker: usize) -> Option<&Engine<RuntimeWorld>> {
        self.engines.get(worker)
    }

    /// Whether its validity is over.
    pub(crate) fn expired(&self) -> bool {
        self.release.load().expires <= Timestamp::now()
    }
}

impl Generations {
    /// The one in force, to keep.
    pub(crate) fn current(&self) -> Option<Arc<Generation>> {
        self.current.load_full()
    }

    /// Something of the one in force.
    pub(crate) fn with_current<R>(&self, look: impl FnOnce(&Generation) -> R) -> Option<R> {
        self.current.load().as_deref().map(look)
    }

    /// Puts it in force; gives the one that was.
    pub(crate) fn swap(&self, next: Arc<Generation>) -> Option<Arc<Generation>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|generation| generation.strong_count() > 0);
        all.push(Arc::downgrade(&next));
        self.current.swap(Some(next))
    }

    /// Those in use.
    pub(crate) fn alive(&self) -> Vec<Arc<Generation>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}
