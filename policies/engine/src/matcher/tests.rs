#![expect(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;

use aigw_core::Timestamp;
use aigw_kinds::facts::HeadFacts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::test_program::{program, route, row};

/// A request's head.
#[derive(Clone, Debug)]
struct Head {
    method: &'static str,
    host: Option<&'static str>,
    path: String,
    query: &'static str,
    headers: Vec<(&'static str, &'static str)>,
}

fn get(path: &str) -> Head {
    Head { method: "GET", host: Some("ai.example"), path: path.to_owned(), query: "", headers: Vec::new() }
}

impl Head {
    fn with<T>(&self, judge: impl FnOnce(&Facts<'_>) -> T) -> T {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let pairs = self.headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers: HeaderMap = pairs.collect();
        judge(&Facts::new(HeadFacts {
            method: &method,
            path: &self.path,
            host: self.host,
            query: Some(self.query),
            headers: &headers,
            ip: [10, 0, 0, 1].into(),
            now: Timestamp::from_millis(1_000),
        }))
    }
}

struct Table {
    matcher: Matcher,
    expressions: Expressions,
}

fn table(rows: &[Value]) -> Table {
    let rows: Vec<_> = rows.iter().cloned().map(row).collect();
    let program = program(json!({
        "routes": [route("one", json!({}))],
        "matches": rows,
        "expressions": [
            {"text": "request.headers[\"x-tier\"] == \"gold\"", "scope": "match", "gives": "bool", "place": [0, 1, 1]},
            {"text": "now.unix + 9223372036854775807 > 0", "scope": "match", "gives": "bool", "place": [0, 1, 1]},
        ],
    }));
    Table { matcher: Matcher::new(&program).unwrap(), expressions: Expressions::compile(&program).unwrap() }
}

impl Table {
    fn find(&self, head: &Head) -> Option<u32> {
        head.with(|facts| self.matcher.find(facts, &self.expressions, &mut Vec::new()))
    }

    /// The rule itself: the first row in order that matches.
    fn naive(&self, head: &Head) -> Option<u32> {
        let matches = |row: &&Row, facts: &Facts<'_>| {
            row.matches_head(facts) && self.expressions.holds_if_any(row.when(), facts).unwrap_or(false)
        };
        head.with(|facts| self.matcher.rows.iter().find(|row| matches(row, facts)).map(Row::index))
    }

    fn miss(&self, head: &Head) -> String {
        head.with(|facts| self.matcher.miss(facts)).message.into_owned()
    }
}

fn check(rows: &[Value], head: &Head, expected: Option<u32>) {
    let table = table(rows);
    assert_eq!((table.find(head), table.naive(head)), (expected, expected), "{rows:?} {head:?}");
}

#[test]
fn the_first_row_that_matches_decides_whatever_its_shape() {
    let rows = [
        json!({"host": {"exact": "ai.example"}, "path": {"exact": "/a"}, "methods": ["POST"]}),
        json!({"path": {"captures": [{"literal": "d"}, {"capture": "x"}]}}),
        json!({"path": {"prefix": "/d"}}),
        json!({"host": {"suffix": ".example"}, "path": {"exact": "/a"}}),
        json!({"path": {"prefix": ""}}),
    ];
    for (path, expected) in [("/a", 3), ("/d/one", 1), ("/d", 2), ("/d/one/two", 2), ("/other", 4), ("/", 4)] {
        check(&rows, &get(path), Some(expected));
    }
    check(&rows, &Head { method: "POST", ..get("/a") }, Some(0));
    check(&rows, &Head { host: None, ..get("/a") }, Some(4));
    check(&rows, &Head { host: Some("example"), ..get("/a") }, Some(4));
    check(&rows, &Head { host: Some("deep.er.example"), ..get("/a") }, Some(3));
}

