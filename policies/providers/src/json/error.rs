//! What can be wrong with a JSON document, with the byte offset at which it shows.

/// Why a document was not accepted. Every offset counts bytes from the start of the scanned bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Something else stands where the grammar of RFC 8259 wants `expected`.
    #[error("not JSON at byte {offset}: expected {expected}")]
    Syntax {
        /// Where.
        offset: usize,
        /// What the grammar allows there, in words.
        expected: &'static str,
    },
    /// The document ends before its value does.
    #[error("the JSON ends too early, at byte {offset}: expected {expected}")]
    Ended {
        /// The length of the document.
        offset: usize,
        /// What the grammar allows there, in words.
        expected: &'static str,
    },
    /// The document is some other JSON value, or none.
    #[error("the body must be a JSON object, and byte {offset} does not begin one")]
    NotAnObject {
        /// Where an opening brace was wanted.
        offset: usize,
    },
    /// The part is not an array.
    #[error("byte {offset} does not begin a JSON array")]
    NotAnArray {
        /// Where an opening bracket was wanted.
        offset: usize,
    },
    /// Something follows the document.
    #[error("bytes after the end of the JSON document, at byte {offset}")]
    TrailingBytes {
        /// Where the first of them stands.
        offset: usize,
    },
    /// More containers inside one another than allowed.
    #[error("JSON nested deeper than {limit} levels, at byte {offset}")]
    TooDeep {
        /// Where the container too many opens.
        offset: usize,
        /// The bound.
        limit: u16,
    },
    /// More members in the object than allowed.
    #[error("a JSON object of more than {limit} members, at byte {offset}")]
    TooManyMembers {
        /// Where the member too many begins.
        offset: usize,
        /// The bound.
        limit: usize,
    },
    /// Two members of one object have the same name once escapes are resolved.
    #[error("the member `{name}` occurs twice, again at byte {offset}")]
    DuplicateMember {
        /// The name, cut at 64 characters.
        name: String,
        /// Where the second one begins.
        offset: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8 at byte {offset}")]
    InvalidUtf8 {
        /// Where.
        offset: usize,
    },
    /// An escape that names half of a surrogate pair.
    #[error("half a surrogate pair at byte {offset}")]
    LoneSurrogate {
        /// Where the escape begins.
        offset: usize,
    },
    /// A control character inside a string that should have been escaped.
    #[error("an unescaped control character in a string, at byte {offset}")]
    ControlCharacter {
        /// Where.
        offset: usize,
    },
    /// An escape that JSON does not know.
    #[error("an unknown escape in a string, at byte {offset}")]
    UnknownEscape {
        /// Where the backslash stands.
        offset: usize,
    },
}
