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
fn tokens_go_only_where_they_are_for_and_unread() {
    let yaml = "kind: Provider
metadata: {name: one}
spec:
  type: azure-openai
  endpoints:
    a: {url: 'http://x.example', auth: {managedIdentity: {}}}
    b: {url: 'https://x.example', auth: {managedIdentity: {}, apiKey: {secret: x}}}
    c: {url: 'https://x.example', auth: {}}
    d: {url: 'https://x.example', auth: {managedIdentity: {clientId: 'a&b', resource: 'https://x.example?a'}}}
    e: {url: 'https://x.example', auth: {managedIdentity: {resource: 'https://x.example/.default'}}}
    f: {url: 'https://x.example', auth: {managedIdentity: {clientId: {param: nope}}}}
    g: {url: 'http://127.0.0.1.x.example', auth: {managedIdentity: {}}}
---
kind: Provider
metadata: {name: two}
spec: {type: openai, endpoints: {a: {auth: {managedIdentity: {}}}}}
";
    assert_snapshot!(findings(yaml), @"
    7:14 C032 a token of a managed identity would go there unencrypted | write `https://…`
    8:42 C032 an endpoint is called with a key or with a token, not with both | remove one of them
    9:35 C032 `auth` says nothing | write `{apiKey: {secret: NAME}}` or `{managedIdentity: {}}`, or remove `auth`
    10:70 C027 `a&b` is not a client id | write one such as `11111111-2222-3333-4444-555555555555`
    10:87 C027 `https://x.example?a` is not a resource | write one such as `https://cognitiveservices.azure.com`, without `/.default`
    11:70 C027 `https://x.example/.default` is not a resource | write one such as `https://cognitiveservices.azure.com`, without `/.default`
    12:78 C030 the Gateway declares no parameter `nope` | none is declared
    13:14 C032 a token of a managed identity would go there unencrypted | write `https://…`
    18:45 C032 `managedIdentity` means nothing for the type `openai` | write `apiKey: {secret: NAME}`
    ");
    for good in [
        "url: 'https://x.example', auth: {managedIdentity: {}}",
        "url: 'http://127.0.0.1:9', auth: {managedIdentity: {clientId: 1-a, resource: 'api://x'}}",
        "url: 'http://[::1]:9', auth: {managedIdentity: {}}",
        "url: 'http://localhost', auth: {managedIdentity: {}}",
    ] {
        for kind in ["azure-openai", "openai-compatible"] {
            let yaml = format!("kind: Provider\nmetadata: {{name: one}}\nspec: {{type: {kind}, endpoints: {{a: {{{good}}}}}}}\n");
            assert_eq!(findings(&yaml), "", "{good}");
        }
    }
}

#[test]
fn the_compiled_form_has_every_default() {
    let yaml = "kind: Provider
metadata: {name: own}
spec: {type: openai, endpoints: {main: {auth: {apiKey: {secret: openai}}}}, models: {gpt-4o: {deployment: x}}}
---
kind: Provider
metadata: {name: tokens}
spec: {type: azure-openai, endpoints: {main: {url: 'https://x.example', auth: {managedIdentity: {clientId: 1-2}}}}}
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
          "credential": {
            "key": "openai"
          },
          "place": [
            1,
            4,
            34
          ]
        },
        {
          "name": "main",
          "provider": 1,
          "url": {
            "value": "https://x.example"
          },
          "credential": {
            "managed-identity": {
              "client_id": {
                "value": "1-2"
              },
              "resource": "https://cognitiveservices.azure.com"
            }
          },
          "place": [
            1,
            9,
            40
          ]
        },
        {
          "name": "a",
          "provider": 2,
          "url": {
            "value": "https://a.example/v1"
          },
          "credential": null,
          "place": [
            0,
            4,
            45
          ]
        },
        {
          "name": "b",
          "provider": 2,
          "url": {
            "value": "https://b.example/v1"
          },
          "credential": null,
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