#[test]
fn headers_and_query_decide_among_rows_of_one_path() {
    let path = json!({"exact": "/a"});
    let rows = [
        json!({"path": path, "headers": [["x-team", {"exact": "blue"}]], "query": [["v", {"exact": "1"}]]}),
        json!({"path": path, "headers": [["x-team", {"exact": "blue"}]]}),
        json!({"path": path, "headers": [["x-team", {"prefix": "gr"}]]}),
        json!({"path": path, "headers": [["x-team", {"regex": "r.d|pink"}]]}),
        json!({"path": path, "query": [["debug", "present"]]}),
        json!({"path": path, "headers": [["x-team", "absent"]]}),
    ];
    let head = |headers: &[(&'static str, &'static str)], query| Head { headers: headers.to_vec(), query, ..get("/a") };
    for (head, expected) in [
        (head(&[("x-team", "blue")], "v=1"), Some(0)),
        (head(&[("x-team", "blue")], "v=2&v=1"), Some(0)),
        (head(&[("x-team", "blue")], ""), Some(1)),
        (head(&[("x-team", "teal"), ("x-team", "blue")], ""), Some(1)),
        (head(&[("x-team", "green")], ""), Some(2)),
        (head(&[("x-team", "red")], ""), Some(3)),
        (head(&[("x-team", "reds")], ""), None),
        (head(&[("x-team", "Blue")], "debug"), Some(4)),
        (head(&[], ""), Some(5)),
    ] {
        check(&rows, &head, expected);
    }
}

#[test]
fn a_condition_that_fails_does_not_match_and_is_noted() {
    let rows = [json!({"when": 1}), json!({"when": 0}), json!({})];
    check(&rows, &get("/"), Some(2));
    check(&rows, &Head { headers: vec![("x-tier", "gold")], ..get("/") }, Some(1));
    let table = table(&rows);
    let mut decisions = Vec::new();
    get("/").with(|facts| table.matcher.find(facts, &table.expressions, &mut decisions));
    let noted: Vec<_> = decisions.iter().map(|decision| (decision.by, decision.note.is_some())).collect();
    assert_eq!(noted, [(Decider::Row(0), true)]);
}

#[test]
fn a_miss_says_what_is_nearest() {
    let rows = [
        json!({"path": {"exact": "/v1/chat/completions"}, "methods": ["POST"]}),
        json!({"path": {"exact": "/v1/models"}, "methods": ["GET", "HEAD"], "headers": [["x-team", {"exact": "blue"}]]}),
    ];
    let table = table(&rows);
    assert_eq!(table.miss(&get("/v1/chat/completions")), "`/v1/chat/completions` is served for POST, not for GET");
    assert_eq!(table.miss(&Head { method: "PUT", ..get("/v1/models") }), "`/v1/models` is served for GET and HEAD, not for PUT");
    assert_eq!(table.miss(&get("/v1/models")), "`/v1/models` is served here, but not with these headers and this query");
    assert_eq!(table.miss(&get("/v2")), "nothing is served at `/v2` on this host; check the base URL");
    assert!(table.miss(&get(&"/x".repeat(5_000))).len() < 250);
}

#[test]
fn a_row_that_cannot_be_matched_does_not_load() {
    for changes in [
        json!({"headers": [["x team", "present"]]}),
        json!({"headers": [["x-team", {"regex": "("}]]}),
        json!({"query": [["v", {"regex": "a{1000}{1000}{1000}"}]]}),
        json!({"methods": ["NO METHOD"]}),
    ] {
        let program = program(json!({"routes": [route("one", json!({}))], "matches": [row(changes.clone())]}));
        assert!(Matcher::new(&program).is_err(), "{changes}");
    }
}

