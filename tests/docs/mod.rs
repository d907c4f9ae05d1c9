//! What hand-written pages promise: links lead somewhere, examples compile, and what they name exists.

mod bundles;
mod commands;
mod examples;
mod links;
mod operating;
mod testing;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold no pages of ours.
const ELSEWHERE: [&str; 3] = ["target", "node_modules", "fixtures"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The binary, beside the tests' own.
fn binary() -> PathBuf {
    let binary = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("aigw");
    assert!(binary.exists(), "{} is not there: run `cargo build -p aigw-cli` first", binary.display());
    binary
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every page of the repository by its path from the root, sorted.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    collect(&root(), &mut pages);
    pages.sort();
    assert!(pages.len() > 10, "the pages have moved");
    pages
}

fn collect(folder: &Path, pages: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, pages);
        } else if name.ends_with(".md") {
            let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            pages.push((relative, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A fenced block of a page.
struct Block<'a> {
    /// What follows the fence: `yaml`, `sh`, …
    language: &'a str,
    /// The `##` heading that it stands under.
    section: &'a str,
    text: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let (mut blocks, mut section, mut open): (Vec<Block<'_>>, &str, bool) = (Vec::new(), "", false);
    for line in page.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                open = true;
                blocks.push(Block { language, section, text: String::new() });
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => section = line.strip_prefix("## ").unwrap_or(section),
        }
    }
    assert!(!open, "a fence is not closed");
    blocks
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    let mut open = false;
    let lines = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        open ^= fence;
        !open && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The code spans of a page's prose.
fn spans(page: &str) -> Vec<String> {
    prose(page).lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}
