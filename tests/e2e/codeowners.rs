//! Who may write what: the file that GitHub reads, and the documents that stand where they may not.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::policies::Policies;
use crate::support::{Ran, aigw, run};

const OWNERSHIP: &str = "ownership:
  - {path: 'tenants/{tenant}/**', kinds: [Limit, Prompt], owners: ['@contoso/{tenant}', '@contoso/platform']}
  - {path: '**', owners: ['@contoso/platform']}
";

const LIMIT: &str = "apiVersion: aigw.dev/v1
kind: Limit
metadata: {name: NAME}
spec: {per: route, rules: [{name: rpm, requests: 60, window: 1m}]}
";

/// A repository of git with policies in a folder of it, and a tenant's own.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".git")).unwrap();
    fs::create_dir(root.path().join(".github")).unwrap();
    let policies = root.path().join("policies");
    fs::create_dir(&policies).unwrap();
    let serving = Policies { gateway: OWNERSHIP.to_owned(), ..Policies::mock("{}") };
    fs::write(policies.join("gateway.yaml"), serving.yaml()).unwrap();
    tenant(root.path(), "contoso");
    root
}

fn tenant(root: &Path, name: &str) {
    let folder = root.join("policies/tenants").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("limit.yaml"), LIMIT.replace("NAME", name)).unwrap();
}

fn codeowners(root: &TempDir, arguments: &[&str]) -> Ran {
    run(aigw().arg("codeowners").args(arguments).current_dir(root.path()))
}

#[test]
fn codeowners_is_written_and_kept_up_to_date() {
    let root = repository();
    insta::assert_snapshot!(codeowners(&root, &["policies"]).expect(0), @"
    # Written by `aigw codeowners policies` from the Gateway's `ownership`. Change it there, and write this file again.
    # The last line that fits a file decides.

    # **
    /policies/ @contoso/platform

    # tenants/{tenant}/**
    /policies/tenants/contoso/ @contoso/contoso @contoso/platform
    ");
    codeowners(&root, &["policies", "--check"]).expect(1);
    codeowners(&root, &["policies", "-o", ".github/CODEOWNERS"]).expect(0);
    codeowners(&root, &["policies", "--check"]).expect(0);
    // From within the folder the paths are the same.
    let within = run(aigw().arg("codeowners").arg("--check").current_dir(root.path().join("policies")));
    within.expect(0);

    tenant(root.path(), "fabrikam");
    let stale = codeowners(&root, &["policies", "--check"]);
    assert!(stale.err.contains("is out of date") && stale.err.contains("aigw codeowners policies -o"), "{stale:?}");
    insta::assert_snapshot!(stale.expect(1), @"+/policies/tenants/fabrikam/ @contoso/fabrikam @contoso/platform");
}

#[test]
fn a_document_that_stands_where_its_owner_may_not_write_it_is_an_error() {
    let root = repository();
    let stray = root.path().join("policies/tenants/contoso/provider.yaml");
    fs::write(stray, "apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: own}\nspec: {type: mock}\n").unwrap();
    let ran = run(aigw().args(["validate", "policies", "--format", "concise"]).current_dir(root.path()));
    let told = ran.expect(1);
    assert!(told.contains("tenants/contoso/provider.yaml:2:7") && told.contains("S650"), "{told}");
    codeowners(&root, &["policies"]).expect(3);
}

#[test]
fn policies_without_owners_have_no_codeowners() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("serving.yaml"), Policies::mock("{}").yaml()).unwrap();
    let ran = codeowners(&folder, &["."]);
    assert!(ran.err.contains("say nothing of owners"), "{ran:?}");
    ran.expect(2);
}
