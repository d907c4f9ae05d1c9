//! A program to test with, made by hand: one route of each sort, to be changed by each test.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use aigw_core::{ByteSize, Millis, Name, Operation, Phase, Share, SurfaceName};
use aigw_kinds::authentication::AuthenticationPlan;
use aigw_kinds::authorization::{AuthorizationPlan, AuthorizationRule, Effect};
use aigw_kinds::consumer::{ConsumerPlan, KeyPlan};
use aigw_kinds::gateway::{BoundsPlan, GatewayPlan};
use aigw_kinds::limit::{Amount, KeyPart, LimitKind, LimitPlan, LimitRule};
use aigw_kinds::model::{ModelPlan, RetryOn, RetryPlan, TargetPlan};
use aigw_kinds::provider::{CredentialPlan, EndpointPlan, ManagedIdentityPlan, ProviderPlan, TimeoutsPlan, WirePlan};
use aigw_kinds::route::{Class, HostPattern, MatchRow, PathPattern, PathSegment, RoutePlan, ServePlan};
use aigw_kinds::{
    AuthenticationId, AuthorizationId, EndpointId, Mode, ModelId, Origin, PROGRAM_VERSION, Place, PolicySet, Program, ProviderId,
    RouteId, Setting,
};

/// The key of the one consumer.
pub(crate) const CLIENT_KEY: &str = "aigw-test-key-0123456789abcdef0123456789";

const CLIENT_KEY_SHA256: &str = "e458764e0893c482f81d38aaa292b84e1debb0e3147d5ca446e337b2a4e82ac1";

pub(crate) const PLACE: Place = Place(0, 3, 5);

pub(crate) fn origin(name: &str) -> Origin {
    Origin { name: name.parse().unwrap(), place: PLACE }
}

/// Chat by `m` at endpoints 0 and 1 of provider `p`, each a target of its own; vectors by `e` at endpoint 0; `/score/*` forwarded to endpoint 0.
pub(crate) fn program() -> Program {
    let chat = [target(0, 1), target(1, 2)];
    Program {
        version: PROGRAM_VERSION,
        files: vec!["policies.yaml".to_owned()],
        gateway: gateway(),
        parameters: Vec::new(),
        expressions: Vec::new(),
        providers: vec![provider(WirePlan::OpenaiCompatible, &[0, 1])],
        endpoints: vec![endpoint("a"), endpoint("b")],
        models: vec![model("m", Operation::Chat, chat.to_vec()), model("e", Operation::Embeddings, vec![target(0, 1)])],
        tenants: Vec::new(),
        products: Vec::new(),
        subscriptions: Vec::new(),
        consumers: vec![consumer()],
        authentications: vec![AuthenticationPlan {
            origin: origin("keys"),
            api_key_headers: vec!["authorization".to_owned(), "x-our-key".to_owned()],
            mtls: None,
            issuers: Vec::new(),
            anonymous: false,
        }],
        issuers: Vec::new(),
        authorizations: vec![AuthorizationPlan {
            origin: origin("who"),
            mode: Mode::Enforce,
            rules: vec![rule("all", Effect::Allow, &[])],
        }],
        validations: Vec::new(),
        limits: Vec::new(),
        prompts: Vec::new(),
        routes: vec![
            route("models", ServePlan::Models { models: vec![ModelId(0), ModelId(1)], default: None }),
            route(
                "score",
                ServePlan::Http {
                    provider: ProviderId(0),
                    endpoints: vec![EndpointId(0), EndpointId(1)],
                    path: Some("/api/*".to_owned()),
                },
            ),
        ],
        matches: vec![
            row(PathPattern::Exact("/v1/chat/completions".to_owned()), "POST", Operation::Chat, 0),
            row(PathPattern::Exact("/v1/embeddings".to_owned()), "POST", Operation::Embeddings, 0),
            row(PathPattern::Exact("/v1/models".to_owned()), "GET", Operation::Models, 0),
            row(captures(&["v1", "models", "{model}"]), "GET", Operation::Models, 0),
            MatchRow {
                surface: SurfaceName::AzureOpenai,
                ..row(captures(&["openai", "deployments", "{deployment}", "chat", "completions"]), "POST", Operation::Chat, 0)
            },
            MatchRow { methods: Vec::new(), ..row(PathPattern::Prefix("/score".to_owned()), "POST", Operation::Http, 1) },
        ],
        secrets: vec!["key-a".to_owned(), "key-b".to_owned()],
    }
}

fn gateway() -> GatewayPlan {
    GatewayPlan {
        name: "test".to_owned(),
        bounds: BoundsPlan {
            body: ByteSize::new(4096),
            headers: ByteSize::new(16_384),
            header_count: 100,
            json_depth: 16,
            client_idle: Millis::from_secs(5),
            request_time: Millis::from_secs(300),
            event: ByteSize::new(1024),
            connections_per_address: 0,
            connections: 100,
            requests_per_address: None,
            client_rate: ByteSize::new(100),
            http2_resets: 100,
            http2_frames: 1_000,
        },
        load: None,
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        forward_headers: vec!["traceparent".to_owned(), "x-our-key".to_owned()],
        cors: None,
        errors: Vec::new(),
    }
}

