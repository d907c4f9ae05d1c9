//! The signatures themselves. Letters count in either case, no pattern looks back or around, and every gap is bounded.
//!
//! A pattern wants more than a word: what people also write ("union", "select", "script") is no attack until it stands as code does. Each has cases
//! in `tests.rs`, and so has what must pass.

/// SQL.
pub(super) const SQL: &[&str] = &[
    // ' UNION ALL SELECT NULL, a, b FROM t
    r#"\bunion(?:[\s(]|/\*[^*]{0,40}\*/){1,20}(?:(?:all|distinct)(?:[\s(]|/\*[^*]{0,40}\*/){1,20})?select(?:\s|/\*[^*]{0,40}\*/){1,20}(?:all\s+|distinct\s+)?(?:null\b|\d|['"@*(]|[\w.]{1,60}\s{0,5}[,(]|[\w.]{1,60}\s{1,5}from\b)"#,
    // ' OR 'a'='a, ") or 1=1
    r#"['"]\s{0,9}\)*\s{0,9}(?:or|and|\|\||&&)\s{0,9}\(*\s{0,9}(?:['"][^'"]{0,40}['"]\s{0,9}(?:=|like\b)\s{0,9}['"]|\d{1,9}\s{0,9}(?:=|<|>|<>|!=)\s{0,9}\d|(?:true|false)\s{0,5}(?:--|#|$))"#,
    // 1 OR 1=1
    r"\b\d{1,18}\s{0,9}\)*\s{1,9}(?:or|and)\s{1,9}\(*(?:not\s{1,5})?\d{1,9}\s{0,9}(?:=|<|>|<>|!=)\s{0,9}\d{1,9}\b",
    // '; DROP TABLE users, 1; DELETE FROM users
    r"(?:;|\A)\s{0,9}(?:drop|alter|truncate|create)\s{1,9}(?:table|database|view|index|schema|procedure|function|login|role)\s{1,9}[\w\[\x22`.]{1,60}\s{0,5}(?:;|--|$|\()",
    r"['\x22)\d]\s{0,9};\s{0,9}(?:drop|alter|truncate|create)\s{1,9}(?:table|database|view|index|user|schema|procedure|function|login|role)\b",
    r"['\x22)\d]\s{0,9};\s{0,9}(?:delete\s{1,9}from|insert\s{1,9}into|declare\s{1,9}@|shutdown\b|waitfor\s{1,9}delay)\b?",
    r"['\x22)\d]\s{0,9};\s{0,9}update\s{1,9}[\w.\[\]`]{1,60}\s{1,9}set\b",
    r"['\x22)\d]\s{0,9};\s{0,9}(?:exec|execute)[\s(]{1,9}(?:xp_|sp_|immediate\b|master\b|@)",
    r"['\x22)\d]\s{0,9};\s{0,9}select\s{1,9}(?:[\w.*@(]{1,60})\s{0,9}(?:\(|,|from\b)",
    // admin'--, admin' #
    r"'\s{0,9}\)*\s{0,9};?\s{0,9}(?:--[\s+\-]{0,9}\z|#\s{0,9}\z|/\*)",
    // Functions that wait, read files or run commands.
    r"\b(?:pg_sleep|xp_cmdshell|load_file|updatexml|extractvalue|benchmark|utl_http\.request|dbms_pipe\.receive_message)\s{0,5}\(",
    r"(?:\b(?:and|or|select|if)\b|[,;'\x22|(=])\s{0,9}\(?\s{0,9}sleep\s{0,5}\(\s{0,5}\d",
    r"\bxp_cmdshell\b",
    r"\bwaitfor\s{1,9}delay\s{1,9}['\x22]",
    r"\binto\s{1,9}(?:outfile|dumpfile)\s{1,9}['\x22]",
    // Catalogues.
    r"\b(?:information_schema\s{0,3}\.\s{0,3}\w|sqlite_master\b|pg_catalog\s{0,3}\.\s{0,3}\w|sys(?:objects|columns)\b)",
    r"\border\s{1,9}by\s{1,9}\d{1,4}\s{0,9}(?:--|#\s{0,9}\z)",
];

