//! When an expression is read, and so what it can know.

/// The moment at which an expression is evaluated. A later one knows all that an earlier one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A Route is matched: the head of the request and the time.
    Match,
    /// The caller is known, and so is the Route (authorize and admit).
    Admit,
    /// The body has been read and the Model is resolved.
    Resolve,
    /// Messages and parameters are written.
    Prompt,
    /// A target is chosen: `when:` of a target, and `sticky:`.
    Call,
}

impl Scope {
    /// Every scope, earliest first.
    pub const ALL: [Self; 5] = [Self::Match, Self::Admit, Self::Resolve, Self::Prompt, Self::Call];

    /// The moment in words, to follow "when", as in "when a route is matched".
    #[must_use]
    pub const fn moment(self) -> &'static str {
        match self {
            Self::Match => "a route is matched",
            Self::Admit => "the caller is admitted",
            Self::Resolve => "the model is resolved",
            Self::Prompt => "the prompt is written",
            Self::Call => "a target is chosen",
        }
    }
}
