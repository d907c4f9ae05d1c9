//! Requests as they will be sent.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::shelf::{Kind, Reporter, Shelf};
use super::{Loader, escape};
use crate::plan::Request;
use crate::rules::{BAD_VALUE, CASE_SHAPE};
use crate::suite::{CancelSpec, ChatSpec, EmbeddingsSpec, RequestRef, RequestSpec};
use crate::world::Leave;

/// How deep requests may be made from requests.
const MAX_DEPTH: usize = 8;

impl Loader<'_> {
    /// A request, with everything that it is made from in place. Those of fixtures are made once.
    pub(super) fn requested(&mut self, send: &RequestRef, pointer: &str) -> Option<Arc<Request>> {
        let own = Rc::clone(&self.own);
        let name = match send {
            RequestRef::Name(name) => name,
            RequestRef::Inline(spec) => {
                let mut at = own.reporter(self.findings);
                if !check(&mut at, spec, pointer) {
                    return None;
                }
                let spec = self.based(&own, spec, pointer, &mut Vec::new())?;
                return made(&mut own.reporter(self.findings), spec, pointer).map(Arc::new);
            }
        };
        let shelf = self.shelf_of(Kind::Request, name, &own, pointer)?;
        if let Some(made) = shelf.made.borrow().get(name) {
            return made.clone();
        }
        let request = self.of_fixture(&shelf, name);
        shelf.made.borrow_mut().insert(name.clone(), request.clone());
        request
    }

    fn of_fixture(&mut self, shelf: &Rc<Shelf>, name: &str) -> Option<Arc<Request>> {
        let place = shelf.place(Kind::Request, name);
        let spec = self.based(shelf, shelf.request(name)?, &place, &mut vec![name.to_owned()])?;
        made(&mut shelf.reporter(self.findings), spec, &place).map(Arc::new)
    }

    /// A request over what it begins as. `names` are those that it is made from so far.
    fn based(&mut self, shelf: &Rc<Shelf>, spec: &RequestSpec, place: &str, names: &mut Vec<String>) -> Option<RequestSpec> {
        let Some(name) = &spec.r#use else { return Some(spec.clone()) };
        let at = format!("{place}/use");
        let base = self.shelf_of(Kind::Request, name, shelf, &at)?;
        if names.contains(name) && Rc::ptr_eq(&base, shelf) || names.len() >= MAX_DEPTH {
            let chain = names.iter().chain([name]).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" uses ");
            let message = format!("requests are made from each other without an end or more than {MAX_DEPTH} deep: {chain}");
            shelf.reporter(self.findings).error(CASE_SHAPE, &at, message, "let one of them say all that it is");
            return None;
        }
        names.push(name.clone());
        let below = self.based(&base, base.request(name)?, &base.place(Kind::Request, name), names)?;
        Some(over(below, spec.clone()))
    }
}

/// Says what is wrong with a request by itself, whatever it begins as; whether nothing is.
pub(super) fn check(at: &mut Reporter<'_>, spec: &RequestSpec, pointer: &str) -> bool {
    let lines = lines(spec).count();
    let bodies = [spec.chat.is_some(), spec.embeddings.is_some(), spec.body.is_some(), spec.text.is_some()];
    let bodies = bodies.iter().filter(|body| **body).count();
    let mut sound = true;
    if lines > 1 {
        let message = "a request has one of `get`, `post`, `put`, `patch` and `delete`";
        at.error(CASE_SHAPE, pointer, message, "keep the one that is meant");
        sound = false;
    }
    if bodies > 1 {
        let message = "a request has one of `chat`, `embeddings`, `body` and `text`";
        at.error(CASE_SHAPE, pointer, message, "keep the one that is meant");
        sound = false;
    }
    for (method, path) in self::lines(spec).filter(|(_, path)| !path.starts_with('/') || path.parse::<Uri>().is_err()) {
        let place = format!("{pointer}/{}", method.as_str().to_lowercase());
        let help = "it begins with `/`, and other characters than ASCII are escaped";
        at.error(BAD_VALUE, &place, format!("`{path}` is not a path"), help);
        sound = false;
    }
    sound & check_headers(at, spec, pointer) & check_leaving(at, spec.cancel, pointer)
}

