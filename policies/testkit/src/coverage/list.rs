//! Every point of a program, and how what is seen of requests leads to it.

mod access;
mod errors;
mod reach;
mod serving;
mod validations;

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::{ErrorCode, Record};
use aigw_kinds::consumer::ConsumerPlan;
use aigw_kinds::limit::LimitRule;
use aigw_kinds::{Decider, ExpressionId, Mode, Place, Program};

use self::reach::Reach;
use super::point::{Outcome, Point, PointKind};

/// The points, and the ways to them.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) points: Vec<Point>,
    /// Points that a record names, by [`key`].
    pub(super) keys: BTreeMap<String, usize>,
    /// By policy and rule; `None` for a rule that is disabled.
    rules: Vec<Vec<Option<RulePoints>>>,
    /// Conditions by expression.
    pub(super) whens: Vec<Option<When>>,
    /// Consumers and the names of their client certificates.
    certificates: BTreeSet<(String, String)>,
    /// Consumers, or nobody, and the issuers whose tokens prove them.
    tokens: BTreeSet<(Option<String>, String)>,
    /// The points that a code reaches.
    pub(super) errors: BTreeMap<ErrorCode, Vec<usize>>,
}

/// What a key leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    Route,
    Authentication,
    Validation,
    Limit,
    Target,
    Endpoint,
    Fallback,
    Prompt,
}

/// The points of an authorization rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct RulePoints {
    pub(super) applies: Sides,
    pub(super) when: Sides,
}

/// The points of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub(super) sides: Sides,
    /// Whether it is an authorization rule's.
    pub(super) of_rule: bool,
}

/// Two points of which a request reaches one; `None` for one that cannot be reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sides {
    pub(super) yes: Option<usize>,
    pub(super) no: Option<usize>,
}

/// How records name a point: no name, place or code holds the separator.
pub(super) fn key(sort: Sort, parts: &[&str]) -> String {
    let mut key = String::with_capacity(64);
    key.push(match sort {
        Sort::Route => 'r',
        Sort::Authentication => 'a',
        Sort::Validation => 'v',
        Sort::Limit => 'l',
        Sort::Target => 't',
        Sort::Endpoint => 'e',
        Sort::Fallback => 'f',
        Sort::Prompt => 'p',
    });
    for part in parts {
        key.push('\u{1f}');
        key.push_str(part);
    }
    key
}

impl List {
    pub(super) fn of(program: &Program) -> Self {
        let reach = Reach::of(program);
        let mut lister = Lister { program, list: Self::default() };
        let of_consumer = |plan: &ConsumerPlan| {
            let ids: Vec<_> = plan.certificates.iter().map(|one| (plan.origin.name.to_string(), one.id.to_string())).collect();
            ids
        };
        lister.list.certificates = program.consumers.iter().flat_map(of_consumer).collect();
        lister.list.tokens = tokens(program);
        lister.list.whens = vec![None; program.expressions.len()];
        lister.routes();
        lister.authentications();
        lister.authorizations(&reach);
        lister.validations(&reach);
        lister.limits();
        lister.prompts();
        lister.models();
        lister.forwards();
        lister.errors(&reach);
        lister.list
    }

    /// Whether a client certificate proved who called.
    pub(super) fn is_certificate(&self, record: &Record) -> bool {
        let names = record.consumer.as_deref().zip(record.credential.as_deref());
        names.is_some_and(|(consumer, credential)| self.certificates.contains(&(consumer.to_owned(), credential.to_owned())))
    }

    /// Whether a token proved who called.
    pub(super) fn is_token(&self, record: &Record) -> bool {
        let consumer = record.consumer.as_deref().map(str::to_owned);
        record.credential.as_deref().is_some_and(|issuer| self.tokens.contains(&(consumer, issuer.to_owned())))
    }

    /// The points of the rule that decides.
    pub(super) fn rule(&self, by: Decider) -> Option<RulePoints> {
        let Decider::AuthorizationRule(policy, rule) = by else { return None };
        *self.rules.get(policy.index())?.get(usize::from(rule))?
    }
}

