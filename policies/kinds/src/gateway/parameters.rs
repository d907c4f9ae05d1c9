//! Declared parameters: from as written to as compiled. The values that an environment gives are checked where the program is.

use std::collections::BTreeMap;

use aigw_source::rules::INVALID_VALUE;

use crate::gateway::{GatewaySpec, ParameterKind, ParameterPlan, ParameterSpec, ParameterType};
use crate::lower::values::is_host;
use crate::lower::{At, Lowering};
use crate::rules;

/// Longest value of a parameter without `maxLength`, in characters: an address or an identifier.
const MAX_LENGTH: u32 = 256;

/// Lowers the declarations, in the order of names.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, spec: &'a GatewaySpec, at: &At<'a>) {
    let sorted: BTreeMap<&aigw_core::Name, &ParameterSpec> = spec.parameters.iter().collect();
    for (name, parameter) in sorted {
        let at = at.key(name.as_str());
        if let Some(kind) = kind(lowering, parameter, &at) {
            let test = parameter.test.as_ref().map(|test| test.0.clone());
            let plan = ParameterPlan { name: name.to_string(), kind, test, place: lowering.place(at.key_span()) };
            if let Some(Err(why)) = plan.test.as_ref().map(|test| plan.check(test)) {
                let help = "give a value within the parameter's own bounds";
                lowering.refuse(rules::INVALID_PARAMETER, at.key("test").span(), why, help);
            }
            lowering.parameters.push(plan);
        }
    }
}

fn kind<'a>(lowering: &mut Lowering<'a>, spec: &ParameterSpec, at: &At<'a>) -> Option<ParameterKind> {
    check_keys(lowering, spec, at);
    Some(match spec.r#type {
        ParameterType::Url => url(lowering, spec, at),
        ParameterType::String => {
            let pattern = match &spec.pattern {
                Some(pattern) => Some(lowering.pattern(pattern, &at.key("pattern"))?),
                None => None,
            };
            ParameterKind::String { pattern, max_length: spec.max_length.unwrap_or(MAX_LENGTH) }
        }
        ParameterType::Integer => integer(lowering, spec, at),
    })
}

fn url<'a>(lowering: &mut Lowering<'a>, spec: &ParameterSpec, at: &At<'a>) -> ParameterKind {
    if spec.hosts.is_empty() {
        let help = "write the hosts that may be reached, such as `hosts: [\"*.openai.azure.com\"]`";
        lowering.refuse(rules::INVALID_PARAMETER, at.key_span(), "a parameter of type `url` names its `hosts`", help);
    }
    for (index, host) in spec.hosts.iter().enumerate() {
        if !is_host(host.strip_prefix("*.").unwrap_or(host)) {
            let help = "write `host.example.com` or `*.example.com`";
            lowering.refuse(INVALID_VALUE, at.key("hosts").item(index).span(), format!("`{host}` is not a host"), help);
        }
    }
    ParameterKind::Url { hosts: spec.hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
}

fn integer<'a>(lowering: &mut Lowering<'a>, spec: &ParameterSpec, at: &At<'a>) -> ParameterKind {
    let min = spec.min.unwrap_or(0);
    let Some(max) = spec.max else {
        let message = "a parameter of type `integer` has a `max`";
        lowering.refuse(rules::INVALID_PARAMETER, at.key_span(), message, "write `max: …`");
        return ParameterKind::Integer { min, max: u64::MAX };
    };
    if min > max {
        let message = format!("`min` is {min} and `max` is {max}");
        lowering.refuse(rules::INVALID_PARAMETER, at.key("min").span(), message, "no value would fit; swap them");
    }
    ParameterKind::Integer { min, max }
}

/// Keys that mean nothing for the type.
fn check_keys<'a>(lowering: &mut Lowering<'a>, spec: &ParameterSpec, at: &At<'a>) {
    let keys = [
        ("hosts", ParameterType::Url, !spec.hosts.is_empty()),
        ("pattern", ParameterType::String, spec.pattern.is_some()),
        ("maxLength", ParameterType::String, spec.max_length.is_some()),
        ("min", ParameterType::Integer, spec.min.is_some()),
        ("max", ParameterType::Integer, spec.max.is_some()),
    ];
    for (key, owner, written) in keys {
        if written && owner != spec.r#type {
            let message = format!("`{key}` means nothing for a parameter of this type");
            lowering.unfit(at.key(key).key_span(), message, "remove it");
        }
    }
}
