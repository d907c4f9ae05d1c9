//! Colours of what is drawn by hand.

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    /// Whether it colours.
    pub(super) colored: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(super) fn bold_red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}
