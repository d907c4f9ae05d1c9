//! One access policy and its tests in two languages: ours and that of Cerbos. Service by service, callers with a role and an attribute may chat unless
//! the request is marked as a batch, and readers may list models; every service has the same twelve verdicts to be proven.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Verdicts of one service: three callers, two requests, two actions.
pub(crate) const VERDICTS: usize = 12;
/// Roles that services are open to; each has callers of its own.
const TEAMS: usize = 20;

/// Whether a caller may: callers by kind, requests by kind, actions. In the order of [`CALLERS`], [`MARKS`], [`ACTIONS`].
const MAY: [[[bool; 2]; 2]; 3] =
    [[[true, true], [false, true]], [[false, false], [false, false]], [[false, true], [false, true]]];
/// `gold` has the service's role and the attribute and is a reader, `silver` has the role only, `reader` is only a reader.
const CALLERS: [&str; 3] = ["gold", "silver", "reader"];
const MARKS: [&str; 2] = ["plain", "batch"];
const ACTIONS: [&str; 2] = ["chat", "models"];

/// Which expectation is written wrong on purpose: that of the last service.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// None.
    Nothing,
    /// One verdict of the last service.
    Last,
}

/// In our language, with a suite a service.
pub(crate) fn ours(folder: &Path, services: usize, wrong: Wrong) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("fixtures"))?;
    fs::write(folder.join("gateway.yaml"), GATEWAY)?;
    fs::write(folder.join("consumers.yaml"), consumers()?)?;
    fs::write(folder.join("fixtures/callers.yaml"), fixtures())?;
    for service in 0..services {
        let team = service % TEAMS;
        fs::write(folder.join(format!("service-{service}.yaml")), our_policy(service, team))?;
        let wrong = wrong == Wrong::Last && service + 1 == services;
        fs::write(folder.join(format!("service-{service}.test.yaml")), our_suite(service, team, wrong)?)?;
    }
    Ok(())
}

/// In the language of Cerbos, with a suite a service.
pub(crate) fn of_cerbos(folder: &Path, services: usize, wrong: Wrong) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    for service in 0..services {
        let team = service % TEAMS;
        fs::write(folder.join(format!("service_{service}.yaml")), policy_of_cerbos(service, team))?;
        let wrong = wrong == Wrong::Last && service + 1 == services;
        fs::write(folder.join(format!("service_{service}_test.yaml")), suite_of_cerbos(service, team, wrong)?)?;
    }
    Ok(())
}

/// What is expected, in the order of callers, marks, actions.
fn verdicts(wrong: bool) -> Vec<(&'static str, &'static str, &'static str, bool)> {
    let mut all = Vec::new();
    for (caller, may) in CALLERS.iter().zip(MAY) {
        for (mark, may) in MARKS.iter().zip(may) {
            all.extend(ACTIONS.iter().zip(may).map(|(action, may)| (*caller, *mark, *action, may)));
        }
    }
    if let Some((_, _, _, may)) = all.last_mut().filter(|_| wrong) {
        *may = !*may;
    }
    all
}

