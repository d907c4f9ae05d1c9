//! What a route decides about a request: whether a path is meant, and which model a name means.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use aigw_core::{ErrorCode, Operation};

use crate::route::{PathPattern, PathSegment, ServePlan};
use crate::{ModelId, Program, Refusal};

/// How much of a name that a client made up is repeated to it, in characters.
const NAME_IN_MESSAGE: usize = 80;

impl PathPattern {
    /// Whether a normalised path is meant.
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == path,
            Self::Prefix(prefix) => {
                let prefix = prefix.trim_end_matches('/');
                path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Captures(segments) => {
                let mut given = path.strip_prefix('/').unwrap_or(path).split('/');
                segments.iter().all(|segment| given.next().is_some_and(|text| segment.matches(text))) && given.next().is_none()
            }
        }
    }

    /// What the capture of this name took from a path that matches, as it was written.
    pub fn capture<'p>(&self, name: &str, path: &'p str) -> Option<&'p str> {
        let Self::Captures(segments) = self else { return None };
        let given = path.strip_prefix('/').unwrap_or(path).split('/');
        segments.iter().zip(given).find_map(|(segment, text)| match segment {
            PathSegment::Capture(capture) if capture == name => Some(text),
            _ => None,
        })
    }

    /// What a trailing `*` took from a path that matches, its leading `/` included.
    pub fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let Self::Prefix(prefix) = self else { return None };
        path.strip_prefix(prefix.trim_end_matches('/'))
    }
}

impl PathSegment {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Capture(_) => !text.is_empty(),
        }
    }
}

/// The models of a route by the names that clients write.
#[derive(Clone, Debug, Default)]
pub struct ServedModels {
    exact: HashMap<Box<str>, ModelId, BuildHasherDefault<DefaultHasher>>,
    /// What stands before a trailing `*`, the longest first.
    prefixes: Vec<(Box<str>, ModelId)>,
    default: Option<ModelId>,
    all: Vec<ModelId>,
}

impl ServedModels {
    /// The models that this plan serves; none where it serves HTTP.
    pub fn new(serve: &ServePlan, program: &Program) -> Self {
        let ServePlan::Models { models, default } = serve else { return Self::default() };
        let mut served = Self { default: *default, all: models.clone(), ..Self::default() };
        for (id, plan) in models.iter().filter_map(|id| Some((*id, id.of(program)?))) {
            for name in &plan.names {
                match name.strip_suffix('*') {
                    Some(prefix) => served.prefixes.push((prefix.into(), id)),
                    None => drop(served.exact.entry(name.as_str().into()).or_insert(id)),
                }
            }
        }
        served.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        served
    }

    /// Every model that clients may name here, in the order written.
    pub fn all(&self) -> &[ModelId] {
        &self.all
    }

    /// The model of this name: an exact name, else the longest pattern.
    pub fn find(&self, name: &str) -> Option<ModelId> {
        let pattern = || self.prefixes.iter().find(|(prefix, _)| name.starts_with(&**prefix)).map(|(_, id)| *id);
        self.exact.get(name).copied().or_else(pattern)
    }

    /// The model that a request for `operation` means by `name`, or the route's default where it names none.
    ///
    /// # Errors
    /// 404 where the route serves none of that name for this operation; 400 where a name is needed.
    pub fn resolve(&self, name: Option<&str>, operation: Operation, program: &Program) -> Result<ModelId, Refusal> {
        let does = |id: ModelId| id.of(program).map(|plan| plan.operation);
        let Some(name) = name else {
            let default = self.default.filter(|id| does(*id) == Some(operation));
            let message = "the request names no model, and the route has no default for this operation";
            return default.ok_or_else(|| Refusal::new(ErrorCode::MissingParameter, message).about("model"));
        };
        let shown: Cow<'_, str> = name.chars().take(NAME_IN_MESSAGE).collect();
        let refusal = |message: String| Err(Refusal::new(ErrorCode::ModelNotFound, message).about("model"));
        let Some(id) = self.find(name) else { return refusal(format!("the model `{shown}` does not exist here")) };
        match does(id) {
            Some(own) if own != operation => {
                refusal(format!("the model `{shown}` is for {}, not for {}", own.as_str(), operation.as_str()))
            }
            _ => Ok(id),
        }
    }
}

#[cfg(test)]
mod tests;
