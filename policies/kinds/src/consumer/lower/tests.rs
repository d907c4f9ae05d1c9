use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn keys_and_their_ids_are_unique_in_the_whole_repository() {
    let upper = A.to_uppercase();
    let yaml = format!(
        "kind: Consumer
metadata: {{name: a}}
spec: {{credentials: [{{apiKey: {{id: k1, sha256: {A}}}}}, {{apiKey: {{id: k2, sha256: {upper}}}}}]}}
---
kind: Consumer
metadata: {{name: b}}
spec: {{credentials: [{{apiKey: {{id: k1, sha256: {}}}}}]}}
",
        "c".repeat(64)
    );
    assert_snapshot!(findings(&yaml), @"
    4:142 C037 this key is in the repository already | a key belongs to one consumer; remove it from the other
    9:36 C037 there is another key with the id `k1` | ids tell keys apart in logs; choose another
    ");
}

#[test]
fn days_and_moments_are_read_and_digests_are_written_small() {
    let upper = A.to_uppercase();
    let yaml = format!(
        "kind: Consumer
metadata: {{name: a, labels: {{tier: gold}}}}
spec:
  roles: [b, a, b]
  credentials:
    - {{apiKey: {{id: k1, sha256: {upper}, notAfter: 2027-01-01}}}}
"
    );
    assert_json_snapshot!(program(&yaml).consumers, @r#"
    [
      {
        "origin": {
          "name": "a",
          "place": [
            1,
            3,
            18
          ]
        },
        "labels": {
          "tier": "gold"
        },
        "roles": [
          "a",
          "b"
        ],
        "keys": [
          {
            "id": "k1",
            "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "not_after": 1798761600000,
            "place": [
              1,
              7,
              7
            ]
          }
        ]
      }
    ]
    "#);
    let bad = yaml.replace("2027-01-01", "2027-02-30");
    assert_snapshot!(findings(&bad), @"7:109 C027 `2027-02-30` is not a day such as `2027-01-01` or a moment such as `2027-01-01T12:00:00Z`");
}