type Many = (&'static str, fn(usize) -> Value, Head);

/// How many rows are held against a request, which is what it pays for.
fn held(table: &Table, head: &Head) -> usize {
    let mut held = 0;
    head.with(|facts| {
        table.matcher.first(facts, Depth::Fitting, |row| {
            held += 1;
            row.matches_head(facts)
        })
    });
    held
}

#[test]
fn ten_thousand_routes_cost_a_request_no_more_than_ten() {
    let many: [Many; 5] = [
        ("exact paths", |at| json!({"path": {"exact": format!("/team/{at}/chat")}}), get("/team/9999/chat")),
        ("prefixes", |at| json!({"path": {"prefix": format!("/team/{at}")}}), get("/team/9999/deep/path")),
        (
            "captures",
            |at| json!({"path": {"captures": [{"literal": format!("t{at}")}, {"capture": "x"}, {"literal": "chat"}]}}),
            get("/t9999/one/chat"),
        ),
        (
            "an exact header",
            |at| json!({"headers": [["x-env", {"exact": "prod"}], ["x-team", {"exact": format!("team-{at}")}]]}),
            Head { headers: vec![("x-env", "prod"), ("x-team", "team-9999")], ..get("/") },
        ),
        ("hosts", |at| json!({"host": {"exact": format!("t{at}.example")}}), Head { host: Some("t9999.example"), ..get("/") }),
    ];
    for (name, changes, head) in many {
        let rows: Vec<_> = (0..10_000).map(changes).collect();
        let table = table(&rows);
        assert_eq!(table.find(&head), Some(9_999), "{name}");
        assert!(held(&table, &head) <= 2, "{name}: {}", held(&table, &head));
    }
}

#[test]
fn a_path_of_a_million_segments_loads_and_matches() {
    let path = "/a".repeat(1_000_000);
    let rows = [json!({"path": {"prefix": path}}), json!({"path": {"captures": vec![json!({"capture": "x"}); 100]}})];
    let table = table(&rows);
    assert_eq!(table.find(&get(&format!("{path}/b"))), Some(0));
    assert_eq!(table.find(&get(&"/a".repeat(100))), Some(1));
    assert_eq!(table.find(&get(&"/a".repeat(101))), None);
}

fn patterns() -> impl Strategy<Value = Value> {
    let segment =
        || prop_oneof![select(vec!["a", "b", "c", ""]).prop_map(|text| json!({"literal": text})), Just(json!({"capture": "x"})),];
    prop_oneof![
        select(vec!["/", "/a", "/a/b", "/a/", "/b/c/a"]).prop_map(|path| json!({"exact": path})),
        select(vec!["", "/", "/a", "/a/b", "/b", "/a/"]).prop_map(|path| json!({"prefix": path})),
        proptest::collection::vec(segment(), 1..4).prop_map(|segments| json!({"captures": segments})),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec!["one", "two", "three"]).prop_map(|text| json!({"exact": text})),
        select(vec!["t", "o"]).prop_map(|text| json!({"prefix": text})),
        Just(json!({"regex": "t.*|one"})),
        Just(json!("present")),
        Just(json!("absent")),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    let hosts = select(vec![
        json!("any"),
        json!("any"),
        json!({"exact": "ai.example"}),
        json!({"exact": "example"}),
        json!({"suffix": ".example"}),
        json!({"suffix": ".ai.example"}),
    ]);
    let methods = select(vec![json!([]), json!(["GET"]), json!(["GET", "POST"])]);
    let pairs = |names: Vec<&'static str>| {
        proptest::collection::vec((select(names), values()).prop_map(|(name, value)| json!([name, value])), 0..3)
    };
    let when = select(vec![Value::Null, Value::Null, json!(0), json!(1)]);
    let row = (hosts, patterns(), methods, pairs(vec!["x-a", "x-b"]), pairs(vec!["p", "q"]), when).prop_map(|(host, path, methods, headers, query, when)| {
        json!({"host": host, "path": path, "methods": methods, "headers": headers, "query": query, "when": when})
    });
    proptest::collection::vec(row, 0..40)
}

