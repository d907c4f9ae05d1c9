//! An authentication policy: from as written to as compiled.

mod jwt;

use crate::authentication::{AuthenticationPlan, AuthenticationSpec, MtlsMethodPlan};
use crate::lower::{At, Lowering};
use crate::{Typed, rules};

pub(crate) use jwt::claim_rules;

/// Lowers one authentication policy.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, AuthenticationSpec>) -> Option<AuthenticationPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc).key("methods");
    let methods = &spec.methods;
    if methods.api_key.is_none() && methods.jwt.is_empty() && methods.mtls.is_none() && !methods.anonymous {
        lowering.unfit(
            at.key_span(),
            "there is no method",
            "write `apiKey: {}`, `jwt: […]`, `mtls: {ca: NAME}`, `anonymous: true`, or several",
        );
    }
    let issuers = jwt::lower(lowering, &spec.methods.jwt, &at.key("jwt"));
    let mut headers: Vec<String> = Vec::new();
    let ca = at.key("mtls").key("ca").span();
    let at = at.key("apiKey").key("headers");
    for (index, name) in spec.methods.api_key.iter().flat_map(|method| &method.headers).enumerate() {
        let span = at.item(index).span();
        let Some(name) = lowering.header(name, span) else { continue };
        if headers.contains(&name) {
            lowering.refuse(rules::DUPLICATE_NAME, span, format!("`{name}` stands twice in this list"), "remove one of them");
        } else {
            headers.push(name);
        }
    }
    let mtls = spec.methods.mtls.as_ref().map(|method| MtlsMethodPlan { ca: method.ca.clone(), place: lowering.place(ca) });
    Some(AuthenticationPlan {
        origin: lowering.origin(doc)?,
        api_key_headers: headers,
        issuers,
        mtls,
        anonymous: spec.methods.anonymous,
    })
}

#[cfg(test)]
mod tests;
