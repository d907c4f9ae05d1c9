//! The gateway: from as written to as compiled. A repository without one gets every default.

use aigw_core::{ByteSize, Millis, Share};
use aigw_source::rules::INVALID_VALUE;

use crate::gateway::{
    AddressRate, AddressRateSpec, AttachSpec, BoundsPlan, BoundsSpec, ClassesSpec, CorsPlan, CorsSpec, ErrorOverride, ErrorSpec,
    GatewayPlan, GatewaySpec, LoadPlan, LoadSpec, RouteSelector, ownership, parameters,
};
use crate::lower::references::Wanted;
use crate::lower::uses::PolicyUses;
use crate::lower::{At, Lowering};
use crate::{Kind, Labels, Setting, Typed, rules};

/// The gateway, and the policies that it attaches to routes.
pub(crate) struct LoweredGateway<'a> {
    pub(crate) plan: GatewayPlan,
    pub(crate) attached: Attached<'a>,
}

/// Policies that routes get from the Gateway.
pub(crate) struct Attached<'a> {
    /// Those of every route.
    pub(crate) everywhere: PolicyUses<'a>,
    /// Those of the routes that a selector finds.
    pub(crate) selected: Vec<(&'a RouteSelector, PolicyUses<'a>)>,
}

impl RouteSelector {
    /// Whether it finds a route of this name with these labels.
    pub fn finds(&self, name: &str, labels: &Labels) -> bool {
        (self.names.is_empty() || self.names.iter().any(|own| own == name))
            && self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

/// Headers that belong to one connection or to one message (RFC 9110 section 7.6.1), or that the gateway writes itself.
const NEVER_FORWARDED: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Lowers the Gateway, its parameters first: everything else may use them.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>) -> LoweredGateway<'a> {
    let first: Option<Typed<'a, GatewaySpec>> = lowering.repository.all::<GatewaySpec>().next();
    let Some(Typed { doc, spec }) = first else {
        // A Gateway that could not be read may attach anything.
        let lost = lowering.repository.of_kind(Kind::Gateway).next().is_some();
        let everywhere = PolicyUses { found: Vec::new(), lost };
        return LoweredGateway { plan: defaults(), attached: Attached { everywhere, selected: Vec::new() } };
    };
    let at = At::spec(doc);
    parameters::lower(lowering, spec, &at.key("parameters"));
    let mut forward_headers = forward_headers(lowering, &spec.forward_headers, &at.key("forwardHeaders"));
    forward_headers.sort();
    forward_headers.dedup();
    let plan = GatewayPlan {
        name: doc.name.clone(),
        bounds: bounds(lowering, &spec.bounds, &at.key("bounds")),
        load: spec.load.as_ref().map(|load| self::load(lowering, load, &at.key("load"))),
        trusted_proxies: spec.trusted_proxies.iter().map(|network| network.0).collect(),
        forward_headers,
        cors: spec.cors.as_ref().map(|cors| self::cors(lowering, cors, &at.key("cors"))),
        errors: errors(lowering, &spec.errors, &at.key("errors")),
    };
    ownership::check::check(lowering, &spec.ownership, &at.key("ownership"));
    let everywhere = lowering.policy_uses(&spec.policies, &at.key("policies"));
    let selected = attach(lowering, &spec.attach, &at.key("attach"));
    LoweredGateway { plan, attached: Attached { everywhere, selected } }
}

fn defaults() -> GatewayPlan {
    GatewayPlan {
        name: "gateway".to_owned(),
        bounds: bounds_plan(&BoundsSpec::default()),
        load: None,
        trusted_proxies: Vec::new(),
        forward_headers: Vec::new(),
        cors: None,
        errors: Vec::new(),
    }
}

fn bounds_plan(spec: &BoundsSpec) -> BoundsPlan {
    BoundsPlan {
        body: spec.body,
        headers: spec.headers,
        header_count: spec.header_count,
        json_depth: spec.json_depth,
        client_idle: spec.client_idle,
        request_time: spec.request_time,
        event: spec.event,
        connections_per_address: spec.connections_per_address,
        connections: spec.connections,
        requests_per_address: None,
        client_rate: spec.client_rate,
        http2_resets: spec.http2_resets,
        http2_frames: spec.http2_frames,
    }
}

fn bounds<'a>(lowering: &mut Lowering<'a>, spec: &BoundsSpec, at: &At<'a>) -> BoundsPlan {
    // Below these no request fits; above them one request could take the memory of a machine.
    let sizes = [
        ("body", spec.body, 1 << 10, 1 << 30),
        ("headers", spec.headers, 1 << 10, 1 << 20),
        ("event", spec.event, 1 << 10, 64 << 20),
    ];
    for (key, size, least, most) in sizes {
        if !(least..=most).contains(&size.as_bytes()) {
            let message = format!("`{key}` is from {} to {}, not {size}", ByteSize::new(least), ByteSize::new(most));
            lowering.refuse(INVALID_VALUE, at.key(key).span(), message, "choose a size within these bounds");
        }
    }
    for (key, time) in [("clientIdle", spec.client_idle), ("requestTime", spec.request_time)] {
        lowering.at_least(time, Millis::new(100), key, &at.key(key));
    }
    let rate = spec.requests_per_address.map(|rate| address_rate(lowering, rate, &at.key("requestsPerAddress")));
    BoundsPlan { requests_per_address: rate, ..bounds_plan(spec) }
}