fn heads() -> impl Strategy<Value = Head> {
    let hosts = select(vec![None, Some("ai.example"), Some("example"), Some("x.ai.example"), Some("ai.example.org")]);
    let paths = select(vec!["/", "/a", "/a/", "/a/b", "/a/b/c", "/b/c/a", "/c", "/ab", "/b"]);
    let query = select(vec!["", "p=one", "p=two&q=three", "q", "p=t%77o"]);
    let header = (select(vec!["x-a", "x-b", "x-tier"]), select(vec!["one", "two", "three", "gold"]));
    (select(vec!["GET", "POST", "PUT"]), hosts, paths, query, proptest::collection::vec(header, 0..4))
        .prop_map(|(method, host, path, query, headers)| Head { method, host, path: path.to_owned(), query, headers })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_index_never_changes_what_the_order_says(rows in rows(), heads in proptest::collection::vec(heads(), 1..12)) {
        let table = table(&rows);
        for head in heads {
            prop_assert_eq!(table.find(&head), table.naive(&head), "{:?}", head);
            for row in &table.matcher.rows {
                let (misfits, matches) = head.with(|facts| (row.misfits(facts), row.matches_head(facts)));
                prop_assert_eq!(misfits.is_empty(), matches, "{:?} {:?}", misfits, head);
            }
        }
    }

    #[test]
    fn a_normal_path_is_normal_and_nothing_panics(path in "(/|[a-z]|%[0-9a-f]{2}|\\.|%|\\\\|~){0,12}") {
        if let Ok(normal) = normal_path(&path) {
            prop_assert_eq!(normal_path(&normal), Ok(Cow::Borrowed(normal.as_ref())));
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let row = json!({
        "host": {"exact": "ai.example"}, "path": {"exact": "/a"}, "methods": ["POST"],
        "headers": [["x-team", {"exact": "one"}]], "query": [["v", "present"]],
    });
    let table = table(&[row]);
    let misfits = |head: &Head| head.with(|facts| table.matcher.misfits(0, facts));
    let fits = Head { method: "POST", path: "/a".to_owned(), query: "v=1", headers: vec![("x-team", "one")], ..get("/a") };
    assert_eq!(misfits(&fits), []);
    assert_eq!(misfits(&Head { query: "", ..fits.clone() }), [Misfit::Query("v".to_owned())]);
    assert_eq!(
        misfits(&Head { method: "GET", headers: Vec::new(), ..fits.clone() }),
        [Misfit::Method, Misfit::Header("x-team".to_owned())]
    );
    assert_eq!(misfits(&Head { host: None, path: "/b".to_owned(), ..fits }), [Misfit::Host, Misfit::Path]);
}

#[test]
fn paths_have_one_spelling() {
    for (path, expected) in [
        ("/", Ok("/")),
        ("/v1/chat", Ok("/v1/chat")),
        ("/v1/chat/", Ok("/v1/chat/")),
        ("/%63hat/%7Eann", Ok("/chat/~ann")),
        ("/a%2eb/...", Ok("/a.b/...")),
        ("/a%3ab%C3%a4", Ok("/a%3Ab%C3%A4")),
        ("/a%252f", Ok("/a%252f")),
        ("", Err(HeadFault::NotAbsolute)),
        ("*", Err(HeadFault::NotAbsolute)),
        ("v1", Err(HeadFault::NotAbsolute)),
        ("/a%", Err(HeadFault::BadEscape)),
        ("/a%4", Err(HeadFault::BadEscape)),
        ("/a%zz", Err(HeadFault::BadEscape)),
        ("/a%+1", Err(HeadFault::BadEscape)),
        ("/a%00", Err(HeadFault::Nul)),
        ("/a%2fb", Err(HeadFault::AmbiguousSlash)),
        ("/a%5Cb", Err(HeadFault::AmbiguousSlash)),
        ("/a\\b", Err(HeadFault::AmbiguousSlash)),
        ("//a", Err(HeadFault::AmbiguousSlash)),
        ("/a//b", Err(HeadFault::AmbiguousSlash)),
        ("/a/./b", Err(HeadFault::DotSegment)),
        ("/a/..", Err(HeadFault::DotSegment)),
        ("/a/%2e%2E/b", Err(HeadFault::DotSegment)),
        ("/.%2e", Err(HeadFault::DotSegment)),
    ] {
        assert_eq!(normal_path(path).as_deref().map_err(|fault| *fault), expected, "{path}");
    }
}

#[test]
fn hosts_have_one_spelling() {
    let bad = Err(HeadFault::BadHost);
    for (uri, sent, expected) in [
        ("/", &["AI.Example:8080"][..], Ok(Some("ai.example"))),
        ("/", &["ai.example."], Ok(Some("ai.example"))),
        ("/", &["[::1]:8080"], Ok(Some("[::1]"))),
        ("/", &["[::1]"], Ok(Some("[::1]"))),
        ("/", &["127.0.0.1:80"], Ok(Some("127.0.0.1"))),
        ("/", &[], Ok(None)),
        ("/", &[""], Ok(None)),
        ("https://two.example/", &["one.example"], Ok(Some("two.example"))),
        ("/", &["one.example", "two.example"], bad),
        ("/", &["user@one.example"], bad),
        ("/", &["one.example/path"], bad),
        ("/", &["one example"], bad),
        ("/", &[":80"], bad),
        ("/", &["."], bad),
    ] {
        let uri: Uri = uri.parse().unwrap();
        let headers: HeaderMap = sent.iter().map(|host| (http::header::HOST, HeaderValue::from_static(host))).collect();
        let found = host(&uri, &headers);
        assert_eq!(found.as_ref().map(|host| host.as_deref()).map_err(|fault| *fault), expected, "{uri} {sent:?}");
    }
}
