//! `aigw show ROUTE`: the effective policy of a route, every line with where it comes from.

mod input;

mod scopes;

use std::path::PathBuf;

use aigw_core::Name;
use aigw_kinds::consumer::ConsumerPlan;
use aigw_kinds::limit::{Amount, LimitKind};
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::{Mode, Place, Program, RouteId, Setting};
use clap::Args;

use self::scopes::{Scope, each};
use crate::args::Globals;
use crate::commands::eval::endpoint_name;
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::print;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aigw show support-chat policies --as mobile-app")]
pub(crate) struct Show {
    /// The route
    route: String,
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Leave out what does not apply to this consumer
    #[arg(long = "as", value_name = "CONSUMER")]
    consumer: Option<Name>,
}

impl Show {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let (_, program) = load::program(&self.path, globals)?;
        let names = || program.routes.iter().map(|route| route.origin.name.as_str());
        let index = names().position(|name| name == self.route).ok_or_else(|| unknown("route", &self.route, names()))?;
        let consumer = match &self.consumer {
            None => None,
            Some(name) => Some(program.consumers.iter().find(|plan| plan.origin.name == *name).ok_or_else(|| {
                unknown("consumer", name.as_str(), program.consumers.iter().map(|plan| plan.origin.name.as_str()))
            })?),
        };
        let mut sheet = Sheet { program: &program, lines: Vec::new() };
        if let Some(route) = program.routes.get(index) {
            sheet.route(route, index, consumer);
        }
        print(&sheet.text())?;
        Ok(Exit::Fine)
    }
}

fn unknown<'a>(what: &str, asked: &str, names: impl Iterator<Item = &'a str>) -> Stop {
    let stop = Stop::usage(format!("there is no {what} `{asked}`"));
    match aigw_source::nearest(asked, names) {
        Some(name) => stop.help(format!("did you mean `{name}`?")),
        None => stop,
    }
}

/// Lines with their places beside them.
struct Sheet<'a> {
    program: &'a Program,
    lines: Vec<(String, Option<Place>)>,
}

