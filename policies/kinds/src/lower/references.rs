//! References from one document to another, and to declared parameters.

use aigw_source::Span;

use super::{At, Lowering};
use crate::gateway::{GatewaySpec, ParameterKind};
use crate::written::Given;
use crate::{Kind, ParameterId, Setting, TenantId, rules};

/// What a parameter must be where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// An address.
    Url,
    /// Any text; an address is one too.
    Text,
    /// A whole number.
    Integer,
}

impl Wanted {
    fn takes(self, kind: &ParameterKind) -> bool {
        match kind {
            ParameterKind::Url { .. } => self != Self::Integer,
            ParameterKind::String { .. } => self == Self::Text,
            ParameterKind::Integer { .. } => self == Self::Integer,
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Url => "type `url`",
            Self::Text => "type `string` or `url`",
            Self::Integer => "type `integer`",
        }
    }
}

impl<'a> Lowering<'a> {
    /// The index of a document that is referred to; where there is none, a finding. `None` also for disabled documents, without one.
    pub(crate) fn reference(&mut self, kind: Kind, name: &str, at: &At<'a>) -> Option<u32> {
        self.reference_at(kind, name, at.span())
    }

    /// The same for a name that stands within a value.
    pub(crate) fn reference_at(&mut self, kind: Kind, name: &str, span: Span) -> Option<u32> {
        let repository = self.repository;
        if repository.find(kind, name).is_none() {
            if !self.knows_all_names() {
                return None;
            }
            let known = repository.of_kind(kind).map(|doc| doc.name.as_str());
            let (rule, what) = match kind {
                Kind::Model => (rules::UNKNOWN_MODEL, "Model"),
                Kind::Provider => (rules::UNKNOWN_PROVIDER, "Provider"),
                _ => (rules::UNKNOWN_REFERENCE, kind.as_str()),
            };
            self.unknown(rule, span, format!("there is no {what} `{name}`"), name, known);
            return None;
        }
        self.id(kind, name)
    }

    /// The tenant that is referred to, where one is.
    pub(crate) fn tenant(&mut self, name: Option<&aigw_core::Name>, at: &At<'a>) -> Option<TenantId> {
        self.reference(Kind::Tenant, name?.as_str(), at).map(TenantId)
    }

    /// The parameter of a name, which must be of the wanted type.
    pub(crate) fn parameter(&mut self, name: &str, span: Span, wanted: Wanted) -> Option<ParameterId> {
        let found = (0_u32..).zip(&self.parameters).find(|(_, plan)| plan.name == name);
        if let Some((index, plan)) = found {
            if wanted.takes(&plan.kind) {
                return Some(ParameterId(index));
            }
            let message = format!("the parameter `{name}` is not of {}", wanted.describe());
            self.refuse(rules::INVALID_PARAMETER, span, message, "declare another one, or change its `type`");
            return None;
        }
        let repository = self.repository;
        let declared: Vec<&str> = repository
            .all::<GatewaySpec>()
            .flat_map(|gateway| gateway.spec.parameters.keys())
            .map(aigw_core::Name::as_str)
            .collect();
        let unreadable = repository.of_kind(Kind::Gateway).any(|doc| doc.spec.is_none());
        if !unreadable && self.knows_all_names() && !declared.contains(&name) {
            let message = format!("the Gateway declares no parameter `{name}`");
            self.unknown(rules::UNKNOWN_REFERENCE, span, message, name, declared);
        }
        None
    }

    /// A value or a parameter, resolved.
    pub(crate) fn setting<T: Clone>(&mut self, given: &Given<T>, at: &At<'a>, wanted: Wanted) -> Option<Setting<T>> {
        match given {
            Given::Value(value) => Some(Setting::Value(value.clone())),
            Given::Param(name) => self.parameter(name, at.key("param").span(), wanted).map(Setting::Param),
        }
    }
}
