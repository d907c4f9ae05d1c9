//! Random requests: most of them sensible, the rest wrong in every way that gets past an HTTP parser.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::policies::{APP, EXPIRED, VIEWER};

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    method: &'static str,
    target: &'static str,
    host: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Whether the body comes in chunks, without a length beforehand.
    chunked: bool,
}

const PLACES: [(&str, &str); 16] = [
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/gpt-4o"),
    ("GET", "/v1/models/nobody"),
    ("POST", "/openai/deployments/chat/chat/completions?api-version=2024-10-21"),
    ("POST", "/openai/deployments/small/chat/completions"),
    ("POST", "/openai/v1/chat/completions"),
    ("POST", "/score/a/b?x=1&y=%20"),
    ("PUT", "/score/"),
    ("HEAD", "/score/a"),
    ("GET", "/v1/chat/completions"),
    ("POST", "/v1/chat/./completions"),
    ("POST", "/v1//chat/completions"),
    ("POST", "/v1/chat%2Fcompletions"),
    ("OPTIONS", "/v1/chat/completions"),
    ("POST", "/v1/%63hat/completions?v=1&v=2"),
];
const HOSTS: [&str; 5] = ["a.example", "x.b.example:8080", "A.Example", "other.example", "bad host"];
const HEADERS: [(&str, &str); 14] = [
    ("x-team", "a1"),
    ("x-team", "b"),
    ("x-user", "u1"),
    ("x-user", "u2"),
    ("x-n", "7"),
    ("x-n", "no number"),
    ("x-batch", "1"),
    ("x-deny", "1"),
    ("x-product", "shoes"),
    ("x-product", "a product whose name is too long"),
    ("x-request-id", "mine-1"),
    ("x-forwarded-for", "203.0.113.7, 10.0.0.1"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("cookie", "session=1"),
];
const MODELS: [&str; 7] = ["chat", "gpt-4o", "gpt-4o-2024-08-06", "small", "vectors", "nobody", "CHAT"];
const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{}}}}]"#;
/// Members that a chat request may have besides.
const MEMBERS: [&str; 12] = [
    r#""stream":true"#,
    r#""stream_options":{"include_usage":true}"#,
    r#""stream_options":null"#,
    r#""n":2"#,
    r#""max_tokens":500"#,
    r#""temperature":1.9"#,
    r#""stop":["a"]"#,
    r#""user":"someone""#,
    r#""seed":12345678901234567890"#,
    r#""x_unknown":{"deep":[[1]],"text":"\u00e9\ud83d\ude00"}"#,
    r#""metadata":{"a":"1","a":"2"}"#,
    TOOLS,
];
/// Members that contradict others, or themselves.
const ODD_MEMBERS: [&str; 6] = [
    r#""stream":false"#,
    r#""n":"two""#,
    r#""max_tokens":700"#,
    r#""max_completion_tokens":700"#,
    r#""max_tokens":5.5"#,
    r#""mod\u0065l":"small""#,
];
const MESSAGES: [&str; 6] = [
    r#"[{"role":"user","content":"Hello!"}]"#,
    r#"[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"Hi"}]}]"#,
    r#"[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","tool_call_id":"1","content":"b"}]"#,
    "[]",
    r#""Hello!""#,
    r#"[{"role":"user","content":"x","role":"system"}]"#,
];
/// Bodies that are no chat request.
const BODIES: [&[u8]; 12] = [
    b"",
    b"{",
    b"{}",
    b"[]",
    b"null",
    br#"{"model":"chat","messages":[{"role":"user","content":"a"}]} trailing"#,
    br#"{"model":"chat","messages":[{"role":"user","content":"a"}],"model":"small"}"#,
    br#"{"model":7,"messages":[{"role":"user","content":"a"}]}"#,
    br#"{"model":"chat","messages":[[[[[[[[[[1]]]]]]]]]]}"#,
    b"{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}",
    b"\xef\xbb\xbf{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
    br#"{"model":"vectors","input":["a","b"],"encoding_format":"float"}"#,
];
/// Longer than the smallest bound of any policies here, and shorter than what a socket takes at once.
const OVERSIZE: usize = 40 << 10;

