//! What came of a request, in a form in which both worlds must agree.

use aigw_core::Record;
use http::HeaderMap;
use serde_json::{Value, json};

/// A call as an upstream saw it, without what the transport adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) endpoint: &'static str,
    /// Method and path.
    pub(super) line: String,
    /// Sorted.
    pub(super) headers: Vec<(String, String)>,
    /// As text; what is none of it is replaced, in both worlds alike.
    pub(super) body: String,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) status: u16,
    /// Sorted, without those of the transport.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the answer broke off.
    pub(super) cut: bool,
    pub(super) record: Value,
    pub(super) calls: Vec<Called>,
}

/// Headers that HTTP/1.1 writes by itself.
const OF_THE_TRANSPORT: [&str; 3] = ["date", "connection", "transfer-encoding"];

/// An answer's headers, sorted.
pub(super) fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<_> = map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    headers.retain(|(name, _)| !OF_THE_TRANSPORT.contains(&name.as_str()));
    headers.sort();
    headers
}

/// A decision record without the times that were measured. That a phase ran, and in which order, stays.
pub(super) fn record(record: &Record) -> Value {
    let mut value = serde_json::to_value(record).unwrap();
    let phases: Vec<&str> = record.timings.iter().map(|(phase, _)| phase.as_ref()).collect();
    value["timings"] = json!(phases);
    value["time"] = Value::Null;
    for attempt in value["attempts"].as_array_mut().unwrap() {
        attempt["micros"] = Value::Null;
    }
    value
}

/// In what a simulated request and a real one differ; `method` is the request's, `late` how many seconds the real one may have been behind.
pub(super) fn difference(simulated: &Outcome, real: &Outcome, method: &str, late: u64) -> Option<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, simulated: String, real: String| {
        if simulated != real {
            differences.push(format!("{what}\n  simulated: {simulated}\n  real:      {real}"));
        }
    };
    // An answer that breaks off before its head has left the gateway's buffers is a broken connection to the client.
    if real.status != 0 || !simulated.cut {
        compare("status", simulated.status.to_string(), real.status.to_string());
        let (one, other) = comparable_headers(simulated, real, method, late);
        compare("headers", format!("{one:?}"), format!("{other:?}"));
    }
    compare("cut", simulated.cut.to_string(), real.cut.to_string());
    compare("record", simulated.record.to_string(), real.record.to_string());
    compare("calls", format!("{:?}", simulated.calls), format!("{:?}", real.calls));
    let body = expected_body(simulated, real, method);
    compare("body", without_clock(body), without_clock(&real.body));
    (!differences.is_empty()).then(|| differences.join("\n"))
}

/// A body as text without the second in which the built-in mock made it.
fn without_clock(body: &[u8]) -> String {
    const CREATED: &str = "\"created\":";
    let text = String::from_utf8_lossy(body);
    let mut parts = text.split(CREATED);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        // What the upstreams of these tests made was made in the first second.
        let now = part.len() - rest.len() == 10;
        without = without + CREATED + if now { "NOW" } else { "" } + if now { rest } else { part };
    }
    without
}

/// What of the simulated body a client must have seen: none of an answer to `HEAD`, and of an answer that broke off at least nothing else.
fn expected_body<'o>(simulated: &'o Outcome, real: &Outcome, method: &str) -> &'o [u8] {
    if method == "HEAD" {
        return &[];
    }
    let seen = if simulated.cut { simulated.body.len().min(real.body.len()) } else { simulated.body.len() };
    &simulated.body[..seen]
}

type Headers = Vec<(String, String)>;

/// The headers but for what two clocks make of them, and a length that HTTP/1.1 works out from a body that the engine gave it whole.
fn comparable_headers(simulated: &Outcome, real: &Outcome, method: &str, late: u64) -> (Headers, Headers) {
    let (one, mut other) = (simulated.headers.clone(), real.headers.clone());
    let find = |headers: &Headers, name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    if find(&one, "content-length").is_none() {
        let length = simulated.body.len().to_string();
        other.retain(|(name, value)| name != "content-length" || (*value != length && method != "HEAD"));
    }
    if let (Some(waits), Some(waits_really)) = (find(&one, "retry-after"), find(&other, "retry-after"))
        && let (Ok(waits), Ok(waits_really)) = (waits.parse::<u64>(), waits_really.parse::<u64>())
        && waits_really <= waits
        && waits - waits_really <= late
    {
        other.iter_mut().filter(|(name, _)| name == "retry-after").for_each(|(_, value)| *value = waits.to_string());
    }
    (one, other)
}
