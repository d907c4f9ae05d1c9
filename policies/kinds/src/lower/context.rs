//! What the lowering of every kind shares: the ids of names, the tables that grow, and where findings go.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::Name;
use aigw_source::{FileId, Finding, Findings, Fix, RuleId, Sources, Span, nearest};

use super::At;
use crate::authentication::IssuerPlan;
use crate::gateway::ParameterPlan;
use crate::provider::EndpointPlan;
use crate::{AsSpec, Doc, EndpointId, ExpressionPlan, Kind, Mode, Origin, Place, ProviderId, Repository, Spec, Typed, rules};

/// A program under construction.
pub(crate) struct Lowering<'a> {
    /// What was written.
    pub(crate) repository: &'a Repository,
    /// The texts.
    pub(crate) sources: &'a Sources,
    /// Declared parameters.
    pub(crate) parameters: Vec<ParameterPlan>,
    /// Expressions so far.
    pub(crate) expressions: Vec<ExpressionPlan>,
    /// Endpoints so far.
    pub(crate) endpoints: Vec<EndpointPlan>,
    /// Endpoints of each provider.
    pub(crate) endpoints_of: BTreeMap<ProviderId, Vec<EndpointId>>,
    /// Issuers of tokens so far.
    pub(crate) issuers: Vec<IssuerPlan>,
    /// Names of secrets so far.
    pub(crate) secrets: BTreeSet<String>,
    /// Names of limits that are counted only when the model is known.
    pub(crate) late_limits: BTreeSet<&'a str>,
    findings: &'a mut Findings,
    suggestions: u32,
    files: BTreeMap<&'a str, u32>,
    file_index: BTreeMap<FileId, u32>,
    ids: BTreeMap<(Kind, &'a str), u32>,
}

impl<'a> Lowering<'a> {
    /// Nothing yet; ids follow from names, so that moving a document to another file changes nothing.
    pub(crate) fn new(repository: &'a Repository, sources: &'a Sources, findings: &'a mut Findings) -> Self {
        let used: BTreeSet<FileId> =
            repository.documents.iter().map(Doc::file).chain(repository.files.values().copied()).collect();
        let paths: BTreeMap<&str, FileId> = used.into_iter().map(|file| (sources.file(file).path.as_str(), file)).collect();
        let mut lowering = Self {
            repository,
            sources,
            parameters: Vec::new(),
            expressions: Vec::new(),
            endpoints: Vec::new(),
            endpoints_of: BTreeMap::new(),
            issuers: Vec::new(),
            secrets: BTreeSet::new(),
            late_limits: BTreeSet::new(),
            suggestions: 0,
            findings,
            files: paths.keys().zip(0..).map(|(path, index)| (*path, index)).collect(),
            file_index: paths.values().zip(0..).map(|(file, index)| (*file, index)).collect(),
            ids: BTreeMap::new(),
        };
        for kind in Kind::ALL {
            let names: BTreeSet<&str> = lowering.named(*kind).map(|doc| doc.name.as_str()).collect();
            lowering.ids.extend(names.into_iter().zip(0..).map(|(name, index)| ((*kind, name), index)));
        }
        lowering
    }

    /// Documents of a kind that take an index: not those that are disabled.
    fn named(&self, kind: Kind) -> impl Iterator<Item = &'a Doc> + use<'a> {
        self.repository.documents.iter().filter(move |doc| doc.kind == kind && !doc.name.is_empty() && !is_disabled(doc))
    }

    /// Lowers every document of a kind, in the order of their ids. Disabled ones are checked too, and leave nothing behind.
    pub(crate) fn each<S: AsSpec + 'a, P>(&mut self, mut lower: impl FnMut(&mut Self, Typed<'a, S>) -> Option<P>) -> Vec<P> {
        let mut typed: Vec<Typed<'a, S>> = self.repository.all::<S>().collect();
        typed.sort_by(|one, other| one.doc.name.cmp(&other.doc.name));
        let mut plans = Vec::new();
        for typed in typed {
            let before = self.expressions.len();
            let plan = lower(self, typed);
            if is_disabled(typed.doc) {
                self.expressions.truncate(before);
            } else {
                plans.extend(plan);
            }
        }
        plans
    }

    /// Whether every document could be read.
    pub(crate) fn complete(&self) -> bool {
        self.repository.documents.iter().all(|doc| doc.spec.is_some() && !doc.name.is_empty())
    }

    /// The paths of all files, by their index in the program.
    pub(crate) fn file_paths(&self) -> Vec<String> {
        self.files.keys().map(|path| (*path).to_owned()).collect()
    }

    /// The index of a document; `None` where it is not declared, or disabled.
    pub(crate) fn id(&self, kind: Kind, name: &str) -> Option<u32> {
        self.ids.get(&(kind, name)).copied()
    }

    /// Where a document's name stands.
    pub(crate) fn origin(&self, doc: &Doc) -> Option<Origin> {
        let name: Name = doc.name.parse().ok()?;
        Some(Origin { name, place: self.place(At::name(doc).span()) })
    }

    /// A span as the program names places.
    pub(crate) fn place(&self, span: Span) -> Place {
        let position = self.sources.position(span.file, span.start);
        Place(self.file_index.get(&span.file).copied().unwrap_or_default(), position.line, position.column)
    }

    /// An error, to be added to and pushed.
    pub(crate) fn error(&self, rule: RuleId, span: Span, message: impl Into<String>) -> Finding {
        Finding::error(rule, span, message)
    }

    /// Keeps a finding.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Keeps an error without anything to add.
    pub(crate) fn refuse(&mut self, rule: RuleId, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Finding::error(rule, span, message).help(help));
    }

    /// Whether all that was written could be read as far as names go; what is missing otherwise may be in what could not.
    pub(crate) fn knows_all_names(&self) -> bool {
        !self.repository.partial
    }

    /// Keeps an error about what cannot stand so.
    pub(crate) fn unfit(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.refuse(rules::INVALID_COMBINATION, span, message, help);
    }

    /// Keeps an error about a word at `span`, with the one that was probably meant, or all there are where they are few.
    pub(crate) fn unknown<'c>(
        &mut self,
        rule: RuleId,
        span: Span,
        message: impl Into<String>,
        word: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) {
        /// More than this are no help.
        const FEW: usize = 12;
        /// Looking for the nearest of many names takes time; after so many, a repository has another fault than typing errors.
        const MAX_SUGGESTIONS: u32 = 200;
        let finding = Finding::error(rule, span, message);
        self.suggestions = self.suggestions.saturating_add(1);
        if self.suggestions > MAX_SUGGESTIONS {
            return self.push(finding.help("write the name of one that is declared"));
        }
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest(word, known.iter().copied());
        let finding = match near {
            Some(meant) => {
                finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(format!("write `{meant}`"), span, meant))
            }
            None if known.is_empty() => finding.help("none is declared"),
            None if known.len() <= FEW => finding.help(format!("there are {}", listed(&known))),
            None => finding.help("write the name of one that is declared"),
        };
        self.push(finding);
    }
}

/// Names in back-ticks, with commas.
pub(crate) fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Whether a document is written and not in force.
fn is_disabled(doc: &Doc) -> bool {
    let mode = match &doc.spec {
        Some(Spec::Authorization(spec)) => spec.mode,
        Some(Spec::Validation(spec)) => spec.mode,
        Some(Spec::Limit(spec)) => spec.mode,
        Some(Spec::Prompt(spec)) => spec.mode,
        _ => Mode::Enforce,
    };
    mode == Mode::Disabled
}