/// Scripts for a browser.
pub(super) const XSS: &[&str] = &[
    r"<\s{0,9}/?\s{0,9}script\b[^\w]",
    r"<\s{0,9}script\z",
    // <img src=x onerror=…>, <svg/onload=…>
    r"<[a-z][^>]{0,400}[\s/'\x22]on[a-z]{3,24}\s{0,9}=",
    // " onmouseover="…
    r"['\x22]\s{1,9}on(?:error|load|click|focus|blur|mouse[a-z]{2,6}|pointer[a-z]{2,6}|key[a-z]{2,5}|toggle|animation[a-z]{3,9})\s{0,9}=\s{0,9}['\x22]?\s{0,9}[\w.]{1,60}\s{0,5}[(=`]",
    r"\bjavascript\s{0,9}:\s{0,9}(?:[\w.\[\]]{1,60}[(=`]|//|/\*|%[0-9a-f]{2})",
    r"\bvbscript\s{0,9}:\s{0,9}\w{1,60}\s{0,5}[(\x22]",
    r"\bdata\s{0,5}:\s{0,5}text/html\s{0,5}[;,]",
    r"<\s{0,9}(?:iframe|embed|object|applet|base|frame|frameset)\b[^>]{0,400}\b(?:src|srcdoc|href|data|code|codebase)\s{0,9}=",
    r"<\s{0,9}meta\b[^>]{0,400}\bhttp-equiv\s{0,9}=\s{0,9}['\x22]?\s{0,9}refresh",
    r"\bdocument\s{0,5}\.\s{0,5}(?:cookie|write|writeln|domain)\b",
    r"\b(?:eval|settimeout|setinterval|function)\s{0,5}\(\s{0,5}(?:atob|unescape|string\s{0,5}\.\s{0,5}fromcharcode|decodeuri)",
    r"\bstring\s{0,5}\.\s{0,5}fromcharcode\s{0,5}\(",
    r"&(?:#x0{0,6}3c|#0{0,6}60|lt);?\s{0,9}script\b\W",
];

/// Paths.
pub(super) const PATH: &[&str] = &[
    r"(?:\.\.[\\/]{1,3}){2,}",
    r"(?:\.\.;?[\\/]{1,3}|\.{4}[\\/]{2})(?:etc|proc|sys|windows|winnt|boot\.ini|var|usr|root|home|web-inf|meta-inf|\.[a-z])",
    r"\.\.;[\\/]",
    r"\.{4}[\\/]{2}",
    r"(?:\A|[\\/\s=:'\x22(,;@])[\\/]{0,3}etc[\\/]{1,3}(?:passwd|shadow|sudoers|master\.passwd|ssh[\\/])",
    r"[\\/]proc[\\/]{1,3}(?:self|\d{1,7})[\\/]{1,3}(?:environ|cmdline|maps|fd|cwd|root|mem)\b",
    r"[\\/](?:windows|winnt)[\\/]{1,3}(?:win\.ini|system\.ini|system32|repair)\b",
    r"(?:\A|[\\/:])boot\.ini\b",
    r"[\\/](?:\.ssh[\\/]{1,3}(?:id_[a-z0-9]{2,10}|authorized_keys)|\.aws[\\/]{1,3}credentials|\.git[\\/]{1,3}(?:config|head)\b|\.env\z|\.htpasswd|wp-config\.php|web-inf[\\/]{1,3}web\.xml)",
    r"(?:\A|[\s='\x22(,])(?:file|php|phar|expect|gopher|dict|netdoc|jar:file)://?[\w/.]",
    r"\x00",
    // ../ in overlong UTF-8
    r"\.\.(?:%c0%af|%c1%9c|\xc0\xaf|\xc1\x9c)",
];

/// Commands.
pub(super) const COMMAND: &[&str] = &[
    r"(?:;|\|\|?|&&|`|\n)\s{0,9}(?:/(?:usr/)?s?bin/)?(?:cat\s{1,9}[/~.$]|ls\s{1,9}[-/~]|uname\s{1,9}-|wget\s{1,9}(?:-|https?:)|curl\s{1,9}(?:-|https?:)|nc\s{1,9}-|ncat\s{1,9}[-\d]|(?:ba|z|k|c|da)?sh\s{1,9}-[ci]\b|powershell(?:\.exe)?\s{1,9}-|cmd(?:\.exe)?\s{1,9}/c\b|ping\s{1,9}-[cn]\s|nslookup\s{1,9}[\w.]|rm\s{1,9}-[rf]|chmod\s{1,9}[+0-7]|python[23]?\s{1,9}-c\b|perl\s{1,9}-e\b)",
    r"(?:;|\|\|?|&&|`)\s{0,9}whoami\b",
    r"\$\(\s{0,9}(?:cat|curl|wget|id|whoami|uname|ls|nslookup|ping|nc|env|printenv|(?:ba|z)?sh)\b[^)]{0,200}\)",
    r"`\s{0,9}(?:cat|curl|wget|uname|nslookup|ping|nc|(?:ba|z)?sh)\s[^`]{0,200}`",
    r"\$\{\s{0,5}(?:jndi|lower|upper|env|sys|java|main|ctx|date|k8s|docker|::-)\s{0,5}:",
    r"\$\{[^}]{0,40}\$\{[^}]{0,40}\}[^}]{0,40}:",
    r"\$\{(?:::-|[^}]{0,20}:-)[a-z]\}",
    r"\(\s{0,5}\)\s{0,5}\{\s{0,5}:?\s{0,5};\s{0,5}\}\s{0,5};",
    r"(?:\A|[\s;|&'\x22=(])/bin/(?:ba|z|k|c|da)?sh\b",
    r"/dev/(?:tcp|udp)/[\w.]{1,80}/\d",
    r"\bcmd\.exe\b\s{0,5}(?:/c|\z|['\x22])",
];