impl Sheet<'_> {
    fn line(&mut self, text: String, place: Place) {
        self.lines.push((text, Some(place)));
    }

    fn title(&mut self, text: &str) {
        self.lines.push((text.to_owned(), None));
    }

    fn route(&mut self, route: &RoutePlan, index: usize, consumer: Option<&ConsumerPlan>) {
        self.line(format!("route {}", route.origin.name), route.origin.place);
        self.title("matches");
        let rows: Vec<(String, Place)> =
            self.program.matches.iter().filter(|row| row.route.index() == index).map(|row| (described(row), row.place)).collect();
        for (text, place) in rows {
            self.line(text, place);
        }
        self.serves(route);
        let id = RouteId(u32::try_from(index).unwrap_or(u32::MAX));
        let scopes = scopes::of(self.program, route, id, consumer);
        self.callers(route, consumer, &scopes);
        self.served(route, id, consumer);
        self.validations(&scopes);
        self.limits(consumer, &scopes);
        self.prompts(&scopes);
    }

    fn serves(&mut self, route: &RoutePlan) {
        self.title("serves");
        match &route.serve {
            ServePlan::Models { models, default } => {
                for id in models {
                    let Some(model) = id.of(self.program) else { continue };
                    let is_default = if *default == Some(*id) { ", the default" } else { "" };
                    self.line(
                        format!("  model {} as {}{is_default}", model.origin.name, model.names.join(", ")),
                        model.origin.place,
                    );
                    for target in &model.targets {
                        let weight = setting(self.program, &target.weight);
                        let endpoints = target.endpoints.iter().filter_map(|id| id.of(self.program));
                        let names: Vec<String> = endpoints.map(|endpoint| endpoint_name(self.program, endpoint)).collect();
                        let text = format!(
                            "    priority {} weight {weight}: {} as {}",
                            target.priority,
                            names.join(" or "),
                            target.wire_model
                        );
                        self.line(text, target.place);
                    }
                    for fallback in model.fallback.iter().filter_map(|id| id.of(self.program)) {
                        self.line(format!("    then model {}", fallback.origin.name), fallback.origin.place);
                    }
                }
            }
            ServePlan::Http { provider, path, .. } => {
                let name = provider.of(self.program).map_or("", |plan| plan.origin.name.as_str());
                let path = path.as_deref().unwrap_or("the request's path");
                self.line(format!("  http {name}, {path}"), route.origin.place);
            }
        }
    }

    fn callers(&mut self, route: &RoutePlan, consumer: Option<&ConsumerPlan>, scopes: &[Scope<'_>]) {
        self.title("callers");
        for plan in route.authentication.iter().filter_map(|id| id.of(self.program)) {
            let mut methods: Vec<String> = plan.api_key_headers.iter().map(|header| format!("API key in `{header}`")).collect();
            methods.extend(plan.mtls.as_ref().map(|mtls| format!("client certificate of `{}`", mtls.ca)));
            methods.extend(plan.anonymous.then(|| "anonymous".to_owned()));
            self.line(format!("  {}: {}", plan.origin.name, methods.join(", ")), plan.origin.place);
        }
        if route.anonymous {
            self.line("  anonymous: true".to_owned(), route.origin.place);
        }
        for (scope, plan) in each(scopes, |set| &set.authorization, |id| id.of(self.program)) {
            for rule in &plan.rules {
                let applies = consumer
                    .is_none_or(|consumer| rule.roles.is_empty() || rule.roles.iter().any(|role| consumer.roles.contains(role)));
                if applies {
                    let roles = if rule.roles.is_empty() { "everybody".to_owned() } else { rule.roles.join(", ") };
                    let effect = format!("{:?}", rule.effect).to_lowercase();
                    self.line(
                        format!("  {}/{}: {effect} {roles}{}{scope}", plan.origin.name, rule.name, shadow(plan.mode, rule.mode)),
                        rule.place,
                    );
                }
            }
        }
        if route.authorization_open {
            self.line("  authorization: open".to_owned(), route.origin.place);
        }
    }

    fn validations(&mut self, scopes: &[Scope<'_>]) {
        self.title("validations");
        for (scope, plan) in each(scopes, |set| &set.validations, |id| id.of(self.program)) {
            for check in &plan.checks {
                let text = format!(
                    "  {}/{}{}{scope}",
                    plan.origin.name,
                    input::described(&check.what),
                    shadow(plan.mode, Mode::Enforce)
                );
                self.line(text, check.place);
            }
        }
    }

    fn limits(&mut self, consumer: Option<&ConsumerPlan>, scopes: &[Scope<'_>]) {
        self.title("limits");
        for (scope, plan) in each(scopes, |set| &set.limits, |id| id.of(self.program)) {
            for rule in &plan.rules {
                let amount = match &rule.amount {
                    Amount::Fixed(amount) => setting(self.program, amount),
                    Amount::Label { label, default } => {
                        let own = consumer.and_then(|consumer| consumer.labels.get(label)).cloned();
                        own.unwrap_or_else(|| format!("{default} (or label {label})"))
                    }
                };
                let what = match &rule.what {
                    LimitKind::Requests { window } => format!("{amount} requests in {window}"),
                    LimitKind::Concurrency { wait } => format!("{amount} at once, waiting {wait}"),
                };
                let text = format!("  {}/{}: {what}{}{scope}", plan.origin.name, rule.name, shadow(plan.mode, rule.mode));
                self.line(text, rule.place);
            }
        }
    }

    fn prompts(&mut self, scopes: &[Scope<'_>]) {
        self.title("prompts");
        for (scope, used) in each(scopes, |set| &set.prompts, Some) {
            let Some(plan) = used.prompt.of(self.program) else { continue };
            let versions: Vec<String> =
                plan.versions.iter().map(|version| format!("{} {}", version.name, version.share)).collect();
            let versions = if versions.is_empty() { "parameters only".to_owned() } else { versions.join(", ") };
            self.line(format!("  {}: {versions}{}{scope}", plan.origin.name, shadow(plan.mode, Mode::Enforce)), used.place);
        }
    }

    fn text(&self) -> String {
        let width =
            self.lines.iter().filter(|(_, place)| place.is_some()).map(|(text, _)| text.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for (text, place) in &self.lines {
            match place {
                None => out += &format!("{text}\n"),
                Some(Place(file, line, column)) => {
                    let file = self.program.files.get(*file as usize).map_or("", String::as_str);
                    out += &format!("{text:<width$}  {file}:{line}:{column}\n");
                }
            }
        }
        out
    }
}

fn described(row: &aigw_kinds::route::MatchRow) -> String {
    use aigw_kinds::route::HostPattern;
    let host = match &row.host {
        HostPattern::Exact(host) => host.clone(),
        HostPattern::Suffix(suffix) => format!("*{suffix}"),
        HostPattern::Any => "any host".to_owned(),
    };
    let methods = if row.methods.is_empty() { "any method".to_owned() } else { row.methods.join("|") };
    let more = row.headers.len() + row.query.len() + usize::from(row.when.is_some());
    let more = if more == 0 { String::new() } else { format!(", {more} more conditions") };
    format!("  {methods} {} on {host}: {} in {}{more}", row.path, row.operation.as_str(), row.surface.as_str())
}

fn setting(program: &Program, setting: &Setting<u64>) -> String {
    match setting {
        Setting::Value(value) => value.to_string(),
        Setting::Param(id) => format!("{{param: {}}}", id.of(program).map_or("", |plan| plan.name.as_str())),
    }
}

fn shadow(policy: Mode, rule: Mode) -> &'static str {
    if policy == Mode::Shadow || rule == Mode::Shadow { " (shadow)" } else { "" }
}
