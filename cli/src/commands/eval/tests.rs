#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::args::{Cli, Command};

const CHAT: &str = "{path: /v1/chat/completions, body: {model: chat-default, messages: [{role: user, content: Hello}]}}";
const AT: [&str; 2] = ["--at", "2026-01-01T00:00:00Z"];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples").join(name)
}

/// Files that a run is given.
struct Given(TempDir);

impl Given {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    /// The text that `aigw eval POLICIES …` prints, or why it prints none; words that are names of files become their paths.
    fn eval(&self, policies: &Path, words: &[&str]) -> Result<String, String> {
        let path = |word: &&str| {
            let file = self.0.path().join(word);
            if !word.is_empty() && file.is_file() { file.display().to_string() } else { (*word).to_owned() }
        };
        let policies = policies.display().to_string();
        let line = ["aigw", "eval", &policies].map(str::to_owned).into_iter().chain(words.iter().map(path));
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        let Command::Eval(verb) = cli.command else { return Err("another verb".to_owned()) };
        let told = verb.text(&cli.globals).map_err(|stop| format!("{}; {}", stop.message, stop.help.unwrap_or_default()));
        told.map_err(|text| text.replace(&format!("{}/", self.0.path().display()), ""))
    }
}

/// A request of CHAT through the example for Azure OpenAI, on New Year's Day.
fn azure(files: &[(&str, &str)], words: &[&str]) -> String {
    let mut files = files.to_vec();
    files.push(("request.yaml", CHAT));
    let words: Vec<&str> = AT.iter().chain(words).copied().collect();
    let words = if words.contains(&"--request") || words.contains(&"--curl") {
        words
    } else {
        [&words[..], &["--request", "request.yaml"]].concat()
    };
    Given::new(&files).eval(&example("azure-openai"), &words).unwrap()
}

/// What it says of one thing that was not chosen.
fn why(text: &str, of: &str) -> String {
    let (_, rest) = text.split_once(&format!("chosen: {of}\n")).unwrap();
    rest.split("\n\n").next().unwrap().trim_end().to_owned()
}

#[test]
fn a_request_is_told_from_its_route_to_its_answer() {
    insta::assert_snapshot!(azure(&[], &["--as", "mobile-app", "-H", "x-team: support", "-H", "x-product: Lamps"]));
}

#[test]
fn a_refusal_is_told() {
    insta::assert_snapshot!(azure(&[], &[]));
}

#[test]
fn a_request_that_moves_on_is_told_with_why_others_did_not_serve() {
    let upstream = "aoai/eastus: [{status: 503}, {status: 429, headers: {retry-after: \"7\"}}]\naoai/weu: {chat: {text: Hi, usage: {input: 9, output: 3}}}\n";
    let words =
        ["--as", "mobile-app", "--upstream", "up.yaml", "--why-not", "aoai/eastus/gpt-4o", "--why-not", "aoai/gpt-4o-mini"];
    insta::assert_snapshot!(azure(&[("up.yaml", upstream)], &words));
}

#[test]
fn a_curl_command_is_a_request() {
    let command = "curl https://api.openai.com/v1/chat/completions \\\n  -H \"Content-Type: application/json\" \\\n  -H \"Authorization: Bearer $OPENAI_API_KEY\" \\\n  -d '{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}' | jq .\n";
    let by_flag = azure(&[], &["--curl", command, "--as", "mobile-app"]);
    assert_eq!(by_flag, azure(&[("copied.sh", command)], &["--request", "copied.sh", "--as", "mobile-app"]));
    assert!(by_flag.contains("POST /v1/chat/completions on api.openai.com\n"), "{by_flag}");
    assert!(by_flag.contains("note: `$OPENAI_API_KEY` is left as it stands"), "{by_flag}");
    assert!(by_flag.contains("200                     completed"), "{by_flag}");
    assert!(azure(&[], &["--curl", command]).contains("401 invalid_api_key"), "a key that nobody issued is none");
}

