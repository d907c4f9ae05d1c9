//! Every repository that people are told to copy compiles without a finding.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aigw_compile::{Compiled, Input, bundle_members, compile};
use aigw_source::Limits;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), std::fs::read(&path).unwrap());
        }
    }
}

fn compile_folder(folder: &Path) -> Compiled {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    compile(Input { files, refused: Vec::new() }, &Limits::default())
}

fn lines(compiled: &Compiled) -> Vec<String> {
    let line = |finding: &aigw_source::Finding| {
        let file = compiled.sources.file(finding.span().file);
        let position = file.position(finding.span().start);
        format!("{}:{}:{} {} {}", file.path, position.line, position.column, finding.rule.code, finding.message)
    };
    compiled.findings.iter().map(line).collect()
}

#[test]
fn examples_have_no_findings() {
    for folder in [
        "examples/quickstart",
        "examples/azure-openai",
        "examples/multi-tenant",
        "tests/clients/policies",
        "tests/bench/policies",
    ] {
        let compiled = compile_folder(&root().join(folder));
        assert_eq!(lines(&compiled), Vec::<String>::new(), "{folder}");
        assert!(compiled.program.is_some(), "{folder}");
    }
}

#[test]
fn the_same_sources_give_the_same_bundle_content() {
    let folder = root().join("examples/azure-openai");
    let members = || {
        let compiled = compile_folder(&folder);
        bundle_members(&compiled, compiled.program.as_ref().unwrap()).unwrap()
    };
    let (one, other) = (members(), members());
    assert_eq!(one, other);
    let limits = aigw_bundle::Limits::default();
    let content = |members| aigw_bundle::Content::build(members, &limits).unwrap().tar().digest;
    assert_eq!(content(&one), content(&other));
}

#[test]
fn a_program_reads_back_from_its_bundle() {
    let compiled = compile_folder(&root().join("examples/azure-openai"));
    let program = compiled.program.as_ref().unwrap();
    let members = bundle_members(&compiled, program).unwrap();
    let read = aigw_kinds::Program::from_json(&members[aigw_kinds::PROGRAM_MEMBER]).unwrap();
    assert_eq!(&read, program);
}

#[test]
fn the_examples_of_the_kinds_are_one_repository_without_a_finding() {
    let files = aigw_kinds::Kind::ALL.iter().map(|kind| (format!("{kind}.yaml"), aigw_kinds::example(*kind).as_bytes().to_vec()));
    let compiled = compile(Input { files: files.collect(), refused: Vec::new() }, &Limits::default());
    assert_eq!(lines(&compiled), Vec::<String>::new());
    let program = compiled.program.unwrap();
    assert_eq!(program.check_ids(), Ok(()));
    // Each change of the compiled form shows here; with it goes a new version of the program, unless nothing was released with the old one.
    insta::assert_json_snapshot!("the_program_of_all_kinds", program);
}
