//! The thin part: sockets, TLS, secrets, clocks, files and signals around the engine. It accepts connections, keeps the current program behind one
//! atomic pointer, hands the engine its `World`, and writes down what happened.
//!
//! It decides nothing about a request, and knows neither YAML nor the compiler: a program comes to it as a verified bundle.
//!
//! Entry points: [`run`] for a process, [`Running`] for a gateway inside one, [`admin::client::Client`] to ask a running one.

pub mod admin;
pub mod audit;
pub mod reload;

mod azure;
mod config;
mod credentials;
mod cut;
mod fetch;
mod gateway;
mod generation;
mod issuers;
mod metrics;
mod process;
mod records;
mod run;
mod secrets;
mod serve;
mod settings;
mod tasks;
mod threads;
mod tls;
mod transport;
mod world;

#[cfg(test)]
mod tests;

pub use config::{StartError, StartReason};
pub use process::Addresses;
pub use run::{ExitReason, Running, run};
pub use settings::{CaSettings, KeyVaultSettings, LogPlace, LogPlaceError, Settings, ThreadModel, TlsSettings};
