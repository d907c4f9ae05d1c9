#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::testing::found;

/// A repository with one model and these routes, each `(name, what stands beside the surfaces)`.
fn repository(routes: &[(&str, &str)]) -> String {
    let head = "apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: lab}\nspec: {type: mock}\n---\napiVersion: aigw.dev/v1\nkind: Model\n\
                metadata: {name: chat}\nspec: {targets: [{target: lab/small}]}\n";
    let routes = routes.iter().map(|(name, more)| {
        format!(
            "---\napiVersion: aigw.dev/v1\nkind: Route\nmetadata: {{name: {name}}}\nspec:\n  {{surfaces: [openai], serve: {{models: [chat]}}, anonymous: \
             true, authorization: open, {more}}}\n"
        )
    });
    routes.fold(head.to_owned(), |all, route| all + route.as_str())
}

fn check(routes: &[(&str, &str)], expected: &[&str]) {
    let found = found(&repository(routes));
    let messages: Vec<&str> =
        found.iter().filter(|finding| finding.rule.code == "R101").map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, expected, "{routes:?}");
}

#[test]
fn a_higher_priority_takes_what_it_covers() {
    check(
        &[
            ("wide", "priority: 1, matches: [{headers: {x-team: {present: true}}}]"),
            ("narrow", "matches: [{headers: {x-team: support}}]"),
        ],
        &["no request reaches `narrow`: `wide` takes them all"],
    );
    check(
        &[
            ("wide", "priority: 1, matches: [{headers: {X-Team: {prefix: sup}}}]"),
            ("narrow", "matches: [{headers: {x-team: support}}]"),
        ],
        &["no request reaches `narrow`: `wide` takes them all"],
    );
    check(&[("all", "priority: 5"), ("other", "priority: 1")], &["no request reaches `other`: `all` takes them all"]);
}

#[test]
fn more_conditions_come_first_whatever_the_priority() {
    check(&[("wide", "priority: 9"), ("narrow", "matches: [{headers: {x-team: support}}]")], &[]);
    check(
        &[("wide", "priority: 1, matches: [{headers: {x-a: '1'}}]"), ("narrow", "matches: [{headers: {x-a: '1', x-b: '2'}}]")],
        &[],
    );
}

#[test]
fn several_routes_together_can_leave_nothing() {
    check(
        &[
            ("with", "matches: [{headers: {x-a: {present: true}}}]"),
            ("without", "matches: [{headers: {x-a: {absent: true}}}]"),
            ("rest", "priority: 0"),
        ],
        &["no request reaches `rest`: `with`, `without` take them all"],
    );
    check(
        &[
            ("with", "matches: [{headers: {x-a: {present: true}}}]"),
            ("other", "matches: [{headers: {x-b: {absent: true}}}]"),
            ("rest", "priority: 0"),
        ],
        &[],
    );
}

#[test]
fn what_may_not_take_a_request_covers_nothing() {
    check(&[("wide", "priority: 1, matches: [{when: now.hour < 6}]"), ("rest", "priority: 0")], &[]);
    check(
        &[("wide", "priority: 1, matches: [{headers: {x-a: {regex: 'a.*'}}}]"), ("rest", "matches: [{headers: {x-a: abc}}]")],
        &[],
    );
    check(&[("wide", "priority: 1, hosts: [a.example.com]"), ("rest", "priority: 0")], &[]);
    check(&[("wide", "priority: 1, operations: [models]"), ("rest", "operations: [chat]")], &[]);
    check(&[("wide", "priority: 1, matches: [{query: {x-a: '1'}}]"), ("rest", "matches: [{headers: {x-a: '1'}}]")], &[]);
}

#[test]
fn a_tie_is_another_finding() {
    check(&[("one", "priority: 1"), ("two", "priority: 1")], &[]);
}

#[test]
fn a_single_match_is_told_where_others_are_reached() {
    let found = found(&repository(&[
        ("wide", "priority: 1, matches: [{headers: {x-team: {prefix: sup}}}]"),
        ("narrow", "matches: [{headers: {x-team: sales}}, {headers: {x-team: support}}]"),
    ]));
    let finding = found.iter().find(|finding| finding.rule.code == "R101").unwrap();
    assert_eq!(finding.message, "no request reaches this match of `narrow`: `wide` takes them all");
    assert_eq!(finding.counterexample.as_deref(), Some("POST /v1/chat/completions with `x-team: support`"));
    assert!(
        finding.labels.iter().any(|label| label.text == "`wide` comes first: its `priority` is higher"),
        "{:?}",
        finding.labels
    );
}

#[test]
fn entries_of_one_route_that_repeat_each_other_are_no_fault() {
    check(&[("one", "matches: [{headers: {x-a: {present: true}}}, {headers: {x-a: {absent: true}}}, {}]")], &[]);
}

