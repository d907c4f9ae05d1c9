//! What was reached, as one page that needs nothing else: no script, no font, no other file. Everything that stands in a policy is escaped, and the page
//! forbids itself to load anything.

use std::collections::BTreeMap;
use std::fmt::Write;

use aigw_testkit::Tally;

use super::lines::{Line, by_file};
use super::{Shown, never};

const STYLE: &str = include_str!("style.css");

pub(super) fn render(shown: &Shown<'_>) -> String {
    let files = by_file(shown.report);
    let mut out = head(shown);
    out += &summary(shown);
    out += &uncovered(shown, &files);
    for (index, (path, lines)) in files.iter().enumerate() {
        out += &file(shown, index, path, lines);
    }
    out + "</body>\n</html>\n"
}

fn head(shown: &Shown<'_>) -> String {
    let since = shown.report.changed_since.as_ref();
    let since = since.map_or_else(String::new, |revision| format!(" of what changed since {}", escaped(revision)));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Policy coverage</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Policy coverage{since}</h1>\n"
    )
}

fn summary(shown: &Shown<'_>) -> String {
    let mut out = "<table>\n<tr><th>what</th><th>covered</th><th>share</th></tr>\n".to_owned();
    for kind in &shown.report.kinds {
        out += &row(kind.kind.title(), &kind.tally);
    }
    out += &row("all", &shown.report.total);
    out + "</table>\n"
}

fn row(title: &str, tally: &Tally) -> String {
    let class = if tally.covered == tally.points { "full" } else { "part" };
    format!(
        "<tr class=\"{class}\"><td>{title}</td><td>{} of {}</td><td>{:.1}%</td></tr>\n",
        tally.covered, tally.points, tally.percent
    )
}

/// Every point that nothing reached, each a way to its line.
fn uncovered(shown: &Shown<'_>, files: &BTreeMap<&str, BTreeMap<u32, Line<'_>>>) -> String {
    let mut points = shown.report.uncovered().peekable();
    if points.peek().is_none() {
        return String::new();
    }
    let mut out = "<h2>Not covered</h2>\n<ul>\n".to_owned();
    for point in points {
        let index = files.keys().position(|path| *path == point.file).unwrap_or_default();
        let place = escaped(&format!("{}{}:{}:{}", shown.base, point.file, point.line, point.column));
        let line = point.line;
        // Writing to a text cannot fail.
        writeln!(out, "<li><a href=\"#f{index}l{line}\">{place}</a> {}</li>", escaped(&never(point))).unwrap_or_default();
    }
    out + "</ul>\n"
}

fn file(shown: &Shown<'_>, index: usize, path: &str, lines: &BTreeMap<u32, Line<'_>>) -> String {
    let mut out = format!("<h2>{}</h2>\n<table class=\"source\">\n", escaped(&format!("{}{path}", shown.base)));
    let text = shown.sources.find(path).map(|id| shown.sources.file(id).text.as_ref()).unwrap_or_default();
    for (number, text) in (1_u32..).zip(text.lines()) {
        out += &source_line(index, number, text, lines.get(&number));
    }
    out + "</table>\n"
}

fn source_line(index: usize, number: u32, text: &str, line: Option<&Line<'_>>) -> String {
    let Some(line) = line else {
        return format!("<tr><td class=\"n\">{number}</td><td></td><td><pre>{}</pre></td></tr>\n", escaped(text));
    };
    let covered = line.iter().filter(|point| point.count > 0).count();
    let class = match covered {
        0 => "none",
        some if some < line.len() => "part",
        _ => "full",
    };
    let mut notes = String::new();
    for point in line {
        let (class, said) = match point.count {
            0 => ("miss", point.outcome.never().to_owned()),
            count => ("hit", format!("{count} × {}", point.outcome.happened())),
        };
        let name = escaped(&format!("{} {}", point.kind.word(), point.name));
        write!(notes, "<li class=\"{class}\">{name}: {said}</li>").unwrap_or_default();
    }
    format!(
        "<tr id=\"f{index}l{number}\" class=\"{class}\"><td class=\"n\">{number}</td><td class=\"c\">{covered}/{}</td>\
         <td><pre>{}</pre><ul>{notes}</ul></td></tr>\n",
        line.len(),
        escaped(text)
    )
}

/// Text within an element or a quoted attribute. Control characters, which HTML does not have, are shown as U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push('\t'),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