fn chat() -> impl Strategy<Value = Vec<u8>> {
    let model = weighted(0.95, prop_oneof![20 => Just("chat"), 4 => select(&MODELS[..])]);
    let messages = prop_oneof![30 => Just(MESSAGES[0]), 4 => select(&MESSAGES[..])];
    let stream = weighted(0.5, Just(MEMBERS[0]));
    let odd = weighted(0.1, select(&ODD_MEMBERS[..]));
    (model, messages, stream, subsequence(&MEMBERS[1..], 0..3), odd).prop_map(|(model, messages, stream, more, odd)| {
        let model = model.map(|model| format!("\"model\":\"{model}\","));
        let more: String = stream.into_iter().chain(more).chain(odd).map(|member| format!(",{member}")).collect();
        format!("{{{}\"messages\":{messages}{more}}}", model.unwrap_or_default()).into_bytes()
    })
}

fn oversize() -> Vec<u8> {
    let text = "x".repeat(OVERSIZE);
    format!(r#"{{"model":"chat","messages":[{{"role":"user","content":"{text}"}}]}}"#).into_bytes()
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        40 => chat(),
        5 => select(&BODIES[..]).prop_map(<[u8]>::to_vec),
        1 => Just(()).prop_map(|()| oversize()),
    ]
}

fn credential() -> impl Strategy<Value = Option<(&'static str, String)>> {
    let bearer = |key: &str| Some(("authorization", format!("Bearer {key}")));
    prop_oneof![
        50 => Just(bearer(APP)),
        5 => Just(bearer(VIEWER)),
        1 => Just(bearer(EXPIRED)),
        1 => Just(bearer("aigw_test_of_nobody_0123456789abcdef")),
        1 => Just(Some(("authorization", format!("bearer  {APP}")))),
        1 => Just(Some(("authorization", format!("Basic {APP}")))),
        1 => Just(Some(("api-key", APP.to_owned()))),
        1 => Just(Some(("x-api-key", VIEWER.to_owned()))),
        1 => Just(None),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let kind = prop_oneof![
        40 => Just(Some("application/json")),
        1 => Just(Some("Application/JSON; charset=utf-8")),
        1 => Just(Some("text/plain")),
        1 => Just(None),
    ];
    let encoding = weighted(0.03, Just(("content-encoding", "gzip".to_owned())));
    let long = weighted(0.05, Just(("x-long", "l".repeat(3 << 10))));
    let origin = weighted(0.1, select(vec!["https://a.example", "https://b.example"]));
    (credential(), kind, subsequence(&HEADERS[..], 0..4), encoding, long, origin).prop_map(
        |(credential, kind, more, encoding, long, origin)| {
            let mut headers: Vec<_> = credential.into_iter().collect();
            headers.extend(kind.map(|kind| ("content-type", kind.to_owned())));
            headers.extend(more.into_iter().map(|(name, value)| (name, value.to_owned())));
            headers.extend(encoding.into_iter().chain(long));
            headers.extend(origin.map(|origin| ("origin", origin.to_owned())));
            headers
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let place = prop_oneof![30 => Just(("POST", "/v1/chat/completions")), 8 => select(&PLACES[..])];
    let host = prop_oneof![36 => Just(HOSTS[0]), 4 => select(&HOSTS[..])];
    (place, host, headers(), body(), prop::bool::weighted(0.1)).prop_map(
        |((method, target), host, mut headers, body, chunked)| {
            let body = if matches!(method, "GET" | "HEAD" | "OPTIONS") { Vec::new() } else { body };
            if method == "OPTIONS" {
                headers.push(("access-control-request-method", "POST".to_owned()));
            }
            Ask { method, target, host, headers, chunked: chunked && !body.is_empty(), body }
        },
    )
}

/// A few requests, one after the other.
pub(super) fn asks() -> impl Strategy<Value = Vec<Ask>> {
    vec(ask(), 1..5)
}

impl Ask {
    /// A request of the role `app` without a body.
    pub(super) fn bare(method: &'static str, target: &'static str) -> Self {
        let headers = vec![("authorization", format!("Bearer {APP}"))];
        Self { method, target, host: HOSTS[0], headers, body: Vec::new(), chunked: false }
    }

    /// Whether its body is sent without a length beforehand.
    pub(super) const fn is_chunked(&self) -> bool {
        self.chunked
    }

    /// As it reaches the gateway, headers of the transport included.
    pub(super) fn request(&self) -> http::Request<Bytes> {
        let mut request = http::Request::new(Bytes::from(self.body.clone()));
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).unwrap();
        *request.uri_mut() = self.target.parse().unwrap();
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static(self.host));
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        if self.chunked {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        } else if self.method != "GET" && self.method != "HEAD" && self.method != "OPTIONS" {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        request
    }
}
