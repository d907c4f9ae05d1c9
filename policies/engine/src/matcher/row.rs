//! One row of the route table, ready to be held against a request.

use aigw_kinds::ExpressionId;
use aigw_kinds::facts::Facts;
use aigw_kinds::route::{HostPattern, MatchRow, PathPattern, ValueMatch};
use http::{HeaderName, Method};
use regex::Regex;

/// Largest compiled regular expression in bytes: a thousand times what a header value needs, and little beside a program.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// A row that cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("match row {row}: `{text}` is not {expected}")]
pub struct RowFault {
    row: u32,
    text: String,
    expected: &'static str,
}

/// A condition of a row that a head does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The host.
    Host,
    /// The path.
    Path,
    /// The method.
    Method,
    /// What a header must say.
    Header(String),
    /// What a parameter of the query must say.
    Query(String),
}

#[derive(Debug)]
pub(super) struct Row {
    index: u32,
    host: HostPattern,
    path: PathPattern,
    methods: Vec<Method>,
    headers: Vec<(HeaderName, Value)>,
    query: Vec<(String, Value)>,
    when: Option<ExpressionId>,
}

#[derive(Debug)]
enum Value {
    Exact(String),
    Prefix(String),
    Regex(Box<Regex>),
    Present,
    Absent,
}

impl Row {
    pub(super) fn new(index: u32, plan: &MatchRow) -> Result<Self, RowFault> {
        let fault = |text: &str, expected| RowFault { row: index, text: text.to_owned(), expected };
        let value = |text: &ValueMatch| Value::new(text).map_err(|text| fault(&text, "a regular expression within its bounds"));
        let method = |text: &String| Method::from_bytes(text.as_bytes()).map_err(|_| fault(text, "a method"));
        let header = |(name, text): &(String, ValueMatch)| {
            Ok((HeaderName::try_from(name.as_str()).map_err(|_| fault(name, "a header name"))?, value(text)?))
        };
        Ok(Self {
            index,
            host: plan.host.clone(),
            path: plan.path.clone(),
            methods: plan.methods.iter().map(method).collect::<Result<_, _>>()?,
            headers: plan.headers.iter().map(header).collect::<Result<_, _>>()?,
            query: plan.query.iter().map(|(name, text)| Ok((name.clone(), value(text)?))).collect::<Result<_, _>>()?,
            when: plan.when,
        })
    }

    pub(super) fn index(&self) -> u32 {
        self.index
    }

    pub(super) fn when(&self) -> Option<ExpressionId> {
        self.when
    }

    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(Method::as_str)
    }

    /// All but `when`.
    pub(super) fn matches_head(&self, facts: &Facts<'_>) -> bool {
        self.matches_path(facts)
            && self.matches_method(facts.method)
            && self.headers.iter().all(|condition| fits_header(condition, facts))
            && self.query.iter().all(|condition| fits_query(condition, facts))
    }

    /// Every condition that does not hold, but for `when`: none exactly where [`Row::matches_head`].
    pub(super) fn misfits(&self, facts: &Facts<'_>) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        misfits.extend((!matches_host(&self.host, facts.host)).then_some(Misfit::Host));
        misfits.extend((!self.path.matches(facts.path)).then_some(Misfit::Path));
        misfits.extend((!self.matches_method(facts.method)).then_some(Misfit::Method));
        let headers = self.headers.iter().filter(|condition| !fits_header(condition, facts));
        misfits.extend(headers.map(|(name, _)| Misfit::Header(name.as_str().to_owned())));
        let query = self.query.iter().filter(|condition| !fits_query(condition, facts));
        misfits.extend(query.map(|(name, _)| Misfit::Query(name.clone())));
        misfits
    }

    /// Host and path.
    pub(super) fn matches_path(&self, facts: &Facts<'_>) -> bool {
        matches_host(&self.host, facts.host) && self.path.matches(facts.path)
    }

    pub(super) fn matches_method(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }
}

pub(super) fn matches_host(pattern: &HostPattern, host: Option<&str>) -> bool {
    match pattern {
        HostPattern::Any => true,
        HostPattern::Exact(exact) => host == Some(exact),
        HostPattern::Suffix(suffix) => host.is_some_and(|host| host.len() > suffix.len() && host.ends_with(suffix.as_str())),
    }
}

fn fits_header((name, value): &(HeaderName, Value), facts: &Facts<'_>) -> bool {
    value.fits(facts.headers.get_all(name).iter().map(http::HeaderValue::as_bytes))
}

fn fits_query((name, value): &(String, Value), facts: &Facts<'_>) -> bool {
    value.fits(facts.query().all(name).map(str::as_bytes))
}

impl Value {
    fn new(plan: &ValueMatch) -> Result<Self, String> {
        Ok(match plan {
            ValueMatch::Exact(text) => Self::Exact(text.clone()),
            ValueMatch::Prefix(text) => Self::Prefix(text.clone()),
            ValueMatch::Regex(text) => Self::Regex(Box::new(whole(text).ok_or_else(|| text.clone())?)),
            ValueMatch::Present => Self::Present,
            ValueMatch::Absent => Self::Absent,
        })
    }

    /// Whether any of the values of one name fits.
    fn fits<'v>(&self, mut values: impl Iterator<Item = &'v [u8]>) -> bool {
        match self {
            Self::Exact(text) => values.any(|value| value == text.as_bytes()),
            Self::Prefix(text) => values.any(|value| value.starts_with(text.as_bytes())),
            Self::Regex(regex) => values.any(|value| std::str::from_utf8(value).is_ok_and(|value| regex.is_match(value))),
            Self::Present => values.next().is_some(),
            Self::Absent => values.next().is_none(),
        }
    }
}

/// A regular expression that matches whole texts only.
fn whole(text: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(MAX_REGEX_BYTES).build().ok()
}
