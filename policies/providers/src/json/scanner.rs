//! The validating pass over bytes: a cursor that steps over one value at a time, without recursion or allocation.

use super::{Kind, MAX_DEPTH, ScanError};

/// A cursor over bytes that are known to be UTF-8.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth_limit: u16,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, depth_limit: u16) -> Self {
        Self { bytes, at, depth_limit: depth_limit.min(MAX_DEPTH) }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over one byte that the caller has looked at.
    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The error for what stands at the cursor.
    pub(super) fn unexpected(&self, expected: &'static str) -> ScanError {
        let offset = self.at;
        if offset < self.bytes.len() { ScanError::Syntax { offset, expected } } else { ScanError::Ended { offset, expected } }
    }

    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), ScanError> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over a whole value, `outer` containers deep, and says what it was.
    pub(super) fn value(&mut self, outer: u16) -> Result<Kind, ScanError> {
        let kind = self.scalar_or_open(outer)?;
        match kind {
            Kind::Array | Kind::Object => self.container(kind, outer)?,
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => {}
        }
        Ok(kind)
    }

    /// Steps over a scalar, or over the bracket that opens a container.
    #[inline]
    fn scalar_or_open(&mut self, depth: u16) -> Result<Kind, ScanError> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| Kind::String),
            Some(b'{') => self.open(Kind::Object, depth),
            Some(b'[') => self.open(Kind::Array, depth),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal(b"true", Kind::Bool),
            Some(b'f') => self.literal(b"false", Kind::Bool),
            Some(b'n') => self.literal(b"null", Kind::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn open(&mut self, kind: Kind, depth: u16) -> Result<Kind, ScanError> {
        if depth >= self.depth_limit {
            return Err(ScanError::TooDeep { offset: self.at, limit: self.depth_limit });
        }
        self.at += 1;
        Ok(kind)
    }

    /// Steps from behind an opening bracket to behind the one that closes it.
    fn container(&mut self, kind: Kind, outer: u16) -> Result<(), ScanError> {
        let mut nesting = Nesting::new(kind == Kind::Object);
        let mut fresh = true;
        loop {
            self.space();
            if !(fresh && self.peek() == Some(nesting.closer())) {
                if nesting.in_object {
                    self.member_name()?;
                }
                let opened = self.scalar_or_open(outer.saturating_add(nesting.depth))?;
                fresh = matches!(opened, Kind::Array | Kind::Object);
                if fresh {
                    nesting.push(opened == Kind::Object);
                    continue;
                }
            }
            if self.close(&mut nesting)? {
                return Ok(());
            }
            fresh = false;
        }
    }

    /// Behind a value: closes as many containers as end here. True when the outermost did, false behind a comma.
    fn close(&mut self, nesting: &mut Nesting) -> Result<bool, ScanError> {
        loop {
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    return Ok(false);
                }
                Some(byte) if byte == nesting.closer() => {
                    self.at += 1;
                    if nesting.pop() {
                        return Ok(true);
                    }
                }
                _ => return Err(self.unexpected(if nesting.in_object { "`,` or `}`" } else { "`,` or `]`" })),
            }
        }
    }

    /// Steps over a member's name, the colon and the space around it. True if the name holds an escape.
    pub(super) fn member_name(&mut self) -> Result<bool, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a member name"));
        }
        let escaped = self.string()?;
        self.space();
        self.expect(b':', "`:`")?;
        self.space();
        Ok(escaped)
    }

    /// Steps over a string, the cursor on its opening quote. True if it holds an escape.
    #[inline]
    pub(super) fn string(&mut self) -> Result<bool, ScanError> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_run(self.bytes.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(ScanError::ControlCharacter { offset: self.at }),
                None => return Err(self.unexpected("the end of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        let offset = self.at;
        match self.bytes.get(offset + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(offset)?;
                self.at += 6;
                match unit {
                    0xD800..=0xDBFF => {
                        let low = if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") { self.unit(self.at)? } else { 0 };
                        if !(0xDC00..=0xDFFF).contains(&low) {
                            return Err(ScanError::LoneSurrogate { offset });
                        }
                        self.at += 6;
                    }
                    0xDC00..=0xDFFF => return Err(ScanError::LoneSurrogate { offset }),
                    _ => {}
                }
            }
            Some(_) => return Err(ScanError::UnknownEscape { offset }),
            None => {
                self.at = self.bytes.len();
                return Err(self.unexpected("the end of an escape"));
            }
        }
        Ok(())
    }

    /// The code unit of the `\uXXXX` that begins at `offset`.
    fn unit(&self, offset: usize) -> Result<u16, ScanError> {
        hex_unit(self.bytes, offset + 2).ok_or(ScanError::UnknownEscape { offset })
    }

    fn literal(&mut self, text: &'static [u8], kind: Kind) -> Result<Kind, ScanError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text)) {
            return Err(self.unexpected("`true`, `false` or `null`"));
        }
        self.at += text.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected("a digit")) } else { Ok(()) }
    }
}

/// Which of the open containers are objects: one bit a level.
struct Nesting {
    objects: [u64; Self::WORDS],
    depth: u16,
    in_object: bool,
}

impl Nesting {
    const WORDS: usize = MAX_DEPTH as usize / 64;

    fn new(in_object: bool) -> Self {
        let mut nesting = Self { objects: [0; Self::WORDS], depth: 0, in_object };
        nesting.push(in_object);
        nesting
    }

    fn closer(&self) -> u8 {
        if self.in_object { b'}' } else { b']' }
    }

    fn push(&mut self, object: bool) {
        if let Some(word) = self.objects.get_mut(usize::from(self.depth / 64)) {
            let bit = 1 << (self.depth % 64);
            *word = if object { *word | bit } else { *word & !bit };
        }
        self.depth += 1;
        self.in_object = object;
    }

    /// Leaves the innermost container. True when none is left.
    fn pop(&mut self) -> bool {
        self.depth = self.depth.saturating_sub(1);
        let Some(outer) = self.depth.checked_sub(1) else { return true };
        let word = self.objects.get(usize::from(outer / 64)).copied().unwrap_or_default();
        self.in_object = word & (1 << (outer % 64)) != 0;
        false
    }
}

/// The code unit that four hexadecimal digits at `at` write.
pub(super) fn hex_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at.checked_add(4)?)?;
    let mut unit = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        unit = unit * 16 + u16::try_from(digit).ok()?;
    }
    Some(unit)
}

/// How many bytes at the front can stand in a string as they are: no quote, no backslash, no control character.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut run = 0;
    let mut rest = bytes;
    // Long texts first: without an early end within a chunk, so that the compiler looks at sixteen bytes at once.
    while let Some((chunk, tail)) = rest.split_first_chunk::<32>() {
        if chunk.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')) {
            break;
        }
        run += 32;
        rest = tail;
    }
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        // Eight bytes at once: a byte of `x` is zero exactly where the lowest high bit of `(x - ONES) & !x` appears; what
        // borrowing puts above that bit does not matter, since only the lowest is read.
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & HIGHS;
        if hits != 0 {
            return run + (hits.trailing_zeros() / 8) as usize;
        }
        run += 8;
        rest = tail;
    }
    run + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}