fn address_rate<'a>(lowering: &mut Lowering<'a>, spec: AddressRateSpec, at: &At<'a>) -> AddressRate {
    let AddressRateSpec { requests, window } = spec;
    if !(AddressRate::SHORTEST..=AddressRate::LONGEST).contains(&window) {
        let message = format!("`window` is from {} to {}, not {window}", AddressRate::SHORTEST, AddressRate::LONGEST);
        let help = "choose a window within these bounds; a Limit with `per: ip` counts in longer ones";
        lowering.refuse(INVALID_VALUE, at.key("window").span(), message, help);
    }
    AddressRate { requests, window, place: lowering.place(at.span()) }
}

fn load<'a>(lowering: &mut Lowering<'a>, spec: &LoadSpec, at: &At<'a>) -> LoadPlan {
    let classes = at.key("classes");
    let ClassesSpec { background, standard, critical } = spec.classes;
    let ascending = [("background", background, "standard", standard), ("standard", standard, "critical", critical)];
    for (lower, less, higher, more) in ascending {
        if less > more {
            let message = format!("`{lower}` has {less} and `{higher}`, which is to be refused later, {more}");
            lowering.unfit(classes.span(), message, format!("give `{higher}` at least {less}, or `{lower}` at most {more}"));
        }
    }
    let mut most = |key, share: Share| {
        let most = u64::from(spec.concurrency) * u64::from(share.as_ppm()) / u64::from(Share::ALL.as_ppm());
        if most == 0 {
            let message = format!("{share} of {} requests is less than one: `{key}` would never be let in", spec.concurrency);
            lowering.unfit(classes.key(key).span(), message, "choose a larger share, or a larger `concurrency`");
        }
        u32::try_from(most).unwrap_or(u32::MAX)
    };
    let (background, standard, critical) =
        (most("background", background), most("standard", standard), most("critical", critical));
    LoadPlan { background, standard, critical, place: lowering.place(at.span()) }
}

fn forward_headers<'a>(lowering: &mut Lowering<'a>, names: &[String], at: &At<'a>) -> Vec<String> {
    let names = names.iter().enumerate().filter_map(|(index, name)| {
        let span = at.item(index).span();
        let name = lowering.header(name, span)?;
        if NEVER_FORWARDED.contains(&name.as_str()) {
            let message = format!("`{name}` belongs to one connection or message and cannot be forwarded");
            lowering.refuse(INVALID_VALUE, span, message, "remove it");
            return None;
        }
        Some(name)
    });
    names.collect()
}

fn cors<'a>(lowering: &mut Lowering<'a>, spec: &CorsSpec, at: &At<'a>) -> CorsPlan {
    let origins = at.key("origins");
    let origins = spec.origins.iter().enumerate().filter_map(|(index, origin)| {
        let at = origins.item(index);
        let setting = lowering.setting(origin, &at, Wanted::Text)?;
        if let Setting::Value(text) = &setting
            && !is_origin(text)
        {
            let message = format!("`{text}` is not an origin");
            lowering.refuse(
                INVALID_VALUE,
                at.span(),
                message,
                "write scheme and host, such as `https://portal.example.com`, or `*`",
            );
        }
        Some(setting)
    });
    CorsPlan { origins: origins.collect(), credentials: spec.credentials, max_age: spec.max_age }
}

/// Scheme, host and port as browsers send them (RFC 6454 section 6.2), or `*`.
fn is_origin(text: &str) -> bool {
    let of_app =
        || text.split_once("://").is_some_and(|(scheme, host)| !scheme.is_empty() && crate::lower::values::is_host(host));
    text == "*" || crate::lower::values::http_url(text).map_or_else(|_| of_app(), |url| url.path.is_empty())
}

fn errors<'a>(lowering: &mut Lowering<'a>, specs: &[ErrorSpec], at: &At<'a>) -> Vec<ErrorOverride> {
    let mut overrides: Vec<ErrorOverride> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let at = at.item(index);
        if overrides.iter().any(|earlier| earlier.code == spec.code) {
            let message = format!("`{}` stands twice in `errors`", spec.code.as_str());
            lowering.refuse(rules::DUPLICATE_NAME, at.key("code").span(), message, "join the two");
        }
        if spec.status.is_none() && spec.body.is_none() {
            let message = format!("this changes nothing about `{}`", spec.code.as_str());
            lowering.unfit(at.span(), message, "write `status` or `body`");
        }
        overrides.push(ErrorOverride {
            code: spec.code,
            status: spec.status,
            message: spec.body.as_ref().map(|body| body.message.clone()),
            place: lowering.place(at.span()),
        });
    }
    overrides
}

fn attach<'a>(lowering: &mut Lowering<'a>, specs: &'a [AttachSpec], at: &At<'a>) -> Vec<(&'a RouteSelector, PolicyUses<'a>)> {
    let mut selected = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let at = at.item(index);
        let routes = at.key("routes");
        for (index, name) in spec.routes.names.iter().enumerate() {
            lowering.reference(Kind::Route, name, &routes.key("names").item(index));
        }
        if spec.routes.names.is_empty() && spec.routes.labels.is_empty() {
            let help = "write `labels` or `names`; policies of every route stand in the Gateway's `policies`";
            lowering.unfit(routes.key_span(), "the selector names neither labels nor routes", help);
        }
        selected.push((&spec.routes, lowering.policy_uses(&spec.policies, &at.key("policies"))));
    }
    selected
}

#[cfg(test)]
mod tests;
