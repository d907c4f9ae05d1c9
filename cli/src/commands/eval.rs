//! `aigw eval`: one request through the policies, by the engine that serves, in a simulated world in which nothing is sent.

mod asked;
mod curl;
mod json;
mod replay;
mod trace;
mod why;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use aigw_core::Timestamp;
use aigw_kinds::Program;
use aigw_kinds::provider::EndpointPlan;
use aigw_source::{Limits, nearest};
use aigw_testkit::world::End;
use aigw_testkit::{Answers, Caller, Once, Shown};
use clap::{Args, ValueEnum};

use self::asked::Asked;
use self::why::WhyNot;
use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::{print, read_file};

/// Largest file of answers.
const MAX_ANSWERS_BYTES: u64 = 4 << 20;

/// Arguments of `eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw eval policies --request request.yaml --as mobile-app\n  aigw eval --curl \"curl https://gateway/v1/chat/completions -d '…'\" --as mobile-app --why-not aoai/weu/gpt-4o\n  tail -1 decisions.jsonl | aigw eval policies --request -\n\nrequest.yaml:\n  path: /v1/chat/completions\n  headers: {x-team: support}\n  body: {model: chat-default, messages: [{role: user, content: Hello}]}"
)]
pub(crate) struct Eval {
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The request: YAML or JSON with method (POST), path, host, ip, headers, body; or a curl command; or a line of the decision log. `-` reads standard input
    #[arg(long, value_name = "FILE", required_unless_present = "curl")]
    request: Option<PathBuf>,
    /// The request as a curl command; nothing is run, no file is read
    #[arg(long, value_name = "COMMAND", conflicts_with = "request")]
    curl: Option<String>,
    /// A header besides those of the request, or in place of one; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// A file with the body
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Who asks, by a credential that is made up and counts as long as the real one; without it the request is as it stands
    #[arg(long = "as", value_name = "CONSUMER[/CREDENTIAL]")]
    caller: Option<String>,
    /// When, with an offset, such as 2026-03-29T01:59:00+01:00. Default: now, or the time of the decision record
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Values of the parameters, as a YAML file of names and values
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// What upstreams answer, as `upstream` of a test's case
    #[arg(long, value_name = "FILE")]
    upstream: Option<PathBuf>,
    /// Say why this target, or this route, was not chosen; may be given several times
    #[arg(long, value_name = "TARGET|ROUTE")]
    why_not: Vec<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
}

/// How a decision is shown.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Form {
    /// The decisions with their places
    #[default]
    Pretty,
    /// The answer, what was sent, the decision record, and what expressions saw
    Json,
}

/// A request and what came of it.
pub(super) struct Evaluated {
    asked: Asked,
    at: Timestamp,
    caller: Option<Caller>,
    shown: Shown,
}

impl Eval {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        print(&self.text(globals)?)?;
        Ok(Exit::Fine)
    }

    /// What is printed.
    fn text(&self, globals: &Globals) -> Result<String, Stop> {
        let (_, program) = load::program(&self.path, globals)?;
        let evaluated = self.evaluate(&Arc::new(program))?;
        let whys = self.why_not.iter().map(|what| why::why_not(&evaluated, what)).collect::<Result<Vec<WhyNot>, Stop>>()?;
        Ok(match self.format {
            Form::Pretty => trace::render(&evaluated, &whys),
            Form::Json => format!("{:#}\n", json::render(&evaluated, &whys)),
        })
    }

    fn evaluate(&self, program: &Arc<Program>) -> Result<Evaluated, Stop> {
        let asked = self.asked(program)?;
        let at = match &self.at {
            Some(text) => moment(text)?,
            None => asked.at.unwrap_or_else(|| Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())),
        };
        let caller = match &self.caller {
            Some(text) => {
                let (consumer, credential) = text.split_once('/').map_or((text.as_str(), None), |(name, id)| (name, Some(id)));
                Some(caller(program, consumer, credential, at)?)
            }
            None => match &asked.caller {
                Some((consumer, credential)) => Some(caller(program, consumer, credential.as_deref(), at)?),
                None => None,
            },
        };
        let params = self.params.as_deref().map(load::parameters_file).transpose()?;
        // What the values are worth is told here, with a way to mend them.
        load::parameter_values(program, params.as_ref(), true)?;
        let once = Once {
            request: asked.request()?,
            peer: asked.ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            caller: caller.clone(),
            at,
            params: params.unwrap_or_default(),
            answers: self.answers(program)?,
        };
        let bug = |why: String| Stop::usage(why).with_exit(Exit::Bug);
        let shown = aigw_testkit::once(program, once).map_err(bug)?;
        match &shown.exchange.end {
            End::Stuck(why) | End::Unrecorded(why) => Err(bug(why.clone())),
            End::Left => Err(bug("the request was left alone".to_owned())),
            End::Complete | End::Cut(_) => Ok(Evaluated { asked, at, caller, shown }),
        }
    }

    fn asked(&self, program: &Program) -> Result<Asked, Stop> {
        let mut asked = match (&self.request, &self.curl) {
            (Some(path), _) => asked::read(path, program, self.body.is_some())?,
            (None, Some(command)) => asked::from_curl(command)?,
            (None, None) => {
                return Err(Stop::usage("there is no request").help("give one by `--request FILE` or `--curl COMMAND`"));
            }
        };
        if let Some(path) = &self.body {
            asked.set_body(path)?;
        }
        for header in &self.headers {
            asked.set_header(header)?;
        }
        Ok(asked)
    }

    fn answers(&self, program: &Arc<Program>) -> Result<Answers, Stop> {
        let Some(path) = &self.upstream else { return Ok(Answers::default()) };
        let bytes = read_file(path, MAX_ANSWERS_BYTES)?;
        Answers::read(&path.display().to_string(), &bytes, program, &Limits::default()).map_err(|(sources, mut findings)| {
            load::say_findings("eval", &sources, &mut findings);
            Stop::usage(format!("`{}` does not say what upstreams answer", path.display()))
                .help("write `\"*\": {chat: {text: Hello}}`, or `provider/endpoint: {status: 429}`")
        })
    }
}

