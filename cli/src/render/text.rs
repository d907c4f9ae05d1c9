//! Findings for people: source lines with what is wrong drawn into them, by annotate-snippets. The one file that knows that crate.

use std::collections::BTreeMap;

use aigw_source::{FileId, Finding, Label, Level, Sources, Span};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Title, Origin, Patch, Renderer, Snippet};

use super::Report;

/// The rule that finds secrets in plain text: its source line would carry the secret into whatever keeps this output.
const SECRET_IN_TEXT: &str = "S601";

pub(super) fn render(report: &Report<'_>, colored: bool) -> String {
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for finding in report.findings.iter().take(report.most) {
        out += &renderer.render(&groups(report, finding));
        out += "\n\n";
    }
    if report.findings.len() > report.most {
        out += &format!("and {} more; `--max-findings` shows more of them\n", report.findings.len() - report.most);
    }
    if !report.findings.is_empty() {
        out += &format!("{}\n", report.summary());
    }
    out
}

/// A place with what is wrong there drawn into its source line, for what has no code.
pub(super) fn draw(sources: &Sources, span: Span, title: &str, notes: &[(&str, &str)], colored: bool) -> String {
    let report = Report { verb: "", sources, findings: &[], most: 0 };
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let mark = AnnotationKind::Primary.span(first_line(&report, span));
    let drawn = Group::with_title(Title::ERROR.primary_title(title)).element(snippet(&report, span.file).annotations([mark]));
    let drawn = notes.iter().fold(drawn, |drawn, (name, text)| drawn.element(Title::NOTE.with_name(*name).message(*text)));
    renderer.render(&[drawn])
}

/// Something about one line of a file, whose text is at hand and whose file need not be.
pub(super) struct Remark<'a> {
    /// What there is to say.
    pub(super) title: &'a str,
    /// The file.
    pub(super) path: &'a str,
    /// The line, from 1.
    pub(super) line: u32,
    /// Its text.
    pub(super) text: &'a str,
    /// Where what is meant begins, and the column behind its end; in characters from 1.
    pub(super) columns: (u32, u32),
    /// What stands beside the mark.
    pub(super) label: &'a str,
    /// What stands below, with its word.
    pub(super) notes: &'a [(&'a str, &'a str)],
}

/// A remark, drawn as a warning without a code.
pub(super) fn remark(remark: &Remark<'_>, colored: bool) -> String {
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let byte = |column: u32| {
        let before = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
        remark.text.char_indices().nth(before).map_or(remark.text.len(), |(at, _)| at)
    };
    let mark = AnnotationKind::Primary.span(byte(remark.columns.0)..byte(remark.columns.1)).label(remark.label);
    let line = usize::try_from(remark.line).unwrap_or(usize::MAX);
    let snippet = Snippet::source(remark.text).path(remark.path).line_start(line).annotations([mark]);
    let drawn = Group::with_title(Title::WARNING.primary_title(remark.title)).element(snippet);
    let title = |word: &str| if word == "help" { Title::HELP } else { Title::NOTE };
    let drawn = remark.notes.iter().fold(drawn, |drawn, (word, text)| drawn.element(title(word).message(*text)));
    renderer.render(&[drawn])
}

fn groups<'a>(report: &Report<'a>, finding: &'a Finding) -> Vec<Group<'a>> {
    let level = match finding.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Advice => Title::NOTE.with_name("advice"),
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.rule.code);
    let mut main = Group::with_title(title);
    if finding.rule.code == SECRET_IN_TEXT {
        let position = report.sources.position(finding.primary.span.file, finding.primary.span.start);
        main = main.element(
            Origin::path(report.sources.file(finding.primary.span.file).path.as_str())
                .line(position.line as usize)
                .char_column(position.column as usize),
        );
    } else {
        for (file, annotations) in annotations(report, finding) {
            main = main.element(snippet(report, file).annotations(annotations));
        }
    }
    for note in &finding.notes {
        main = main.element(Title::NOTE.message(note.as_str()));
    }
    if let Some(example) = &finding.counterexample {
        main = main.element(Title::NOTE.with_name("for example").message(example.as_str()));
    }
    if let Some(help) = &finding.help {
        main = main.element(Title::HELP.message(help.as_str()));
    }
    std::iter::once(main).chain(fix(report, finding)).collect()
}

fn fix<'a>(report: &Report<'a>, finding: &'a Finding) -> Vec<Group<'a>> {
    let Some(fix) = &finding.fix else { return Vec::new() };
    let mut by_file: BTreeMap<FileId, Vec<Patch<'a>>> = BTreeMap::new();
    for edit in &fix.edits {
        by_file.entry(edit.span.file).or_default().push(Patch::new(edit.span.range(), edit.text.as_str()));
    }
    by_file
        .into_iter()
        .map(|(file, patches)| {
            let source = report.sources.file(file);
            let snippet = Snippet::source(&*source.text).path(source.path.as_str()).patches(patches);
            Title::HELP.secondary_title(fix.message.as_str()).element(snippet)
        })
        .collect()
}

/// The places of a finding by file, the primary one's file first.
fn annotations<'a>(report: &Report<'_>, finding: &'a Finding) -> Vec<(FileId, Vec<Annotation<'a>>)> {
    let mut files: Vec<(FileId, Vec<Annotation<'a>>)> = Vec::new();
    let places = std::iter::once((&finding.primary, AnnotationKind::Primary))
        .chain(finding.labels.iter().map(|label| (label, AnnotationKind::Context)));
    for (label, kind) in places {
        let annotation = annotation(report, label, kind);
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, annotations)) => annotations.push(annotation),
            None => files.push((label.span.file, vec![annotation])),
        }
    }
    files
}

fn annotation<'a>(report: &Report<'_>, label: &'a Label, kind: AnnotationKind) -> Annotation<'a> {
    let annotation = kind.span(first_line(report, label.span));
    if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
}

/// A span within its first line: a finding about a whole block points at where the block begins instead of drawing all of it.
fn first_line(report: &Report<'_>, span: Span) -> std::ops::Range<usize> {
    let text = report.sources.text(span);
    let line = text.split(['\n', '\r']).next().unwrap_or(text);
    let range = span.range();
    range.start..range.start + line.trim_end().len()
}

fn snippet<'a>(report: &Report<'a>, file: FileId) -> Snippet<'a, Annotation<'a>> {
    let source = report.sources.file(file);
    Snippet::source(&*source.text).path(source.path.as_str())
}