/// Says which headers below `headers` are none; whether all are some.
pub(super) fn check_header_map(at: &mut Reporter<'_>, headers: &IndexMap<String, String>, pointer: &str) -> bool {
    let mut sound = true;
    for (name, value) in headers {
        if name.parse::<HeaderName>().is_err() || HeaderValue::from_str(value).is_err() {
            let place = format!("{pointer}/headers/{}", escape(name));
            let help = "names are letters, digits and `-`, values are visible ASCII";
            at.error(BAD_VALUE, &place, format!("`{name}: {value}` is not a header"), help);
            sound = false;
        }
    }
    sound
}

fn check_headers(at: &mut Reporter<'_>, spec: &RequestSpec, pointer: &str) -> bool {
    let mut sound = check_header_map(at, &spec.headers, pointer);
    for (index, name) in spec.without.iter().enumerate().filter(|(_, name)| name.parse::<HeaderName>().is_err()) {
        let message = format!("`{name}` is not the name of a header");
        at.error(BAD_VALUE, &format!("{pointer}/without/{index}"), message, "write one such as `content-type`");
        sound = false;
    }
    if let Some(host) = spec.host.as_deref().filter(|host| host.parse::<http::uri::Authority>().is_err()) {
        let message = format!("`{host}` is not a host");
        at.error(BAD_VALUE, &format!("{pointer}/host"), message, "write one such as `gateway.test`");
        sound = false;
    }
    sound
}

fn check_leaving(at: &mut Reporter<'_>, cancel: Option<CancelSpec>, pointer: &str) -> bool {
    let sound = cancel.is_none_or(|cancel| cancel.after_chunks.is_some() != cancel.after.is_some());
    if !sound {
        let message = "a client leaves either `afterChunks` or `after` a time";
        at.error(CASE_SHAPE, &format!("{pointer}/cancel"), message, "write one of them");
    }
    sound
}

/// The methods and paths that are written.
fn lines(spec: &RequestSpec) -> impl Iterator<Item = (Method, &String)> {
    let lines = [
        (Method::GET, &spec.get),
        (Method::POST, &spec.post),
        (Method::PUT, &spec.put),
        (Method::PATCH, &spec.patch),
        (Method::DELETE, &spec.delete),
    ];
    lines.into_iter().filter_map(|(method, path)| Some((method, path.as_ref()?)))
}

