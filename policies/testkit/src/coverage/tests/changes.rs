//! Points of changed lines, shares, and what several threads count.

use super::*;

/// The names of points that changed where these lines did.
fn changed(lines: &[(u32, u32)]) -> Vec<String> {
    let compiled = compiled(POLICIES);
    let lines = BTreeMap::from([("p.yaml".to_owned(), lines.to_vec())]);
    let changes = Changes::new(lines, &compiled.repository, &compiled.sources);
    let report = Coverage::of(&compiled.program.unwrap()).report_of(&changes);
    let mut names: Vec<String> = report.points.into_iter().map(|point| format!("{} {}", point.kind.word(), point.name)).collect();
    names.dedup();
    names
}

#[test]
fn a_changed_line_changes_what_reaches_over_it() {
    let policy = ["error not_authorized", "error model_not_allowed"];
    let (rule, when) = (["rule who/guests"].as_slice(), ["when of who/guests"].as_slice());
    assert_eq!(changed(&[(1, 1)]), Vec::<String>::new());
    assert_eq!(changed(&[(25, 25)]), ["rule who/apps", "error not_authorized"], "the rule, and what the document stands for");
    assert_eq!(changed(&[(27, 27)]), [rule, &policy].concat(), "a rule is more than its first line");
    assert_eq!(changed(&[(28, 28)]), [rule, when, &policy].concat());
    assert_eq!(changed(&[(29, 29)]), ["rule who/nobody-else", "error not_authorized"]);
    assert_eq!(changed(&[(30, 30)]), Vec::<String>::new(), "between two documents");
    assert_eq!(changed(&[(57, 59)]), ["fallback big to small"], "a fallback stands for its model");
}

#[test]
fn shares_are_met_exactly_at_their_border() {
    let tally = |covered, points| Tally { covered, points, percent: 0.0 };
    let meets = |covered, points, share: &str| tally(covered, points).meets(share.parse().unwrap());
    assert!(meets(9, 10, "90%"));
    assert!(!meets(8_999, 10_000, "90%"));
    assert!(meets(9_000, 10_000, "90%"));
    assert!(meets(2, 3, "66.6666%"));
    assert!(!meets(2, 3, "66.6667%"));
    assert!(meets(0, 0, "100%"), "where there is nothing to reach, all of it is");
    assert!(meets(0, 5, "0%"));
    assert!(!meets(4_999_999, 5_000_000, "100%"));
}

#[test]
fn percent_is_a_hundred_only_where_all_is_reached() {
    let percent = |covered: usize, points: usize| {
        let one = |count| CoveredPoint {
            kind: PointKind::Route,
            file: String::new(),
            line: 1,
            column: 1,
            name: String::new(),
            outcome: Outcome::Reached,
            count,
        };
        let all: Vec<_> = (0..points).map(|index| one(u64::from(index < covered))).collect();
        Tally::of(all.iter()).percent
    };
    assert!((percent(1_999, 2_000) - 99.9).abs() < 1e-9);
    assert!((percent(2_000, 2_000) - 100.0).abs() < 1e-9);
    assert!((percent(0, 0) - 100.0).abs() < 1e-9);
    assert!((percent(2, 3) - 66.6).abs() < 1e-9);
}

#[test]
fn what_threads_count_adds_up_to_what_one_counts() {
    let cases = "
    - {as: ann, send: red, upstream: {'*': ok}, expect: {status: 200}}
    - {as: stranger, send: red, expect: {status: 401}}
    - {as: ann, send: blue, upstream: {p/b: busy, p/a: ok}, expect: {status: 200}}
    - {send: red, expect: {status: 403}}
    - {as: ann, upstream: {'*': ok}, steps: [{send: red, times: 2, expect: {status: 200}}, {send: red, expect: {status: 429}}]}
    ";
    let mut three = vec![Coverage::of(&compiled(POLICIES).program.unwrap()); 3];
    run_cases(POLICIES, cases, &mut three);
    let (mut forth, mut back) = (three[0].clone(), three[2].clone());
    forth.merge(&three[1]);
    forth.merge(&three[2]);
    back.merge(&three[1]);
    back.merge(&three[0]);
    let single = covered(POLICIES, cases);
    assert_eq!(forth.report(), single);
    assert_eq!(back.report(), single);
    assert!(single.total.covered > 10);
}
