//! The thin part: sockets, TLS, secrets, clocks, files and signals around the engine. It accepts connections, keeps the current program behind one
//! atomic pointer, hands the engine its `World`, and writes down what happened.
//!
//! It decides nothing about a request, and knows neither YAML nor the compiler: a program comes to it as a verified bundle.

mod cut;
mod serve;
mod tasks;
mod transport;
