//! Two tenants at one gateway, each with callers by key and by token. Each tries what the other has; what comes of it, what is told, recorded and counted
//! stands in tables.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, chat};
use crate::support::gateway::Gateway;
use crate::support::{issuer, until_async};

/// What each tenant has, which `OWN` stands for.
const OF_A_TENANT: &str = include_str!("borders/tenant.yaml");

/// What they share.
const SHARED: &str = include_str!("borders/shared.yaml");

const TENANTS: [&str; 2] = ["contoso", "fabrikam"];

/// What is asked for: `OWN` and `OTHER` stand for the names of the caller's tenant and of the other one, `BY` for how the caller proves itself (`key` or `token`).
struct Cell {
    /// The host that is asked.
    host: &'static str,
    /// The model of a chat; none asks for the list of models.
    model: Option<&'static str>,
    /// What `x-aigw-subscription` says.
    subscription: Option<&'static str>,
    /// Status and code, or what came.
    expected: &'static str,
    /// Product and subscription of the record.
    under: Option<(&'static str, &'static str)>,
}

const fn cell(host: &'static str, model: &'static str, expected: &'static str) -> Cell {
    Cell { host, model: Some(model), subscription: None, expected, under: None }
}

const fn list(host: &'static str, expected: &'static str) -> Cell {
    Cell { host, model: None, subscription: None, expected, under: None }
}

const fn sold(mut cell: Cell) -> Cell {
    cell.under = Some(("product-OWN", "of-BY-OWN"));
    cell
}

const fn naming(subscription: &'static str, mut cell: Cell) -> Cell {
    cell.subscription = Some(subscription);
    cell
}

/// Each is tried by every caller of both tenants.
const CELLS: &[Cell] = &[
    // Routes of one tenant.
    cell("OWN.example", "both", "200 said-by-OWN"),
    cell("OWN.example", "own-OWN", "200 said-by-OWN"),
    list("OWN.example", "200 [both, own-OWN]"),
    cell("OTHER.example", "both", "403 wrong_tenant"),
    cell("OTHER.example", "own-OTHER", "403 wrong_tenant"),
    cell("OTHER.example", "own-OWN", "403 wrong_tenant"),
    cell("OTHER.example", "nowhere", "403 wrong_tenant"),
    list("OTHER.example", "403 wrong_tenant"),
    // Models and where they lead, on a route of all.
    cell("shared.example", "both", "200 said-by-OWN"),
    cell("shared.example", "own-OWN", "200 said-by-OWN"),
    cell("shared.example", "own-OTHER", "403 model_not_allowed"),
    list("shared.example", "200 [both, own-OWN]"),
    // Products and subscriptions.
    sold(cell("sold.example", "sold-OWN", "200 said-by-OWN")),
    sold(naming("of-BY-OWN", cell("sold.example", "sold-OWN", "200 said-by-OWN"))),
    sold(cell("sold.example", "sold-OTHER", "403 model_not_allowed")),
    sold(cell("sold.example", "both", "403 model_not_allowed")),
    sold(list("sold.example", "200 [sold-OWN]")),
    naming("of-BY-OTHER", cell("sold.example", "sold-OWN", "403 subscription_required")),
    naming("of-BY-OTHER", cell("sold.example", "sold-OTHER", "403 subscription_required")),
    naming("of-BY-OTHER", list("sold.example", "403 subscription_required")),
    naming("nowhere", cell("sold.example", "sold-OWN", "403 subscription_required")),
    // The header says nothing where no product is.
    naming("of-BY-OTHER", cell("OTHER.example", "own-OTHER", "403 wrong_tenant")),
    naming("of-BY-OTHER", cell("shared.example", "own-OTHER", "403 model_not_allowed")),
];

/// Somebody who calls.
struct Caller {
    own: &'static str,
    other: &'static str,
    by: &'static str,
    credential: String,
}

impl Caller {
    fn written(&self, text: &str) -> String {
        text.replace("OWN", self.own).replace("OTHER", self.other).replace("BY", self.by)
    }

    async fn ask(&self, gateway: &Gateway, host: &str, model: Option<&str>, headers: &[(&str, &str)]) -> Answer {
        let mut request = match model {
            Some(_) => Request::post("/v1/chat/completions").header("content-type", "application/json"),
            None => Request::get("/v1/models"),
        };
        request = request.header("host", host).header("authorization", format!("Bearer {}", self.credential));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = model.map_or_else(Full::default, |model| {
            let mut body = chat("hello");
            body["model"] = json!(model);
            Full::from(body.to_string())
        });
        Client::connect(gateway.data).await.send(request.body(body).unwrap()).await
    }
}

