//! The gateway as written.

use aigw_core::{ByteSize, ErrorCode, Millis, Name, Share};
use indexmap::IndexMap;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::route::Class;
use crate::written::{Given, PolicyUse};
use crate::{Kind, Labels};

/// The whole: parameters, global policies and attachments, bounds, error bodies, CORS. A repository has at most one Gateway; without one every
/// default applies.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GatewaySpec {
    /// One line for people.
    pub description: String,
    /// All that may differ between environments, by name. Each is bounded here; its value is given to the runtime, and to `aigw validate --params`.
    #[schemars(extend("maxProperties" = 1000))]
    pub parameters: IndexMap<Name, ParameterSpec>,
    /// Policies of every route, before those of the route itself.
    #[schemars(length(max = 100))]
    pub policies: Vec<PolicyUse>,
    /// Policies of the routes that a selector finds, after the Gateway's own and before those of the route itself.
    #[schemars(length(max = 1000))]
    pub attach: Vec<AttachSpec>,
    /// Bounds on every request and connection.
    pub bounds: BoundsSpec,
    /// How many requests one process has in flight, and which are refused first when it fills up. Default: no bound.
    pub load: Option<LoadSpec>,
    /// Networks whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`. Default: none, so the peer's address is the caller's.
    #[schemars(length(max = 1000))]
    pub trusted_proxies: Vec<Network>,
    /// The caller's headers that go upstream. Default: none. Headers that belong to the connection, and `host`, never do.
    #[schemars(length(max = 100))]
    pub forward_headers: Vec<String>,
    /// Cross-origin access for browsers. Default: no CORS header is sent and no preflight is answered.
    pub cors: Option<CorsSpec>,
    /// Other statuses and messages for error codes.
    #[schemars(length(max = 100))]
    pub errors: Vec<ErrorSpec>,
    /// Who may write what: for each file the first entry that its path fits decides. Default: anyone, anything.
    #[schemars(length(max = 200))]
    pub ownership: Vec<OwnershipSpec>,
}

/// Who owns files, and which documents may stand in them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OwnershipSpec {
    /// Files by their path relative to the policy folder: `*` is any text within one name, `{name}` such a text with a name, `**` any folders.
    #[schemars(length(min = 1, max = 500))]
    pub path: String,
    /// Kinds of documents that may stand there. Default: every kind. Files without documents, such as templates and tests, may always.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub kinds: Vec<Kind>,
    /// The Tenant that the documents there concern alone, with the path's captures as `{name}`: what they say is theirs, and nobody else attaches their
    /// policies. Default: any tenant, and none.
    #[schemars(length(min = 1, max = 200))]
    pub tenant: Option<String>,
    /// Who approves changes: `@user`, `@organisation/team` or an e-mail address, with the path's captures as `{name}`.
    #[schemars(length(min = 1, max = 50))]
    pub owners: Vec<String>,
}

/// A declared parameter: its type, and the bounds on its values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ParameterSpec {
    /// What its values are.
    pub r#type: ParameterType,
    /// For `url`, required: host patterns, one of which the address must fit. `*.` stands for one or more labels.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// For `string`: a regular expression for the whole value. Default: any value.
    pub pattern: Option<String>,
    /// For `string`: longest value in characters. Default 256.
    #[schemars(range(min = 1, max = 4096))]
    pub max_length: Option<u32>,
    /// For `integer`: least value. Default 0.
    pub min: Option<u64>,
    /// For `integer`, required: greatest value.
    pub max: Option<u64>,
    /// The value that tests and `aigw validate` use where none is given.
    pub test: Option<ParameterTest>,
}

/// What a parameter's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ParameterType {
    /// An absolute `https` address, or `http` on loopback.
    Url,
    /// A text.
    String,
    /// A whole number.
    Integer,
}

/// A parameter's value in tests, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterTest(pub String);

/// Policies for the routes that a selector finds.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachSpec {
    /// The policies.
    #[schemars(length(min = 1, max = 100))]
    pub policies: Vec<PolicyUse>,
    /// Which routes: by `labels`, by `names`, or both together.
    pub routes: RouteSelector,
}

/// Finds routes. What is left out finds any; both left out is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RouteSelector {
    /// Labels that a route must have, all of them, with these values.
    pub labels: Labels,
    /// Names of routes.
    #[schemars(length(max = 1000))]
    pub names: Vec<String>,
}

