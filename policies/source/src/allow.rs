//! `# aigw: allow R101 -- reason`: a person's word that a finding is known and meant.

use std::cmp::Reverse;

use crate::finding::Finding;
use crate::findings::Findings;
use crate::rules;
use crate::settle::shorten;
use crate::sources::{Sources, Span, saturate};
use crate::tree::{Comment, Document, Node};

/// One such comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The comment.
    pub span: Span,
    /// The codes of rules, in the order written; at least one.
    pub codes: Vec<String>,
    /// What follows `--`; `None` where nothing does.
    pub reason: Option<String>,
    /// Where findings are silenced. A comment on a line of its own covers the entry or item that begins next, and the
    /// whole document where that is its first one. A comment behind something covers the outermost entry or item that
    /// begins on its line, and where none does, the innermost one that reaches it. Where nothing follows, only itself.
    pub covers: Span,
}

/// What a comment of ours begins with, after the `#`.
const MARK: &str = "aigw:";

/// The comments of a document that allow findings, in order. A comment that begins with `aigw:` and cannot be understood
/// goes to `findings`.
pub fn allows(sources: &Sources, document: &Document, findings: &mut Findings) -> Vec<Allow> {
    let text = &sources.file(document.file).text;
    let mut parts = Parts::of(document);
    let mut allows = Vec::new();
    for comment in &document.comments {
        let Some(order) = comment.text.strip_prefix(MARK) else { continue };
        match parse(order) {
            Some((codes, reason)) => {
                let covers = parts.covered_by(text, comment.span);
                allows.push(Allow { span: comment.span, codes, reason, covers });
            }
            None => findings.push(misunderstood(comment)),
        }
    }
    allows
}

/// Drops the findings that a comment allows and `may_silence` lets go. Returns what is left, and the allows that
/// silenced nothing, each with only those of its codes.
pub fn apply_allows(findings: Findings, allows: &[Allow], may_silence: impl Fn(&Finding) -> bool) -> (Findings, Vec<Allow>) {
    let mut unused: Vec<Allow> = allows.to_vec();
    let mut kept = Findings::new();
    for finding in findings {
        let mut silenced = false;
        if may_silence(&finding) {
            for (allow, unused) in allows.iter().zip(&mut unused) {
                if allow.covers.contains(finding.span()) && allow.codes.iter().any(|code| code == finding.rule.code) {
                    unused.codes.retain(|code| code != finding.rule.code);
                    silenced = true;
                }
            }
        }
        if !silenced {
            kept.push(finding);
        }
    }
    unused.retain(|allow| !allow.codes.is_empty());
    (kept, unused)
}

/// `allow CODE[, CODE]… [-- reason]`
fn parse(order: &str) -> Option<(Vec<String>, Option<String>)> {
    let list = order.trim_start().strip_prefix("allow")?;
    let (list, reason) = list.split_once("--").map_or((list, ""), |(list, reason)| (list, reason.trim()));
    if !list.starts_with(char::is_whitespace) {
        return None;
    }
    let codes: Vec<&str> = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|code| !code.is_empty()).collect();
    let sound = !codes.is_empty() && codes.iter().all(|code| is_code(code));
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    sound.then(|| (codes.into_iter().map(str::to_owned).collect(), reason))
}

/// A capital and three digits.
fn is_code(code: &str) -> bool {
    let mut bytes = code.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.len() == 3 && bytes.all(|b| b.is_ascii_digit())
}

fn misunderstood(comment: &Comment) -> Finding {
    let message = format!("`{}` is no comment that can be understood", shorten(&comment.text));
    Finding::error(rules::BAD_COMMENT, comment.span, message)
        .note("a comment that begins with `aigw:` is an order")
        .help("write `# aigw: allow R101 -- reason`")
}

/// The entries and items of a document, met in the order they begin; comments must be asked about in order too.
struct Parts {
    root: Span,
    /// By start, an outer part before the inner ones that begin with it.
    waiting: std::iter::Peekable<std::vec::IntoIter<Span>>,
    /// Those that began on a line before, the outermost first.
    open: Vec<Span>,
}

impl Parts {
    fn of(document: &Document) -> Self {
        let mut parts = Vec::new();
        collect(&document.root, &mut parts);
        parts.sort_unstable_by_key(|part| (part.start, Reverse(part.end)));
        parts.dedup();
        Self { root: document.root.span, waiting: parts.into_iter().peekable(), open: Vec::new() }
    }

    fn covered_by(&mut self, text: &str, comment: Span) -> Span {
        let before = text.get(..comment.start as usize).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let own_line = before.get(line_start..).unwrap_or("").trim().is_empty();
        let line_start = saturate(line_start);
        while let Some(part) = self.waiting.next_if(|part| part.start < line_start) {
            self.open.retain(|open| open.end > part.start);
            self.open.push(part);
        }
        let next = self.waiting.peek().copied();
        if own_line {
            return match next {
                Some(_) if comment.end <= self.root.start => self.root,
                next => next.unwrap_or(comment),
            };
        }
        let innermost = || self.open.iter().rfind(|open| open.end > line_start).copied();
        next.filter(|next| next.start < comment.start).or_else(innermost).unwrap_or(comment)
    }
}

/// What came from an alias is left out: it stands elsewhere.
fn collect(node: &Node, parts: &mut Vec<Span>) {
    if node.used_at.is_some() {
        return;
    }
    for item in node.items() {
        parts.push(item.used_at.unwrap_or(item.span));
        collect(item, parts);
    }
    for entry in node.entries() {
        parts.push(entry.span());
        collect(&entry.value, parts);
    }
}

#[cfg(test)]
mod tests;
