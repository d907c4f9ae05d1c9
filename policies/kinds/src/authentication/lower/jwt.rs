//! The method that takes tokens: from as written to as compiled.

use std::collections::BTreeMap;

use aigw_core::Millis;
use aigw_source::rules::INVALID_VALUE;
use indexmap::IndexMap;

use crate::authentication::phases::{check_address, is_guid};
use crate::authentication::{
    ClaimPath, ClaimRoles, ClaimRolesSpec, ClaimRule, ClaimTest, ClaimTestSpec, EntraSpec, IssuerPlan, IssuerSource,
    JwtMethodSpec, UndeclaredCallerSpec, UndeclaredPlan, UndeclaredSpec,
};
use crate::lower::references::Wanted;
use crate::lower::{At, Lowering};
use crate::written::Given;
use crate::{IssuerId, Setting, rules};

/// Further apart no two clocks are that anybody looks after, and so long an expired token would live on.
const MAX_SKEW: Millis = Millis::from_secs(600);
/// The global cloud. <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>, 2026-11, has the others.
const ENTRA_AUTHORITY: &str = "https://login.microsoftonline.com";
/// What a label's claim is written behind.
const CLAIMS: &str = "claims";

/// Lowers the issuers of a policy.
pub(super) fn lower<'a>(lowering: &mut Lowering<'a>, specs: &'a [JwtMethodSpec], at: &At<'a>) -> Vec<IssuerId> {
    let first = lowering.issuers.len();
    let mut ids = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let at = at.item(index);
        let Some(plan) = issuer(lowering, spec, &at) else { continue };
        if lowering.issuers.iter().any(|earlier| earlier.name == plan.name) {
            let message = format!("there is another issuer named `{}`", plan.name);
            lowering.refuse(rules::DUPLICATE_NAME, at.key("name").span(), message, "give one of them another name");
            continue;
        }
        if lowering.issuers.iter().skip(first).any(|earlier| earlier.source.is_one_with(&plan.source)) {
            let help = "join them: a policy takes a token by one method only, so list all audiences in one";
            lowering.unfit(at.span(), "this policy takes tokens of this issuer already", help);
            continue;
        }
        ids.push(IssuerId(u32::try_from(lowering.issuers.len()).unwrap_or(u32::MAX)));
        lowering.issuers.push(plan);
    }
    ids
}

/// What claims must be, compiled.
pub(crate) fn claim_rules<'a>(
    lowering: &mut Lowering<'a>,
    specs: &'a IndexMap<String, ClaimTestSpec>,
    at: &At<'a>,
) -> Vec<ClaimRule> {
    let mut all = Vec::new();
    for (name, spec) in specs {
        let at = at.key(name);
        let test = match spec {
            ClaimTestSpec::Present => Some(ClaimTest::Present),
            ClaimTestSpec::Equals(text) => lowering.setting(text, &at, Wanted::Text).map(ClaimTest::Equals),
            ClaimTestSpec::Contains(text) => lowering.setting(text, &at.key("contains"), Wanted::Text).map(ClaimTest::Contains),
        };
        let claim = claim_path(lowering, name, at.key_span());
        all.extend(claim.zip(test).map(|(claim, test)| ClaimRule { claim, test }));
    }
    all
}

fn issuer<'a>(lowering: &mut Lowering<'a>, spec: &'a JwtMethodSpec, at: &At<'a>) -> Option<IssuerPlan> {
    if spec.skew > MAX_SKEW {
        let message = format!("`skew` is at most {MAX_SKEW}, not {}", spec.skew);
        lowering.refuse(INVALID_VALUE, at.key("skew").span(), message, "set the issuer's clock, or this machine's");
    }
    let require = claim_rules(lowering, &spec.require, &at.key("require"));
    let roles = spec.roles.as_ref().map(|roles| claim_roles(lowering, roles, &at.key("roles")));
    let undeclared = match &spec.undeclared {
        UndeclaredSpec::Reject => None,
        UndeclaredSpec::Admit(caller) => Some(undeclared(lowering, caller, &at.key("undeclared"))),
    };
    let (source, audience) = source(lowering, spec, at)?;
    let place = lowering.place(at.key("name").span());
    Some(IssuerPlan { name: spec.name.clone(), place, source, audience, skew: spec.skew, require, roles, undeclared })
}

fn source<'a>(lowering: &mut Lowering<'a>, spec: &'a JwtMethodSpec, at: &At<'a>) -> Option<(IssuerSource, Vec<Setting<String>>)> {
    match (&spec.entra, &spec.issuer) {
        (Some(entra), None) if spec.jwks.is_none() && spec.audience.is_empty() => self::entra(lowering, entra, &at.key("entra")),
        (Some(_), _) => {
            let help = "leave `issuer` and `jwks` out, and write `audience` within `entra`";
            lowering.unfit(at.key("entra").key_span(), "`entra` says who the issuer is and where its keys are", help);
            None
        }
        (None, Some(issuer)) => named(lowering, spec, issuer, at),
        (None, None) => {
            let help = "write `issuer: https://…`, or `entra: {tenant: …, audience: […]}`";
            lowering.refuse(rules::UNCHECKED_TOKEN, at.key("name").span(), "nothing says whose tokens these are", help);
            None
        }
    }
}

