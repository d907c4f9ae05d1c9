//! The request to a target: the client's bytes with the few members that change, and only those headers that may pass.

use aigw_core::World;
use aigw_kinds::provider::CredentialPlan;
use aigw_kinds::subscription::SUBSCRIPTION;
use aigw_providers::wire::headers::{Forward, request_headers};
use aigw_providers::wire::{BodyContext, Credential};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use super::targets::Candidate;
use crate::exchange::Exchange;
use crate::head::REQUEST_ID;

/// A call to a model. `None` where the target's key is missing or cannot stand in a header.
pub(crate) fn model_request<W: World>(x: &Exchange<'_, W>, candidate: &Candidate) -> Option<Request<Bytes>> {
    let content = x.content.as_ref()?;
    let mut splice = content.splice.clone();
    let context =
        BodyContext { model: &candidate.wire_model, api: &candidate.api, object: &content.object, chat: content.chat.as_ref() };
    (candidate.wire.edit_body)(&context, &mut splice);
    let body = if splice.is_empty() { content.object.bytes().clone() } else { splice.apply(&content.object) };
    let headers = request_headers(&x.parts.headers, Forward::Named(&x.fixed.loaded.gateway().forward_headers));
    finish(x, candidate, Request::new(body), headers, candidate.path.clone())
}

/// A call to any other service: what the client sent, at its new path.
pub(crate) fn http_request<W: World>(x: &Exchange<'_, W>, candidate: &Candidate, path: PathAndQuery) -> Option<Request<Bytes>> {
    let headers = request_headers(&x.parts.headers, Forward::All);
    let mut request = Request::new(x.body.get().cloned().unwrap_or_default());
    request.method_mut().clone_from(&x.parts.method);
    finish(x, candidate, request, headers, path)
}

fn finish<W: World>(
    x: &Exchange<'_, W>,
    candidate: &Candidate,
    mut request: Request<Bytes>,
    mut headers: HeaderMap,
    path: PathAndQuery,
) -> Option<Request<Bytes>> {
    if x.content.is_some() {
        *request.method_mut() = Method::POST;
    }
    // A credential of the caller's may stand in a header of any name, and the policies may let that name pass.
    for name in x.credential_headers() {
        headers.remove(name);
    }
    headers.remove(&SUBSCRIPTION);
    if headers.contains_key(&REQUEST_ID) || x.fixed.loaded.gateway().forward_headers.contains(&REQUEST_ID) {
        headers.insert(REQUEST_ID, HeaderValue::try_from(&x.settlement.record.request_id).ok()?);
    }
    if let Some(credential) = candidate.credential.as_ref().filter(|_| candidate.wire.credential != Credential::None) {
        let world = &x.settlement.world;
        let (name, value) = match credential {
            CredentialPlan::Key(name) => candidate.wire.credential.header(world.secret(name)?.expose())?,
            CredentialPlan::ManagedIdentity(_) => Credential::Bearer.header(world.access_token(candidate.endpoint)?.expose())?,
        };
        headers.insert(name, value);
    }
    *request.uri_mut() = Uri::from(path);
    *request.headers_mut() = headers;
    Some(request)
}
