//! A client certificate of a consumer: from as written to as compiled.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::{DistinguishedName, Name};

use crate::authentication::AuthenticationSpec;
use crate::consumer::{CertificateMatch, CertificatePlan, CertificateSpec, ConsumerSpec, CredentialSpec};
use crate::lower::{At, Lowering};
use crate::{Doc, Typed, rules};

/// What a certificate is called where nothing else is said.
const DEFAULT_ID: &str = "mtls";

/// Lowers one certificate.
pub(super) fn lower<'a>(lowering: &mut Lowering<'a>, doc: &Doc, spec: &CertificateSpec, at: &At<'a>) -> Option<CertificatePlan> {
    let place = lowering.place(at.span());
    let at = at.key("mtls");
    let by = match mark(spec) {
        Ok((_, mark)) => mark,
        Err((key, message, help)) => {
            let span = if key.is_empty() { at.key_span() } else { at.key(key).span() };
            lowering.unfit(span, message, help);
            return None;
        }
    };
    let ca = authority(lowering, spec, &by, &at)?;
    let subscription = super::subscription(lowering, doc, spec.subscription.as_ref(), &at);
    Some(CertificatePlan { id: id(spec)?, ca, by, subscription, place })
}

fn id(spec: &CertificateSpec) -> Option<Name> {
    spec.id.clone().or_else(|| DEFAULT_ID.parse().ok())
}

/// What was written wrong: under which key (empty for the whole), why, and what helps.
type Fault = (&'static str, String, &'static str);

/// What it is known by, and under which key that stands.
fn mark(spec: &CertificateSpec) -> Result<(&'static str, CertificateMatch), Fault> {
    match (&spec.subject, &spec.san, &spec.fingerprint) {
        (Some(subject), None, None) => {
            let name = DistinguishedName::parse(subject);
            let name = name
                .map_err(|fault| ("subject", fault.to_string(), "`openssl x509 -noout -subject -nameopt RFC2253` prints it"))?;
            Ok(("subject", CertificateMatch::Subject(name.as_str().to_owned())))
        }
        (None, Some(san), None) => Ok(("san", CertificateMatch::San(alternative_name(san)?))),
        (None, None, Some(digits)) => Ok(("fingerprint", CertificateMatch::Fingerprint(digits.to_ascii_lowercase()))),
        _ => Err((
            "",
            "a certificate is known by exactly one of `subject`, `san` and `fingerprint`".to_owned(),
            "write one of them",
        )),
    }
}

/// An alternative name as connections write them: host names small, addresses in their shortest form.
fn alternative_name(written: &str) -> Result<String, Fault> {
    let fault = |why: &str| {
        let help =
            "write `dns:app.contoso.example`, `uri:spiffe://contoso.example/app`, `email:app@contoso.example` or `ip:10.0.0.1`";
        ("san", format!("`{written}` is no alternative name: {why}"), help)
    };
    let (sort, name) = written.split_once(':').ok_or_else(|| fault("it has no sort before a colon"))?;
    if name.is_empty() || name.trim() != name {
        return Err(fault("there is nothing, or a space, after the colon"));
    }
    match sort {
        "dns" if name.is_ascii() => Ok(format!("dns:{}", name.to_ascii_lowercase())),
        "dns" => Err(fault("host names in certificates are ASCII (`xn--…`)")),
        "ip" => match name.parse::<std::net::IpAddr>() {
            Ok(address) => Ok(format!("ip:{address}")),
            Err(_) => Err(fault("this is no address")),
        },
        "uri" | "email" => Ok(written.to_owned()),
        _ => Err(fault("the sort is not `dns`, `uri`, `email` or `ip`")),
    }
}

/// The authority that counts: with several, two of them could issue the same name.
fn authority(lowering: &mut Lowering<'_>, spec: &CertificateSpec, by: &CertificateMatch, at: &At<'_>) -> Option<Option<Name>> {
    let named = named_authorities(lowering);
    match &spec.ca {
        Some(ca) if !named.contains(ca) && lowering.knows_all_names() => {
            let known = named.iter().map(Name::as_str);
            let message = format!("no Authentication accepts certificates of `{ca}`");
            lowering.unknown(rules::UNKNOWN_REFERENCE, at.key("ca").span(), message, ca.as_str(), known);
            None
        }
        Some(ca) => Some(Some(ca.clone())),
        None if matches!(by, CertificateMatch::Fingerprint(_)) => Some(None),
        None if named.len() > 1 => {
            let message = "Authentications name several authorities, and each could issue a certificate with this name";
            lowering.unfit(at.key_span(), message, "say which one counts with `ca`");
            None
        }
        None => Some(named.into_iter().next()),
    }
}

fn named_authorities(lowering: &Lowering<'_>) -> BTreeSet<Name> {
    lowering
        .repository
        .all::<AuthenticationSpec>()
        .filter_map(|policy| Some(policy.spec.methods.mtls.as_ref()?.ca.clone()))
        .collect()
}

/// An id names one credential of a consumer.
pub(super) fn check_ids(lowering: &mut Lowering<'_>, spec: &ConsumerSpec, credentials: &At<'_>) {
    let mut ids: BTreeMap<String, At<'_>> = BTreeMap::new();
    for (index, credential) in spec.credentials.iter().enumerate() {
        let (id, at) = match credential {
            CredentialSpec::ApiKey(key) => (key.id.to_string(), credentials.item(index).key("apiKey")),
            // Two of one issuer, for other claims, may share its name; a certificate may not take it.
            CredentialSpec::Jwt(token) => (token.issuer.clone(), credentials.item(index).key("jwt")),
            CredentialSpec::Mtls(spec) => {
                let id = spec.id.as_ref().map_or_else(|| DEFAULT_ID.to_owned(), ToString::to_string);
                (id, credentials.item(index).key("mtls"))
            }
        };
        match ids.get(&id) {
            // Two keys with one id are another check's.
            Some(earlier) if matches!(credential, CredentialSpec::Mtls(_)) => {
                let message = format!("the Consumer has another credential named `{id}`");
                let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, at.key_span(), message);
                lowering.push(finding.label(earlier.key_span(), "the first one").help("tell them apart with `id`"));
            }
            Some(_) => {}
            None => drop(ids.insert(id, at)),
        }
    }
}

/// A certificate is of one consumer: what two are known by the same mark of the same authority could not be told apart.
pub(super) fn check_unique(lowering: &mut Lowering<'_>) {
    let repository = lowering.repository;
    let named = named_authorities(lowering);
    let only = named.first().filter(|_| named.len() == 1);
    let mut marks: BTreeMap<(Option<&Name>, CertificateMatch), At<'_>> = BTreeMap::new();
    for Typed { doc, spec } in repository.all::<ConsumerSpec>() {
        let credentials = At::spec(doc).key("credentials");
        for (index, credential) in spec.credentials.iter().enumerate() {
            let CredentialSpec::Mtls(spec) = credential else { continue };
            let Ok((key, mark)) = mark(spec) else { continue };
            let at = credentials.item(index).key("mtls").key(key);
            let authority = spec.ca.as_ref().or(only).filter(|_| !matches!(mark, CertificateMatch::Fingerprint(_)));
            match marks.get(&(authority, mark.clone())) {
                Some(earlier) => {
                    let message = "this certificate is in the repository already";
                    let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, at.span(), message);
                    let finding = finding.label(earlier.span(), "the first time");
                    lowering.push(finding.help("a certificate belongs to one consumer; remove it from the other"));
                }
                None => drop(marks.insert((authority, mark), at)),
            }
        }
    }
}
