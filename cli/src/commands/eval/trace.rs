//! A decision for people: the phases in their order, every line with its place, then what was sent and what the client gets.

use aigw_core::{Attempt, AttemptOutcome, Outcome, PolicyVerdict, Record, SkipReason, Verdict};
use aigw_kinds::Program;
use aigw_testkit::world::{End, Exchange};

use super::Evaluated;
use super::json::{destination, gave, placed, readable, texts, whole_body};
use super::replay::differences;
use super::why::{WhyNot, target_place};

/// Most lines of a body that are shown.
const MAX_BODY_LINES: usize = 60;

/// The whole as text.
pub(super) fn render(evaluated: &Evaluated, whys: &[WhyNot]) -> String {
    let shown = &evaluated.shown;
    let (program, record) = (shown.loaded.program(), shown.record());
    let mut out = head(evaluated);
    out += "\ndecisions\n";
    out += &Table::of(record, program).text();
    out += &expressions(evaluated, program);
    for call in &shown.exchange.sent {
        out += &format!("\nsent to {}\n", destination(call, program));
        out += &message(&format!("{} {}", call.method, call.uri), texts(&call.headers), &call.body);
    }
    out += &answer(&shown.exchange);
    for why in whys {
        let title = if why.chosen { "chosen" } else { "not chosen" };
        out += &format!("\n{title}: {}\n", why.of);
        out += &why.because.iter().map(|line| format!("  {line}\n")).collect::<String>();
    }
    out
}

fn head(evaluated: &Evaluated) -> String {
    let (asked, record) = (&evaluated.asked, evaluated.shown.record());
    let time =
        jiff::Timestamp::from_millisecond(evaluated.at.as_millis()).map_or_else(|_| String::new(), |time| time.to_string());
    let who = evaluated.caller.as_ref().map_or_else(
        || "as it stands".to_owned(),
        |caller| {
            let consumers = &evaluated.shown.loaded.program().consumers;
            let mut own =
                consumers.iter().filter(|plan| plan.origin.name.as_str() == caller.consumer).flat_map(|plan| &plan.keys);
            let what = if own.any(|key| key.id.as_str() == caller.credential) { "key" } else { "certificate" };
            format!("as {} by a {what} made up for {}", caller.consumer, caller.credential)
        },
    );
    let mut out = format!("{} {} on {}\n{who}, from {}, at {time}\n", asked.method, asked.target, asked.host, record.ip);
    for note in asked.notes.iter().chain(&evaluated.shown.exchange.unscripted) {
        out += &format!("note: {note}\n");
    }
    if let Some(then) = &asked.record {
        let differences = differences(then, record);
        if differences.is_empty() {
            out += "the same route, consumer, model, target, status and code as recorded\n";
        }
        for (what, then, now) in differences {
            out += &format!("the {what} differs: recorded {then}, now {now}\n");
        }
    }
    out
}