/// Bounds on every request and connection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct BoundsSpec {
    /// Longest body of a request.
    pub body: ByteSize,
    /// Largest header section of a request.
    pub headers: ByteSize,
    /// Most headers of a request.
    #[schemars(range(min = 8, max = 1000))]
    pub header_count: u32,
    /// Deepest nesting of a JSON body.
    #[schemars(range(min = 2, max = 256))]
    pub json_depth: u16,
    /// Longest pause of a client within its request.
    pub client_idle: Millis,
    /// Longest time for the whole, from the request's head to the answer's last byte.
    pub request_time: Millis,
    /// Largest server-sent event of an answer.
    pub event: ByteSize,
    /// Most connections of one address (of one /64 with IPv6); 0 for no bound.
    pub connections_per_address: u32,
    /// Most connections in all.
    #[schemars(range(min = 1))]
    pub connections: u32,
    /// Most requests of one address (of one /64 with IPv6, behind `trustedProxies` the client's), whatever they ask for. Default: no bound.
    pub requests_per_address: Option<AddressRateSpec>,
    /// Least bytes a second of a client that sends a body, or takes an answer that waits for it. Who is slower is let go once it is `clientIdle` behind. `0B` for no bound.
    pub client_rate: ByteSize,
    /// Most streams that a client may reset in ten seconds of one HTTP/2 connection.
    #[schemars(range(min = 1))]
    pub http2_resets: u32,
    /// Most frames in ten seconds of one HTTP/2 connection that carry neither a request nor a body: pings, settings, priorities, tiny data, and window updates beyond one for each 64 bytes sent.
    #[schemars(range(min = 100))]
    pub http2_frames: u32,
}

/// Most requests of one address in any stretch of time of this length, in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressRateSpec {
    /// How many.
    #[schemars(range(min = 1))]
    pub requests: u32,
    /// The length of the stretch, from `1s` to `1h`.
    pub window: Millis,
}

/// How many requests one process has in flight, from their head to their answer's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSpec {
    /// Most requests at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub concurrency: u32,
    /// How full the process may be when another request of a class is let in.
    #[serde(default)]
    pub classes: ClassesSpec,
}

/// For each class of routes, the share of `concurrency` up to which its requests are let in. A higher class never has less than a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClassesSpec {
    /// Routes that can wait: refused first.
    pub background: Share,
    /// Routes that say nothing.
    pub standard: Share,
    /// Routes that must be served: refused last.
    pub critical: Share,
}

impl ClassesSpec {
    /// The share of a class.
    pub const fn of(&self, class: Class) -> Share {
        match class {
            Class::Background => self.background,
            Class::Standard => self.standard,
            Class::Critical => self.critical,
        }
    }
}

impl Default for ClassesSpec {
    fn default() -> Self {
        Self { background: Share::from_ppm(500_000), standard: Share::from_ppm(800_000), critical: Share::ALL }
    }
}

impl Default for BoundsSpec {
    fn default() -> Self {
        Self {
            body: ByteSize::new(10 << 20),
            headers: ByteSize::new(64 << 10),
            header_count: 100,
            json_depth: 64,
            client_idle: Millis::from_secs(30),
            request_time: Millis::from_secs(600),
            event: ByteSize::new(1 << 20),
            connections_per_address: 1_024,
            connections: 10_000,
            requests_per_address: None,
            client_rate: ByteSize::new(256),
            http2_resets: 1_000,
            http2_frames: 10_000,
        }
    }
}

/// Cross-origin access for browsers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CorsSpec {
    /// Allowed origins, such as `https://portal.example.com`; `*` for any.
    #[schemars(length(min = 1, max = 100))]
    pub origins: Vec<Given<String>>,
    /// Whether browsers may send credentials.
    #[serde(default)]
    pub credentials: bool,
    /// How long a browser may keep a preflight's answer.
    #[serde(default = "ten_minutes")]
    pub max_age: Millis,
}

const fn ten_minutes() -> Millis {
    Millis::from_secs(600)
}

/// Another status or message for an error code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorSpec {
    /// Which code.
    pub code: ErrorCode,
    /// The status that clients get instead.
    #[schemars(range(min = 400, max = 599))]
    pub status: Option<u16>,
    /// The body that clients get instead; its shape stays the dialect's.
    pub body: Option<ErrorBodySpec>,
}

/// What an error's body says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorBodySpec {
    /// The message for people.
    #[schemars(length(min = 1, max = 1000))]
    pub message: String,
}

/// A network, such as `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

mod forms {
    use std::borrow::Cow;
    use std::net::IpAddr;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde::de::{Deserialize, Deserializer, Error};

    use super::{IpNet, Network, ParameterTest};

    impl<'de> Deserialize<'de> for Network {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = String::deserialize(from)?;
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network
                .map(Self)
                .map_err(|_| D::Error::custom(format!("`{text}` is not a network: write it as `10.0.0.0/8` or `2001:db8::/32`")))
        }
    }

    impl JsonSchema for Network {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Network".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": "string", "title": "network", "pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$", "examples": ["10.0.0.0/8"]})
        }
    }

    impl<'de> Deserialize<'de> for ParameterTest {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            match serde_json::Value::deserialize(from)? {
                serde_json::Value::String(text) => Ok(Self(text)),
                serde_json::Value::Number(number) => Ok(Self(number.to_string())),
                _ => Err(D::Error::custom("a parameter's value is a text or a whole number")),
            }
        }
    }

    impl JsonSchema for ParameterTest {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "ParameterTest".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": ["string", "integer"]})
        }
    }
}