#[test]
fn json_has_everything() {
    let words = ["--as", "mobile-app", "--format", "json", "--why-not", "aoai/weu/gpt-4o"];
    let whole: Value = serde_json::from_str(&azure(&[], &words)).unwrap();
    let members: Vec<&String> = whole.as_object().unwrap().keys().collect();
    assert_eq!(members, ["answer", "sent", "decision", "expressions", "notes", "whyNot"]);
    let at = |pointer: &str| whole.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/answer/status"), 200);
    assert_eq!(at("/sent/0/endpoint"), "aoai/eastus");
    assert_eq!(at("/decision/0/route"), "assistant");
    assert_eq!(at("/decision/0/time"), 1_767_225_600_000_u64);
    assert_eq!(at("/expressions/1/saw"), json!({"identity.labels.tier": "\"gold\""}));
    assert_eq!(at("/whyNot/0/chosen"), false);
}

#[test]
fn a_decision_record_is_replayed_and_compared() {
    let whole: Value = serde_json::from_str(&azure(&[], &["--as", "mobile-app", "--format", "json"])).unwrap();
    let mut record = whole.pointer("/decision/0").cloned().unwrap();
    let same = azure(&[("record.json", &record.to_string())], &["--request", "record.json"]);
    assert!(same.contains("as mobile-app by a key made up for mobile-1"), "{same}");
    assert!(same.contains("note: a decision record holds no host, query and headers"), "{same}");
    assert!(same.contains("note: a decision record holds no body: {\"messages\""), "{same}");
    assert!(same.contains("the same route, consumer, model, target, status and code as recorded\n"), "{same}");

    *record.pointer_mut("/route").unwrap() = "support".into();
    *record.pointer_mut("/status").unwrap() = 429.into();
    let given = [("record.json", &*record.to_string()), ("body.json", "{\"model\": \"chat-small\", \"messages\": []}")];
    let other = azure(&given, &["--request", "record.json", "--body", "body.json"]);
    assert!(!other.contains("holds no body"), "{other}");
    for line in [
        "the route differs: recorded support, now assistant",
        "the model differs: recorded chat-default, now chat-small",
        "the status differs: recorded 429, now 200",
    ] {
        assert!(other.contains(line), "{other}");
    }
    let twice = format!("{record}\n{record}\n");
    let refused = Given::new(&[("log", &twice)]).eval(&example("azure-openai"), &["--request", "log"]).unwrap_err();
    assert!(refused.starts_with("`log` holds no request: it holds 2 decision records; give one of them"), "{refused}");
}

#[test]
fn what_is_no_request_is_told_why() {
    for (text, why) in [
        ("{\"paths\": 1}", "`request` holds no request: it has neither `path` nor `requestId`"),
        ("[1]", "`request` holds no request: it is neither a mapping nor a curl command"),
        ("{\"requestId\": \"a\"}", "`request` holds no request: its decision record is none: missing field `time`"),
        ("path: [", "`request` does not hold a request"),
        ("path: v1", "the request is not one: its path `v1` does not begin with `/`"),
        ("curl -F a=b http://h", "the curl command cannot be taken: curl's `-F` is not understood here"),
    ] {
        let refused = Given::new(&[("request", text)]).eval(&example("quickstart"), &["--request", "request"]).unwrap_err();
        assert!(refused.starts_with(why), "{text}: {refused}");
    }
}

