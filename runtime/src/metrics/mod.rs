//! What `/metrics` says: every name once, in [`Metric`], and the counts that requests leave. Labels come from the policies' own names and from
//! fixed lists, never from what a client wrote.

mod family;
mod names;
mod requests;
mod text;

pub(crate) use names::Metric;
pub(crate) use requests::Requests;
pub(crate) use text::Text;