/// Lines of four columns: the phase, what decided, what it decided, where it stands.
struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    fn of(record: &Record, program: &Program) -> Self {
        let mut table = Self { rows: Vec::new() };
        table.matched(record, program);
        // What was decided behind the model's resolution is written behind it.
        let (early, late): (Vec<_>, Vec<_>) =
            record.policies.iter().filter(|verdict| verdict.phase != "match").partition(|verdict| verdict.phase != "prompt");
        let (authenticated, early): (Vec<_>, Vec<_>) = early.into_iter().partition(|verdict| verdict.phase == "authenticate");
        authenticated.into_iter().for_each(|verdict| table.verdict(verdict, record));
        table.consumer(record);
        early.into_iter().for_each(|verdict| table.verdict(verdict, record));
        table.served(record, program);
        late.into_iter().for_each(|verdict| table.verdict(verdict, record));
        for skipped in &record.skipped {
            let mut what = skip_reason(skipped.reason).to_owned();
            if let Some(note) = &skipped.note {
                what += &format!(": {note}");
            }
            table.add("call", &skipped.target, &format!("passed over: {what}"), &target_place(program, &skipped.target));
        }
        for attempt in &record.attempts {
            table.add("call", &attempt.target, &attempted(attempt), &target_place(program, &attempt.target));
        }
        table.outcome(record);
        table
    }

    fn add(&mut self, phase: &str, what: &str, verdict: &str, place: &str) {
        self.rows.push([phase.to_owned(), what.to_owned(), verdict.to_owned(), place.to_owned()]);
    }

    fn matched(&mut self, record: &Record, program: &Program) {
        for verdict in record.policies.iter().filter(|verdict| verdict.phase == "match") {
            let note = verdict.note.clone().unwrap_or_default();
            self.add("match", &format!("route {}", verdict.policy), &format!("not met: {note}"), &verdict.at);
        }
        match &record.route {
            Some(route) => {
                let operation = record.operation.as_deref().unwrap_or_default();
                let at = record.route_at.clone().unwrap_or_default();
                self.add("match", &format!("route {route}"), &format!("matched, {operation}"), &at);
            }
            None if program.routes.is_empty() => self.add("match", "no route", "there is none", ""),
            None => self.add("match", "no route", "none matched", ""),
        }
    }

    fn verdict(&mut self, verdict: &PolicyVerdict, record: &Record) {
        let name = verdict.rule.as_ref().map_or_else(|| verdict.policy.to_string(), |rule| format!("{}/{rule}", verdict.policy));
        let mut text = word(verdict.verdict).to_owned();
        if verdict.shadow {
            text += " (shadow)";
        }
        if let Some(limit) = record.limits.iter().find(|limit| *limit.limit == *name && limit.shadow == verdict.shadow) {
            text += &format!(", {} left", limit.remaining);
        }
        if let Some(note) = &verdict.note {
            text += &format!(": {note}");
        }
        self.add(&verdict.phase, &name, &text, &verdict.at);
    }

    /// Who asks, once that is known.
    fn consumer(&mut self, record: &Record) {
        let Some(consumer) = &record.consumer else { return };
        let by = record.credential.as_ref().map_or_else(String::new, |credential| format!("by {credential}"));
        self.add("authenticate", &format!("consumer {consumer}"), &by, "");
    }

    fn served(&mut self, record: &Record, program: &Program) {
        let Some(name) = &record.model else { return };
        let place = program
            .models
            .iter()
            .find(|model| model.origin.name.as_str() == &**name)
            .map(|model| placed(program, model.origin.place));
        self.add("resolve", &format!("model {name}"), if record.stream { "stream" } else { "" }, &place.unwrap_or_default());
    }

    fn outcome(&mut self, record: &Record) {
        let outcome = match record.outcome {
            Outcome::Completed => "completed",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
        };
        let code = record.code.map_or_else(String::new, |code| format!(" {}", code.as_str()));
        let usage = record.usage.map_or_else(String::new, |usage| {
            let count = |tokens: Option<u64>| tokens.map_or_else(|| "unknown".to_owned(), |tokens| tokens.to_string());
            format!(", {} tokens in, {} out", count(usage.input_tokens), count(usage.output_tokens))
        });
        self.add("record", &format!("{}{code}", record.status), &format!("{outcome}{usage}"), "");
    }

    fn text(&self) -> String {
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let (phases, names, verdicts) = (width(0), width(1), width(2));
        let mut out = String::new();
        let mut before = "";
        for [phase, what, verdict, place] in &self.rows {
            let shown = if phase == before { "" } else { phase };
            out += format!("  {shown:<phases$}  {what:<names$}  {verdict:<verdicts$}  {place}").trim_end();
            out += "\n";
            before = phase;
        }
        out
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Refused => "refused",
        Verdict::Changed => "changed",
        Verdict::Passed => "passed",
    }
}

/// Why a target was passed over, for people.
pub(super) const fn skip_reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::WhenFalse => "its `when` does not hold",
        SkipReason::WhenFailed => "its `when` could not be told, which makes it ineligible",
        SkipReason::SecretMissing => "the secret that is its key has no value",
        SkipReason::TokenMissing => "there is no token of its managed identity",
        SkipReason::TenantRequires => "it lacks a label that the caller's tenant requires",
        SkipReason::CoolingDown => "it asked to be left alone",
        SkipReason::RetryBudget => "its provider's retry budget is spent",
        SkipReason::TimeSpent => "the request would have ended before its pause",
        SkipReason::Unsendable => "no request can be written for it",
    }
}

/// What came of an attempt, for people.
pub(super) fn attempted(attempt: &Attempt) -> String {
    let status = attempt.status.map_or_else(String::new, |status| format!("{status}, "));
    let outcome = match attempt.outcome {
        AttemptOutcome::Served => "served",
        AttemptOutcome::Retried => "failed, another attempt followed",
        AttemptOutcome::Failed => "failed",
        AttemptOutcome::Cancelled => "cancelled",
    };
    let reason = attempt.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{status}{outcome}{reason}")
}

fn expressions(evaluated: &Evaluated, program: &Program) -> String {
    let mut out = String::new();
    for evaluation in &evaluated.shown.evaluations {
        let Some(plan) = evaluation.id.of(program) else { continue };
        if out.is_empty() {
            out += "\nexpressions\n";
        }
        out += &format!("  {} gave {}  {}\n", plan.text, gave(&evaluation.gave), placed(program, plan.place));
        out += &evaluation.saw.iter().map(|(name, value)| format!("    {name} = {value}\n")).collect::<String>();
    }
    out
}

fn answer(exchange: &Exchange) -> String {
    let status = exchange.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let mut out = String::from("\nanswer\n");
    out += &message(&status, texts(&exchange.headers), &whole_body(exchange));
    if let End::Cut(code) = &exchange.end {
        out += &format!("  (cut here: {code})\n");
    }
    out
}

fn message(line: &str, headers: impl Iterator<Item = (String, String)>, body: &[u8]) -> String {
    let mut out = format!("  {line}\n");
    for (name, value) in headers {
        out += &format!("  {name}: {value}\n");
    }
    let body = match readable(body) {
        serde_json::Value::String(text) => text,
        json => format!("{json:#}"),
    };
    let lines: Vec<&str> = body.lines().collect();
    out += &lines.iter().take(MAX_BODY_LINES).map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect::<String>();
    if lines.len() > MAX_BODY_LINES {
        out += &format!("  … and {} lines more; `--format json` has them\n", lines.len() - MAX_BODY_LINES);
    }
    out
}
