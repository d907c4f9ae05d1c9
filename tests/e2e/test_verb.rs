//! `aigw test` as a process: exit codes, filters, threads, formats, snapshots, watching.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::policies::Policies;
use crate::support::{PATIENCE, Ran, aigw, run};

const PASSES: &str = "    - {name: it is answered, as: client, send: hello, upstream: {up-1: ok}, expect: {status: 200}}\n";
const FAILS: &str = "    - {name: it's refused, as: client, send: hello, upstream: {up-1: ok}, expect: {status: 403}}\n";
const STRANGER: &str = "    - {name: strangers are not, send: hello, expect: {status: 401}}\n";
const SHARED: &str = "      identities: {client: {consumer: client}}\n      requests: {hello: {post: /v1/chat/completions, chat: {model: chat, user: Hello}}}\n      upstreams: {ok: {chat: {text: Hi., usage: {input: 9, output: 2}}}}\n";

fn suite(name: &str, cases: &str) -> String {
    // What is not used is an error, so that only what is used is there.
    let lines: String = SHARED
        .lines()
        .filter(|line| cases.contains("as: client") || !(line.contains("identities") || line.contains("upstreams")))
        .map(|line| format!("{line}\n"))
        .collect();
    format!("apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: {name}}}\nspec:\n  fixtures:\n{lines}  cases:\n{cases}")
}

fn policies() -> Policies {
    Policies::to(&["127.0.0.1:9".parse().unwrap()])
}

/// Policies, and suites by the names of their files.
fn folder(suites: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gateway.yaml"), policies().yaml()).unwrap();
    for (name, text) in suites {
        fs::write(folder.path().join(format!("{name}.test.yaml")), text).unwrap();
    }
    folder
}

fn both() -> TempDir {
    folder(&[("a", suite("first", &format!("{PASSES}{FAILS}"))), ("b", suite("second", STRANGER))])
}

fn command(at: &Path, arguments: &[&str]) -> Command {
    let mut command = aigw();
    command.arg("test").args(arguments).current_dir(at).env_remove("CI");
    command
}

fn test(at: &Path, arguments: &[&str]) -> Ran {
    run(&mut command(at, arguments))
}

fn json(at: &Path, arguments: &[&str]) -> Value {
    let ran = test(at, &[arguments, &["--format", "json"]].concat());
    let results = serde_json::from_str(&ran.out);
    assert!(results.is_ok(), "{results:?}: {ran:?}");
    results.unwrap()
}

