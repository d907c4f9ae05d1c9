//! `aigw eval`: one request through the policies, by the engine that serves, in a simulated world in which nothing is sent.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use aigw_core::{Millis, Name, Timestamp};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::Program;
use aigw_kinds::provider::EndpointPlan;
use aigw_testkit::world::{Answer, Client, End, Exchange, Head, Piece, Sent, Sim, Unscripted, Upstream};
use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::print;

/// The key that `--as` makes up for the consumer. It is verified as any other.
const MADE_UP_KEY: &str = "aigw_eval_made_up_key_for_this_run_only";

/// What every upstream answers.
const ANSWER: &str = r#"{"id":"eval","object":"chat.completion","created":0,"model":"eval","choices":[{"index":0,"message":{"role":"assistant","content":"(nothing was sent)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#;
/// The same as a stream.
const EVENTS: &str = "data: {\"id\":\"eval\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"eval\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"(nothing was sent)\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Arguments of `eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw eval policies --request request.yaml --as mobile-app\n\nrequest.yaml:\n  path: /v1/chat/completions\n  headers: {x-team: support}\n  body: {model: chat-default, messages: [{role: user, content: Hello}]}"
)]
pub(crate) struct Eval {
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The request, as YAML or JSON: method (POST), path, host, ip, headers, body
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The consumer that asks; without it the request is as it stands
    #[arg(long = "as", value_name = "CONSUMER")]
    consumer: Option<Name>,
    /// Values of the parameters, as a YAML file of names and values
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
}

/// A request as it is written in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
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

impl Eval {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let (_, mut program) = load::program(&self.path, globals)?;
        let mut request: Request =
            load::bind_file(&self.request, "a request: path, and method, host, ip, headers and body where they matter")?;
        if let Some(consumer) = &self.consumer {
            act_as(&mut program, consumer, &mut request)?;
        }
        let values = load::parameters(&program, self.params.as_deref(), true)?;
        let endpoints: Vec<String> = program.endpoints.iter().map(|endpoint| endpoint_name(&program, endpoint)).collect();
        let loaded = Loaded::new(program, values).map_err(|error| Stop::usage(error.to_string()).with_exit(Exit::Bug))?;
        let exchange = exchange(loaded, request)?;
        let sent: Vec<Value> = exchange.sent.iter().map(|call| described(call, &endpoints)).collect();
        let whole = json!({"answer": answer(&exchange)?, "sent": sent, "decision": [exchange.record]});
        print(&format!("{whole:#}\n"))?;
        Ok(Exit::Fine)
    }
}

/// Whom every call reaches: nobody, who answers all the same.
struct Nobody;

impl Upstream for Nobody {
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted> {
        let streams = call.body.windows(13).any(|window| window == b"\"stream\":true" as &[u8]);
        let (content_type, body) = if streams { ("text/event-stream", EVENTS) } else { ("application/json", ANSWER) };
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        let head = Ok(Head { status: StatusCode::OK, headers });
        Ok(Answer { after: Millis::new(0), head, pieces: vec![Piece::Data(Bytes::from_static(body.as_bytes()))] })
    }
}

/// `provider/endpoint`.
pub(super) fn endpoint_name(program: &Program, endpoint: &EndpointPlan) -> String {
    let provider = endpoint.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
    format!("{provider}/{}", endpoint.name)
}

/// Takes the request through the engine, now, in a world of its own.
fn exchange(loaded: Loaded, request: Request) -> Result<Exchange, Stop> {
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let sim = Sim::new(now, 0, Arc::new(Nobody));
    let engine = Engine::new(Arc::new(loaded), Arc::new(State::default()), sim.clone(), "sha256:eval".to_owned());
    let peer = request.ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let client = Client { request: request.into_http()?, peer, leaves: None };
    let bug = || Stop::usage("the request was lost").with_exit(Exit::Bug);
    sim.exchange(&engine, vec![client]).pop().ok_or_else(bug)
}

/// The answer for people.
fn answer(exchange: &Exchange) -> Result<Value, Stop> {
    match &exchange.end {
        End::Complete => {}
        End::Cut(code) => return Err(Stop::usage(format!("the answer was cut: {code}"))),
        End::Left => return Err(Stop::usage("the request was left alone").with_exit(Exit::Bug)),
        End::Stuck(why) | End::Unrecorded(why) => return Err(Stop::usage(why.clone()).with_exit(Exit::Bug)),
    }
    let body: Vec<u8> = exchange.body.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect();
    let status = exchange.status.map(|status| status.as_u16());
    let headers: BTreeMap<String, String> = texts(&exchange.headers).collect();
    Ok(json!({"status": status, "headers": headers, "body": readable(&body)}))
}

/// A call for people: secrets are stand-ins, so everything can be shown.
fn described(call: &Sent, endpoints: &[String]) -> Value {
    let endpoint = usize::try_from(call.endpoint.0).ok().and_then(|at| endpoints.get(at)).map_or("", String::as_str);
    let (method, path) = (call.method.as_str(), call.uri.to_string());
    let headers: serde_json::Map<String, Value> = texts(&call.headers).map(|(name, text)| (name, json!(text))).collect();
    json!({"endpoint": endpoint, "method": method, "path": path, "headers": headers, "body": readable(&call.body)})
}

fn texts(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// As JSON where it is some, else as text.
fn readable(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}

/// Gives the consumer a key of our own making and puts it into the request: it is looked up and judged as any other.
fn act_as(program: &mut Program, consumer: &Name, request: &mut Request) -> Result<(), Stop> {
    let names: Vec<String> = program.consumers.iter().map(|plan| plan.origin.name.to_string()).collect();
    let plan = program.consumers.iter_mut().find(|plan| plan.origin.name == *consumer).ok_or_else(|| {
        let stop = Stop::usage(format!("there is no consumer `{consumer}`"));
        match aigw_source::nearest(consumer.as_str(), names.iter().map(String::as_str)) {
            Some(name) => stop.help(format!("did you mean `{name}`?")),
            None => stop,
        }
    })?;
    let key = plan.keys.first_mut().ok_or_else(|| Stop::usage(format!("the consumer `{consumer}` has no credential")))?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, MADE_UP_KEY.as_bytes());
    key.sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    key.not_after = None;
    let header = program.authentications.iter().find_map(|plan| plan.api_key_headers.first());
    let header = header.ok_or_else(|| Stop::usage("no Authentication takes API keys, so nobody can be asked `--as` anybody"))?;
    let value = if header == "authorization" { format!("Bearer {MADE_UP_KEY}") } else { MADE_UP_KEY.to_owned() };
    request.headers.insert(header.clone(), value);
    Ok(())
}

impl Request {
    fn into_http(self) -> Result<http::Request<Bytes>, Stop> {
        let body = self.body.map(|body| body.to_string()).unwrap_or_default();
        let mut builder = http::Request::builder().method(self.method.as_str()).uri(&self.path).header("host", &self.host);
        if !body.is_empty() && !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            builder = builder.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(Bytes::from(body)).map_err(|error| Stop::usage(format!("the request is not one: {error}")))
    }
}

fn post() -> String {
    "POST".to_owned()
}

fn localhost() -> String {
    "localhost".to_owned()
}
