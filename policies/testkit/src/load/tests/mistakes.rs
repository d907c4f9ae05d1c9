//! Typical mistakes, as they are told.

use crate::testing::{faults, findings};

#[test]
fn what_is_right_is_not_complained_about() {
    assert_eq!(faults("- {as: app, send: hello, upstream: {p/a: ok}, expect: {status: 200}}"), "");
}

#[test]
fn misspelled_keys_of_every_level() {
    let text = "apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {name: a, nam: b}
spec:
  fixtuers: {}
  fixtures:
    identites: {}
    identities: {app: {consumr: app}}
    requests: {hello: {pots: /v1, chat: {modl: chat}, cancel: {afterChunk: 1}}}
    upstreams: {ok: {chta: {text: a}}, no: {stream: [{txt: a}]}, slow: {text: a, slow: {byte: 1, every: 1s}}}
  cases:
    - {nam: x, send: hello, expect: {status: 200}}
    - {send: {pots: /v1}, upstream: {p: {stats: 200}}, expect: {stauts: 200, sent: {pth: /}, usage: {token: 1}, stream: {txt: a}}}
    - {steps: [{sned: hello, expect: {}}, {advnce: 5s}]}
    - {sample: {of: hello, time: 5}, expect: {shares: {by: targte, x: 80%}}}
";
    insta::assert_snapshot!(findings(&[("a.test.yaml", text)]), @"
    a.test.yaml:3:21 C001 unknown key `nam` | remove the key
    a.test.yaml:5:3 C001 unknown key `fixtuers` | remove the key
    a.test.yaml:7:5 C001 unknown key `identites` | remove the key
    a.test.yaml:8:24 C001 unknown key `consumr` | did you mean `consumer`?
    a.test.yaml:9:24 C001 unknown key `pots` | did you mean `post`?
    a.test.yaml:9:42 C001 unknown key `modl` | did you mean `model`?
    a.test.yaml:9:64 C001 unknown key `afterChunk` | did you mean `afterChunks`?
    a.test.yaml:10:22 C001 unknown key `chta` | did you mean `chat`?
    a.test.yaml:10:55 C001 unknown key `txt` | did you mean `text`?
    a.test.yaml:10:89 C001 unknown key `byte` | did you mean `bytes`?
    a.test.yaml:12:8 C001 unknown key `nam` | did you mean `name`?
    a.test.yaml:13:15 C001 unknown key `pots` | did you mean `post`?
    a.test.yaml:13:42 C001 unknown key `stats` | did you mean `status`?
    a.test.yaml:13:65 C001 unknown key `stauts` | did you mean `status`?
    a.test.yaml:13:85 C001 unknown key `pth` | did you mean `path`?
    a.test.yaml:13:102 C001 unknown key `token` | did you mean `tokens`?
    a.test.yaml:13:122 C001 unknown key `txt` | did you mean `text`?
    a.test.yaml:14:17 C001 unknown key `sned` | did you mean `send`?
    a.test.yaml:14:44 C001 unknown key `advnce` | did you mean `advance`?
    a.test.yaml:15:28 C001 unknown key `time` | did you mean `times`?
    a.test.yaml:15:60 C027 unknown word `targte` | did you mean `target`?
    ");
}

#[test]
fn matchers_that_are_none() {
    insta::assert_snapshot!(faults("
- {name: a, as: app, send: hello, upstream: {p/a: ok}, expect: {headers: {x: {regexp: a}}}}
- {name: b, as: app, send: hello, upstream: {p/a: ok}, expect: {body: {/choices: {lenght: 1}, /usage: {total_tokens: 5}}}}
- {name: c, as: app, send: hello, upstream: {p/a: ok}, expect: {record: {/status: {between: 5}}}}
- {name: d, as: app, send: hello, upstream: {p/a: ok}, expect: {took: {about: 5}, calls: {regex: a, contains: b}}}
- {name: e, as: app, send: hello, upstream: {p/a: ok}, expect: {sent: {body: {/model: {absent: false}, /messages: {}}}}}
- {name: f, as: app, send: hello, upstream: {p/a: ok}, expect: {body: {/x: null}}}
- {name: g, as: app, send: hello, upstream: {p/a: ok}, expect: {took: {about: 5, within: 1 percent}}}"), @"
    1:79 C001 unknown key `regexp` | did you mean `regex`?
    2:83 C001 unknown key `lenght` | did you mean `length`?
    2:104 C001 unknown key `total_tokens` | compare a mapping by `equals: {…}`, its members one by one, or use one of the matchers' words
    3:93 C025 expected a list, found `5`
    4:65 C026 the key `within` is missing | add `within: …`
    4:90 C032 `regex`, `contains` cannot stand together | keep one of them
    5:96 C027 `false` cannot be written here | only `true` can; or remove the key
    5:104 C026 one of the keys `equals`, `absent`, `present`, `regex`, `oneOf`, `between`, `about`, `within`, `length`, `contains`, `secret` is missing | add one of them
    6:76 C025 expected a text or a number or `true` or `false` or a list or a mapping with `equals`, `absent`, `present`, `regex`, `oneOf`, `between`, `about`, `length`, `contains` or `secret`, found `null`
    7:90 C027 `1 percent` is not a share | write one such as `80%`
    ");
}

#[test]
fn values_of_the_wrong_kind() {
    insta::assert_snapshot!(faults("
- {name: a, as: app, send: hello, upstream: {p/a: {status: 200, headers: {retry-after: 7}, after: 5}}, expect: {status: 200}}
- {name: b, as: app, steps: [{advance: 60}, {send: hello, expect: {status: 200}}]}
- {name: c, as: app, send: [hello], times: 0, expect: {status: 200}}
- {name: d, as: app, send: hello, upstream: {p/a: ok, p/b: 5}, expect: 200}
- {name: e, as: app, send: hello, store: off, expect: {attempts: p/a/m}}
- {name: f, as: app, send: {post: /, headers: {x: yes}, ip: here}, expect: {stream: {ends: finished}}}
- {name: g, as: app, sample: {of: hello, times: 1}, expect: {shares: {by: target, p/a/m: 80}}}
- {name: '', as: app, steps: [], upstream: {p/a: {stream: []}}}"), @r#"
    1:88 C025 expected a text, found `7` | put it in quotes
    1:99 C005 `5` has no unit | write the duration with its unit, such as `30s`
    2:40 C005 `60` has no unit | write the duration with its unit, such as `30s`
    3:28 C025 expected a text or a mapping, found a list
    3:44 C027 `0` is out of bounds | write a number from 1 to 1000000
    4:60 C025 expected a text, a mapping or a list, found `5` | put it in quotes
    4:72 C025 expected a mapping or a list, found `200`
    5:42 C004 `off` is text here, but `false` to other YAML tools | write `"off"` to say text, or the value that is meant
    5:42 C027 unknown word `off` | write one of `up`, `down`
    5:66 C025 expected a list, found the text `p/a/m`
    6:51 C004 `yes` is text here, but `true` to other YAML tools | write `"yes"` to say text, or the value that is meant
    6:92 C027 unknown word `finished` | write one of `done`, `error`, `cut`, `left`
    7:49 C027 `1` is out of bounds | write a number from 2 to 1000000
    8:10 C027 the text is empty | write a text
    8:30 C027 the list is empty | add an item
    8:59 C027 the list is empty | add an item
    "#);
}

#[test]
fn names_that_do_not_exist() {
    insta::assert_snapshot!(faults("
- {name: a, as: ap, send: helo, upstream: {p/a: okay, p/c: ok, pp: ok}, expect: {status: 200}}
- {name: b, as: app, send: {use: helo}, without: [key-c, p/a], params: {bas: x}, expect: {status: 200}}
- {name: c, as: app, send: hello, upstream: {p/a: ok}, expect: {code: rate_limit, route: al, model: chta, consumer: ap, target: p/a/n, outcome: complete}}
- {name: d, as: app, send: hello, upstream: {p/a: ok}, expect: {attempts: [p/a/m, p/c/m], decidedBy: [who, who/app], limits: {fair/rpms: 1}}}
- {name: e, as: app, send: hello, upstream: {p/a: ok}, expect: {sent: {to: p/c, method: PSOT, headers: {authorization: {secret: key-c}}}, record: {/rout: x, status: 200}}}
- {name: f, sample: {of: hello, as: app, times: 1000}, upstream: {p/a: ok}, expect: {shares: {by: target, p/c/m: 80%}}}
- {name: g, as: app, send: {use: hello, set: {/model: mocked}}, upstream: {lab: ok}, expect: {body: {txet: Hi, choices: 1}, headers: {'a b': x}}}"), @"
    1:17 V101 there is no identity of the name `ap` | did you mean `app`?
    1:27 V101 there is no request of the name `helo` | did you mean `hello`?
    1:49 V101 there is no answer of the name `okay` | did you mean `ok`?
    1:60 V102 there is no provider or endpoint `p/c` | did you mean `p/a`?
    1:68 V102 there is no provider or endpoint `pp` | did you mean `p`?
    2:34 V101 there is no request of the name `helo` | did you mean `hello`?
    2:51 V102 the policies use no secret `key-c`, and no token at an endpoint of that name | did you mean `key-a`?
    2:58 V102 the policies use no secret `p/a`, and no token at an endpoint of that name | there is `key-a`, `key-b`, `az/e`; or leave it out
    2:72 V102 parameter `bas`: the Gateway does not declare it; did you mean `base`? | give it a value below `params`, or a `test` value where it is declared
    3:71 V102 there is no error code `rate_limit` | did you mean `rate_limited`?
    3:90 V102 there is no Route `al` | did you mean `all`?
    3:101 V102 there is no Model `chta` | did you mean `chat`?
    3:117 V102 there is no Consumer `ap` | did you mean `app`?
    3:129 V102 there is no target `p/a/n` | did you mean `p/a/e`?
    3:145 V102 there is no outcome `complete` | did you mean `completed`?
    4:83 V102 there is no target `p/c/m` | did you mean `p/a/m`?
    4:108 V102 there is no Route, Model, policy or rule `who/app` | did you mean `who/apps`?
    4:138 V102 there is no limit `fair/rpms` | did you mean `fair/rpm`?
    5:76 V102 there is no endpoint `p/c` | did you mean `p/a`?
    5:89 V102 there is no method `PSOT` | did you mean `POST`?
    5:120 V102 the policies use no secret `key-c` | did you mean `key-a`?
    5:155 V102 a decision record has no `rout` | did you mean `route`?
    5:166 V108 `status` does not begin with `/` | address it by a JSON Pointer such as `/credential`
    6:114 V102 there is no target `p/c/m` | did you mean `p/a/m`?
    7:81 V109 `lab` is a mock: it answers by itself and calls nobody | leave the script out; what a mock answers is set where it is declared
    7:108 V108 `txet` does not begin with `/` | did you mean `text`?
    7:121 V108 `choices` does not begin with `/` | address it by a JSON Pointer such as `/choices/0/finish_reason`
    7:142 V108 `a b` is not the name of a header | write one such as `retry-after`
    ");
}

#[test]
fn parts_that_cannot_stand_together() {
    insta::assert_snapshot!(faults("
- {name: a, as: app, send: hello, steps: [{send: hello, expect: {status: 200}}]}
- {name: b, expect: {status: 200}}
- {name: c, as: app, send: hello, upstream: {p/a: ok}, expect: [{status: 200}, {status: 201}]}
- {name: d, send: hello, matrix: {as: [app]}, upstream: {p/a: ok}, expect: [{status: 200}, {status: 201}]}
- {name: e, as: app, times: 2, steps: [{send: hello, times: 2, together: true, advance: 1s, expect: {status: 200}}], expect: {status: 200}}
- {name: f, as: app, steps: [{advance: 1s, times: 2}, {store: down, expect: {status: 200}}, {upstream: {}}, {send: hello, together: true, expect: {status: 200}}]}
- {name: g, as: app, sample: {of: hello, times: 5}, expect: {status: 401}}
- {name: h, as: app, send: {get: /v1/models, post: /v1/chat/completions, chat: {}, text: a, cancel: {}}, expect: {status: 200}}
- {name: i, as: app, send: {get: v1, host: a b, headers: {'a b': c}, without: ['?']}, expect: {status: 200}}
- {name: j, as: app, send: {chat: {}}, expect: {status: 200}}
- {name: k, as: app, send: {get: /v1/models, set: {/x: 1}}, expect: {status: 200}}
- {name: l, as: app, send: {use: hello, set: {model: x}}, expect: {status: 200}}
- {name: m, as: app, send: hello, upstream: {p/a: {chat: {}, text: a}, p/b: {fault: refuse, status: 500}, p: {}, '*': []}, expect: {status: 200}}
- {name: n, as: app, send: hello, upstream: {p/a: {fault: timeout, after: 1s}, p/b: {stream: [{text: a, wait: 1s}, {end: cut}, {usage: {input: 1}}]}}, expect: {status: 200}}
- {name: o, as: app, send: hello, upstream: {p/a: {stream: [{usage: {input: 1}}, {end: cut}]}, p/b: {text: a, headers: {'a b': c}}}, expect: {status: 200}}
- {name: p, as: app, send: hello, upstream: {p/a: ok}, expect: {shares: {by: status, '200': 1}, body: {exactly: 1, text: a, snapshot: ../x}}}
- {name: q, as: app, steps: [{send: hello, expect: {shares: {by: status, '200': 1}}}]}
- {name: r, send: hello, matrix: {as: []}, expect: {status: 200}}
- {name: s, send: hello, matrix: {as: [app, app]}, expect: {status: 200}}
- {name: t, send: hello, matrix: {who: [app], as: [app, 5], send.ip: [x]}, expect: {status: 200}}
- {name: u, send: hello, matrix: {as: [app, stranger], upstream.p/c: [ok]}, expect: {status: 401}}
- {name: v, sample: {of: hello, times: 5, seed: 2, vary: {headers.x: same, sat./x: '{i}', set./messages/7: '{i}'}}, seed: 1, expect: {status: 401}}
- {name: w, send: hello, matrix: {as: [5], send.ip: [x], send.headers.x: [1]}, expect: {status: 200}}
- {name: x, send: hello, matrix: {send.ip: [x], upstream.p: [5]}, expect: {status: 200}}"), @r#"
    1:3 V107 a case has one of `send`, `steps` and `sample` | write the one that is meant
    2:3 V107 a case has one of `send`, `steps` and `sample` | write the one that is meant
    3:64 V107 one request has one expectation | several expectations belong to the rows of a `matrix`; here keep one
    4:76 V107 the matrix has 1 rows, and `expect` 2 | write one for each row in the order of the product, the last part changing fastest, or one for all
    5:29 V107 a case with `steps` has no `times` of its own | move it into the steps
    5:40 V107 a step has one of `send`, `advance`, `upstream` and `store` | make a step of each
    5:126 V107 a case with `steps` has no `expect` of its own | move it into the steps
    6:30 V107 `as`, `times`, `together` and `expect` belong to a step that sends | take them out
    6:55 V107 `as`, `times`, `together` and `expect` belong to a step that sends | take them out
    6:93 V107 this step changes nothing | name an upstream and what it answers
    6:133 V108 2 to 1000 requests are sent together | say how many by `times`
    7:3 V107 a sample has its own `as` and `times` | write them below `sample`
    8:28 V107 a request has one of `chat`, `embeddings`, `body` and `text` | keep the one that is meant
    8:28 V107 a request has one of `get`, `post`, `put`, `patch` and `delete` | keep the one that is meant
    8:101 V107 a client leaves either `afterChunks` or `after` a time | write one of them
    9:34 V108 `v1` is not a path | it begins with `/`, and other characters than ASCII are escaped
    9:44 V108 `a b` is not a host | write one such as `gateway.test`
    9:66 V108 `a b: c` is not a header | names are letters, digits and `-`, values are visible ASCII
    9:80 V108 `?` is not the name of a header | write one such as `content-type`
    10:28 V107 a request has one of `get`, `post`, `put`, `patch` and `delete` | write `post: /v1/chat/completions`, or begin from a fixture by `use: NAME`
    11:51 V107 there is no JSON body to put values into | add `chat`, `embeddings` or `body`
    12:54 V108 `model` does not begin with `/` | write a JSON Pointer such as `/stream` or `/messages/0/content`
    13:51 V107 an answer has one of `chat`, `embeddings`, `body`, `text` and `stream` | keep the one that is meant
    13:77 V107 this fault comes instead of an answer | keep the fault alone; `truncated` and `malformed` spoil a body
    13:110 V107 an answer that succeeds says what it answers | add `chat`, `embeddings`, `body`, `text` or `stream`
    13:119 V107 a list without answers says nothing | write at least one answer
    14:51 V107 how long this fault takes, the gateway's time-outs say | take `after` out
    14:95 V107 a piece of a stream is one thing | make a piece of each
    14:116 V107 a stream ends with its last piece | take out what follows, or move `end`
    15:61 V107 tokens come with the finish of a stream, and this one does not finish | take them out, or write the chunk as an `event`
    15:128 V108 `a b: c` is not a header | names are letters, digits and `-`, values are visible ASCII
    16:73 V107 one request is not shared out | `shares` belongs to a `sample`, or to a step with `together`
    16:103 V107 `exactly` is the whole body already | take the rest out
    16:135 V108 `../x` cannot be the name of a file | use letters, digits, `-`, `_` and `.`, at most 100, and no `.` first
    17:61 V107 requests that are sent one after the other are not shared out | add `together: true`, or use a `sample`
    18:34 V107 a matrix with nothing in it has no rows | each part has a list of different values
    19:34 V107 `as` has the value "app" twice | each part has a list of different values
    20:41 V107 a matrix cannot change `who` | it changes `as`, `send`, `upstream.NAME`, `send.set.POINTER`, `send.headers.NAME`, `send.host`, `send.ip`, `send.get` and `send.post`
    21:45 V101 there is no identity of the name `stranger` | there is `app`; or declare it below `fixtures.identities`
    21:70 V102 there is no provider or endpoint `p/c` | did you mean `p/a`?
    22:70 V107 this is the same each time | put `{i}` where the number belongs
    22:84 V108 a sample cannot vary `sat./x` | vary `headers.NAME` or `set.POINTER`, such as `set./user`
    22:108 V108 the list at `/messages` has no item `7` | vary `headers.NAME` or `set.POINTER`, such as `set./user`
    22:123 V107 the sample has a seed already | keep one of them
    23:40 V107 `as` takes names | name an identity that stands below `fixtures`
    24:45 V107 "x" is not an address | write one such as `192.0.2.1`
    "#);
}

#[test]
fn times_that_are_none() {
    insta::assert_snapshot!(faults(&"
- {name: a, as: app, at: 2026-03-29, send: hello, upstream: {p/a: ok}, expect: {status: 200}}
- {name: b, as: app, at: '2026-03-29T01:59', send: hello, upstream: {p/a: ok}, expect: {status: 200}}
- {name: c, as: app, at: '1969-03-29T01:59:00Z', send: hello, upstream: {p/a: ok}, expect: {status: 200}}
- {name: d, as: app, upstream: {p/a: ok}, steps: [{years}{send: hello, expect: {status: 200}}]}".replace("{years}", &"{advance: 366d}, ".repeat(101))), @"
    1:26 V108 `2026-03-29` is not a point in time | write it with its offset, such as `2026-03-29T01:59:00+01:00`
    2:26 V108 `2026-03-29T01:59` is not a point in time | write it with its offset, such as `2026-03-29T01:59:00+01:00`
    3:26 V108 `1969-03-29T01:59:00Z` is not between 1970 and 2400 | write it with its offset, such as `2026-03-29T01:59:00+01:00`
    4:3 V108 more than a hundred years pass in this case | let less time pass
    ");
    insta::assert_snapshot!(faults("- {name: d, as: app, upstream: {p/a: ok}, steps: [{advance: 400d}, {send: hello, expect: {status: 200}}]}"), @"1:61 C027 `400d` is longer than `366d`, the longest duration there is");
}

#[test]
fn bounds_hold() {
    let steps = "{send: hello, times: 1000000, expect: {status: 200}}";
    let rows: Vec<String> = (0..101).map(|row| row.to_string()).collect();
    let rows = rows.join(", ");
    insta::assert_snapshot!(faults(&format!("
- {{name: a, as: app, upstream: {{p/a: ok}}, steps: [{steps}, {steps}]}}
- {{name: b, as: app, upstream: {{p/a: ok}}, steps: [{{send: hello, times: 1001, together: true, expect: {{status: 200}}}}]}}
- {{name: c, as: app, send: hello, upstream: {{p/a: ok}}, matrix: {{send.set./a: [{rows}], send.set./b: [{rows}]}}, expect: {{status: 200}}}}
- {{name: d, as: app, send: hello, upstream: {{p/a: {{text: {}, slow: {{bytes: 1, every: 1ms}}}}}}, expect: {{status: 200}}}}
- {{name: e, as: app, send: hello, upstream: {{p/a: ok}}, expect: {{route: {{regex: '((a{{1000}}){{1000}}){{1000}}'}}}}}}", "a".repeat(10_001))), @"
    1:3 V108 this case sends 2000000 requests | send at most 1000000
    2:88 V108 2 to 1000 requests are sent together | say how many by `times`
    3:64 V107 a matrix has at most 10000 rows | each part has a list of different values
    4:10075 V108 in pieces of 1 bytes this body comes in more than 10000 pieces | make the pieces larger
    5:72 V108 `((a{1000}){1000}){1000}` is not a regular expression: Compiled regex exceeds size limit of 1048576 bytes | it is in the syntax of Rust's `regex` crate
    ");
}

#[test]
fn too_many_cases_are_not_made() {
    let case = "- {as: app, send: hello, upstream: {p/a: ok}, matrix: {send.set./a: [1, 2], send.set./b: [1, 2]}, expect: {status: 200}}\n";
    let text = crate::testing::suite(crate::testing::FIXTURES, &case.repeat(3));
    let files = std::collections::BTreeMap::from([("a.test.yaml".to_owned(), text.into_bytes())]);
    let suites = crate::load::load_most(&files, &crate::testing::house(), &aigw_source::Limits::default(), 10);
    assert_eq!(suites.cases.len(), 8);
    assert!(suites.findings.iter().any(|finding| finding.message == "there are more than 10 cases"));
}
