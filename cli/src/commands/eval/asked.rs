//! A request in one of its three forms, a YAML or JSON file, a curl command or a decision record, and what is given besides.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use aigw_core::{Record, Timestamp};
use aigw_kinds::Program;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{curl, replay};
use crate::exit::Stop;
use crate::load;
use crate::output::read_file;

/// Largest request that is read: more than any body that a gateway takes by default.
const MAX_BYTES: u64 = 64 << 20;
/// What a request is, for those who gave none.
const FORMS: &str = "a request is a YAML or JSON mapping with `path` (and method, host, ip, headers, body), a curl command, or one line of the decision log";

/// A request as it will be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) host: String,
    pub(super) ip: Option<IpAddr>,
    /// In order, names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    /// When, where the request itself says so.
    pub(super) at: Option<Timestamp>,
    /// Consumer and credential, where the request itself says so.
    pub(super) caller: Option<(String, Option<String>)>,
    /// What is to be known about it: what was left out, and what was made up.
    pub(super) notes: Vec<String>,
    /// The record that is replayed.
    pub(super) record: Option<Box<Record>>,
}

/// A request as it is written in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "post")]
    method: String,
    path: String,
    #[serde(default = "localhost")]
    host: String,
    ip: Option<IpAddr>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

/// Reads a request from a file, whichever of the three it holds; `body` is what a record's body is known to be.
pub(super) fn read(path: &Path, program: &Program, with_body: bool) -> Result<Asked, Stop> {
    let bytes = read_file(path, MAX_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Stop::usage(format!("`{}` is not UTF-8", path.display())).help(FORMS))?;
    if is_curl(&text) {
        return from_curl(&text);
    }
    let fault = |why: String| Stop::usage(format!("`{}` holds no request: {why}", path.display())).help(FORMS);
    if let Some(records) = lines_of_records(&text) {
        return Err(fault(format!("it holds {records} decision records; give one of them")));
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if value.get("requestId").is_some() => {
            let record: Record =
                serde_json::from_value(value).map_err(|error| fault(format!("its decision record is none: {error}")))?;
            Ok(replay::asked(record, program, with_body))
        }
        Ok(value) if !value.is_object() => Err(fault("it is neither a mapping nor a curl command".to_owned())),
        Ok(value) if value.get("path").is_none() => Err(fault("it has neither `path` nor `requestId`".to_owned())),
        _ => load::bind_text(&path.display().to_string(), text.as_bytes(), "a request")
            .map(Written::asked)
            .map_err(|stop| stop.help(FORMS)),
    }
}

/// Reads a curl command.
pub(super) fn from_curl(command: &str) -> Result<Asked, Stop> {
    curl::read(command).map_err(|why| Stop::usage(format!("the curl command cannot be taken: {why}")))
}

fn is_curl(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix("$ ").unwrap_or(text);
    text.strip_prefix("curl").is_some_and(|rest| rest.starts_with(char::is_whitespace) || rest.starts_with('\\'))
}

/// How many records stand there, one a line, where there is more than one.
fn lines_of_records(text: &str) -> Option<usize> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first: Value = serde_json::from_str(lines.next()?).ok()?;
    let more = lines.count();
    (first.get("requestId").is_some() && more > 0).then(|| more.saturating_add(1))
}

impl Written {
    fn asked(self) -> Asked {
        let mut headers: Vec<(String, String)> =
            self.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        if self.body.is_some() {
            or_json(&mut headers);
        }
        Asked {
            method: self.method,
            target: self.path,
            host: self.host,
            ip: self.ip,
            headers,
            body: self.body.map(|body| body.to_string().into_bytes()),
            ..Asked::default()
        }
    }
}

impl Asked {
    /// Puts a header in, in place of those of its name; `NAME: VALUE`.
    pub(super) fn set_header(&mut self, text: &str) -> Result<(), Stop> {
        let fault = || Stop::usage(format!("`-H '{text}'` is not a header")).help("write `NAME: VALUE`");
        let (name, value) = text.split_once(':').ok_or_else(fault)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name == "host" {
            self.host = value;
            return Ok(());
        }
        self.headers.retain(|(own, _)| *own != name);
        self.headers.push((name, value));
        Ok(())
    }

    /// Puts a file's bytes in as the body.
    pub(super) fn set_body(&mut self, path: &Path) -> Result<(), Stop> {
        self.body = Some(read_file(path, MAX_BYTES)?);
        or_json(&mut self.headers);
        Ok(())
    }

    /// As the gateway gets it.
    pub(super) fn request(&self) -> Result<http::Request<Bytes>, Stop> {
        let fault = |why: String| Stop::usage(format!("the request is not one: {why}"));
        if !self.target.starts_with('/') {
            return Err(fault(format!("its path `{}` does not begin with `/`", self.target)));
        }
        let mut builder = http::Request::builder().method(self.method.as_str()).uri(&self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            builder = builder.header("host", &self.host);
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = self.body.clone().map_or_else(Bytes::new, Bytes::from);
        builder.body(body).map_err(|error| fault(error.to_string()))
    }
}

/// JSON, where nothing else is said of the body.
fn or_json(headers: &mut Vec<(String, String)>) {
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
}

fn post() -> String {
    "POST".to_owned()
}

fn localhost() -> String {
    "localhost".to_owned()
}
