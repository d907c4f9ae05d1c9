//! The words of a command as a POSIX shell, and bash's `$'…'`, would split it (POSIX.1-2024, volume 3, section 2.2). Nothing is expanded.

use std::iter::Peekable;
use std::str::Chars;

/// A command in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// What was left as it stands, or left out.
    pub(super) notes: Vec<String>,
}

/// Splits the first command of a text.
///
/// # Errors
/// What only a shell could make words of.
pub(super) fn split(text: &str) -> Result<Line, String> {
    let text = text.trim();
    let text = text.strip_prefix("$ ").unwrap_or(text);
    let mut splitter = Splitter { chars: text.chars().peekable(), line: Line::default(), word: None, variables: Vec::new() };
    splitter.run()?;
    let Splitter { mut line, variables, .. } = splitter;
    line.notes.extend(variables.iter().map(|name| format!("`{name}` is left as it stands: no variable is read")));
    Ok(line)
}

struct Splitter<'t> {
    chars: Peekable<Chars<'t>>,
    line: Line,
    /// The word that is being read.
    word: Option<String>,
    variables: Vec<String>,
}

impl Splitter<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(char) = self.chars.next() {
            match char {
                '\\' => self.escaped(),
                '\'' => self.single()?,
                '"' => self.double()?,
                '$' if self.chars.peek() == Some(&'\'') => self.ansi()?,
                '$' => self.dollar()?,
                '`' => return Err(substitution()),
                ' ' | '\t' | '\r' => self.finish(),
                '#' if self.word.is_none() => break,
                '\n' | ';' | '|' | '&' => {
                    self.finish();
                    self.leave(char)?;
                    break;
                }
                '<' | '>' => {
                    return Err(format!(
                        "`{char}` sends files to or from the command; leave it out, and give a body by `--body FILE`"
                    ));
                }
                other => self.push(other),
            }
        }
        self.finish();
        Ok(())
    }

    fn push(&mut self, char: char) {
        self.word.get_or_insert_default().push(char);
    }

    fn finish(&mut self) {
        self.line.words.extend(self.word.take());
    }

    /// What follows the command is not about the request, unless it is another one.
    fn leave(&mut self, char: char) -> Result<(), String> {
        let rest: String = self.chars.by_ref().collect();
        let rest = rest.trim_start_matches([';', '|', '&', '\n']).trim();
        if rest.is_empty() {
            return Ok(());
        }
        if char != '|' {
            let first = rest.split_whitespace().next().unwrap_or_default();
            return Err(format!(
                "a second command follows, `{first}`; give one curl command, with `\\` at the end of every line but the last"
            ));
        }
        self.line.notes.push(format!("`| {rest}` is left out: only the request counts"));
        Ok(())
    }

    /// A backslash outside of quotes; before a line's end it joins two lines.
    fn escaped(&mut self) {
        if self.chars.peek() == Some(&'\r') {
            self.chars.next();
        }
        match self.chars.next() {
            Some('\n') | None => {}
            Some(char) => self.push(char),
        }
    }

    fn single(&mut self) -> Result<(), String> {
        self.word.get_or_insert_default();
        loop {
            match self.chars.next() {
                Some('\'') => return Ok(()),
                Some(char) => self.push(char),
                None => return Err(open("'")),
            }
        }
    }

    fn double(&mut self) -> Result<(), String> {
        self.word.get_or_insert_default();
        loop {
            match self.chars.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.chars.next() {
                    Some('\n') => {}
                    Some(char @ ('"' | '\\' | '$' | '`')) => self.push(char),
                    Some(char) => {
                        self.push('\\');
                        self.push(char);
                    }
                    None => return Err(open("\"")),
                },
                Some('$') => self.dollar()?,
                Some('`') => return Err(substitution()),
                Some(char) => self.push(char),
                None => return Err(open("\"")),
            }
        }
    }

    /// A variable stays as it stands; which, is noted.
    fn dollar(&mut self) -> Result<(), String> {
        let mut name = "$".to_owned();
        match self.chars.peek() {
            Some('(') => return Err(substitution()),
            Some('{') => loop {
                match self.chars.next() {
                    Some('}') => break name.push('}'),
                    Some(char) => name.push(char),
                    None => return Err(open("${")),
                }
            },
            _ => {
                while let Some(char) = self.chars.next_if(|char| char.is_ascii_alphanumeric() || *char == '_') {
                    name.push(char);
                }
            }
        }
        self.word.get_or_insert_default().push_str(&name);
        if name.len() > 1 && !self.variables.contains(&name) {
            self.variables.push(name);
        }
        Ok(())
    }

    /// `$'…'`, as browsers write what holds quotes or other characters than ASCII.
    fn ansi(&mut self) -> Result<(), String> {
        self.chars.next();
        self.word.get_or_insert_default();
        loop {
            match self.chars.next() {
                Some('\'') => return Ok(()),
                Some('\\') => {
                    let char = self.ansi_escape()?;
                    self.push(char);
                }
                Some(char) => self.push(char),
                None => return Err(open("$'")),
            }
        }
    }

    fn ansi_escape(&mut self) -> Result<char, String> {
        let char = self.chars.next().ok_or_else(|| open("$'"))?;
        Ok(match char {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'e' | 'E' => '\u{1b}',
            'x' => {
                let digits = self.digits(16, 2);
                ascii(u32::from_str_radix(&digits, 16).ok(), &digits)?
            }
            'u' => self.surrogates()?,
            'U' => {
                let digits = self.digits(16, 8);
                character(u32::from_str_radix(&digits, 16).ok(), &digits)?
            }
            '0'..='7' => {
                let digits: String = std::iter::once(char).chain(self.digits(8, 2).chars()).collect();
                ascii(u32::from_str_radix(&digits, 8).ok(), &digits)?
            }
            other @ ('\\' | '\'' | '"' | '?') => other,
            other => return Err(format!("`\\{other}` within `$'…'` is not understood")),
        })
    }

    /// Browsers write what lies beyond the sixteenth bit in two escapes.
    fn surrogates(&mut self) -> Result<char, String> {
        let first = self.digits(16, 4);
        let code = u32::from_str_radix(&first, 16).ok();
        let Some(high @ 0xd800..0xdc00) = code else { return character(code, &first) };
        let (backslash, letter, second) = (self.chars.next(), self.chars.next(), self.digits(16, 4));
        let low = u32::from_str_radix(&second, 16).ok().filter(|low| (0xdc00..0xe000).contains(low));
        let code = low.filter(|_| (backslash, letter) == (Some('\\'), Some('u')));
        character(code.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), &first)
    }

    fn digits(&mut self, radix: u32, most: usize) -> String {
        let mut digits = String::new();
        while digits.len() < most
            && let Some(digit) = self.chars.next_if(|char| char.is_digit(radix))
        {
            digits.push(digit);
        }
        digits
    }
}

fn character(code: Option<u32>, digits: &str) -> Result<char, String> {
    code.and_then(char::from_u32).ok_or_else(|| format!("`{digits}` within `$'…'` is no character's number"))
}

/// One byte is a character only below 128.
fn ascii(code: Option<u32>, digits: &str) -> Result<char, String> {
    match code {
        Some(128..) => Err(format!("`\\{digits}` within `$'…'` is part of a character; write `\\u` and the character's number")),
        code => character(code, digits),
    }
}

fn open(quote: &str) -> String {
    format!("a {quote} is not closed")
}

fn substitution() -> String {
    "a command within the command is not run; write out what it gives, or give the body by `--body FILE`".to_owned()
}