fn names(results: &Value) -> Vec<&str> {
    results["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap()).collect()
}

#[test]
fn every_way_to_end_has_its_code_and_its_words() {
    let green = folder(&[("a", suite("first", PASSES))]);
    let red = both();
    let none = folder(&[]);
    let unfit = folder(&[("a", suite("first", &PASSES.replace("as: client", "as: cleint"))), ("b", "kind: [".to_owned())]);
    let broken = folder(&[("a", suite("first", PASSES))]);
    fs::write(broken.path().join("gateway.yaml"), policies().yaml().replace("kind: Route", "kind: Ruote")).unwrap();
    let cases: [(&TempDir, &[&str], i32, &str); 13] = [
        (&green, &[], 0, "1 case: 1 passed; 1 request"),
        (&red, &[], 1, "3 cases: 2 passed, 1 failed"),
        (&red, &["--run", "second"], 0, "1 case: 1 passed, 2 left out by `--run`"),
        (&unfit, &[], 1, "there is no identity of the name `cleint`"),
        (&unfit, &[], 1, "--> b.test.yaml:1"),
        (&broken, &[], 3, "`Ruote`"),
        (&broken, &[], 3, "do not compile, so that no test ran"),
        (&none, &[], 4, "no test found in `.`"),
        (&red, &["--run", "secund"], 4, "did you mean `second`?"),
        (&red, &["--run", "second", "--run", "nowhere at all"], 4, "meets none of the 3 cases"),
        (&green, &["--params", "nowhere.yaml"], 2, "`nowhere.yaml` cannot be read"),
        (&green, &["a.test.yaml"], 2, "aigw test FOLDER --run a.test.yaml"),
        (&green, &["--format", "sarif"], 2, "`sarif` is not a format: pretty, json, junit, github or tap"),
    ];
    for (folder, arguments, code, words) in cases {
        let ran = test(folder.path(), arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(format!("{}{}", ran.out, ran.err).contains(words), "{arguments:?}: {words}: {ran:?}");
    }
    for arguments in [&["--run", ""][..], &["--jobs", "0"], &["--seed", "x"], &["--watch", "--update-snapshots"]] {
        assert_eq!(test(green.path(), arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_failing_case_explains_itself_and_its_command_line_runs_it_alone() {
    let red = both();
    let parent = red.path().parent().unwrap();
    let name = red.path().file_name().unwrap().to_str().unwrap();
    let out = test(parent, &[name]).expect(1);
    for words in
        ["--> a.test.yaml:11:", "= expected: 403", "= came: 200", "fair-use/rpm", "gateway.yaml:", "up-1/main/m", "served"]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
    let line = out.lines().find_map(|line| line.strip_prefix("run it alone: aigw ")).unwrap();
    let script = format!("\"$AIGW\" {line}");
    let binary = aigw().get_program().to_owned();
    let again = run(aigw_shell(parent).args(["-c", &script]).env("AIGW", binary));
    assert!(again.out.contains("1 case: 0 passed, 1 failed, 2 left out"), "{line}: {again:?}");
    assert!(again.out.contains("first / it's refused"), "{again:?}");
}

fn aigw_shell(at: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.current_dir(at).env("NO_COLOR", "1");
    shell
}

#[test]
fn patterns_choose_cases_in_the_order_of_files() {
    let red = both();
    for (patterns, expected) in [
        (&["a.test.yaml"][..], &["it is answered", "it's refused"][..]),
        (&["it*"], &["it is answered", "it's refused"]),
        (&["first / it is answered"], &["it is answered"]),
        (&["strangers", "answered"], &["it is answered", "strangers are not"]),
        (&["?.test.yaml"], &["it is answered", "it's refused", "strangers are not"]),
    ] {
        let arguments: Vec<&str> = patterns.iter().flat_map(|pattern| ["--run", pattern]).collect();
        assert_eq!(names(&json(red.path(), &arguments)), expected, "{patterns:?}");
    }
}

#[test]
fn threads_and_runs_change_no_byte() {
    let many: String = (0..40)
        .map(|number| {
            let status = if number % 7 == 0 { 500 } else { 200 };
            format!(
                "    - {{name: case {number}, as: client, send: hello, upstream: {{up-1: ok}}, expect: {{status: {status}}}}}\n"
            )
        })
        .collect();
    let folder = folder(&[("a", suite("first", &many)), ("b", suite("second", STRANGER))]);
    let formats = ["--format", "pretty", "--format", "json", "--format", "tap", "--max-failures", "100"];
    let once = |jobs: &str| {
        let out = test(folder.path(), &[&formats[..], &["--jobs", jobs, "-v"]].concat()).expect(1);
        assert!(out.contains("41 cases: 35 passed, 6 failed"), "{out}");
        out
    };
    let expected = once("1");
    for run in 0..100 {
        assert_eq!(once(if run % 2 == 0 { "8" } else { "3" }), expected, "run {run}");
    }
}

#[test]
fn seeds_and_parameters_reach_the_cases() {
    let cases = "    - {name: default, as: client, send: hello, upstream: {up-1: ok}, expect: {status: 200, sent: {to: up-1/main, path: /test/chat/completions}}}\n    - {name: own, params: {base: \"http://127.0.0.1:9/own\"}, as: client, send: hello, upstream: {up-1: ok}, expect: {sent: {path: /own/chat/completions}}}\n";
    let folder = folder(&[("a", suite("first", cases))]);
    let mut policies = policies();
    policies.gateway = "parameters: {base: {type: url, hosts: [\"127.0.0.1\"], test: \"http://127.0.0.1:9/test\"}}".to_owned();
    let yaml = policies.yaml().replace("url: \"http://127.0.0.1:9/v1\"", "url: {param: base}");
    fs::write(folder.path().join("gateway.yaml"), yaml).unwrap();
    test(folder.path(), &[]).expect(0);
    let values = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(values.path().join(name), text).unwrap();
        values.path().join(name).to_str().unwrap().to_owned()
    };
    let other = file("other.yaml", "base: http://127.0.0.1:9/other\n");
    let results = json(folder.path(), &["--params", &other]);
    let statuses: Vec<&str> = results["cases"].as_array().unwrap().iter().map(|case| case["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["failed", "passed"], "a case's own values count above those of the file: {results}");
    assert_eq!(results["cases"][0]["failures"][0]["came"], "\"/other/chat/completions\"");
    let out = test(folder.path(), &["--params", &other, "--seed", "9"]).expect(1);
    assert!(out.contains(&format!("aigw test --params {other} --seed 9 --run 'first / default'")), "{out}");
    let wrong = test(folder.path(), &["--params", &file("wrong.yaml", "bsae: x\n")]);
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `base`?"), "{wrong:?}");
}

#[test]
fn formats_go_to_files_and_annotations_come_by_themselves() {
    let red = both();
    let parent = red.path().parent().unwrap();
    let name = red.path().file_name().unwrap().to_str().unwrap();
    let out = tempfile::tempdir().unwrap();
    let path = |file: &str| out.path().join(file).to_str().unwrap().to_owned();
    let (json, junit, tap) = (path("r.json"), path("r.xml"), path("r.tap"));
    let formats = [format!("json:{json}"), format!("junit:{junit}"), format!("tap:{tap}"), "pretty".to_owned()];
    let arguments: Vec<&str> = formats.iter().flat_map(|format| ["--format", format]).collect();
    let shown = test(red.path(), &arguments).expect(1);
    assert!(shown.contains("FAILED first / it's refused"), "{shown}");
    let results: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(results["status"], "failed");
    assert!(fs::read_to_string(junit).unwrap().contains("failures=\"1\""));
    assert!(fs::read_to_string(tap).unwrap().contains("not ok 2 - first / it's refused"));
    let annotated = run(command(parent, &[name]).env("GITHUB_ACTIONS", "true")).expect(1);
    let annotation = format!("::error file={name}/a.test.yaml,line=11,col=");
    assert!(annotated.contains(&annotation), "{annotation}: {annotated}");
    assert_eq!(test(red.path(), &["--format", "json:/nowhere/x"]).code, 2);
}

const SNAPSHOT: &str = "    - {name: it is kept, as: client, send: hello, upstream: {up-1: ok}, expect: {status: 200, sent: {body: {snapshot: sent}}}}\n";

#[test]
fn snapshots_are_written_kept_and_never_written_in_ci() {
    let folder = folder(&[("a", suite("first", SNAPSHOT))]);
    let (at, file) = (folder.path(), folder.path().join("__snapshots__/first.sent.json"));
    let new = test(at, &[]).expect(1);
    assert!(new.contains("there is no snapshot `sent` yet") && !file.exists(), "{new}");
    for ci in ["true", "1"] {
        let refused = run(command(at, &["--update-snapshots"]).env("CI", ci));
        assert!(refused.code == 2 && refused.err.contains("`CI` is set") && !file.exists(), "{refused:?}");
    }
    let written = test(at, &["--update-snapshots"]);
    assert!(written.code == 0 && written.err.contains("wrote __snapshots__/first.sent.json"), "{written:?}");
    assert!(fs::read_to_string(&file).unwrap().contains("You help."));
    test(at, &[]).expect(0);
    let mut changed = policies();
    changed.house = "You do not help.".to_owned();
    fs::write(at.join("gateway.yaml"), changed.yaml()).unwrap();
    let red = test(at, &[]).expect(1);
    assert!(red.contains("+") && red.contains("You do not help.") && red.contains("You help."), "{red}");
    test(at, &["--update-snapshots"]).expect(0);
    test(at, &[]).expect(0);
}

#[test]
fn snapshots_of_what_fails_otherwise_are_not_written_nor_those_that_no_file_can_keep() {
    let wrong = SNAPSHOT.replace("status: 200", "status: 201");
    // What remains of the limit is another with each request.
    let differing =
        SNAPSHOT.replace("sent: {body: {snapshot: sent}}", "snapshot: sent").replace("send: hello", "send: hello, times: 2");
    let folder = folder(&[("a", suite("first", &wrong))]);
    let file = folder.path().join("__snapshots__/first.sent.json");
    test(folder.path(), &["--update-snapshots"]).expect(1);
    assert!(!file.exists());
    fs::write(folder.path().join("a.test.yaml"), suite("first", &differing)).unwrap();
    let disputed = test(folder.path(), &["--update-snapshots"]).expect(1);
    assert!(disputed.contains("the snapshot `sent` shows something else") && !file.exists(), "{disputed}");
}

#[test]
fn snapshots_that_no_case_takes_fail_a_whole_run() {
    let folder = folder(&[("a", suite("first", SNAPSHOT))]);
    let at = folder.path();
    test(at, &["--update-snapshots"]).expect(0);
    let old = at.join("__snapshots__/old.json");
    fs::write(&old, "{}\n").unwrap();
    let orphaned = test(at, &[]).expect(1);
    assert!(orphaned.contains("no case takes the snapshot `__snapshots__/old.json`"), "{orphaned}");
    assert_eq!(json(at, &[])["orphans"], serde_json::json!(["__snapshots__/old.json"]));
    test(at, &["--run", "first"]).expect(0);
    assert!(test(at, &["--update-snapshots"]).err.contains("removed __snapshots__/old.json"));
    assert!(!old.exists() && at.join("__snapshots__/first.sent.json").exists());
    test(at, &[]).expect(0);
}

/// A run of `--watch`, ended when it is dropped.
struct Watching {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Watching {
    fn start(at: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["--watch"], arguments].concat();
        let mut child = command(at, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    /// The results up to a line that contains this.
    fn until(&self, words: &str) -> Vec<String> {
        until(&self.out, words)
    }

    /// Waits for the end of a run: a change before it would be another's.
    fn until_watching(&self) {
        until(&self.err, "watching `");
    }
}

/// The lines of a stream as they come.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    lines
}

fn until(lines: &Receiver<String>, words: &str) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let line = lines.recv_timeout(PATIENCE);
        assert!(line.is_ok(), "waited in vain for {words}: {seen:#?}");
        seen.extend(line);
        if seen.last().unwrap().contains(words) {
            return seen;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watching_follows_edits_errors_and_folders_that_come_and_go() {
    let home = both();
    let at = home.path().join("policies");
    fs::create_dir(&at).unwrap();
    for file in ["gateway.yaml", "a.test.yaml", "b.test.yaml"] {
        fs::rename(home.path().join(file), at.join(file)).unwrap();
    }
    let watching = Watching::start(home.path(), &["policies"]);
    watching.until("3 cases: 2 passed, 1 failed");
    watching.until_watching();
    fs::write(at.join("a.test.yaml"), suite("first", PASSES)).unwrap();
    watching.until("2 cases: 2 passed");
    watching.until_watching();
    let yaml = fs::read_to_string(at.join("gateway.yaml")).unwrap();
    fs::write(at.join("gateway.yaml"), yaml.replace("kind: Route", "kind: Ruote")).unwrap();
    until(&watching.err, "do not compile");
    fs::write(at.join("gateway.yaml"), yaml.replace("roles: [app], allow", "roles: [nobody], allow")).unwrap();
    watching.until("2 cases: 1 passed, 1 failed");
    fs::rename(&at, home.path().join("gone")).unwrap();
    until(&watching.err, "`policies` cannot be read");
    fs::write(home.path().join("gone/gateway.yaml"), &yaml).unwrap();
    fs::rename(home.path().join("gone"), &at).unwrap();
    watching.until("2 cases: 2 passed");
    watching.until_watching();
    fs::write(at.join("b.test.yaml"), suite("second", &STRANGER.replace("401", "402"))).unwrap();
    watching.until("2 cases: 1 passed, 1 failed");
}

#[test]
fn watching_runs_first_what_a_change_touches() {
    let folder = folder(&[("a", suite("first", FAILS)), ("b", suite("second", STRANGER))]);
    let watching = Watching::start(folder.path(), &[]);
    watching.until("2 cases: 1 passed, 1 failed");
    watching.until_watching();
    // Both fail now; the case of the changed file is told first, although its file comes second.
    fs::write(folder.path().join("b.test.yaml"), suite("second", &STRANGER.replace("401", "402"))).unwrap();
    let told: Vec<String> =
        watching.until("2 cases").into_iter().filter(|line| line.contains(" / ") && line.starts_with("FAILED")).collect();
    assert_eq!(told, ["FAILED second / strangers are not", "FAILED first / it's refused"]);
}
