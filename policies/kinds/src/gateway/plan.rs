//! The gateway as compiled.

use aigw_core::{ByteSize, ErrorCode, Millis};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::route::Class;
use crate::{Place, Setting};

/// The whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayPlan {
    /// The document's name; `gateway` where the repository has none.
    pub name: String,
    /// Bounds on every request.
    pub bounds: BoundsPlan,
    /// How many requests a process has in flight, by class; `None` for no bound.
    #[serde(default)]
    pub load: Option<LoadPlan>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The caller's headers that go upstream, lower case, sorted.
    pub forward_headers: Vec<String>,
    /// Cross-origin access; `None` sends no CORS header and answers no preflight.
    pub cors: Option<CorsPlan>,
    /// Other statuses and messages for codes.
    pub errors: Vec<ErrorOverride>,
}

/// Bounds on every request. Every one has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundsPlan {
    /// Longest body of a request.
    pub body: ByteSize,
    /// Largest header section of a request.
    pub headers: ByteSize,
    /// Most headers of a request.
    pub header_count: u32,
    /// Deepest nesting of a JSON body.
    pub json_depth: u16,
    /// Longest time a client may take to send its head, and its body, counted from the last byte that came.
    pub client_idle: Millis,
    /// Longest time for the whole, from the head to the answer's last byte.
    pub request_time: Millis,
    /// Largest server-sent event of an answer.
    pub event: ByteSize,
    /// Most connections of one address; 0 for no bound.
    pub connections_per_address: u32,
    /// Most connections in all.
    pub connections: u32,
    /// Most requests of one address; `None` for no bound.
    #[serde(default)]
    pub requests_per_address: Option<AddressRate>,
    /// Least bytes a second of a client that sends a body or takes an answer; none for no bound.
    #[serde(default)]
    pub client_rate: ByteSize,
    /// Most streams that a client may reset in ten seconds of one HTTP/2 connection.
    #[serde(default = "no_bound")]
    pub http2_resets: u32,
    /// Most frames in ten seconds of one HTTP/2 connection that carry neither a request nor a body.
    #[serde(default = "no_bound")]
    pub http2_frames: u32,
}

/// What holds for a program that was compiled before there was the bound.
const fn no_bound() -> u32 {
    u32::MAX
}

/// Most requests of one address in any stretch of time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressRate {
    /// How many; at least 1.
    pub requests: u32,
    /// The length; from [`AddressRate::SHORTEST`] to [`AddressRate::LONGEST`].
    pub window: Millis,
    /// Where it stands.
    pub place: Place,
}

impl AddressRate {
    /// Shorter windows are a burst of one client.
    pub const SHORTEST: Millis = Millis::from_secs(1);
    /// Longer ones are quotas, which a Limit counts.
    pub const LONGEST: Millis = Millis::from_secs(3_600);
}

/// How many requests a process has in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadPlan {
    /// Most in all that leave room for one more of a background route; at least 1, and so are the others.
    pub background: u32,
    /// The same for standard routes; not less than for background ones.
    pub standard: u32,
    /// The same for critical routes; not less than for standard ones.
    pub critical: u32,
    /// Where it stands.
    pub place: Place,
}

impl LoadPlan {
    /// How many may be in flight for one more request of this class to be let in: it is, while there are fewer.
    pub const fn most(&self, class: Class) -> u32 {
        match class {
            Class::Background => self.background,
            Class::Standard => self.standard,
            Class::Critical => self.critical,
        }
    }
}

/// Cross-origin access for browsers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsPlan {
    /// Allowed origins; `*` for any.
    pub origins: Vec<Setting<String>>,
    /// Whether credentials are allowed.
    pub credentials: bool,
    /// How long a browser may keep a preflight's answer.
    pub max_age: Millis,
}

/// A code's other status or message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverride {
    /// Which code.
    pub code: ErrorCode,
    /// The status that clients get instead.
    pub status: Option<u16>,
    /// The message that clients get instead.
    pub message: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterPlan {
    /// Its name.
    pub name: String,
    /// What values it may take.
    pub kind: ParameterKind,
    /// The value used by tests and `validate` where none is given.
    pub test: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// What values a parameter may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// An absolute `https` (or, on loopback, `http`) address whose host matches one of the patterns; `*.` stands for one or more labels.
    Url {
        /// Host patterns; never empty.
        hosts: Vec<String>,
    },
    /// A text that the whole of `pattern` matches.
    String {
        /// A regular expression, anchored at both ends.
        pattern: Option<String>,
        /// Longest value in characters.
        max_length: u32,
    },
    /// A whole number.
    Integer {
        /// Least value.
        min: u64,
        /// Greatest value.
        max: u64,
    },
}
