//! End to end: the built binary, real sockets, and what a user or an operator sees.

mod activates;
mod admin;
mod audit;
mod azure;
mod borders;
mod bounds;
mod bundles;
mod canary;
mod codeowners;
mod commands;
mod coverage;
mod drain;
mod examples;
mod findings;
mod hostile;
mod keys;
mod load;
mod reload;
mod streams;
mod surfaces;
mod test_verb;
mod tokens;
mod validations;