#[test]
fn many_routes_on_one_path_take_no_time_to_speak_of() {
    let names: Vec<(String, String)> =
        (0..990).map(|at| (format!("route-{at}"), format!("matches: [{{headers: {{x-team: team-{at}}}}}]"))).collect();
    let routes: Vec<(&str, &str)> = names.iter().map(|(name, more)| (name.as_str(), more.as_str())).collect();
    check(&routes, &[]);
    let names: Vec<(String, String)> =
        (0..990).map(|at| (format!("route-{at}"), format!("matches: [{{headers: {{x-{at}: {{present: true}}}}}}]"))).collect();
    let routes: Vec<(&str, &str)> = names.iter().map(|(name, more)| (name.as_str(), more.as_str())).collect();
    check(&routes, &[]);
}

/// What a header of a test must be, as written and as judged; values are `None` where the header is not there.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    written: &'static str,
    fits: fn(Option<&str>) -> bool,
}

const WANTED: [Wanted; 6] = [
    Wanted { written: "a", fits: |value| value == Some("a") },
    Wanted { written: "ab", fits: |value| value == Some("ab") },
    Wanted { written: "{prefix: a}", fits: |value| value.is_some_and(|value| value.starts_with('a')) },
    Wanted { written: "{prefix: ab}", fits: |value| value.is_some_and(|value| value.starts_with("ab")) },
    Wanted { written: "{present: true}", fits: |value| value.is_some() },
    Wanted { written: "{absent: true}", fits: |value| value.is_none() },
];

/// One value of every class that the conditions can tell apart.
const VALUES: [Option<&str>; 6] = [None, Some("a"), Some("ab"), Some("abc"), Some("ac"), Some("z")];
const METHODS: [&str; 3] = ["GET", "POST", "PUT"];

/// A route with one match: conditions on two headers by index into `WANTED`, methods as bits, and a priority.
#[derive(Debug, Clone)]
struct Given {
    headers: [Option<usize>; 2],
    methods: u8,
    priority: i32,
}

impl Given {
    fn methods(&self) -> Vec<&'static str> {
        METHODS.iter().enumerate().filter(|(bit, _)| self.methods >> bit & 1 == 1).map(|(_, method)| *method).collect()
    }

    fn fits(&self, method: &str, values: [Option<&str>; 2]) -> bool {
        let methods = self.methods();
        let header = |(wanted, value): (&Option<usize>, Option<&str>)| wanted.is_none_or(|index| (WANTED[index].fits)(value));
        (methods.is_empty() || methods.contains(&method)) && self.headers.iter().zip(values).all(header)
    }

    fn rank(&self) -> (bool, usize, i32) {
        (self.methods != 0, self.headers.iter().flatten().count(), self.priority)
    }

    fn yaml(&self, name: usize) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .enumerate()
            .filter_map(|(header, wanted)| Some(format!("x-{header}: {}", WANTED[(*wanted)?].written)))
            .collect();
        format!(
            "---\napiVersion: aigw.dev/v1\nkind: Route\nmetadata: {{name: r{name}}}\nspec: {{serve: {{http: lab}}, priority: {}, anonymous: true, \
             authorization: open, matches: [{{path: /x, methods: [{}], headers: {{{}}}}}]}}\n",
            self.priority,
            self.methods().join(", "),
            headers.join(", ")
        )
    }
}

fn given() -> impl Strategy<Value = Given> {
    let header = || option::of(0..WANTED.len());
    (header(), header(), 0..8_u8, 0..3_i32).prop_map(|(one, other, methods, priority)| Given {
        headers: [one, other],
        methods,
        priority,
    })
}

proptest! {
    #[test]
    fn exactly_the_routes_that_no_request_reaches_are_told(routes in vec(given(), 1..6)) {
        let requests: Vec<(&str, [Option<&str>; 2])> = METHODS
            .iter()
            .chain(&["PATCH"])
            .flat_map(|method| VALUES.iter().flat_map(move |one| VALUES.iter().map(move |other| (*method, [*one, *other]))))
            .collect();
        let reached = |route: &Given| {
            let before: Vec<&Given> = routes.iter().filter(|other| other.rank() > route.rank()).collect();
            requests.iter().any(|(method, values)| route.fits(method, *values) && !before.iter().any(|other| other.fits(method, *values)))
        };
        let expected: Vec<String> =
            routes.iter().enumerate().filter(|(_, route)| !reached(route)).map(|(name, _)| format!("no request reaches `r{name}`")).collect();
        let yaml: String = routes.iter().enumerate().map(|(name, route)| route.yaml(name)).collect();
        let found = found(&format!("apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {{name: lab}}\nspec: {{type: mock}}\n{yaml}"));
        let told: Vec<String> = found
            .iter()
            .filter(|finding| finding.rule.code == "R101")
            .map(|finding| finding.message.split(':').next().unwrap().to_owned())
            .collect();
        prop_assert_eq!(told, expected, "{}", yaml);
    }
}
