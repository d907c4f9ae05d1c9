//! The command line that runs one case again.

use std::path::{Path, PathBuf};

/// What of this run's command line decides about what a case comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay {
    /// The policy folder as it was named.
    pub(crate) path: PathBuf,
    /// `--params`
    pub(crate) params: Option<PathBuf>,
    /// `--seed`
    pub(crate) seed: u64,
}

impl Replay {
    /// The command line that runs what is named so and nothing else, ready to be pasted into a shell.
    pub(crate) fn command_line(&self, name: &str) -> String {
        let mut words = vec!["aigw".to_owned(), "test".to_owned()];
        if self.path != Path::new(".") {
            words.push(quoted(&path_text(&self.path)));
        }
        if let Some(params) = &self.params {
            words.extend(["--params".to_owned(), quoted(&path_text(params))]);
        }
        if self.seed != 0 {
            words.extend(["--seed".to_owned(), self.seed.to_string()]);
        }
        words.extend(["--run".to_owned(), quoted(name)]);
        words.join(" ")
    }
}

/// A path that no reader takes for a flag.
fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy().into_owned();
    if text.starts_with('-') { format!("./{text}") } else { text }
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_decides_is_repeated() {
        let replay = Replay { path: "my policies".into(), params: Some("prod.yaml".into()), seed: 7 };
        assert_eq!(
            replay.command_line("chat / it's said"),
            r"aigw test 'my policies' --params prod.yaml --seed 7 --run 'chat / it'\''s said'"
        );
        assert_eq!(Replay { path: ".".into(), ..Replay::default() }.command_line("chat"), "aigw test --run chat");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_words_back() {
        for name in ["a b", "it's", "$(rm -rf /)", "`x`", "a\nb", "\"", "\\", "*", "a;b", "ä€", "!x", "~", "#1", ""] {
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(name))]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), name);
        }
    }
}