pub(crate) fn provider(wire: WirePlan, endpoints: &[u32]) -> ProviderPlan {
    ProviderPlan {
        origin: origin("p"),
        wire,
        endpoints: endpoints.iter().copied().map(EndpointId).collect(),
        models: BTreeMap::new(),
        timeouts: TimeoutsPlan {
            connect: Millis::from_secs(2),
            first_byte: Millis::from_secs(10),
            idle: Millis::from_secs(20),
            total: Millis::from_secs(100),
        },
        tls_ca: None,
    }
}

fn endpoint(name: &str) -> EndpointPlan {
    EndpointPlan {
        labels: BTreeMap::new(),
        name: name.parse().unwrap(),
        provider: ProviderId(0),
        url: Some(Setting::Value(format!("https://{name}.example/base"))),
        credential: Some(CredentialPlan::Key(format!("key-{name}"))),
        place: PLACE,
    }
}

/// The token of the machine's own identity.
pub(crate) fn managed_identity() -> CredentialPlan {
    CredentialPlan::ManagedIdentity(ManagedIdentityPlan { client_id: None, resource: "https://r".to_owned() })
}

/// A target at one endpoint.
pub(crate) fn target(endpoint: u32, priority: u32) -> TargetPlan {
    TargetPlan {
        provider: ProviderId(0),
        endpoints: vec![EndpointId(endpoint)],
        model: "big".to_owned(),
        wire_model: "big-2024".to_owned(),
        priority,
        weight: Setting::Value(1),
        when: None,
        place: PLACE,
    }
}

pub(crate) fn model(name: &str, operation: Operation, targets: Vec<TargetPlan>) -> ModelPlan {
    ModelPlan {
        origin: origin(name),
        names: vec![name.to_owned(), format!("{name}-*")],
        operation,
        targets,
        sticky: None,
        retry: RetryPlan {
            attempts: 3,
            retry_on: vec![RetryOn::Status(429), RetryOn::ServerErrors, RetryOn::Timeout, RetryOn::Connect],
            backoff_base: Millis::new(200),
            backoff_max: Millis::from_secs(5),
            budget: Share::ALL,
        },
        fallback: Vec::new(),
    }
}

fn consumer() -> ConsumerPlan {
    let sha256 = CLIENT_KEY_SHA256.to_owned();
    ConsumerPlan {
        tenant: None,
        origin: origin("app"),
        labels: BTreeMap::new(),
        roles: vec!["app".to_owned()],
        keys: vec![KeyPlan { id: name("app-1"), sha256, subscription: None, not_before: None, not_after: None, place: PLACE }],
        certificates: Vec::new(),
        tokens: Vec::new(),
    }
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn rule(named: &str, effect: Effect, models: &[&str]) -> AuthorizationRule {
    AuthorizationRule {
        name: name(named),
        mode: Mode::Enforce,
        roles: Vec::new(),
        effect,
        operations: Vec::new(),
        models: models.iter().map(|&model| model.to_owned()).collect(),
        routes: Vec::new(),
        http: Vec::new(),
        when: None,
        place: PLACE,
    }
}

pub(crate) fn route(name: &str, serve: ServePlan) -> RoutePlan {
    RoutePlan {
        tenant: None,
        origin: origin(name),
        labels: BTreeMap::new(),
        serve,
        authentication: vec![AuthenticationId(0)],
        anonymous: false,
        authorization_open: false,
        wider: PolicySet { authorization: vec![AuthorizationId(0)], ..PolicySet::default() },
        own: PolicySet::default(),
        class: Class::Standard,
    }
}

fn row(path: PathPattern, method: &str, operation: Operation, route: u32) -> MatchRow {
    MatchRow {
        host: HostPattern::Any,
        path,
        methods: vec![method.to_owned()],
        headers: Vec::new(),
        query: Vec::new(),
        when: None,
        priority: 0,
        route: RouteId(route),
        operation,
        surface: SurfaceName::Openai,
        place: PLACE,
    }
}

fn captures(segments: &[&str]) -> PathPattern {
    let segment = |text: &&str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => PathSegment::Capture(name.to_owned()),
        None => PathSegment::Literal((*text).to_owned()),
    };
    PathPattern::Captures(segments.iter().map(segment).collect())
}

/// A limit with one rule, for each consumer.
pub(crate) fn limit(id: u64, what: LimitKind, amount: u64, phase: Phase, part: KeyPart) -> LimitPlan {
    LimitPlan {
        origin: origin("lim"),
        mode: Mode::Enforce,
        per: vec![part],
        phase,
        rules: vec![LimitRule {
            name: name("r"),
            id,
            mode: Mode::Enforce,
            what,
            amount: Amount::Fixed(Setting::Value(amount)),
            when: None,
            place: PLACE,
        }],
    }
}
