use super::*;

/// Method, target, host, headers, body, notes.
fn shown(command: &str) -> String {
    match read(command) {
        Err(why) => format!("refused: {why}"),
        Ok(asked) => {
            let headers: String = asked.headers.iter().map(|(name, value)| format!(" [{name}: {value}]")).collect();
            let body = asked.body.map_or_else(String::new, |body| format!(" {}", String::from_utf8_lossy(&body)));
            let notes: String = asked.notes.iter().map(|note| format!(" ({note})")).collect();
            format!("{} {} {}{headers}{body}{notes}", asked.method, asked.host, asked.target)
        }
    }
}

const FORM: &str = "[content-type: application/x-www-form-urlencoded]";

#[test]
fn commands_as_people_copy_them() {
    let cases: &[(&str, String)] = &[
        ("curl https://ai.example/v1/models", "GET ai.example /v1/models".to_owned()),
        ("curl ai.example", "GET ai.example /".to_owned()),
        ("$ curl 'https://ai.example:8443?a=1#top'", "GET ai.example:8443 /?a=1".to_owned()),
        ("curl -XDELETE http://h/a", "DELETE h /a".to_owned()),
        ("curl --request PUT --url http://h/a", "PUT h /a".to_owned()),
        ("curl -I http://h/a", "HEAD h /a".to_owned()),
        ("curl http://h/ -d a=1 -d b=2", format!("POST h / {FORM} a=1&b=2")),
        ("curl http://h/ -H'Content-Type: text/plain' --data-raw @x", "POST h / [content-type: text/plain] @x".to_owned()),
        ("curl http://h/ -H 'content-type:' -d a", "POST h / a".to_owned()),
        ("curl http://h/ -H 'x-empty;'", "GET h / [x-empty: ]".to_owned()),
        ("curl -G http://h/a?x=1 -d b=2", "GET h /a?x=1&b=2".to_owned()),
        (
            "curl http://h/ --json '{\"a\":1}'",
            "POST h / [content-type: application/json] [accept: application/json] {\"a\":1}".to_owned(),
        ),
        ("curl -sSNu me:pw http://h/", "GET h / [authorization: Basic bWU6cHc=]".to_owned()),
        ("curl http://me@h/", "GET h / [authorization: Basic bWU6]".to_owned()),
        ("curl -A agent -b 'a=1' --compressed -o /dev/null -w '%{http_code}' http://h/", "GET h / [user-agent: agent] [cookie: a=1] [accept-encoding: deflate, gzip, br, zstd]".to_owned()),
        ("curl \\\n  -X POST \\\r\n  http://h/a", "POST h /a".to_owned()),
        ("curl http://h/ -d \"a \\\"b\\\" \\\\ \\x\"", format!("POST h / {FORM} a \"b\" \\ \\x")),
        ("curl http://h/ -d 'it'\\''s'", format!("POST h / {FORM} it's")),
        ("curl http://h/ --data-raw $'it\\'s\\u0021 \\xe4 \\n'", "refused: `\\e4` within `$'…'` is part of a character; write `\\u` and the character's number".to_owned()),
        ("curl http://h/ --data-raw $'\\u00e4\\ud83d\\ude00\\041'", format!("POST h / {FORM} ä😀!")),
        ("curl http://h/ | jq .a", "GET h / (`| jq .a` is left out: only the request counts)".to_owned()),
        (
            "curl http://h/ -H \"authorization: Bearer $KEY\" -H \"x: ${KEY}\"",
            "GET h / [authorization: Bearer $KEY] [x: ${KEY}] (`$KEY` is left as it stands: no variable is read) (`${KEY}` is left as it stands: no variable is read)".to_owned(),
        ),
        ("curl http://h/ # a remark", "GET h /".to_owned()),
        ("curl -- http://h/", "GET h /".to_owned()),
    ];
    for (command, expected) in cases {
        assert_eq!(shown(command), *expected, "{command}");
    }
}

#[test]
fn what_cannot_be_taken_is_named() {
    let cases = [
        ("wget http://h/", "it does not begin with `curl`"),
        ("curl", "it names no URL"),
        ("curl http://h/ http://i/", "it asks for two things, `http://h/` and `http://i/`; keep one"),
        ("curl ftp://h/", "`ftp://` is not HTTP"),
        ("curl http:///a", "`http:///a` names no host"),
        (
            "curl -d @body.json http://h/",
            "`-d @body.json` reads a file, and none is read for a command; give it by `--body FILE`",
        ),
        (
            "curl --data-binary @- http://h/",
            "`--data-binary @-` reads a file, and none is read for a command; give it by `--body FILE`",
        ),
        ("curl -H @headers http://h/", "`-H @headers` reads a file, and none is read for a command; write the headers out"),
        ("curl -H nonsense http://h/", "`-H 'nonsense'` is not a header: write `NAME: VALUE`"),
        ("curl -F a=b http://h/", "curl's `-F` is not understood here; leave it out, or write the request as YAML"),
        ("curl -sZ http://h/", "curl's `-Z` is not understood here; leave it out, or write the request as YAML"),
        (
            "curl --proxy-magic http://h/",
            "curl's `--proxy-magic` is not understood here; leave it out, or write the request as YAML",
        ),
        ("curl http://h/ -X", "nothing stands behind `-X`"),
        ("curl 'http://h/", "a ' is not closed"),
        ("curl \"http://h/", "a \" is not closed"),
        (
            "curl http://h/?a=1&b=2",
            "a second command follows, `b=2`; give one curl command, with `\\` at the end of every line but the last",
        ),
        (
            "curl http://h/\n  -X POST",
            "a second command follows, `-X`; give one curl command, with `\\` at the end of every line but the last",
        ),
        (
            "curl http://h/ -d \"$(cat a)\"",
            "a command within the command is not run; write out what it gives, or give the body by `--body FILE`",
        ),
        (
            "curl http://h/ -d `cat a`",
            "a command within the command is not run; write out what it gives, or give the body by `--body FILE`",
        ),
        ("curl http://h/ < a", "`<` sends files to or from the command; leave it out, and give a body by `--body FILE`"),
        ("curl http://h/ -d $'\\ud83d'", "`d83d` within `$'…'` is no character's number"),
        ("curl http://h/ -d $'\\q'", "`\\q` within `$'…'` is not understood"),
    ];
    for (command, why) in cases {
        assert_eq!(shown(command), format!("refused: {why}"), "{command}");
    }
}
