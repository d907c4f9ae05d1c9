use std::collections::BTreeMap;

use aigw_kinds::Kind;
use aigw_source::Limits;
use proptest::prelude::*;

use super::*;

fn compile_text(text: &str) -> Compiled {
    compile_files(&[("p.yaml", text)])
}

fn compile_files(files: &[(&str, &str)]) -> Compiled {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    compile(Input { files, refused: Vec::new() }, &Limits::default())
}

/// `line:column CODE message | help`, a line each.
fn findings(compiled: &Compiled) -> String {
    let lines = compiled.findings.iter().map(|finding| {
        let position = compiled.sources.position(finding.span().file, finding.span().start);
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{}:{} {} {}{help}", position.line, position.column, finding.rule.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn model(spec: &str) -> String {
    format!("apiVersion: aigw.dev/v1\nkind: Model\nmetadata: {{name: chat}}\nspec:\n{spec}")
}

#[test]
fn every_schema_compiles() {
    for kind in Kind::ALL {
        let schema = aigw_kinds::schema::schema_of(*kind);
        assert!(jsonschema::validator_for(&schema).is_ok(), "{kind}");
    }
}

#[test]
fn all_structural_faults_are_said_at_once_each_at_its_place() {
    let compiled = compile_text(&model(
        "  operatoin: chat\n  balance: random\n  targets:\n    - {target: p/m, weigth: 3, priority: high}\n  retry: {attempts: 0, backoff: {base: 200, max: \"5\"}}\n",
    ));
    insta::assert_snapshot!(findings(&compiled), @"
    5:3 C001 unknown key `operatoin` | did you mean `operation`?
    6:12 C027 unknown word `random` | only `weighted` can be written here
    8:21 C001 unknown key `weigth` | did you mean `weight`?
    8:42 C025 expected a whole number, found the text `high`
    9:21 C027 `0` is out of bounds | write a number from 1 to 20
    9:40 C005 `200` has no unit | write the duration with its unit, such as `30s`
    9:50 C005 `5` has no unit | write the duration with its unit, such as `30s`
    ");
    assert!(compiled.program.is_none());
}

#[test]
fn kinds_versions_and_missing_parts_are_named() {
    let unknown_kind = compile_text("apiVersion: aigw.dev/v1\nkind: Rout\nmetadata: {name: a}\nspec: {}\n");
    insta::assert_snapshot!(findings(&unknown_kind), @"2:7 C027 `Rout` is not a kind | did you mean `Route`?");
    let no_kind = compile_text("apiVersion: aigw.dev/v1\nmetadata: {name: a}\n");
    insta::assert_snapshot!(findings(&no_kind), @"1:13 C026 the document has no `kind` | one of `Gateway`, `Provider`, `Model`, `Route`, `Consumer`, `Authentication`, `Authorization`, `Limit`, `Prompt`");
    let newer = compile_text("apiVersion: aigw.dev/v2\nkind: Route\nmetadata: {name: a}\nspec: {}\n");
    insta::assert_snapshot!(findings(&newer), @"1:13 C027 `aigw.dev/v2` is not a version of the policy language | this version reads `aigw.dev/v1`");
    let bare = compile_text("apiVersion: aigw.dev/v1\nkind: Model\n");
    insta::assert_snapshot!(findings(&bare), @"
    2:1 C026 the key `metadata` is missing | add `metadata: …`
    2:1 C026 the key `spec` is missing | add `spec: …`
    ");
}

#[test]
fn files_of_others_are_skipped_and_said_to_be() {
    let compiled = compile_files(&[
        ("a.yaml", "apiVersion: apps/v1\nkind: Deployment\n"),
        ("kustomization.yaml", "resources: []\n"),
        ("b.test.yaml", "apiVersion: aigw.dev/v1\nkind: TestSuite\n"),
        ("c.rhai", "fn x() {}"),
        ("broken.yaml", "a: [1"),
    ]);
    let skipped: Vec<_> = compiled.skipped.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(skipped, ["a.yaml", "b.test.yaml", "broken.yaml", "c.rhai", "kustomization.yaml"]);
    assert!(compiled.repository.documents.is_empty());
}

#[test]
fn paths_that_were_refused_are_findings() {
    let input =
        Input { files: BTreeMap::new(), refused: vec![("x.yaml".to_owned(), "the link leaves the policy folder".to_owned())] };
    let compiled = compile(input, &Limits::default());
    assert_eq!(compiled.findings.iter().map(|finding| finding.rule.code).collect::<Vec<_>>(), ["C009"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics(text in ".{0,200}", kind in prop::sample::select(Kind::ALL)) {
        compile_text(&format!("apiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n  {text}"));
    }
}