const GATEWAY: &str = "apiVersion: aigw.dev/v1
kind: Gateway
metadata: {name: bench}
spec: {policies: [front-door]}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: front-door}
spec: {methods: {apiKey: {headers: [authorization]}}}
---
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: upstream}
spec: {type: openai-compatible, endpoints: {main: {url: \"https://upstream.example/v1\", auth: {apiKey: {secret: upstream}}}}}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: upstream/m}]}
";

fn consumers() -> anyhow::Result<String> {
    let mut text = String::new();
    let mut consumer = |name: &str, roles: &str, tier: &str, number: usize| {
        write!(
            text,
            "---\napiVersion: aigw.dev/v1\nkind: Consumer\nmetadata: {{name: {name}, labels: {{tier: {tier}}}}}\nspec: {{roles: [{roles}], credentials: [{{apiKey: {{id: {name}-1, sha256: \"{number:064x}\"}}}}]}}\n"
        )
    };
    consumer("reader", "reader", "none", 1)?;
    for team in 0..TEAMS {
        consumer(&format!("gold-{team}"), &format!("team-{team}, reader"), "gold", 1_000 + team)?;
        consumer(&format!("silver-{team}"), &format!("team-{team}"), "silver", 2_000 + team)?;
    }
    Ok(text)
}

fn fixtures() -> String {
    let mut text = String::from(
        "apiVersion: aigw.dev/v1\nkind: TestFixtures\nmetadata: {name: callers}\nspec:\n  identities:\n    reader: {consumer: reader}\n",
    );
    for team in 0..TEAMS {
        text += &format!("    gold-{team}: {{consumer: gold-{team}}}\n    silver-{team}: {{consumer: silver-{team}}}\n");
    }
    text + "  upstreams:\n    ok: {chat: {text: Hi., usage: {input: 3, output: 2}}}\n"
}

fn our_policy(service: usize, team: usize) -> String {
    format!(
        "apiVersion: aigw.dev/v1
kind: Route
metadata: {{name: service-{service}}}
spec:
  hosts: [s{service}.example.com]
  surfaces: [openai]
  serve: {{models: [chat]}}
  policies: [access-{service}]
---
apiVersion: aigw.dev/v1
kind: Authorization
metadata: {{name: access-{service}}}
spec:
  rules:
    - {{name: team, roles: [team-{team}], allow: {{operations: [chat]}}, when: identity.labels.tier == \"gold\"}}
    - {{name: readers, roles: [reader], allow: {{operations: [models]}}}}
    - {{name: no-batches, deny: {{operations: [chat]}}, when: 'request.headers[\"x-batch\"] == \"yes\"'}}
"
    )
}

fn our_suite(service: usize, team: usize, wrong: bool) -> anyhow::Result<String> {
    let host = format!("host: s{service}.example.com");
    let mut text = format!(
        "apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {{name: service-{service}}}
spec:
  fixtures:
    requests:
      chat-plain: {{post: /v1/chat/completions, {host}, chat: {{model: chat, user: Hello!}}}}
      chat-batch: {{use: chat-plain, headers: {{x-batch: \"yes\"}}}}
      models-plain: {{get: /v1/models, {host}}}
      models-batch: {{use: models-plain, headers: {{x-batch: \"yes\"}}}}
  cases:
    - name: who may what
      matrix: {{as: [gold-{team}, silver-{team}, reader], send: [chat-plain, models-plain, chat-batch, models-batch]}}
      send: chat-plain
      upstream: {{upstream/main: ok}}
      expect:
"
    );
    for (_, _, _, may) in verdicts(wrong) {
        writeln!(text, "        - {{status: {}}}", if may { 200 } else { 403 })?;
    }
    Ok(text)
}

fn policy_of_cerbos(service: usize, team: usize) -> String {
    format!(
        "apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: service-{service}
  version: default
  rules:
    - {{name: team, actions: [chat], effect: EFFECT_ALLOW, roles: [team-{team}], condition: {{match: {{expr: request.principal.attr.tier == \"gold\"}}}}}}
    - {{name: readers, actions: [models], effect: EFFECT_ALLOW, roles: [reader]}}
    - {{name: no-batches, actions: [chat], effect: EFFECT_DENY, roles: [\"*\"], condition: {{match: {{expr: request.resource.attr.batch == \"yes\"}}}}}}
"
    )
}

fn suite_of_cerbos(service: usize, team: usize, wrong: bool) -> anyhow::Result<String> {
    let mut text = format!(
        "name: service-{service}
principals:
  gold: {{id: gold-{team}, roles: [team-{team}, reader], attr: {{tier: gold}}}}
  silver: {{id: silver-{team}, roles: [team-{team}], attr: {{tier: silver}}}}
  reader: {{id: reader, roles: [reader], attr: {{tier: none}}}}
resources:
  plain: {{kind: service-{service}, id: plain, attr: {{batch: \"no\"}}}}
  batch: {{kind: service-{service}, id: batch, attr: {{batch: \"yes\"}}}}
tests:
  - name: who may what
    input: {{principals: [gold, silver, reader], resources: [plain, batch], actions: [chat, models]}}
    expected:
"
    );
    for pair in verdicts(wrong).chunks(ACTIONS.len()) {
        let Some((caller, mark, _, _)) = pair.first() else { continue };
        let actions: Vec<String> = pair.iter().map(|(_, _, action, may)| format!("{action}: {}", effect(*may))).collect();
        writeln!(text, "      - {{principal: {caller}, resource: {mark}, actions: {{{}}}}}", actions.join(", "))?;
    }
    Ok(text)
}

const fn effect(may: bool) -> &'static str {
    if may { "EFFECT_ALLOW" } else { "EFFECT_DENY" }
}