/// The request that a sound specification stands for.
fn made(at: &mut Reporter<'_>, spec: RequestSpec, pointer: &str) -> Option<Request> {
    let Some((method, path)) = lines(&spec).next() else {
        let message = "a request has one of `get`, `post`, `put`, `patch` and `delete`";
        let help = "write `post: /v1/chat/completions`, or begin from a fixture by `use: NAME`";
        at.error(CASE_SHAPE, pointer, message, help);
        return None;
    };
    let uri = path.parse().ok()?;
    let (body, kind) = body(at, &spec, pointer)?;
    let mut headers = HeaderMap::new();
    headers.extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    for (name, value) in &spec.headers {
        headers.insert(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
    }
    for name in &spec.without {
        headers.remove(name.as_str());
    }
    Some(Request {
        method,
        uri,
        host: spec.host.as_deref().unwrap_or("gateway.test").parse().ok()?,
        ip: spec.ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        headers,
        body,
        leaves: leaving(spec.cancel),
    })
}

/// The body and its type; `None` where it cannot be made.
fn body(at: &mut Reporter<'_>, spec: &RequestSpec, pointer: &str) -> Option<(Bytes, Option<HeaderValue>)> {
    let json = spec.chat.as_ref().map(chat).or_else(|| spec.embeddings.as_ref().map(embeddings)).or_else(|| spec.body.clone());
    let Some(mut json) = json else {
        if !spec.set.is_empty() {
            let message = "there is no JSON body to put values into";
            at.error(CASE_SHAPE, &format!("{pointer}/set"), message, "add `chat`, `embeddings` or `body`");
            return None;
        }
        let text = spec
            .text
            .as_ref()
            .map(|text| (Bytes::copy_from_slice(text.as_bytes()), Some(HeaderValue::from_static("text/plain"))));
        return Some(text.unwrap_or_default());
    };
    for (place, value) in &spec.set {
        if let Err(why) = set(&mut json, place, value) {
            let help = "write a JSON Pointer such as `/stream` or `/messages/0/content`";
            at.error(BAD_VALUE, &format!("{pointer}/set/{}", escape(place)), why, help);
            return None;
        }
    }
    Some((Bytes::from(json.to_string()), Some(HeaderValue::from_static("application/json"))))
}

fn leaving(cancel: Option<CancelSpec>) -> Option<Leave> {
    let cancel = cancel?;
    cancel.after_chunks.map(Leave::AfterChunks).or_else(|| cancel.after.map(Leave::After))
}

/// What is written above counts; headers and values are joined.
fn over(base: RequestSpec, above: RequestSpec) -> RequestSpec {
    fn joined<V>(mut below: IndexMap<String, V>, above: IndexMap<String, V>) -> IndexMap<String, V> {
        below.extend(above);
        below
    }
    let line =
        above.get.is_some() || above.post.is_some() || above.put.is_some() || above.patch.is_some() || above.delete.is_some();
    let body = above.chat.is_some() || above.embeddings.is_some() || above.body.is_some() || above.text.is_some();
    let (lines, bodies) = (if line { &above } else { &base }.clone(), if body { &above } else { &base }.clone());
    RequestSpec {
        r#use: None,
        get: lines.get,
        post: lines.post,
        put: lines.put,
        patch: lines.patch,
        delete: lines.delete,
        host: above.host.or(base.host),
        ip: above.ip.or(base.ip),
        headers: joined(base.headers, above.headers),
        without: base.without.into_iter().chain(above.without).collect(),
        chat: bodies.chat,
        embeddings: bodies.embeddings,
        body: bodies.body,
        text: bodies.text,
        set: joined(base.set, above.set),
        cancel: above.cancel.or(base.cancel),
    }
}

fn chat(spec: &ChatSpec) -> Value {
    let mut body = Map::new();
    if let Some(model) = &spec.model {
        body.insert("model".to_owned(), model.clone().into());
    }
    let system = spec.system.iter().map(|text| json!({"role": "system", "content": text}));
    let user = spec.user.iter().map(|text| json!({"role": "user", "content": text}));
    body.insert("messages".to_owned(), system.chain(spec.messages.iter().cloned()).chain(user).collect());
    if let Some(stream) = spec.stream {
        body.insert("stream".to_owned(), stream.into());
    }
    Value::Object(body)
}

fn embeddings(spec: &EmbeddingsSpec) -> Value {
    let mut body = Map::new();
    if let Some(model) = &spec.model {
        body.insert("model".to_owned(), model.clone().into());
    }
    body.insert("input".to_owned(), spec.input.clone().into());
    Value::Object(body)
}

/// Puts a value at a JSON Pointer: a member that may be new, an item that is there, or `-` for one more.
pub(crate) fn set(body: &mut Value, pointer: &str, value: &Value) -> Result<(), String> {
    let Some((parent, last)) = pointer.rsplit_once('/').filter(|_| pointer.starts_with('/')) else {
        return Err(format!("`{pointer}` does not begin with `/`"));
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(last, value.clone())),
        Some(Value::Array(items)) if last == "-" => items.push(value.clone()),
        Some(Value::Array(items)) => match last.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
            Some(item) => *item = value.clone(),
            None => return Err(format!("the list at `{parent}` has no item `{last}`")),
        },
        _ => return Err(format!("there is nothing at `{parent}` to put a value into")),
    }
    Ok(())
}