fn named<'a>(
    lowering: &mut Lowering<'a>,
    spec: &'a JwtMethodSpec,
    issuer: &'a Given<String>,
    at: &At<'a>,
) -> Option<(IssuerSource, Vec<Setting<String>>)> {
    let audience = audience(lowering, &spec.audience, at);
    let place = at.key("issuer");
    let issuer = lowering.setting(issuer, &place, Wanted::Text)?;
    let jwks = match &spec.jwks {
        None => None,
        Some(jwks) => Some(lowering.setting(jwks, &at.key("jwks"), Wanted::Text)?),
    };
    match &jwks {
        Some(jwks) => address(lowering, jwks, &at.key("jwks")),
        None => address(lowering, &issuer, &place),
    }
    Some((IssuerSource::Named { issuer, jwks }, audience?))
}

fn entra<'a>(lowering: &mut Lowering<'a>, spec: &'a EntraSpec, at: &At<'a>) -> Option<(IssuerSource, Vec<Setting<String>>)> {
    let audience = audience(lowering, &spec.audience, at);
    let place = at.key("tenant");
    let tenant = lowering.setting(&spec.tenant, &place, Wanted::Text)?;
    if let Setting::Value(text) = &tenant
        && !is_guid(text)
    {
        let help = "write the tenant's id, such as `72f988bf-86f1-41af-91ab-2d7cd011db47`: tokens name it, and no domain";
        lowering.refuse(INVALID_VALUE, place.span(), format!("`{text}` is not a GUID"), help);
    }
    let authority = match &spec.authority {
        None => Setting::Value(ENTRA_AUTHORITY.to_owned()),
        Some(authority) => lowering.setting(authority, &at.key("authority"), Wanted::Text)?,
    };
    address(lowering, &authority, &at.key("authority"));
    Some((IssuerSource::Entra { tenant, authority }, audience?))
}

fn audience<'a>(lowering: &mut Lowering<'a>, given: &'a [Given<String>], at: &At<'a>) -> Option<Vec<Setting<String>>> {
    let all = at.key("audience");
    if given.is_empty() {
        let help = "write `audience: [NAME]`, what the issuer calls this gateway; without it every application's tokens would do";
        lowering.refuse(rules::UNCHECKED_TOKEN, at.span(), "nothing says for whom these tokens are", help);
        return None;
    }
    let mut settings = Vec::new();
    for (index, given) in given.iter().enumerate() {
        let at = all.item(index);
        if given.value().is_some_and(String::is_empty) {
            lowering.refuse(INVALID_VALUE, at.span(), "an audience is not empty", "write what the issuer calls this gateway");
        }
        settings.push(lowering.setting(given, &at, Wanted::Text)?);
    }
    Some(settings)
}

/// An address that keys are fetched from, where it is written here; others are judged when the program is loaded.
fn address<'a>(lowering: &mut Lowering<'a>, setting: &Setting<String>, at: &At<'a>) {
    let Setting::Value(text) = setting else { return };
    if let Err(why) = check_address(text) {
        let rule = if text.starts_with("http://") { rules::ISSUER_OVER_HTTP } else { INVALID_VALUE };
        lowering.refuse(rule, at.span(), format!("keys cannot be fetched from `{text}`: {why}"), "write `https://…`");
    }
}

fn claim_roles<'a>(lowering: &mut Lowering<'a>, spec: &'a ClaimRolesSpec, at: &At<'a>) -> ClaimRoles {
    let mut from = Vec::new();
    for (index, path) in spec.from.iter().enumerate() {
        from.extend(claim_path(lowering, path, at.key("from").item(index).span()));
    }
    ClaimRoles { from, map: spec.map.iter().map(|(value, role)| (value.clone(), role.to_string())).collect() }
}

fn undeclared<'a>(lowering: &mut Lowering<'a>, spec: &'a UndeclaredCallerSpec, at: &At<'a>) -> UndeclaredPlan {
    let mut roles: Vec<String> = spec.roles.iter().map(ToString::to_string).collect();
    roles.sort();
    roles.dedup();
    let mut labels = BTreeMap::new();
    for (name, text) in &spec.labels {
        let at = at.key("labels").key(name);
        let path =
            text.strip_prefix(CLAIMS).and_then(|rest| if rest.starts_with('/') { Some(rest) } else { rest.strip_prefix('.') });
        let Some(path) = path else {
            let help = format!("write `claims.{text}`, or `claims/…` with a JSON Pointer");
            lowering.refuse(INVALID_VALUE, at.span(), format!("`{text}` is no claim"), help);
            continue;
        };
        labels.extend(claim_path(lowering, path, at.span()).map(|path| (name.clone(), path)));
    }
    let tenant = lowering.tenant(spec.tenant.as_ref(), &at.key("tenant"));
    UndeclaredPlan { tenant, roles, labels }
}

/// A claim by its name or JSON Pointer, or a finding.
fn claim_path(lowering: &mut Lowering<'_>, text: &str, span: aigw_source::Span) -> Option<ClaimPath> {
    let pointer = text.strip_prefix('/').map(|rest| rest.split('/').all(is_pointer_part));
    if text.is_empty() || pointer == Some(false) {
        let help = "write a claim's name, or a JSON Pointer such as `/realm_access/roles`";
        lowering.refuse(INVALID_VALUE, span, format!("`{text}` is neither a claim nor a JSON Pointer"), help);
        return None;
    }
    Some(ClaimPath(text.to_owned()))
}

/// RFC 6901, section 3: `~` stands only in `~0` and `~1`; an empty member is nobody's claim.
fn is_pointer_part(part: &str) -> bool {
    !part.is_empty() && part.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

impl IssuerSource {
    /// Whether a token could be of both.
    fn is_one_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Named { issuer, .. }, Self::Named { issuer: another, .. }) => issuer == another,
            (Self::Entra { tenant, .. }, Self::Entra { tenant: another, .. }) => tenant == another,
            _ => false,
        }
    }
}
