use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

#[test]
fn parameters_templates_and_shares_are_checked() {
    let yaml = "kind: Prompt
metadata: {name: p}
spec:
  parameters:
    required: [product, nope]
    properties:
      Product: {type: string}
      product: {type: string, default: x, minimum: 4}
      times: {type: integer, minimum: 5, maximum: 4, maxLength: 4, default: a}
      flag: {type: boolean, enum: [a], default: 1}
      form: {type: string, pattern: '(', enum: [a, b], default: c}
      code: {type: string, pattern: 'a+', maxLength: 3, default: b}
  versions:
    v1: {messages: [{system: 'Hello {{ prodct }}'}, {request: {}}]}
    v2: {messages: [{system: 'Hello {% if %}'}, {request: {}}, {request: {}}]}
    v3: {messages: [{system: {file: prompts/own.j2}}, {user: {file: prompts/oen.j2}}]}
  use: {v1: 10%, v9: 80%}
  set: {temperature: 1}
  default: {temperature: 0.5}
---
kind: Prompt
metadata: {name: q}
spec: {}
---
kind: Prompt
metadata: {name: r}
spec: {use: x, versions: {v1: {messages: [{request: {}}]}, v2: {messages: [{request: {}}]}}}
---
kind: Prompt
metadata: {name: s}
spec: {versions: {v1: {messages: [{request: {}}]}, v2: {messages: [{request: {}}]}}}
";
    assert_snapshot!(findings(yaml), @r#"
    6:25 C030 `nope` is required and not declared | did you mean `code`?
    8:7 C027 `Product` is not the name of a parameter | write lower-case letters, digits and `_`, so that templates can name it
    9:31 C032 `product` is required, so its default is never used | remove one of them
    9:43 C032 `minimum` means nothing for a parameter of this type | remove it
    10:39 C032 `minimum` is 5 and `maximum` is 4 | no value would fit; swap them
    10:54 C032 `maxLength` means nothing for a parameter of this type | remove it
    10:77 T412 the default of `times` must be a whole number, not `"a"` | give a value that the declaration takes
    11:29 C032 `enum` means nothing for a parameter of this type | remove it
    11:49 T412 the default of `flag` must be `true` or `false`, not `1` | give a value that the declaration takes
    12:37 C027 `(` is not a regular expression: unclosed group | look-around and back-references do not exist here, so that matching takes linear time
    12:65 T412 the default of `form` must be one of `a`, `b`, not `"c"` | give a value that the declaration takes
    13:66 T412 the default of `code` must match `a+` | give a value that the declaration takes
    15:40 T401 unknown parameter `prodct` | did you mean `product`
    16:10 C032 the caller's messages stand there more than once | write `{request: {}}` exactly once
    16:43 T411 unexpected end of block
    17:10 C032 the caller's messages are left out | write `{request: {}}` exactly once
    17:69 C035 the repository has no file `prompts/oen.j2` | did you mean `prompts/own.j2`?
    18:8 C032 the shares 10% + 80% do not add up to 100% | make them add up, so that every request gets a version
    18:18 C030 the prompt has no version `v9` | did you mean `v1`?
    20:13 C032 `temperature` is set always, so its default is never used | remove one of them
    25:1 C032 the prompt changes nothing | write `versions`, `set`, `default` or `cap`
    30:13 C030 the prompt has no version `x` | there are `v1`, `v2`
    35:8 C032 `use` does not say which of `v1`, `v2` applies | write `use: VERSION`, or a share for each
    other file 2:8 T401 unknown parameter `nobody` | the parameters are `Product`, `product`, `times`, `flag`, `form` and `code`
    "#);
}

#[test]
fn uses_of_a_prompt_give_what_it_declares() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec:
  parameters: {n: {type: integer, max: 9, test: 0}, s: {type: string}, t: {type: string, test: too long}}
  policies: [front-door, all]
---
kind: Route
metadata: {name: a}
spec:
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [house]
---
kind: Route
metadata: {name: b}
spec:
  hosts: [b.example]
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [{use: house, with: {product: too long, times: 0, tims: 1}}]
---
kind: Route
metadata: {name: c}
spec:
  hosts: [c.example]
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [{use: house, with: {product: {param: n}, times: {param: s}}}]
---
kind: Route
metadata: {name: d}
spec:
  hosts: [d.example]
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [{use: house, with: {product: {expr: request.nope}, times: true}}]
---
kind: Route
metadata: {name: e}
spec:
  hosts: [e.example]
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [{use: house, with: {product: {param: t}, times: {param: n}}}]
";
    assert_snapshot!(findings(yaml), @"
    14:14 T412 the prompt `house` needs a value for `product` | write `{use: house, with: {product: …}}`
    23:43 T412 `product` of the prompt `house` must be at most 5 characters long | give a value that its declaration takes
    23:60 T412 `times` of the prompt `house` must be a whole number from 1 to 9223372036854775807, not `0` | give a value that its declaration takes
    23:63 T412 the prompt `house` has no parameter `tims` | did you mean `times`?
    32:51 C036 the parameter `n` is not of type `string` or `url` | declare another one, or change its `type`
    32:70 C036 the parameter `s` is not of type `integer` | declare another one, or change its `type`
    41:50 H811 unknown name `request.nope` | `request` has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`
    41:72 T412 `times` of the prompt `house` must be a whole number, not `true` | give a value that its declaration takes
    50:51 T412 `product` of the prompt `house` must be at most 5 characters long: the `test` value of `t` does not fit | bound the parameter as the prompt's is
    50:70 T412 `times` of the prompt `house` must be a whole number from 1 to 9223372036854775807, not `0`: the `test` value of `n` does not fit | bound the parameter as the prompt's is
    ");
}

#[test]
fn only_the_versions_in_use_are_compiled() {
    let yaml = "kind: Prompt
metadata: {name: p}
spec:
  parameters: {properties: {b: {type: integer}, a: {type: string, default: x}}}
  versions:
    v1: {messages: [{developer: 'Old {{ a }}'}, {request: {}}]}
    v2: {messages: [{request: {}}, {assistant: 'New {{ b }}'}]}
    v3: {messages: [{request: {}}]}
  use: {v2: 12.5%, v1: 87.5%, v3: 0%}
  set: {topP: 1, temperature: 0.5}
  cap: {n: 1}
";
    let program = program(yaml);
    assert_json_snapshot!(program.prompts.iter().find(|plan| plan.origin.name.as_str() == "p"), @r#"
    {
      "origin": {
        "name": "p",
        "place": [
          1,
          3,
          18
        ]
      },
      "mode": "enforce",
      "parameters": [
        {
          "name": "b",
          "kind": {
            "integer": {
              "min": -9223372036854775808,
              "max": 9223372036854775807
            }
          },
          "required": false,
          "default": null
        },
        {
          "name": "a",
          "kind": {
            "string": {
              "max_length": 1000,
              "one_of": [],
              "pattern": null
            }
          },
          "required": false,
          "default": "x"
        }
      ],
      "versions": [
        {
          "name": "v1",
          "share": "87.5%",
          "messages": [
            {
              "template": {
                "role": "developer",
                "text": "Old {{ a }}",
                "place": [
                  1,
                  7,
                  33
                ]
              }
            },
            "request"
          ]
        },
        {
          "name": "v2",
          "share": "12.5%",
          "messages": [
            "request",
            {
              "template": {
                "role": "assistant",
                "text": "New {{ b }}",
                "place": [
                  1,
                  8,
                  48
                ]
              }
            }
          ]
        }
      ],
      "set": [
        [
          "temperature",
          0.5
        ],
        [
          "topP",
          1
        ]
      ],
      "default": [],
      "cap": [
        [
          "n",
          1
        ]
      ]
    }
    "#);
}
