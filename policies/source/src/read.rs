//! A file to its documents: faults are collected, and a broken document does not take its neighbours with it.

use crate::build::{Builder, Stop};
use crate::finding::Finding;
use crate::findings::Findings;
use crate::intake::refuse;
use crate::limits::Limits;
use crate::parse::{EventKind, Events};
use crate::rules;
use crate::settle::settle;
use crate::sources::{FileId, Sources, Span};
use crate::tree::{Comment, Document, Node, NodeKind, Style};

/// Reads the YAML documents of a file. What is wrong goes to `findings`. A document with faults that leave its meaning
/// clear (a duplicate key, of which the first counts; a tag, which is ignored) is returned; a document that cannot be
/// relied on is left out, and so are empty ones. Linear in the length of the text.
pub fn read(sources: &Sources, file: FileId, limits: &Limits, findings: &mut Findings) -> Vec<Document> {
    let text: &str = &sources.file(file).text;
    if let Some(fault) = refuse(file, text, limits) {
        findings.push(fault);
        return Vec::new();
    }
    let mut reader = Reader {
        file,
        text,
        limits,
        events: Events::new(text, limits),
        builder: Builder::new(file, limits),
        begun: 0,
        comments: Vec::new(),
        documents: Vec::new(),
        faults: Vec::new(),
    };
    reader.run();
    let Reader { mut documents, comments, faults, .. } = reader;
    if let Some(last) = documents.last_mut() {
        last.comments.extend(comments);
    }
    findings.extend(cap(faults));
    documents
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    limits: &'a Limits,
    events: Events<'a>,
    builder: Builder<'a>,
    /// Documents begun, broken and empty ones included.
    begun: usize,
    comments: Vec<Comment>,
    documents: Vec<Document>,
    faults: Vec<Finding>,
}

impl Reader<'_> {
    fn run(&mut self) {
        loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(Stop::File(fault)) => {
                    self.abandon(*fault);
                    return;
                }
                Err(Stop::Document(fault)) => {
                    self.abandon(*fault);
                    if !self.events.skip_document() {
                        return;
                    }
                }
            }
        }
    }

    /// One event; whether there was one.
    fn step(&mut self) -> Result<bool, Stop> {
        let Some(next) = self.events.next() else { return Ok(false) };
        let event = next.map_err(|fault| Stop::from_fault(self.file, self.text, fault))?;
        let span = Span::new(self.file, event.range.start, event.range.end);
        match event.kind {
            EventKind::Comment(text) => self.comments.push(Comment { span, text: text.trim().to_owned() }),
            EventKind::DocumentStart => self.begin(span)?,
            EventKind::DocumentEnd => self.end(),
            _ => self.builder.event(event)?,
        }
        Ok(true)
    }

    fn begin(&mut self, span: Span) -> Result<(), Stop> {
        self.begun += 1;
        if self.begun > self.limits.documents {
            let message = format!("more than {} documents in one file", self.limits.documents);
            let fault = Finding::error(rules::TOO_MANY_NODES, span, message).help("split the file");
            return Err(Stop::File(Box::new(fault)));
        }
        Ok(())
    }

    fn end(&mut self) {
        let mut built = self.builder.finish();
        if let Some(mut root) = built.root.filter(|root| !is_nothing(root)) {
            settle(&mut root, &mut built.faults);
            let index = crate::sources::saturate(self.documents.len());
            let comments = std::mem::take(&mut self.comments);
            self.documents.push(Document { file: self.file, index, root, comments });
        }
        self.faults.append(&mut built.faults);
    }

    fn abandon(&mut self, fault: Finding) {
        self.faults.append(&mut self.builder.finish().faults);
        self.faults.push(fault);
        self.comments.clear();
    }
}

/// A document without content, as `---` twice in a row makes one.
fn is_nothing(root: &Node) -> bool {
    matches!(&root.kind, NodeKind::Scalar { text, style: Style::Plain } if text.is_empty())
}

/// Reported faults of one file: who has this many mends the first ones and looks again, and a hostile file cannot fill the
/// memory with findings.
const FAULTS: usize = 100;

fn cap(mut faults: Vec<Finding>) -> Vec<Finding> {
    let more = faults.len().saturating_sub(FAULTS);
    faults.truncate(FAULTS);
    if let Some(last) = faults.last_mut().filter(|_| more > 0) {
        last.notes.push(format!("{more} more faults of this file are not shown"));
    }
    faults
}

#[cfg(test)]
mod tests;
