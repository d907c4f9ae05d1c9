//! The members of a body that an upstream needs: its own name for the model, usage in streams, its own name for the output bound.

use super::Api;
use crate::dialect::openai::ChatRequest;
use crate::json::{Kind, Object, Splice, as_bool, quote, scan_object};

/// A request about to be sent. The splice that goes with it already holds the edits of policies.
#[derive(Clone, Copy, Debug)]
pub struct BodyContext<'a> {
    /// What the upstream calls the model.
    pub model: &'a str,
    /// How its paths are versioned.
    pub api: &'a Api,
    /// The body as the client wrote it.
    pub object: &'a Object,
    /// The chat request read from it; none for other operations.
    pub chat: Option<&'a ChatRequest>,
}

/// For OpenAI itself and what is like it.
pub(super) fn openai(context: &BodyContext<'_>, splice: &mut Splice) {
    name_model(context, splice);
    ask_for_usage(context, splice);
}

/// For other servers of the dialect, many of which know only the older name of the output bound.
pub(super) fn compatible(context: &BodyContext<'_>, splice: &mut Splice) {
    openai(context, splice);
    use_max_tokens(context, splice);
}

/// Writes the upstream's name for the model, unless the body has it already.
fn name_model(context: &BodyContext<'_>, splice: &mut Splice) {
    let raw = quote(context.model);
    if splice.current(context.object, "model") != Some(raw.as_slice()) {
        splice.set_member("model", raw);
    }
}

/// Asks for the usage chunk of a stream, whether or not the client did; the stream's reader swallows it again.
pub(super) fn ask_for_usage(context: &BodyContext<'_>, splice: &mut Splice) {
    if !context.chat.is_some_and(|chat| chat.stream && !chat.include_usage) {
        return;
    }
    let object = context.object;
    let options = object.present("stream_options").filter(|member| member.kind == Kind::Object);
    let Some(options) = options.and_then(|member| scan_object(object.bytes(), member.value_span).ok()) else {
        splice.set_member("stream_options", &b"{\"include_usage\":true}"[..]);
        return;
    };
    match options.member("include_usage") {
        Some(member) if as_bool(object.bytes(), member.value_span) == Some(true) => {}
        // Nothing else edits this member, so the range is free.
        Some(member) => _ = splice.replace(member.value_span, &b"true"[..]),
        None if options.members().is_empty() => splice.insert_at(options.span().start + 1, &b"\"include_usage\":true"[..]),
        None => splice.insert_at(options.span().start + 1, &b"\"include_usage\":true,"[..]),
    }
}

/// Where a policy, not the client, gave the output bound, writes it under its older name.
pub(super) fn use_max_tokens(context: &BodyContext<'_>, splice: &mut Splice) {
    if context.object.member("max_completion_tokens").is_none() {
        splice.rename_set("max_completion_tokens", "max_tokens");
    }
}

#[cfg(test)]
mod tests;