#[test]
fn why_a_target_was_not_chosen() {
    let gold = ["--as", "mobile-app"];
    let ask =
        |files: &[(&str, &str)], of: &str, more: &[&str]| why(&azure(files, &[&gold[..], &["--why-not", of], more].concat()), of);
    assert_eq!(ask(&[], "aoai/eastus/gpt-4o-ptu", &[]), "  `aoai/eastus/gpt-4o-ptu` 200, served");
    assert_eq!(
        ask(&[], "aoai/gpt-4o", &[]),
        "  aoai/eastus/gpt-4o of chat-default:\n    its priority 2 stands behind `aoai/eastus/gpt-4o-ptu` of priority 1, which served (models.yaml:11:7)\n  aoai/weu/gpt-4o of chat-default:\n    its priority 2 stands behind `aoai/eastus/gpt-4o-ptu` of priority 1, which served (models.yaml:12:7)"
    );
    assert_eq!(
        ask(&[], "aoai/gpt-4o-mini", &[]),
        "  it is a target of the model `chat-small`, and the request was for `chat-default`\n  `chat-small` is its fallback, which was not needed: `aoai/eastus/gpt-4o-ptu` served"
    );
    assert_eq!(
        ask(&[], "aoai/text-embedding-3-large", &[]),
        "  it is a target of the model `embedder`, and the request was for `chat-default`\n  clients ask for it as embedder, text-embedding-3-large"
    );
    assert_eq!(
        ask(&[], "aoai/text-embedding-3-large", &["-H", "x-team: support"]),
        "  it is a target of the model `embedder`, which route `support` does not serve; it serves chat-default, chat-small (routes.yaml:11:18)"
    );
    let down = [("up.yaml", "\"*\": {status: 503}\n")];
    assert_eq!(
        ask(&down, "aoai/eastus/gpt-4o-ptu", &["--upstream", "up.yaml"]),
        "  it was called, and could not serve: 503, failed, another attempt followed: overloaded (server_error)"
    );
    let nobody = azure(&[], &["--why-not", "aoai/weu/gpt-4o"]);
    assert_eq!(
        why(&nobody, "aoai/weu/gpt-4o"),
        "  the request was refused before any target was chosen: missing_api_key\n  `front-door` refused it (access.yaml:3:18)"
    );
    let lost = azure(&[("lost.yaml", "path: /v2")], &["--request", "lost.yaml", "--why-not", "aoai/weu/gpt-4o"]);
    assert_eq!(why(&lost, "aoai/weu/gpt-4o"), "  no route matched the request: route_not_found");
    let misspelt = Given::new(&[("request.yaml", CHAT)])
        .eval(&example("azure-openai"), &["--request", "request.yaml", "--why-not", "aoai/weu/gpt4o"]);
    assert_eq!(misspelt.unwrap_err(), "there is no target `aoai/weu/gpt4o`; did you mean `aoai/weu/gpt-4o`?");
}

