//! Policies of the tests: one route with everything on (a key, roles, limits, a prompt), towards scripted upstreams.

use std::net::SocketAddr;

/// The caller's key. Its digest stands in the policies; it opens nothing but these tests' gateways.
pub(crate) const KEY: &str = "aigw_test_clients_51c7a0e2b94d8f36";
/// The gateway's key for the upstream, given as `AIGW_SECRET_UPSTREAM`.
pub(crate) const UPSTREAM_KEY: &str = "sk-of-the-gateway";
/// What the house prompt puts first.
pub(crate) const HOUSE: &str = "You help.";

/// Policies as one file.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    /// Members of the Gateway's `spec`.
    pub(crate) gateway: String,
    /// The upstreams' addresses; each is a provider `up-1`, `up-2`, … with one endpoint `main`.
    pub(crate) upstreams: Vec<SocketAddr>,
    /// The providers' `timeouts`.
    pub(crate) timeouts: String,
    /// Members of the model `chat` beyond its targets.
    pub(crate) model: String,
    /// The targets of `chat`; default: the model `m` of each upstream in order of priority.
    pub(crate) targets: Option<String>,
    /// The rules of the limit.
    pub(crate) limits: String,
    /// The system message of the house prompt.
    pub(crate) house: String,
    /// The methods by which callers prove who they are.
    pub(crate) methods: String,
    /// More documents.
    pub(crate) more: String,
}

impl Policies {
    /// Towards those upstreams, tried in this order.
    pub(crate) fn to(upstreams: &[SocketAddr]) -> Self {
        Self {
            gateway: String::new(),
            upstreams: upstreams.to_vec(),
            timeouts: "{connect: 2s, firstByte: 10s, idle: 10s, total: 30s}".to_owned(),
            model: "retry: {attempts: 1}".to_owned(),
            targets: None,
            limits: "[{name: rpm, requests: 100000, window: 1m}, {name: open, concurrency: 100}]".to_owned(),
            house: HOUSE.to_owned(),
            methods: "apiKey: {headers: [authorization, api-key]}".to_owned(),
            more: String::new(),
        }
    }

    /// Towards the built-in mock.
    pub(crate) fn mock(settings: &str) -> Self {
        let mut policies = Self::to(&[]);
        policies.targets = Some("{target: mock/m}".to_owned());
        policies.more = format!(
            "---\napiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {{name: mock}}\nspec: {{type: mock, mock: {settings}}}\n"
        );
        policies
    }

    /// As YAML.
    pub(crate) fn yaml(&self) -> String {
        let mut yaml = String::new();
        let mut document = |kind: &str, name: &str, spec: &str| {
            let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
            yaml.push_str(&format!("---\napiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}"));
        };
        document("Gateway", "e2e", &format!("policies: [front-door, who-may-what, fair-use, house]\n{}", self.gateway));
        let mut targets = Vec::new();
        for (index, address) in (1..).zip(&self.upstreams) {
            let endpoint = format!("main: {{url: \"http://{address}/v1\", auth: {{apiKey: {{secret: upstream}}}}}}");
            let spec = format!("type: openai-compatible\nendpoints: {{{endpoint}}}\ntimeouts: {}", self.timeouts);
            document("Provider", &format!("up-{index}"), &spec);
            targets.push(format!("{{target: up-{index}/m, priority: {index}}}"));
        }
        let targets = self.targets.clone().unwrap_or_else(|| targets.join(", "));
        document("Model", "chat", &format!("operation: chat\ntargets: [{targets}]\n{}", self.model));
        document("Route", "everything", "surfaces: [openai]\nserve: {models: [chat], default: chat}");
        document("Limit", "fair-use", &format!("per: [consumer]\nrules: {}", self.limits));
        document(
            "Prompt",
            "house",
            &format!(
                "versions: {{v1: {{messages: [{{system: \"{}\"}}, {{request: {{}}}}]}}}}\ncap: {{maxOutputTokens: 2000}}",
                self.house
            ),
        );
        document("Authentication", "front-door", &format!("methods: {{{}}}", self.methods));
        let digest = "e1c0f5a02f66ff1736818dea4b49895a896f5d28938e642ee345111b5393310d";
        document("Consumer", "client", &format!("roles: [app]\ncredentials: [{{apiKey: {{id: client-1, sha256: {digest}}}}}]"));
        document("Authorization", "who-may-what", "rules: [{name: apps, roles: [app], allow: {operations: [chat, models]}}]");
        yaml.push_str(&self.more);
        yaml
    }
}
