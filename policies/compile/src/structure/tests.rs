#![expect(clippy::unwrap_used, reason = "tests")]

use aigw_source::{Limits, Sources};
use serde_json::json;

use super::*;

/// Judges a document by our walk and by a general validator, which must agree; gives our faults, `line:column CODE message | help` a line each.
fn check(kind: Kind, text: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add("a.yaml", format!("apiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: a}}\n{text}"));
    let mut findings = Findings::new();
    let document = aigw_source::read(&sources, file, &Limits::default(), &mut findings).remove(0);
    assert!(findings.is_empty(), "{findings:?}");
    let mut schemas = Schemas::default();
    let ours = schemas.hold(kind, &document, &mut findings);
    let theirs = jsonschema::validator_for(&aigw_kinds::schema::schema_of(kind)).unwrap().is_valid(&document.root.to_json());
    assert_eq!(ours, theirs, "{kind}: {text}");
    findings.sort(&sources);
    let lines = findings.iter().map(|finding| {
        let position = sources.position(file, finding.span().start);
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{}:{} {} {}{help}", position.line, position.column, finding.rule.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_judged() {
    let text = "spec:
  per: consmer
  rules:
    - {name: x, requests: {lable: rpm, default: 3}, window: 1m}
    - {name: y, requests: {label: rpm}, window: 60}
    - {name: z, concurrency: many, onExceed: {wiat: 2s}}
    - {name: Q_x, concurrency: 1, onExceed: rejct, window: 1 m}
    - {concurrency: {param: x, label: y}}
    - {name: w, concurrency: {}}
";
    insta::assert_snapshot!(check(Kind::Limit, text), @"
    5:8 C027 unknown word `consmer` | did you mean `consumer`?
    7:28 C001 unknown key `lable` | did you mean `label`?
    8:17 C026 the key `default` is missing | add `default: …`
    8:49 C005 `60` has no unit | write the duration with its unit, such as `30s`
    9:30 C025 expected a whole number or a mapping with `param` or `label`, found the text `many`
    9:47 C001 unknown key `wiat` | did you mean `wait`?
    10:14 C027 `Q_x` is not a name | write a-z, 0-9 and `-`, beginning and ending with a letter or digit
    10:45 C027 unknown word `rejct` | did you mean `reject`?
    10:60 C027 `1 m` is not a duration | write one such as `30s`
    11:7 C026 the key `name` is missing | add `name: …`
    11:21 C032 `param`, `label` cannot stand together | keep one of them
    12:17 C026 one of the keys `param`, `label`, `default` is missing | add one of them
    ");
}

#[test]
fn messages_and_sets_of_parameters_name_what_was_meant() {
    let text = "spec:
  versions:
    V_1: {messages: [{sytem: hello}, {request: {}}]}
    v2: {messages: [{system: a, user: b}, {request: null}, {}, text, {system: {fil: x}}]}
    v3: {messages: []}
  use: [v1]
  set: {temprature: 0.2, maxOutputTokens: \"5\", reasoningEffort: hihg, stop: 4, temperature: 3, store: \"true\"}
";
    insta::assert_snapshot!(check(Kind::Prompt, text), @"
    6:5 C027 `V_1` is not a name | write a-z, 0-9 and `-`, beginning and ending with a letter or digit
    7:21 C032 `system`, `user` cannot stand together | keep one of them
    7:53 C025 expected a mapping, found `null`
    7:60 C026 one of the keys `system`, `developer`, `user`, `assistant`, `request` is missing | add one of them
    7:64 C025 expected a mapping with `system`, `developer`, `user`, `assistant` or `request`, found the text `text`
    7:80 C001 unknown key `fil` | did you mean `file`?
    8:20 C027 the list is empty | add an item
    9:8 C025 expected a text or a mapping, found a list
    10:9 C001 unknown key `temprature` | remove the key
    10:43 C025 expected a whole number, found the text `5` | remove the quotes
    10:65 C027 unknown word `hihg` | did you mean `high`?
    10:77 C025 expected a text or a list, found `4` | put it in quotes
    10:93 C027 `3` is out of bounds | write a number from 0 to 2
    10:103 C025 expected `true` or `false`, found the text `true` | remove the quotes
    ");
}

#[test]
fn words_values_and_names_of_a_route_are_judged() {
    let text = "spec:
  surfaces: [opnai, 5]
  matches: [{headers: {x-a: {prefx: a}, x-b: {present: false}, x-c: {prefix: a, regex: b}, x-d: 5}, methods: [get]}]
  serve: {model: [x]}
  policies: [5, {use: a, wth: {}}, Bad_Name]
  anonymous: yes
  authorization: closed
  priority: 5000
";
    insta::assert_snapshot!(check(Kind::Route, text), @"
    5:14 C027 unknown word `opnai` | did you mean `openai`?
    5:21 C025 expected `openai` or `azure-openai`, found `5`
    6:30 C001 unknown key `prefx` | did you mean `prefix`?
    6:56 C027 `false` cannot be written here | only `true` can; or remove the key
    6:69 C032 `prefix`, `regex` cannot stand together | keep one of them
    6:97 C025 expected a text or a mapping with `prefix`, `regex`, `present` or `absent`, found `5` | put it in quotes
    6:111 C027 unknown word `get` | did you mean `GET`?
    7:11 C001 unknown key `model` | did you mean `models`?
    8:14 C025 expected a name or a mapping with `use`, found `5` | put it in quotes
    8:26 C001 unknown key `wth` | did you mean `with`?
    8:36 C027 `Bad_Name` is not a name | write a-z, 0-9 and `-`, beginning and ending with a letter or digit
    9:14 C025 expected `true` or `false`, found the text `yes`
    10:18 C027 unknown word `closed` | only `open` can be written here
    11:13 C027 `5000` is out of bounds | write a number from -1000 to 1000
    ");
}

#[test]
fn quantities_and_numbers_of_other_kinds_are_judged() {
    let provider = "spec:
  type: opnai
  endpoints: {Main: {url: x}, b: {url: {parm: x}, auth: {apikey: {secret: x}}}}
  models: {m: null}
  timeouts: {connect: 2, total: 5sec}
";
    insta::assert_snapshot!(check(Kind::Provider, provider), @"
    5:9 C027 unknown word `opnai` | did you mean `openai`?
    6:15 C027 `Main` is not a name | write a-z, 0-9 and `-`, beginning and ending with a letter or digit
    6:41 C001 unknown key `parm` | did you mean `param`?
    6:58 C001 unknown key `apikey` | did you mean `apiKey`?
    7:15 C025 expected a mapping, found `null`
    8:23 C005 `2` has no unit | write the duration with its unit, such as `30s`
    8:33 C027 `5sec` is not a duration | write one such as `30s`
    ");
    let model = "spec:
  targets: []
  retry: {retryOn: [700, 6xx, conect, [x]], budget: 20, attempts: 1.5}
";
    insta::assert_snapshot!(check(Kind::Model, model), @"
    5:12 C027 the list is empty | add an item
    6:21 C027 `700` is out of bounds | write a number from 400 to 599
    6:26 C027 unknown word `6xx` | did you mean `5xx`?
    6:31 C027 unknown word `conect` | did you mean `connect`?
    6:39 C025 expected a whole number or `5xx`, `timeout` or `connect`, found a list
    6:53 C005 `20` has no unit | write the share with its unit, such as `80%`
    6:67 C025 expected a whole number, found `1.5`
    ");
    let gateway = "spec:
  parameters: {x: {type: urll}}
  trustedProxies: [abc]
  errors: [{code: rate_limitd}, x]
  bounds: {body: 5, jsonDepth: 1}
";
    insta::assert_snapshot!(check(Kind::Gateway, gateway), @"
    5:26 C027 unknown word `urll` | did you mean `url`?
    7:19 C027 unknown word `rate_limitd` | did you mean `rate_limited`?
    7:33 C025 expected a mapping with `code`, found the text `x`
    8:18 C005 `5` has no unit | write the size with its unit, such as `10MiB`
    8:32 C027 `1` is out of bounds | write a number from 2 to 256
    ");
    let consumer = "spec:
  credentials: [{apiKey: {id: a, sha256: abc, notAfter: tomorrow}}]
metadata2: {}
";
    insta::assert_snapshot!(check(Kind::Consumer, consumer), @"
    5:42 C027 `abc` does not match `^[0-9a-fA-F]{64}$` | write a text that does
    5:57 C027 `tomorrow` is not a date | write one such as `2027-01-01`
    6:1 C001 unknown key `metadata2` | remove the key
    ");
}

#[test]
fn what_fits_is_not_complained_about() {
    for (kind, text) in [
        (Kind::Limit, "spec: {per: [consumer, {expr: request.path}], rules: [{name: a, requests: {param: x}, window: 1m}]}\n"),
        (Kind::Limit, "spec: {per: {expr: request.path}, rules: [{name: a, concurrency: 5, onExceed: {wait: 2s}}]}\n"),
        (
            Kind::Prompt,
            "spec: {set: {stop: [a, b], temperature: 1}, use: {v1: 100%}, versions: {v1: {messages: [{request: {}}]}}}\n",
        ),
        (Kind::Gateway, "spec: {}\n"),
        (Kind::Consumer, "spec: {}\n"),
    ] {
        assert_eq!(check(kind, text), "", "{kind}");
    }
}

#[test]
fn lists_and_mappings_end_somewhere() {
    let entries = |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    let provider =
        |count| format!("spec: {{type: openai, endpoints: {{{}}}}}\n", entries(count, &|index| format!("e{index}: {{}}")));
    assert_eq!(check(Kind::Provider, &provider(1000)), "");
    assert_eq!(check(Kind::Provider, &provider(1001)), "4:22 C027 the mapping has more than 1000 entries | split it");
    let model = |count| format!("spec: {{targets: [{}]}}\n", entries(count, &|index| format!("{{target: a/{index}}}")));
    assert_eq!(check(Kind::Model, &model(100)), "");
    assert_eq!(check(Kind::Model, &model(101)), "4:17 C027 the list has more than 100 items | split it");
}

/// Every value of a document is replaced by others of every type, one at a time: the walk and the validator must agree each time.
#[test]
fn the_walk_agrees_with_a_general_validator_on_every_small_change() {
    let replacements =
        [json!(null), json!(true), json!(0), json!(-1), json!(1.5), json!(""), json!("x"), json!([]), json!({}), json!({"x": 1})];
    for kind in Kind::ALL {
        let schema = aigw_kinds::schema::schema_of(*kind);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut schemas = Schemas::default();
        for pointer in pointers(&whole(*kind)) {
            for replacement in &replacements {
                let mut changed = whole(*kind);
                *changed.pointer_mut(&pointer).unwrap() = replacement.clone();
                let mut sources = Sources::new();
                let file = sources.add("a.yaml", changed.to_string());
                let document = aigw_source::read(&sources, file, &Limits::default(), &mut Findings::new()).remove(0);
                let ours = schemas.hold(*kind, &document, &mut Findings::new());
                assert_eq!(ours, validator.is_valid(&changed), "{kind} {pointer} {replacement}");
            }
        }
    }
}

fn pointers(value: &serde_json::Value) -> Vec<String> {
    let below = |step: String, value: &serde_json::Value| -> Vec<String> {
        let inner = pointers(value).into_iter().map(|pointer| format!("/{step}{pointer}"));
        std::iter::once(format!("/{step}")).chain(inner).collect()
    };
    match value {
        serde_json::Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| below(index.to_string(), item)).collect()
        }
        serde_json::Value::Object(members) => {
            members.iter().flat_map(|(key, member)| below(key.replace('~', "~0").replace('/', "~1"), member)).collect()
        }
        _ => Vec::new(),
    }
}

/// The example of a kind as JSON.
fn whole(kind: Kind) -> serde_json::Value {
    let mut sources = Sources::new();
    let file = sources.add("a.yaml", aigw_kinds::example(kind));
    let documents = aigw_source::read(&sources, file, &Limits::default(), &mut Findings::new());
    let own = documents.iter().find(|document| document.at("/kind").and_then(|node| node.as_str()) == Some(kind.as_str()));
    own.unwrap().root.to_json()
}
