//! Matches of routes: everything that one asks for left out, one by one. A match is all rows that came of it.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::Operation;
use aigw_kinds::route::{HostPattern, MatchRow, PathPattern, sort_rows};
use aigw_kinds::{ExpressionId, Place, Program, RouteId};

use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

/// What is left out of a match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Method,
    Header(String),
    Query(String),
    When(ExpressionId),
    /// Of every match of the route: it says no host of its own.
    Host,
}

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    let mut matches: BTreeMap<(RouteId, Place), Vec<&MatchRow>> = BTreeMap::new();
    let mut routes: BTreeMap<RouteId, Vec<&MatchRow>> = BTreeMap::new();
    for row in &maker.program.matches {
        matches.entry((row.route, row.place)).or_default().push(row);
        routes.entry(row.route).or_default().push(row);
    }
    let mut number = (RouteId(0), 0_u32);
    for ((route, place), rows) in &matches {
        number = if number.0 == *route { (*route, number.1.saturating_add(1)) } else { (*route, 1) };
        let whole = routes.get(route).map(Vec::as_slice).unwrap_or_default();
        let written = Match { route: *route, place: *place, number: number.1, rows, whole };
        parts(rows).into_iter().for_each(|part| written.widen(maker, part));
        rows.first().and_then(|row| row.when).into_iter().for_each(|when| written.negate(maker, when));
    }
    for (route, rows) in &routes {
        let Some(plan) = route.of(maker.program) else { continue };
        let written = Match { route: *route, place: plan.origin.place, number: 0, rows, whole: rows };
        if rows.iter().any(|row| row.host != HostPattern::Any) {
            written.widen(maker, Part::Host);
        }
    }
}

/// What the rows of a match ask for. Methods of stock paths are not the author's.
fn parts(rows: &[&MatchRow]) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    for row in rows {
        parts.extend(row.headers.iter().map(|(name, _)| Part::Header(name.clone())));
        parts.extend(row.query.iter().map(|(name, _)| Part::Query(name.clone())));
        parts.extend(row.when.map(Part::When));
        parts.extend((row.operation == Operation::Http && !row.methods.is_empty()).then_some(Part::Method));
    }
    parts
}

struct Match<'m> {
    route: RouteId,
    place: Place,
    /// Which of the route's matches, from 1; 0 for all.
    number: u32,
    rows: &'m [&'m MatchRow],
    /// Every row of the route.
    whole: &'m [&'m MatchRow],
}

impl Match<'_> {
    fn widen(&self, maker: &mut Maker<'_>, part: Part) {
        if self.is_taken(&part) {
            return;
        }
        let draft = self.draft(maker, &part);
        let (route, place, all) = (self.route, self.place, self.number == 0);
        maker.add(draft, move |program| {
            for row in &mut program.matches {
                if row.route == route && (all || row.place == place) {
                    *row = part.left_out(row);
                }
            }
            sort_rows(&mut program.matches);
            program.matches.dedup();
        });
    }

    /// Whether another match of the route takes the same already. The rows of a match differ in host and path alone, so that one stands for all.
    fn is_taken(&self, part: &Part) -> bool {
        let Some(row) = self.rows.iter().find(|row| part.is_in(row)) else { return true };
        let row = part.left_out(row);
        let alike = |other: &MatchRow| {
            let head = other.path == row.path && other.host == row.host && other.methods == row.methods;
            head && other.headers == row.headers && other.query == row.query && other.when == row.when
        };
        self.number > 0 && self.whole.iter().any(|other| other.place != self.place && alike(other))
    }

    fn negate(&self, maker: &mut Maker<'_>, when: ExpressionId) {
        let route = self.name(maker.program);
        let of = format!("{route}/match-{}", self.number);
        let (concern, mentions) = (self.concern(), vec![maker.at(self.place)]);
        maker.negate(Some(when), |plan| Draft {
            kind: MutantKind::NegateCondition,
            of,
            place: plan.place,
            name: format!("the route `{route}` matches where `{}` does not hold", plan.text),
            concern,
            mentions,
        });
    }

    fn draft(&self, maker: &Maker<'_>, part: &Part) -> Draft {
        let route = self.name(maker.program);
        let (of, what) = match part {
            Part::Method => ("methods".to_owned(), "any method".to_owned()),
            Part::Header(name) => (format!("header/{name}"), format!("any `{name}`, or none")),
            Part::Query(name) => (format!("query/{name}"), format!("any `{name}` in the query, or none")),
            Part::When(_) => ("when".to_owned(), "whether its condition holds or not".to_owned()),
            Part::Host => ("hosts".to_owned(), "any host".to_owned()),
        };
        let number = if self.number == 0 { String::new() } else { format!("match-{}/", self.number) };
        let with = if matches!(part, Part::When(_)) { "" } else { "with " };
        Draft {
            kind: MutantKind::WidenMatch,
            of: format!("{route}/{number}{of}"),
            place: if let Part::When(when) = part { maker.place_of(*when) } else { self.place },
            name: format!("the route `{route}` matches {with}{what}"),
            concern: self.concern(),
            mentions: vec![maker.at(self.place)],
        }
    }

    /// A path is never left out, so that other paths are not concerned.
    fn concern(&self) -> Concern {
        let paths: BTreeSet<&PathPattern> = self.rows.iter().map(|row| &row.path).collect();
        Concern::Paths(paths.into_iter().cloned().collect())
    }

    fn name(&self, program: &Program) -> String {
        self.route.of(program).map_or_else(String::new, |route| route.origin.name.to_string())
    }
}

impl Part {
    fn is_in(&self, row: &MatchRow) -> bool {
        match self {
            Self::Method => row.operation == Operation::Http && !row.methods.is_empty(),
            Self::Header(name) => row.headers.iter().any(|(header, _)| header == name),
            Self::Query(name) => row.query.iter().any(|(query, _)| query == name),
            Self::When(when) => row.when == Some(*when),
            Self::Host => row.host != HostPattern::Any,
        }
    }

    fn left_out(&self, row: &MatchRow) -> MatchRow {
        let mut row = row.clone();
        match self {
            Self::Method if row.operation == Operation::Http => row.methods.clear(),
            Self::Method => {}
            Self::Header(name) => row.headers.retain(|(header, _)| header != name),
            Self::Query(name) => row.query.retain(|(query, _)| query != name),
            Self::When(when) => row.when = row.when.filter(|id| id != when),
            Self::Host => row.host = HostPattern::Any,
        }
        row
    }
}
