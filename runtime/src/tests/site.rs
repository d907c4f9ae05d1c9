//! What the tests of whole gateways stand on: policies as plans written by hand, bundles of them, a folder with everything a gateway needs, and clients.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aigw_bundle::{Content, Gates, Limits, Release, SigningKey, TrustFile, Version, sign};
use aigw_core::{ByteSize, Millis, Name, Operation, Share, SurfaceName};
use aigw_kinds::gateway::{BoundsPlan, GatewayPlan};
use aigw_kinds::model::{ModelPlan, RetryPlan, TargetPlan};
use aigw_kinds::provider::{EndpointPlan, MockPlan, ProviderPlan, TimeoutsPlan, WirePlan};
use aigw_kinds::route::{Class, HostPattern, MatchRow, PathPattern, RoutePlan, ServePlan};
use aigw_kinds::{
    EndpointId, ModelId, Origin, PROGRAM_MEMBER, PROGRAM_VERSION, Place, PolicySet, Program, ProviderId, RouteId, Setting,
};
use jiff::{SignedDuration, Timestamp};

use crate::admin::client::Client;
use crate::*;

/// How long anything may take before a test gives up on it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn origin(text: &str) -> Origin {
    Origin { name: name(text), place: Place(0, 1, 1) }
}

pub(super) fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

pub(super) fn trust_file(seed: u8) -> TrustFile {
    let key = SigningKey::from_seed(&[seed; 32]).unwrap();
    use aigw_bundle::Signer;
    let mut file = TrustFile::of_one_key(name("ann"), key.public_key(), name("prod"), Millis::from_secs(86_400 * 30));
    file.channels.values_mut().for_each(|channel| channel.allow_dirty = true);
    file
}

/// A gateway whose mock says `text`, one word each `pause`.
#[derive(Clone)]
pub(super) struct Policies {
    pub(super) text: String,
    pub(super) pause: Millis,
    pub(super) secrets: Vec<String>,
}

pub(super) fn says(text: &str) -> Policies {
    Policies { text: text.to_owned(), pause: Millis::new(0), secrets: Vec::new() }
}

impl Policies {
    pub(super) fn program(&self) -> Program {
        let mock = MockPlan { text: Some(self.text.clone()), latency: Millis::new(0), chunk_interval: self.pause };
        Program {
            version: PROGRAM_VERSION,
            files: vec!["gateway.yaml".to_owned()],
            gateway: gateway(),
            parameters: Vec::new(),
            expressions: Vec::new(),
            providers: vec![provider(mock)],
            endpoints: vec![EndpointPlan {
                labels: BTreeMap::new(),
                name: name("mock"),
                provider: ProviderId(0),
                url: None,
                credential: None,
                place: Place::default(),
            }],
            models: vec![model()],
            tenants: Vec::new(),
            products: Vec::new(),
            subscriptions: Vec::new(),
            consumers: Vec::new(),
            authentications: Vec::new(),
            issuers: Vec::new(),
            authorizations: Vec::new(),
            validations: Vec::new(),
            limits: Vec::new(),
            prompts: Vec::new(),
            routes: vec![route()],
            matches: vec![chat()],
            secrets: self.secrets.clone(),
        }
    }

    pub(super) fn bundle(&self, sequence: u64) -> Vec<u8> {
        self.bundle_for(sequence, SignedDuration::from_hours(24))
    }

    /// A bundle that expires that long from now.
    pub(super) fn bundle_for(&self, sequence: u64, validity: SignedDuration) -> Vec<u8> {
        let members = BTreeMap::from([(PROGRAM_MEMBER.to_owned(), serde_json::to_vec(&self.program()).unwrap())]);
        let now = Timestamp::now();
        let release = Release {
            name: name("test"),
            channel: name("prod"),
            sequence,
            issued: now,
            not_before: now - SignedDuration::from_secs(60),
            expires: now + validity,
            minimum_runtime: Version::new(0, 1, 0),
            provenance: None,
            gates: Gates::default(),
        };
        sign(&Content::build(&members, &Limits::default()).unwrap(), release, &[&key()]).unwrap()
    }
}

