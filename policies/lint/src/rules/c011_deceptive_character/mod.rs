//! Characters that make a text look like another one.

use aigw_kinds::Repository;
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "C011", name: "deceptive-character" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for doc in &repository.documents {
        view::visit_strings(&doc.node.root, "", &mut |text, place, _| {
            findings.extend(deception(text).map(|what| finding(place, &what)));
        });
    }
    for file in repository.files.values() {
        findings.extend(deception(&sources.file(*file).text).map(|what| finding(Span::point(*file, 0), &what)));
    }
}

fn finding(place: Span, what: &str) -> Finding {
    Finding::warning(ID, place, format!("this text {what}"))
        .help("type it anew; text copied from elsewhere may hold characters that nobody sees")
}

/// What in a text deceives the eye; `None` for honest ones, whatever their script.
fn deception(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    invisible(text).or_else(|| mixed_word(text))
}

/// A character without a shape of its own, where no script of the text needs it. The Unicode reports TR36 and TR39 say what they are abused for.
fn invisible(text: &str) -> Option<String> {
    let right_to_left =
        text.chars().any(|c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'));
    // Scripts without spaces between words mark their ends with U+200B.
    let marks_words =
        text.chars().any(|c| matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'));
    let flags = text.contains('\u{1f3f4}');
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let between_ascii =
            before.is_some_and(|c: char| c.is_ascii_alphanumeric()) && characters.peek().is_some_and(char::is_ascii_alphanumeric);
        let what = match c {
            '\u{200b}' if marks_words => None,
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{180e}' => Some("holds an invisible space"),
            '\u{200c}' | '\u{200d}' if between_ascii => Some("holds an invisible joiner"),
            '\u{200e}' | '\u{200f}' | '\u{61c}' if between_ascii => Some("holds an invisible mark of direction"),
            '\u{202d}' | '\u{202e}' => Some("holds a character that turns the direction of reading around"),
            '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}' if !right_to_left => {
                Some("holds a character that changes the direction of reading")
            }
            '\u{e0000}'..='\u{e007f}' if !flags => Some("holds invisible letters, which a model reads"),
            _ => None,
        };
        if let Some(what) = what {
            return Some(format!("{what}, U+{:04X}", u32::from(c)));
        }
        before = Some(c);
    }
    None
}

/// Letters of other scripts that look like Latin ones (Unicode TR39, confusables), with what they look like.
const LOOK_ALIKES: [(char, char); 20] = [
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('ԁ', 'd'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('ο', 'o'),
];

/// A word that mixes Latin letters with ones that only look so.
fn mixed_word(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let mixed = words.filter(|word| !word.is_ascii() && word.chars().any(|c| c.is_ascii_alphabetic())).find_map(|word| {
        let letter = word.chars().find_map(|c| LOOK_ALIKES.iter().find(|(alike, _)| *alike == c))?;
        Some((word, letter))
    });
    let (word, (alike, latin)) = mixed?;
    let shown: String = word.chars().take(40).collect();
    Some(format!("has the word `{shown}`, in which one letter is not `{latin}` but looks like it, U+{:04X}", u32::from(*alike)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_texts_of_any_script_pass() {
        for text in [
            "chat",
            "über Größe",
            "Привет, мир",
            "سلام دنیا",
            "می\u{200c}خواهم",
            "👩\u{200d}💻 works",
            "Δt in μs",
            "עברית \u{2067}abc\u{2069}",
            "日本語 text",
            "ภาษา\u{200b}ไทย",
        ] {
            assert_eq!(deception(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_eye_cannot_see_is_named() {
        for (text, code) in [
            ("ch\u{200b}at", "U+200B"),
            ("ch\u{200d}at", "U+200D"),
            ("a\u{202e}b", "U+202E"),
            ("user \u{2066}admin\u{2069}", "U+2066"),
            ("hi\u{e0041}", "U+E0041"),
            ("с\u{0068}at", "U+0441"),
        ] {
            assert!(deception(text).is_some_and(|what| what.ends_with(code)), "{text:?} {:?}", deception(text));
        }
    }
}
