use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

#[test]
fn what_a_type_needs_and_what_means_nothing_for_it_is_told() {
    let yaml = "kind: Provider
metadata: {name: one}
spec: {type: mock, endpoints: {a: {url: 'https://x.example'}}, api: {style: v1}, tls: {ca: x}}
---
kind: Provider
metadata: {name: two}
spec: {type: openai, mock: {text: x}}
---
kind: Provider
metadata: {name: three}
spec: {type: azure-openai, api: {style: deployments}, endpoints: {a: {}}}
---
kind: Provider
metadata: {name: four}
spec:
  type: openai-compatible
  endpoints:
    a: {url: ftp://x.example}
    b: {url: 'https://user:pass@x.example'}
    c: {url: 'https://x.example/v1?a=b'}
    d: {url: x.example}
    e: {url: 'https://x.example:99999'}
    f: {url: 'https://exa mple.com'}
    g: {url: {param: nope}}
    h: {url: 'https://-/'}
  timeouts: {connect: 0s, total: 1ms}
---
kind: Provider
metadata: {name: five}
spec: {type: azure-openai, api: {style: v1, version: 'a&b'}, endpoints: {a: {url: 'https://x.example'}}}
";
    assert_snapshot!(findings(yaml), @r#"
    4:20 C032 `endpoints` means nothing for the type `mock` | remove it
    4:64 C032 `api` means nothing for the type `mock` | remove it
    4:82 C032 `tls` means nothing for the type `mock` | remove it
    9:14 C032 a provider of type `openai` has at least one endpoint | write `endpoints: {NAME: {url: …, auth: {apiKey: {secret: …}}}}`
    9:22 C032 `mock` means nothing for the type `openai` | remove it
    14:41 C032 the style `deployments` needs a `version` | write `version: "2024-10-21"`, or the one that your deployments were tested with
    14:67 C026 an endpoint of type `azure-openai` has a `url` | write `url: https://…`
    22:14 C027 `ftp://x.example` is not a base URL: its scheme is neither `https` nor `http` | write one such as `https://api.example.com/v1`
    23:14 C027 `https://user:pass@x.example` is not a base URL: it has a user or password; use `auth` | write one such as `https://api.example.com/v1`
    24:14 C027 `https://x.example/v1?a=b` is not a base URL: it has a query or fragment | write one such as `https://api.example.com/v1`
    25:14 C027 `x.example` is not a base URL: it is not absolute: write `https://…` | write one such as `https://api.example.com/v1`
    26:14 C027 `https://x.example:99999` is not a base URL: its port is not a number from 1 to 65535 | write one such as `https://api.example.com/v1`
    27:14 C027 `https://exa mple.com` is not a base URL: it holds characters that no address has | write one such as `https://api.example.com/v1`
    28:22 C030 the Gateway declares no parameter `nope` | none is declared
    30:23 C027 `connect` is at least 10ms, not 0ms | choose a longer time
    30:34 C027 `total` is at least 10ms, not 1ms | choose a longer time
    35:54 C027 `a&b` is not an api version | write one such as `2024-10-21` or `preview`
    "#);
}

#[test]
fn the_compiled_form_has_every_default() {
    let yaml = "kind: Provider
metadata: {name: own}
spec: {type: openai, endpoints: {main: {auth: {apiKey: {secret: openai}}}}, models: {gpt-4o: {deployment: x}}}
";
    let program = program(yaml);
    let own = program.providers.iter().find(|plan| plan.origin.name.as_str() == "own");
    assert_json_snapshot!((own, &program.endpoints, &program.secrets), @r#"
    [
      {
        "origin": {
          "name": "own",
          "place": [
            1,
            3,
            18
          ]
        },
        "wire": "openai",
        "endpoints": [
          0
        ],
        "models": {
          "gpt-4o": {
            "deployment": "x"
          }
        },
        "timeouts": {
          "connect": "2s",
          "first_byte": "30s",
          "idle": "1m",
          "total": "10m"
        },
        "tls_ca": null
      },
      [
        {
          "name": "main",
          "provider": 0,
          "url": {
            "value": "https://api.openai.com/v1"
          },
          "key": "openai",
          "place": [
            1,
            4,
            34
          ]
        },
        {
          "name": "a",
          "provider": 1,
          "url": {
            "value": "https://a.example/v1"
          },
          "key": null,
          "place": [
            0,
            4,
            45
          ]
        },
        {
          "name": "b",
          "provider": 1,
          "url": {
            "value": "https://b.example/v1"
          },
          "key": null,
          "place": [
            0,
            4,
            79
          ]
        }
      ],
      [
        "openai"
      ]
    ]
    "#);
}