pub(super) fn gateway() -> GatewayPlan {
    GatewayPlan {
        name: "gateway".to_owned(),
        load: None,
        bounds: BoundsPlan {
            body: ByteSize::new(1 << 20),
            headers: ByteSize::new(64 << 10),
            header_count: 100,
            json_depth: 64,
            client_idle: Millis::from_secs(10),
            request_time: Millis::from_secs(60),
            event: ByteSize::new(1 << 20),
            connections_per_address: 0,
            connections: 1_000,
            requests_per_address: None,
            client_rate: ByteSize::new(256),
            http2_resets: 100,
            http2_frames: 1_000,
        },
        trusted_proxies: Vec::new(),
        forward_headers: Vec::new(),
        cors: None,
        errors: Vec::new(),
    }
}

pub(super) fn provider(mock: MockPlan) -> ProviderPlan {
    let second = Millis::from_secs(1);
    ProviderPlan {
        origin: origin("mock"),
        wire: WirePlan::Mock(mock),
        endpoints: vec![EndpointId(0)],
        models: BTreeMap::new(),
        timeouts: TimeoutsPlan { connect: second, first_byte: second, idle: Millis::from_secs(30), total: Millis::from_secs(60) },
        tls_ca: None,
    }
}

pub(super) fn model() -> ModelPlan {
    ModelPlan {
        origin: origin("chat"),
        names: vec!["chat".to_owned()],
        operation: Operation::Chat,
        targets: vec![TargetPlan {
            provider: ProviderId(0),
            endpoints: vec![EndpointId(0)],
            model: "m".to_owned(),
            wire_model: "m".to_owned(),
            priority: 1,
            weight: Setting::Value(1),
            when: None,
            place: Place::default(),
        }],
        sticky: None,
        retry: RetryPlan {
            attempts: 1,
            retry_on: Vec::new(),
            backoff_base: Millis::new(1),
            backoff_max: Millis::new(1),
            budget: Share::ALL,
        },
        fallback: Vec::new(),
    }
}

pub(super) fn route() -> RoutePlan {
    RoutePlan {
        origin: origin("chat-route"),
        labels: BTreeMap::new(),
        tenant: None,
        serve: ServePlan::Models { models: vec![ModelId(0)], default: Some(ModelId(0)) },
        authentication: Vec::new(),
        anonymous: true,
        wider: PolicySet::default(),
        own: PolicySet::default(),
        authorization_open: true,
        class: Class::Standard,
    }
}

pub(super) fn chat() -> MatchRow {
    MatchRow {
        host: HostPattern::Any,
        path: PathPattern::Exact("/v1/chat/completions".to_owned()),
        methods: vec!["POST".to_owned()],
        headers: Vec::new(),
        query: Vec::new(),
        when: None,
        priority: 0,
        route: RouteId(0),
        operation: Operation::Chat,
        surface: SurfaceName::Openai,
        place: Place::default(),
    }
}

/// A folder with a bundle file, a trust root and room for state.
pub(super) struct Site {
    pub(super) folder: tempfile::TempDir,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trust.json"), trust_file(7).to_json().unwrap()).unwrap();
        std::fs::create_dir(folder.path().join("bundle")).unwrap();
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn bundle(&self) -> PathBuf {
        self.path("bundle/gateway.aigw")
    }

    /// Replaces the bundle as careful tools do.
    pub(super) fn put(&self, bytes: &[u8]) {
        let fresh = self.path("fresh");
        std::fs::write(&fresh, bytes).unwrap();
        std::fs::rename(fresh, self.bundle()).unwrap();
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            admin: Some("127.0.0.1:0".parse().unwrap()),
            bundle: Some(self.bundle()),
            trust: Some(self.path("trust.json")),
            threads: Some(2.try_into().unwrap()),
            decisions: Some(LogPlace::File(self.path("decisions.jsonl"))),
            ..Settings::default()
        }
    }

    pub(super) fn start(&self) -> Running {
        Running::start(self.settings(), None).unwrap()
    }
}

/// Sends those bytes and gives everything that comes back.
pub(super) fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

pub(super) fn get(address: SocketAddr, path: &str, header: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{header}connection: close\r\n\r\n"))
}

pub(super) fn chat_request(stream: bool) -> String {
    let body = format!(r#"{{"model":"chat","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#);
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

pub(super) fn ask(running: &Running) -> String {
    exchange(running.addresses().data, &chat_request(false))
}

pub(super) fn until(what: &str, condition: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

pub(super) fn client(running: &Running) -> Client {
    Client { address: running.addresses().admin.to_string(), token: None }
}
