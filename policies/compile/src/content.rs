//! The members of a bundle: the program, what it was made from, and what it needs.

use std::collections::BTreeMap;

use aigw_bundle::Digest;
use aigw_kinds::{API_VERSION, CONTENTS_MEMBER, Contents, PROGRAM_MEMBER, Program};
use serde_json::json;

use crate::Compiled;

/// What describes a bundle to tools.
const META_MEMBER: &str = "meta.json";
/// Where the sources lie, for traces and for `inspect`.
const SOURCES_FOLDER: &str = "sources";

/// The program could not be written as JSON.
#[derive(Debug)]
pub struct ContentError(serde_json::Error);

impl std::fmt::Display for ContentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the program cannot be written: {}", self.0)
    }
}

impl std::error::Error for ContentError {}

/// The members by path: a pure function of the sources and of this tool's version. No secret, no absolute path, no time, no host name.
pub fn bundle_members(compiled: &Compiled, program: &Program) -> Result<BTreeMap<String, Vec<u8>>, ContentError> {
    let mut members = BTreeMap::new();
    members.insert(PROGRAM_MEMBER.to_owned(), serde_json::to_vec(program).map_err(ContentError)?);
    let parameters: Vec<&str> = program.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let meta = json!({
        "language": API_VERSION,
        "tool": env!("CARGO_PKG_VERSION"),
        "parameters": parameters,
        "secrets": program.secrets,
    });
    members.insert(META_MEMBER.to_owned(), serde_json::to_vec(&meta).map_err(ContentError)?);
    members.insert(CONTENTS_MEMBER.to_owned(), serde_json::to_vec(&contents(compiled)?).map_err(ContentError)?);
    for path in &program.files {
        if let Some(file) = compiled.sources.find(path) {
            members.insert(format!("{SOURCES_FOLDER}/{path}"), compiled.sources.file(file).text.as_bytes().to_vec());
        }
    }
    Ok(members)
}

/// What tells two bundles apart, document by document.
fn contents(compiled: &Compiled) -> Result<Contents, ContentError> {
    let mut contents = Contents::default();
    for doc in &compiled.repository.documents {
        let meaning = serde_json::to_vec(&doc.node.root.to_json()).map_err(ContentError)?;
        contents.documents.insert(format!("{}/{}", doc.kind, doc.name), Digest::of(&meaning).to_hex());
    }
    let text = |file| compiled.sources.file(file).text.as_bytes();
    contents.files =
        compiled.repository.files.iter().map(|(path, file)| (path.clone(), Digest::of(text(*file)).to_hex())).collect();
    Ok(contents)
}
