//! The flags of curl that say something about a request, and those that do not (curl(1), version 8).

/// What a flag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Method,
    Header,
    /// Data; `@` in front reads a file.
    Data,
    /// Data as it stands.
    Raw,
    Json,
    User,
    Bearer,
    /// The value of the header of this name.
    Named(&'static str),
    Url,
    Get,
    Head,
    Compressed,
    /// Says nothing about the request: how it is sent, or what is shown.
    Aside,
    /// The same, with a value.
    AsideWithValue,
}

impl Flag {
    pub(super) const fn takes_value(self) -> bool {
        !matches!(self, Self::Get | Self::Head | Self::Compressed | Self::Aside)
    }
}

/// The flag of this name; `None` where it is not known, or cannot be taken.
pub(super) fn flag(name: &str) -> Option<Flag> {
    Some(match name {
        "-X" | "--request" => Flag::Method,
        "-H" | "--header" => Flag::Header,
        "-d" | "--data" | "--data-ascii" | "--data-binary" => Flag::Data,
        "--data-raw" => Flag::Raw,
        "--json" => Flag::Json,
        "-u" | "--user" => Flag::User,
        "--oauth2-bearer" => Flag::Bearer,
        "-A" | "--user-agent" => Flag::Named("user-agent"),
        "-e" | "--referer" => Flag::Named("referer"),
        "-b" | "--cookie" => Flag::Named("cookie"),
        "--url" => Flag::Url,
        "-G" | "--get" => Flag::Get,
        "-I" | "--head" => Flag::Head,
        "--compressed" => Flag::Compressed,
        "-s"
        | "--silent"
        | "-S"
        | "--show-error"
        | "-v"
        | "--verbose"
        | "-i"
        | "--include"
        | "--show-headers"
        | "-f"
        | "--fail"
        | "--fail-with-body"
        | "-L"
        | "--location"
        | "-k"
        | "--insecure"
        | "-N"
        | "--no-buffer"
        | "-g"
        | "--globoff"
        | "-#"
        | "--progress-bar"
        | "--no-progress-meter"
        | "-0"
        | "--http1.0"
        | "--http1.1"
        | "--http2"
        | "--http2-prior-knowledge"
        | "--http3"
        | "-4"
        | "--ipv4"
        | "-6"
        | "--ipv6"
        | "--tcp-nodelay"
        | "--no-keepalive"
        | "-O"
        | "--remote-name"
        | "-j"
        | "--path-as-is"
        | "-q"
        | "--disable" => Flag::Aside,
        "-o" | "--output" | "-w" | "--write-out" | "-m" | "--max-time" | "--connect-timeout" | "--retry" | "--retry-delay"
        | "--retry-max-time" | "-x" | "--proxy" | "--cacert" | "--capath" | "-E" | "--cert" | "--key" | "-D"
        | "--dump-header" | "--resolve" | "--connect-to" | "-c" | "--cookie-jar" | "--max-redirs" | "--limit-rate"
        | "--trace-ascii" | "--stderr" | "--unix-socket" | "--interface" | "--noproxy" | "--ciphers" => Flag::AsideWithValue,
        _ => return None,
    })
}
