//! Why a bundle is refused: the table for people.

use std::fmt::Write;

use aigw_bundle::Reason;

pub(super) fn page() -> String {
    let mut page = format!("{}{INTRODUCTION}", super::NOTICE);
    for reason in Reason::ALL {
        writeln!(page, "| `{}` | {} | {} |", reason.code(), super::cell(reason.meaning()), super::cell(&sentence(reason.help())))
            .unwrap();
    }
    page
}

/// A line of help as a sentence of prose.
fn sentence(help: &str) -> String {
    let mut characters = help.chars();
    let first: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

const INTRODUCTION: &str = "\
# Reason codes

Why a bundle, a trust root or the remembered trust state is refused, in the order in which verification can meet the reason. `aigw verify`, the gateway's log, `/status` and the metrics name
the code; it never changes its meaning. What the words mean: [bundles.md](bundles.md).

| code | meaning | what to do |
|---|---|---|
";
