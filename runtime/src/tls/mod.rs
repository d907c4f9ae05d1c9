//! Certificates, keys, certificate authorities and revocation lists of the host: PEM files that are read, checked, put to use, and followed when
//! they change. A bad new file leaves what is in use as it is, and says so.
//!
//! [`Certificates`] owns all of them; a listener takes [`Live`] settings from it for each connection. What a client's certificate says is read in
//! [`peer`]; whose it is, policies decide.

mod authority;
mod certificates;
mod clients;
mod file;
mod live;
mod peer;
mod unit;

pub(crate) use certificates::{Certificates, DemandError};
pub(crate) use live::ServerTls;
pub(crate) use peer::Shown;
pub use unit::TlsFileStatus;

#[cfg(test)]
mod tests;