/// The example with its consumers and targets changed.
fn changed(files: &[(&str, &str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in fs::read_dir(example("azure-openai")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut text = fs::read_to_string(&path).unwrap();
        for (_, from, to) in files.iter().filter(|(file, ..)| *file == name) {
            assert!(text.contains(from), "{name}: {from}");
            text = text.replace(from, to);
        }
        if !name.ends_with(".test.yaml") {
            fs::write(folder.path().join(name), text).unwrap();
        }
    }
    folder
}

#[test]
fn why_a_target_was_passed_over_or_not_drawn() {
    let folder = changed(&[
        ("access.yaml", "tier: gold", "tier: silver"),
        (
            "models.yaml",
            "weight: 20, priority: 2}",
            "weight: 20, priority: 2}\n    - {target: aoai/weu/gpt-4o-ptu, weight: 0, priority: 2}",
        ),
    ]);
    let words = [
        "--request",
        "request.yaml",
        "--as",
        "mobile-app",
        "-H",
        "x-conversation: c-1",
        "--why-not",
        "aoai/eastus/gpt-4o-ptu",
        "--why-not",
        "aoai/weu/gpt-4o-ptu",
        "--why-not",
        "aoai/eastus/gpt-4o",
        "--why-not",
        "aoai/weu/gpt-4o",
    ];
    let text = Given::new(&[("request.yaml", CHAT)]).eval(folder.path(), &words).unwrap();
    assert_eq!(
        why(&text, "aoai/eastus/gpt-4o-ptu"),
        "  its `when` does not hold (models.yaml:10:7)\n  identity.labels.tier == \"gold\" gave false\n    identity.labels.tier = \"silver\""
    );
    assert_eq!(why(&text, "aoai/weu/gpt-4o-ptu"), "  its weight is 0: it is never called (models.yaml:13:7)");
    let (east, west) = (why(&text, "aoai/eastus/gpt-4o"), why(&text, "aoai/weu/gpt-4o"));
    let drawn = if east.contains("served") { west } else { east };
    assert!(
        drawn.contains(
            "of the same priority was drawn before it, by `sticky` with the key `c-1`: the same key always gets the same target"
        ),
        "{drawn}"
    );
    assert!(drawn.contains("it is drawn first for 20% of such requests, by its weight 20"), "{drawn}");
}

#[test]
fn why_a_caller_or_a_model_kept_a_target_from_being_chosen() {
    let folder = changed(&[("access.yaml", "models: [\"chat-*\"]", "models: [chat-default]")]);
    let given = Given::new(&[
        ("request.yaml", CHAT),
        ("small.yaml", "{path: /v1/chat/completions, body: {model: chat-small, messages: []}}"),
        ("up.yaml", "\"*\": {status: 503}\n"),
    ]);
    let ask = |words: &[&str]| {
        let text =
            given.eval(folder.path(), &[words, &["--as", "mobile-app", "--why-not", "aoai/gpt-4o-mini"]].concat()).unwrap();
        why(&text, "aoai/gpt-4o-mini")
    };
    assert_eq!(
        ask(&["--request", "small.yaml"]),
        "  the request was refused before any target was chosen: model_not_allowed\n  `who-may-what` refused it (access.yaml:19:18)"
    );
    assert_eq!(
        ask(&["--request", "request.yaml", "--upstream", "up.yaml"]),
        "  it is a target of the model `chat-small`, and the request was for `chat-default`\n  `chat-small` is its fallback, and its turn did not come: upstream_error\n  `who-may-what` refused it (access.yaml:19:18)"
    );
}

#[test]
fn why_a_route_was_not_chosen() {
    let text = azure(&[], &["--as", "mobile-app", "--why-not", "support", "--why-not", "assistant"]);
    assert_eq!(why(&text, "support"), "  POST /v1/chat/completions: the header `x-team` is not `support` (routes.yaml:15:13)");
    assert_eq!(why(&text, "assistant"), "  the request met its match at routes.yaml:3:18");
    let text = azure(&[], &["--as", "mobile-app", "-H", "x-team: support", "--why-not", "assistant"]);
    assert_eq!(
        why(&text, "assistant"),
        "  POST /v1/chat/completions: it fits, and the match of route `support` at routes.yaml:15:13 goes before it (routes.yaml:3:18)"
    );
    let folder = changed(&[(
        "routes.yaml",
        "matches: [{headers: {x-team: support}}]",
        "matches: [{headers: {x-team: support}, when: 'now.hour > 20'}]",
    )]);
    let given = Given::new(&[("request.yaml", CHAT)]);
    let words = ["--request", "request.yaml", "-H", "x-team: support", "--why-not", "support", "--at", "2026-01-01T12:00:00Z"];
    assert_eq!(
        why(&given.eval(folder.path(), &words).unwrap(), "support"),
        "  POST /v1/chat/completions: its `when` now.hour > 20 gave false (routes.yaml:15:13)\n    now.hour = 12"
    );
}

#[test]
fn a_credential_counts_as_long_as_the_real_one() {
    let twice = "- apiKey: {id: old, sha256: aa734e9d97114fd69aa7dff8392226816a4c79e79e9ee3134431b836372f838e, notAfter: 2026-02-01T00:00:00Z}\n    - apiKey: {id: mobile-1, sha";
    let folder = changed(&[("access.yaml", "- apiKey: {id: mobile-1, sha", twice)]);
    let given = Given::new(&[("request.yaml", CHAT)]);
    let ask = |who: &str, at: &str| given.eval(folder.path(), &["--request", "request.yaml", "--as", who, "--at", at]);
    let (january, march) = ("2026-01-01T00:00:00+01:00", "2026-03-01T00:00:00Z");
    assert!(ask("mobile-app", january).unwrap().contains("by a key made up for old"));
    assert!(ask("mobile-app", march).unwrap().contains("by a key made up for mobile-1"));
    assert!(ask("mobile-app/old", march).unwrap().contains("401 api_key_expired"), "{}", ask("mobile-app/old", march).unwrap());
    assert_eq!(ask("mobil-app", march).unwrap_err(), "there is no consumer `mobil-app`; did you mean `mobile-app`?");
    assert_eq!(
        ask("mobile-app/mobile-2", march).unwrap_err(),
        "the consumer `mobile-app` has no credential `mobile-2`; did you mean `mobile-1`?"
    );
    assert!(ask("mobile-app", "tomorrow").unwrap_err().starts_with("`tomorrow` is not a time"));
}