fn key_of(tenant: &str) -> String {
    format!("aigw_test_{tenant}_0f3c5a7e9b2d4c6f")
}

fn policies(issuer: SocketAddr) -> String {
    let mut yaml = SHARED.replace("METHOD", &issuer::method(issuer));
    for tenant in TENANTS {
        let digest = aigw_bundle::Digest::of(key_of(tenant).as_bytes()).to_hex();
        yaml += &OF_A_TENANT.replace("OWN", tenant).replace("DIGEST", &digest);
    }
    yaml
}

/// The gateway, and two callers of each tenant.
async fn two_tenants() -> (Gateway, Vec<Caller>) {
    let issuer = issuer::start().await;
    let gateway = Gateway::dev_yaml(&policies(issuer)).await;
    let mut callers = Vec::new();
    for (own, other) in [("contoso", "fabrikam"), ("fabrikam", "contoso")] {
        let token = issuer::token(issuer, &json!({"azp": format!("app-{own}"), "sub": own}));
        callers.extend([("key", key_of(own)), ("token", token)].map(|(by, credential)| Caller { own, other, by, credential }));
    }
    until_async("the issuer's keys came", || async {
        (gateway.status().await.pointer("/bundle/issuers/0/keys") == Some(&json!(1))).then_some(())
    })
    .await;
    (gateway, callers)
}

/// Status and code, or what the model said, or the models of the list.
fn outcome(answer: &Answer) -> String {
    let json = answer.json();
    if let Some(content) = json.pointer("/choices/0/message/content").and_then(Value::as_str) {
        return format!("{} {content}", answer.status.as_u16());
    }
    let Some(data) = json.get("data").and_then(Value::as_array) else { return answer.code() };
    let mut names: Vec<&str> = data.iter().filter_map(|model| model["id"].as_str()).collect();
    names.sort_unstable();
    format!("{} [{}]", answer.status.as_u16(), names.join(", "))
}