/// An API key may be named as an issuer is: then records do not tell the two apart, and it counts as the key.
fn tokens(program: &Program) -> BTreeSet<(Option<String>, String)> {
    let undeclared = program.issuers.iter().map(|issuer| (None, issuer.name.to_string()));
    let declared = program.consumers.iter().flat_map(|plan| {
        let issuers = plan.tokens.iter().filter_map(|token| Some(&token.issuer.of(program)?.name));
        let own = issuers.filter(|issuer| !plan.keys.iter().any(|key| key.id == **issuer));
        own.map(|issuer| (Some(plan.origin.name.to_string()), issuer.to_string()))
    });
    undeclared.chain(declared).collect()
}

/// The list in the making.
struct Lister<'p> {
    program: &'p Program,
    list: List,
}

impl Lister<'_> {
    fn add(&mut self, kind: PointKind, name: impl Into<String>, outcome: Outcome, Place(file, line, column): Place) -> usize {
        let file = usize::try_from(file).ok().and_then(|file| self.program.files.get(file)).cloned().unwrap_or_default();
        self.list.points.push(Point { kind, file, line, column, name: name.into(), outcome });
        self.list.points.len().saturating_sub(1)
    }

    /// A point that records name. What they name alike is one point.
    fn add_named(&mut self, kind: PointKind, name: impl Into<String>, outcome: Outcome, place: Place, key: String) {
        if !self.list.keys.contains_key(&key) {
            let point = self.add(kind, name, outcome, place);
            self.list.keys.insert(key, point);
        }
    }

    /// The two points of a condition; an expression that several share is one condition.
    fn add_when(&mut self, id: Option<ExpressionId>, name: &str, of_rule: bool) -> Sides {
        let Some((id, plan)) = id.and_then(|id| Some((id, id.of(self.program)?))) else { return Sides::default() };
        if let Some(Some(known)) = self.list.whens.get(id.index()) {
            return known.sides;
        }
        let yes = self.add(PointKind::Condition, name, Outcome::True, plan.place);
        let no = self.add(PointKind::Condition, name, Outcome::False, plan.place);
        let sides = Sides { yes: Some(yes), no: Some(no) };
        if let Some(when) = self.list.whens.get_mut(id.index()) {
            *when = Some(When { sides, of_rule });
        }
        sides
    }

    /// `file:line:column`, as records write it.
    fn written(&self, Place(file, line, column): Place) -> String {
        let file = usize::try_from(file).ok().and_then(|file| self.program.files.get(file)).map_or("", String::as_str);
        format!("{file}:{line}:{column}")
    }

    /// Each match of a route, for each operation that it leads to. Hosts and the paths of dialects multiply rows and say nothing of their own.
    fn routes(&mut self) {
        let mut places: BTreeMap<_, BTreeSet<Place>> = BTreeMap::new();
        for row in &self.program.matches {
            places.entry(row.route).or_default().insert(row.place);
        }
        for row in &self.program.matches {
            let Some(route) = row.route.of(self.program) else { continue };
            let route = route.origin.name.as_str();
            let own = places.get(&row.route).filter(|own| own.len() > 1);
            let nth = own.and_then(|own| own.iter().position(|place| *place == row.place));
            let which = nth.map_or_else(|| route.to_owned(), |nth| format!("{route}, match {}", nth + 1));
            let operation = row.operation.as_str();
            let key = key(Sort::Route, &[route, &self.written(row.place), operation]);
            self.add_named(PointKind::Route, format!("{which} ({operation})"), Outcome::Reached, row.place, key);
            self.add_when(row.when, &which, false);
        }
    }

    fn limits(&mut self) {
        for plan in self.program.limits.iter().filter(|plan| plan.mode != Mode::Disabled) {
            for rule in plan.rules.iter().filter(|rule| rule.mode != Mode::Disabled) {
                self.limit_rule(plan.origin.name.as_str(), rule);
            }
        }
    }

    fn limit_rule(&mut self, policy: &str, rule: &LimitRule) {
        let name = format!("{policy}/{}", rule.name);
        let at = self.written(rule.place);
        for (outcome, word) in [(Outcome::Counted, "counted"), (Outcome::Exceeded, "exceeded")] {
            let key = key(Sort::Limit, &[policy, rule.name.as_str(), &at, word]);
            self.add_named(PointKind::Limit, name.clone(), outcome, rule.place, key);
        }
        self.add_when(rule.when, &name, false);
    }
}
