//! Relative links lead to files, and to headings in them.

use std::collections::BTreeSet;

use super::{pages, prose, root};

#[test]
fn relative_links_lead_to_files_and_headings() {
    let mut dead = Vec::new();
    for (page, text) in pages() {
        for target in targets(&prose(&text)) {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = resolve(&page, path);
            let full = root().join(&file);
            if !full.exists() {
                dead.push(format!("{page}: {target}"));
            } else if !anchor.is_empty() && !anchors(&std::fs::read_to_string(&full).unwrap()).contains(anchor) {
                dead.push(format!("{page}: {target} (no such heading)"));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere: {dead:#?}");
}

/// What `](…)` links to, where that is within the repository.
fn targets(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned());
    links.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// A link's path as seen from the root.
fn resolve(page: &str, path: &str) -> String {
    if path.is_empty() {
        return page.to_owned();
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Headings as links name them: lower case, spaces as hyphens, punctuation but hyphens dropped.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect::<String>()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_are_resolved_from_where_they_stand() {
    assert_eq!(resolve("docs/a.md", "../README.md"), "README.md");
    assert_eq!(resolve("docs/a.md", "b.md"), "docs/b.md");
    assert_eq!(resolve("docs/a.md", ""), "docs/a.md");
    assert!(anchors("# How a model is called\n## `x` & y").contains("how-a-model-is-called"));
}
