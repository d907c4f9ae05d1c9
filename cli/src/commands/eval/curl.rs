//! A request as a curl command, as people copy it from documentation or a browser. Nothing is run and no file or variable is read.

mod flags;
mod words;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use self::flags::{Flag, flag};
use super::asked::Asked;

/// Reads a curl command.
///
/// # Errors
/// What of it cannot be taken, and what to do instead.
pub(super) fn read(command: &str) -> Result<Asked, String> {
    let line = words::split(command)?;
    let mut words = line.words.into_iter();
    if words.next().as_deref() != Some("curl") {
        return Err("it does not begin with `curl`".to_owned());
    }
    let mut curl = Curl::default();
    while let Some(word) = words.next() {
        curl.take(&word, &mut words)?;
    }
    let mut asked = curl.asked()?;
    asked.notes.extend(line.notes);
    Ok(asked)
}

/// A curl command, read so far.
#[derive(Default)]
struct Curl {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    /// Headers that curl is told to leave out.
    without: Vec<String>,
    data: Option<String>,
    /// Whether data is JSON, by `--json`.
    json: bool,
    /// Whether data goes into the query.
    get: bool,
    head: bool,
    only_urls: bool,
}

impl Curl {
    fn take(&mut self, word: &str, rest: &mut impl Iterator<Item = String>) -> Result<(), String> {
        if self.only_urls || !word.starts_with('-') || word == "-" {
            return self.url(word.to_owned());
        }
        if word == "--" {
            self.only_urls = true;
            return Ok(());
        }
        if word.starts_with("--") {
            let flag = flag(word).ok_or_else(|| unknown(word))?;
            let value = if flag.takes_value() { Some(rest.next().ok_or_else(|| nothing_behind(word))?) } else { None };
            return self.apply(flag, word, value.unwrap_or_default());
        }
        // Several letters behind one dash: the first that takes a value takes the rest, or the next word.
        let mut letters = word.chars().skip(1);
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            let flag = flag(&name).ok_or_else(|| unknown(&name))?;
            if flag.takes_value() {
                let behind: String = letters.collect();
                let value = if behind.is_empty() { rest.next().ok_or_else(|| nothing_behind(&name))? } else { behind };
                return self.apply(flag, &name, value);
            }
            self.apply(flag, &name, String::new())?;
        }
        Ok(())
    }

    fn apply(&mut self, flag: Flag, name: &str, value: String) -> Result<(), String> {
        match flag {
            Flag::Method => self.method = Some(value),
            Flag::Header => self.header(&value)?,
            Flag::Data | Flag::Raw => self.data(name, flag, value, "&")?,
            Flag::Json => {
                self.json = true;
                self.data(name, flag, value, "")?;
            }
            Flag::User => self.headers.push(("authorization".to_owned(), basic(&value))),
            Flag::Bearer => self.headers.push(("authorization".to_owned(), format!("Bearer {value}"))),
            Flag::Named(header) => self.headers.push((header.to_owned(), value)),
            Flag::Url => self.url(value)?,
            Flag::Get => self.get = true,
            Flag::Head => self.head = true,
            Flag::Compressed => self.headers.push(("accept-encoding".to_owned(), "deflate, gzip, br, zstd".to_owned())),
            Flag::Aside | Flag::AsideWithValue => {}
        }
        Ok(())
    }

    fn url(&mut self, url: String) -> Result<(), String> {
        match &self.url {
            None => self.url = Some(url),
            Some(first) => return Err(format!("it asks for two things, `{first}` and `{url}`; keep one")),
        }
        Ok(())
    }

    fn header(&mut self, text: &str) -> Result<(), String> {
        if text.starts_with('@') {
            return Err(format!("`-H {text}` reads a file, and none is read for a command; write the headers out"));
        }
        match (text.split_once(':'), text.strip_suffix(';')) {
            (Some((name, value)), _) if value.trim().is_empty() => self.without.push(name.trim().to_ascii_lowercase()),
            (Some((name, value)), _) => self.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned())),
            (None, Some(name)) => self.headers.push((name.trim().to_ascii_lowercase(), String::new())),
            (None, None) => return Err(format!("`-H '{text}'` is not a header: write `NAME: VALUE`")),
        }
        Ok(())
    }

    fn data(&mut self, name: &str, flag: Flag, value: String, between: &str) -> Result<(), String> {
        if value.starts_with('@') && flag != Flag::Raw {
            return Err(format!("`{name} {value}` reads a file, and none is read for a command; give it by `--body FILE`"));
        }
        match &mut self.data {
            None => self.data = Some(value),
            Some(data) => *data += &format!("{between}{value}"),
        }
        Ok(())
    }

    fn asked(mut self) -> Result<Asked, String> {
        let (host, mut target) = self.place()?;
        let data = if self.get { None } else { self.data.take() };
        if let Some(query) = self.data.filter(|_| self.get) {
            target += &format!("{}{query}", if target.contains('?') { '&' } else { '?' });
        }
        let usual = match (self.head, &data) {
            (true, _) => "HEAD",
            (false, Some(_)) => "POST",
            (false, None) => "GET",
        };
        let mut headers = Vec::new();
        if data.is_some() {
            let kind = if self.json { "application/json" } else { "application/x-www-form-urlencoded" };
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        if self.json {
            headers.push(("accept".to_owned(), "application/json".to_owned()));
        }
        // What is written out replaces what curl would add.
        headers.retain(|(name, _)| !self.headers.iter().any(|(own, _)| own == name) && !self.without.contains(name));
        headers.extend(self.headers);
        Ok(Asked {
            method: self.method.unwrap_or_else(|| usual.to_owned()),
            target,
            host,
            headers,
            body: data.map(String::into_bytes),
            ..Asked::default()
        })
    }

    /// Host, and path with query, of the URL.
    fn place(&mut self) -> Result<(String, String), String> {
        let url = self.url.take().ok_or("it names no URL")?;
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => rest,
            Some((scheme, _)) => return Err(format!("`{scheme}://` is not HTTP")),
            None => url.as_str(),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if host.is_empty() {
            return Err(format!("`{url}` names no host"));
        }
        if let Some(user) = user {
            self.headers.push(("authorization".to_owned(), basic(user)));
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok((host.to_owned(), target))
    }
}

fn basic(user: &str) -> String {
    let user = if user.contains(':') { user.to_owned() } else { format!("{user}:") };
    format!("Basic {}", BASE64_STANDARD.encode(user))
}

fn unknown(name: &str) -> String {
    format!("curl's `{name}` is not understood here; leave it out, or write the request as YAML")
}

fn nothing_behind(name: &str) -> String {
    format!("nothing stands behind `{name}`")
}

#[cfg(test)]
mod tests;