async fn record_of(gateway: &Gateway, answer: &Answer) -> Value {
    let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let found = || async { gateway.records(1).await.into_iter().find(|record| record["requestId"] == id.as_str()) };
    until_async("the request was recorded", found).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tenant_reaches_what_is_the_other_s() {
    let (gateway, callers) = two_tenants().await;
    let mut counted = BTreeMap::<String, f64>::new();
    let mut wrong = Vec::new();
    for caller in &callers {
        for cell in CELLS {
            let (host, model) = (caller.written(cell.host), cell.model.map(|model| caller.written(model)));
            let subscription = cell.subscription.map(|name| caller.written(name));
            let headers: Vec<(&str, &str)> = subscription.iter().map(|name| ("x-aigw-subscription", name.as_str())).collect();
            let answer = caller.ask(&gateway, &host, model.as_deref(), &headers).await;
            let what = format!("{} of {} at {host} for {model:?} under {subscription:?}", caller.by, caller.own);
            let (came, expected) = (outcome(&answer), caller.written(cell.expected));
            if came != expected {
                wrong.push(format!("{what}: {came}, not {expected}"));
            }
            // What clients wrote themselves is all that they are told of the other tenant.
            let mut told = format!("{}{:?}", answer.body, answer.headers);
            for own in [&model, &subscription].into_iter().flatten() {
                told = told.replace(own.as_str(), "");
            }
            if told.contains(caller.other) {
                wrong.push(format!("{what} is told of the other: {told}"));
            }
            let mut record = record_of(&gateway, &answer).await;
            let who = [("tenant", caller.own.to_owned()), ("consumer", caller.written("BY-OWN"))];
            let under = cell
                .under
                .map(|(product, under)| [("product", caller.written(product)), ("subscription", caller.written(under))]);
            for (name, value) in who.into_iter().chain(under.into_iter().flatten()) {
                if record[name] != value.as_str() {
                    wrong.push(format!("{what}: the record has {name} {}, not {value}", record[name]));
                }
            }
            if cell.under.is_none() && (record.get("product").is_some() || record.get("subscription").is_some()) {
                wrong.push(format!("{what}: the record names a product: {record}"));
            }
            // The route that was met is told as it is; it is the other's only where the other's was asked.
            let route = record.as_object_mut().unwrap().remove("route").unwrap();
            if route.as_str().unwrap().contains(caller.other) != cell.host.contains("OTHER") {
                wrong.push(format!("{what}: {route}"));
            }
            // That a target was not for this tenant names the target, and nothing else does.
            if let Some(skipped) = record.get_mut("skipped").and_then(Value::as_array_mut) {
                skipped.retain(|skip| skip["reason"] != "tenant_requires");
            }
            if record.to_string().contains(caller.other) {
                wrong.push(format!("{what}: the record names the other: {record}"));
            }
            let class = format!("{}xx", answer.status.as_u16() / 100);
            let route = route.as_str().unwrap();
            *counted.entry(format!("{route} {class} {}", caller.own)).or_default() += 1.0;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let metrics = gateway.get("/metrics").await.body;
    assert_eq!(requests(&metrics), counted, "{metrics}");
    // Tokens of each model and provider are the tenant's own.
    let usage: Vec<&str> = metrics.lines().filter(|line| line.starts_with("gen_ai_client_token_usage_count{")).collect();
    for (own, other) in [("contoso", "fabrikam"), ("fabrikam", "contoso")] {
        let of_own: Vec<_> = usage.iter().filter(|line| line.contains(&format!("aigw_tenant=\"{own}\""))).collect();
        assert!(!of_own.is_empty() && of_own.iter().all(|line| !line.contains(other)), "{of_own:#?}");
    }
}

/// `aigw_requests_total` as `route class tenant`.
fn requests(metrics: &str) -> BTreeMap<String, f64> {
    let mut counted = BTreeMap::new();
    for line in metrics.lines().filter(|line| line.starts_with("aigw_requests_total{")) {
        let label = |name: &str| line.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next()).unwrap();
        let key = ["aigw_route", "http_response_status_class", "aigw_tenant"].map(label).join(" ");
        *counted.entry(key).or_default() += line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).unwrap();
    }
    counted
}

/// A limit of three, where it counts, and whether both callers of a tenant share it.
const LIMITS: &[(&str, &str, bool)] = &[
    ("budget.example", "budget-OWN/few", true),
    ("tenant.example", "by-tenant/few", true),
    ("consumer.example", "by-consumer/few", false),
    ("header.example", "by-header/few", true),
    ("address.example", "by-address/few", true),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_one_tenant_spent_is_whole_for_the_other() {
    let (gateway, callers) = two_tenants().await;
    let mut wrong = Vec::new();
    for (host, limit, shared) in LIMITS {
        // All four use the same address, and write the same header.
        let mut steps = Vec::new();
        for tenant in [0, 2] {
            let (key, token) = (&callers[tenant], &callers[tenant + 1]);
            steps.extend([2, 1, 0].map(|left| (key, Some(left))));
            steps.extend([(key, None), (token, (!shared).then_some(2))]);
        }
        for (caller, expected) in steps {
            let answer = caller.ask(&gateway, host, Some("both"), &[("x-user", "ann")]).await;
            let record = record_of(&gateway, &answer).await;
            let limits = record["limits"].as_array().unwrap();
            let state = limits.iter().find(|state| state["limit"] == caller.written(limit).as_str());
            let left = state.filter(|_| answer.status == 200).map(|state| state["remaining"].as_u64().unwrap());
            if left != expected || (expected.is_none() && answer.status != 429) {
                let (by, own, code) = (caller.by, caller.own, outcome(&answer));
                wrong.push(format!("{limit}: {by} of {own} has {left:?}, not {expected:?}: {code}: {record}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_two_tenants_make_no_caller() {
    let (gateway, callers) = two_tenants().await;
    for (caller, other) in [(&callers[0], &callers[2]), (&callers[1], &callers[2]), (&callers[3], &callers[0])] {
        for host in ["contoso.example", "fabrikam.example", "shared.example"] {
            let answer = caller.ask(&gateway, host, Some("both"), &[("api-key", &other.credential)]).await;
            assert_eq!(answer.status, 401, "{} of {}: {}", caller.by, caller.own, answer.body);
            let record = record_of(&gateway, &answer).await;
            assert!(record.get("tenant").is_none() && record.get("consumer").is_none(), "{record}");
        }
    }
}