fn moment(text: &str) -> Result<Timestamp, Stop> {
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        Stop::usage(format!("`{text}` is not a time"))
            .help("write it with an offset, such as `2026-03-29T01:59:00+01:00` or `2026-01-01T00:00:00Z`")
    })?;
    Ok(Timestamp::from_millis(time.as_millisecond()))
}

/// The consumer's credential: the one that is named, or the first that counts then, or its first.
fn caller(program: &Program, consumer: &str, credential: Option<&str>, at: Timestamp) -> Result<Caller, Stop> {
    let names = || program.consumers.iter().map(|plan| plan.origin.name.as_str());
    let plan = program.consumers.iter().find(|plan| plan.origin.name.as_str() == consumer);
    let plan = plan.ok_or_else(|| unknown("consumer", consumer, names()))?;
    let issuers = || plan.tokens.iter().filter_map(|token| Some(&token.issuer.of(program)?.name));
    let certificates = || plan.certificates.iter().map(|certificate| &certificate.id);
    let ids = || plan.keys.iter().map(|key| &key.id).chain(certificates()).chain(issuers());
    let takes_keys = program.authentications.iter().any(|plan| !plan.api_key_headers.is_empty());
    let id = match credential {
        Some(id) => Some(ids().find(|known| known.as_str() == id).ok_or_else(|| {
            let stop = Stop::usage(format!("the consumer `{consumer}` has no credential `{id}`"));
            or_nearest(stop, id, ids().map(aigw_core::Name::as_str))
        })?),
        None => {
            let valid = plan.keys.iter().find(|key| takes_keys && key.counts_at(at)).map(|key| &key.id);
            valid.or_else(|| certificates().chain(issuers()).next()).or_else(|| ids().next())
        }
    };
    let id = id.ok_or_else(|| Stop::usage(format!("the consumer `{consumer}` has no credential")))?;
    if !takes_keys && plan.keys.iter().any(|key| key.id == *id) {
        return Err(Stop::usage("no Authentication takes API keys, so nobody can be asked `--as` one who has only those"));
    }
    Ok(Caller { consumer: consumer.to_owned(), credential: id.to_string() })
}

fn unknown<'n>(what: &str, asked: &str, names: impl Iterator<Item = &'n str>) -> Stop {
    or_nearest(Stop::usage(format!("there is no {what} `{asked}`")), asked, names)
}

fn or_nearest<'n>(stop: Stop, asked: &str, names: impl Iterator<Item = &'n str>) -> Stop {
    match nearest(asked, names) {
        Some(name) => stop.help(format!("did you mean `{name}`?")),
        None => stop,
    }
}

/// `provider/endpoint`.
pub(super) fn endpoint_name(program: &Program, endpoint: &EndpointPlan) -> String {
    let provider = endpoint.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
    format!("{provider}/{}", endpoint.name)
}

#[cfg(test)]
mod tests;
