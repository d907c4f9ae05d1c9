//! What `aigw validate` accepts, the runtime activates: whatever is done to the example repositories, a program that comes out of the compiler loads, and nothing panics.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use aigw_compile::{Input, bundle_members, compile};
use aigw_engine::Loaded;
use aigw_kinds::{PROGRAM_MEMBER, Program};
use aigw_source::Limits;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// One in that many at least must still give a program, or the property says little.
const ACCEPTED_IN: u32 = 30;

/// Values that documents have in other places, and some that none has.
const SCALARS: [&str; 26] = [
    "0",
    "1",
    "-1",
    "100%",
    "0%",
    "30s",
    "0ms",
    "1MiB",
    "null",
    "true",
    "\"\"",
    "\"*\"",
    "[]",
    "{}",
    "chat",
    "models",
    "mock",
    "openai",
    "\"gpt-*\"",
    "upstream",
    "2026-01-01",
    "request.path == \"/x\"",
    "'1 +'",
    "\"{{ product }}\"",
    "\"{{ nothing }}\"",
    "/v1/{a}/*",
];

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Drop(usize),
    Double(usize),
    Swap(usize, usize),
    Scalar(usize, usize),
    Indent(usize),
    Borrow(usize, usize),
}

fn examples() -> Vec<BTreeMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    ["examples/quickstart", "examples/azure-openai", "tests/clients/policies"]
        .iter()
        .map(|folder| files(&root.join(folder)))
        .collect()
}

fn files(folder: &PathBuf) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())).collect()
}

fn change() -> impl Strategy<Value = Change> {
    let line = 0..200_usize;
    prop_oneof![
        line.clone().prop_map(Change::Drop),
        line.clone().prop_map(Change::Double),
        (line.clone(), line.clone()).prop_map(|(a, b)| Change::Swap(a, b)),
        (line.clone(), 0..SCALARS.len()).prop_map(|(at, with)| Change::Scalar(at, with)),
        line.clone().prop_map(Change::Indent),
        (line.clone(), line).prop_map(|(a, b)| Change::Borrow(a, b)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len().max(1);
    let at = |place: &usize| place % count;
    match change {
        Change::Drop(place) => drop(lines.remove(at(place))),
        Change::Double(place) => lines.insert(at(place), lines.get(at(place)).unwrap().clone()),
        Change::Swap(a, b) => lines.swap(at(a), at(b)),
        Change::Indent(place) => lines.get_mut(at(place)).unwrap().insert_str(0, "  "),
        Change::Scalar(place, with) => {
            let line = lines.get_mut(at(place)).unwrap();
            // The last value of the line, in block or in flow style.
            if let Some((before, after)) = line.rsplit_once(": ") {
                let rest = after.find([',', '}', ']']).and_then(|end| after.get(end..)).unwrap_or_default();
                *line = format!("{before}: {}{rest}", SCALARS.get(*with).unwrap());
            }
        }
        Change::Borrow(a, b) => {
            let (taken, into) = (lines.get(at(a)).unwrap().clone(), lines.get_mut(at(b)).unwrap());
            if let (Some((_, value)), Some((name, _))) = (taken.split_once(": "), into.clone().split_once(": ")) {
                *into = format!("{name}: {value}");
            }
        }
    }
    lines.join("\n")
}

/// Holds the property for one repository; whether it gave a program.
fn holds(files: &BTreeMap<String, String>) -> Result<bool, TestCaseError> {
    let bytes = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    let compiled = compile(Input { files: bytes, refused: Vec::new() }, &Limits::default());
    prop_assert!(compiled.program.is_some() != compiled.findings.has_errors(), "a program and errors exclude each other");
    let Some(program) = &compiled.program else { return Ok(false) };
    let members = bundle_members(&compiled, program).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    let read =
        Program::from_json(members.get(PROGRAM_MEMBER).unwrap()).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    prop_assert_eq!(&read, program, "the program survives its file");
    match read.parameter_values(&BTreeMap::new(), true) {
        Ok(values) => {
            Loaded::new(read, values).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        }
        // `validate` asks for the values too, and says so; this is the one thing it cannot know.
        Err(faults) => prop_assert!(faults.iter().all(|fault| fault.to_string().contains("no `test` value")), "{:?}", faults),
    }
    Ok(true)
}

#[test]
fn whatever_is_done_to_the_examples_what_compiles_loads() {
    let (examples, accepted) = (examples(), AtomicU32::new(0));
    for example in &examples {
        assert!(holds(example).unwrap(), "the examples themselves compile");
    }
    let mutation = (0..examples.len(), 0..8_usize, prop::collection::vec(change(), 1..3));
    // As many as `PROPTEST_CASES` says.
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let ran = runner.run(&mutation, |(example, file, changes)| {
        let mut files = examples.get(example).unwrap().clone();
        let count = files.len();
        let text = files.values_mut().nth(file % count).unwrap();
        *text = changes.iter().fold(text.clone(), |text, change| apply(&text, change));
        accepted.fetch_add(u32::from(holds(&files)?), Ordering::Relaxed);
        Ok(())
    });
    assert!(ran.is_ok(), "{ran:?}");
    let accepted = accepted.into_inner();
    assert!(accepted * ACCEPTED_IN >= cases, "only {accepted} of {cases} still compiled");
}
