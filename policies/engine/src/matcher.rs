//! The match phase: which row of the route table a request's head means.
//!
//! Rows stand in order of precedence and the first that matches decides. An index by host, path and exact header leaves a handful of rows to
//! look at, so that ten thousand routes cost a request no more than ten. The body is never looked at.

mod head;
mod index;
mod row;

use aigw_core::{ErrorCode, Phase, Verdict};
use aigw_kinds::facts::Facts;
use aigw_kinds::{Decider, Decision, Expressions, Program, Refusal};

use self::index::{Depth, Index};
use self::row::Row;

pub use head::{HeadFault, host, normal_path};
pub use row::{Misfit, RowFault};

/// How much of a path that a client made up is repeated to it, in characters.
const PATH_IN_MESSAGE: usize = 120;

/// The route table, indexed.
#[derive(Debug)]
pub struct Matcher {
    rows: Vec<Row>,
    index: Index,
}

impl Matcher {
    /// Indexes the match rows of a program.
    ///
    /// # Errors
    /// A row that cannot be matched: a header name that is none, or a regular expression that does not compile.
    pub fn new(program: &Program) -> Result<Self, RowFault> {
        let rows = (0_u32..).zip(&program.matches).map(|(index, row)| Row::new(index, row)).collect::<Result<Vec<_>, _>>()?;
        let index = Index::new(&program.matches);
        Ok(Self { rows, index })
    }

    /// The first row in the order of precedence that matches, as an index into the program's rows. A `when` that fails does not match, and is noted.
    pub fn find(&self, facts: &Facts<'_>, expressions: &Expressions, decisions: &mut Vec<Decision>) -> Option<u32> {
        self.first(facts, Depth::Fitting, |row| {
            row.matches_head(facts)
                && expressions.holds_if_any(row.when(), facts).unwrap_or_else(|error| {
                    let by = Decider::Row(row.index());
                    decisions.push(Decision::new(by, Phase::Match, Verdict::Passed).when_failed(Some(&error)));
                    false
                })
        })
    }

    /// The conditions of a row that this head does not meet, but for its `when`; for whoever explains.
    pub fn misfits(&self, row: u32, facts: &Facts<'_>) -> Vec<Misfit> {
        let row = usize::try_from(row).ok().and_then(|row| self.rows.get(row));
        row.map_or_else(Vec::new, |row| row.misfits(facts))
    }

    /// What to tell a client whose request no row matches.
    pub fn miss(&self, facts: &Facts<'_>) -> Refusal {
        let path: String = facts.path.chars().take(PATH_IN_MESSAGE).collect();
        let mut methods: Vec<&str> = Vec::new();
        let mut same_method = false;
        self.first(facts, Depth::All, |row| {
            if row.matches_path(facts) {
                same_method |= row.matches_method(facts.method);
                methods.extend(row.methods());
            }
            false
        });
        methods.sort_unstable();
        methods.dedup();
        let message = if same_method {
            format!("`{path}` is served here, but not with these headers and this query")
        } else if methods.is_empty() {
            format!("nothing is served at `{path}` on this host; check the base URL")
        } else {
            format!("`{path}` is served for {}, not for {}", methods.join(" and "), facts.method)
        };
        Refusal::new(ErrorCode::RouteNotFound, message)
    }

    /// The least candidate that passes.
    fn first<'m>(&'m self, facts: &Facts<'_>, depth: Depth, mut passes: impl FnMut(&'m Row) -> bool) -> Option<u32> {
        let mut best = None;
        self.index.visit(facts, depth, &mut |candidates| {
            let better = candidates.iter().copied().take_while(|index| best.is_none_or(|best| *index < best));
            let found = better.filter_map(|index| self.rows.get(usize::try_from(index).ok()?)).find(|row| passes(row));
            best = found.map(Row::index).or(best);
        });
        best
    }
}

#[cfg(test)]
mod tests;
