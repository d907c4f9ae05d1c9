//! New policies while requests run: fetch, verify, load, swap, and only then remember. What fails leaves what is in force untouched, and every
//! attempt leaves an [`ActivationRecord`].

mod activate;
mod dev;
mod file;
mod record;
mod reloader;
mod source;
mod store;
mod watch;

pub use dev::{Dev, DevFault};
pub use file::File;
pub use record::{ActivationRecord, ActivationResult, Durations};
pub use source::{Fault, Fingerprint, Source, Trust, Watched};

pub(crate) use record::History;
pub(crate) use reloader::{Reloader, Request};
pub(crate) use store::Store;
