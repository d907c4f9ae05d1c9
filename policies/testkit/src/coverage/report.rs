//! What was reached, as facts: for people who draw it and for programs that read it.

use aigw_core::Share;
use serde::Serialize;
use serde_json::Value;

use super::point::{Outcome, Point, PointKind};

/// Version of the report's shape.
const VERSION: u32 = 1;

/// What tests reached of a program. Its JSON Schema is `schemas/coverage.json`.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoverageReport {
    /// Version of this shape.
    pub version: u32,
    /// The git revision since which lines count, where not all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<String>,
    /// All points together.
    pub total: Tally,
    /// The points of each kind that has any, in the order of kinds.
    pub kinds: Vec<KindTally>,
    /// Every point, by kind, file, line, column, name and outcome.
    pub points: Vec<CoveredPoint>,
}

/// How many of how many points were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Tally {
    /// Points that were reached.
    pub covered: u64,
    /// Points that there are.
    pub points: u64,
    /// The share in percent, with one decimal, rounded down: 100 only where everything was reached. 100 where there is nothing to reach.
    pub percent: f64,
}

/// The points of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct KindTally {
    /// Which kind.
    pub kind: PointKind,
    /// How many of them were reached.
    #[serde(flatten)]
    pub tally: Tally,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct CoveredPoint {
    /// Its kind.
    pub kind: PointKind,
    /// Path of its file, relative to the policy folder.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// What it is called.
    pub name: String,
    /// What must have happened there.
    pub outcome: Outcome,
    /// How often it did.
    pub count: u64,
}

/// The JSON Schema of [`CoverageReport`].
pub fn coverage_schema() -> Value {
    schemars::schema_for!(CoverageReport).to_value()
}

impl CoverageReport {
    pub(super) fn of<'p>(points: impl Iterator<Item = (&'p Point, u64)>) -> Self {
        let mut points: Vec<CoveredPoint> = points.map(|(point, count)| CoveredPoint::of(point, count)).collect();
        points.sort();
        let of_kind = |kind| points.iter().filter(move |point| point.kind == kind);
        let kinds = PointKind::ALL.into_iter().filter(|kind| of_kind(*kind).next().is_some());
        let kinds = kinds.map(|kind| KindTally { kind, tally: Tally::of(of_kind(kind)) }).collect();
        Self { version: VERSION, changed_since: None, total: Tally::of(points.iter()), kinds, points }
    }

    /// Points that no case reached, in order.
    pub fn uncovered(&self) -> impl Iterator<Item = &CoveredPoint> {
        self.points.iter().filter(|point| point.count == 0)
    }
}

impl Tally {
    pub(super) fn of<'p>(points: impl Iterator<Item = &'p CoveredPoint>) -> Self {
        let mut tally = Self::default();
        for point in points {
            tally.points += 1;
            tally.covered += u64::from(point.count > 0);
        }
        let permille = tally.covered.saturating_mul(1000).checked_div(tally.points).unwrap_or(1000);
        tally.percent = f64::from(u32::try_from(permille).unwrap_or(1000)) / 10.0;
        tally
    }

    /// Whether at least this share was reached, exactly: nothing is rounded. Where there is nothing to reach, it was.
    pub fn meets(&self, share: Share) -> bool {
        let wanted = u128::from(share.as_ppm()) * u128::from(self.points);
        u128::from(self.covered) * u128::from(Share::ALL.as_ppm()) >= wanted
    }
}

impl CoveredPoint {
    fn of(point: &Point, count: u64) -> Self {
        let Point { kind, file, line, column, name, outcome } = point.clone();
        Self { kind, file, line, column, name, outcome, count }
    }
}
