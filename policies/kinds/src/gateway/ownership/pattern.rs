//! Patterns of paths: `tenants/{tenant}/**`, `*.test.yaml`.

use std::str::FromStr;

use aigw_core::Name;

/// Most segments of a pattern: folders of policies are not read deeper.
const MAX_SEGMENTS: usize = 32;
/// Longest pattern in bytes.
const MAX_LENGTH: usize = 500;
/// What means something to the readers of CODEOWNERS, or to shells, and cannot stand for itself.
const SPECIAL: [char; 9] = ['\\', '[', ']', '?', '!', '#', '}', '"', '\''];

/// What captures stand for: names and values, in the order of the pattern.
pub type Captures<'n, 'p> = Vec<(&'n str, &'p str)>;

/// A pattern of paths relative to the policy folder, with `/`. `*` is any text within one segment, `{name}` is such a text that is not empty and has
/// a name, `**` is any number of folders, and at the end everything within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**` between others: any number of folders, also none.
    Folders,
    /// A name of a folder or file.
    Named { before: String, wild: Option<Wild>, after: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wild {
    Any,
    Capture(String),
}

impl Segment {
    /// `*`: any one name.
    const ANY: Self = Self::Named { before: String::new(), wild: Some(Wild::Any), after: String::new() };
}

impl FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(format!("a pattern has 1 to {MAX_LENGTH} bytes"));
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(format!("`{text}` begins or ends with `/`: write `folder/**` for what is within a folder"));
        }
        let mut segments = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut parts = text.split('/').peekable();
        while let Some(part) = parts.next() {
            match part {
                // At the end it is everything within, and so at least one more name.
                "**" if parts.peek().is_none() => segments.extend([Segment::ANY, Segment::Folders]),
                "**" => segments.push(Segment::Folders),
                _ => segments.push(segment(part, &mut names)?),
            }
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(format!("a pattern has at most {MAX_SEGMENTS} segments"));
        }
        Ok(Self { segments })
    }
}

fn segment<'t>(part: &'t str, names: &mut Vec<&'t str>) -> Result<Segment, String> {
    if matches!(part, "" | "." | "..") {
        return Err(format!("`{part}` is not a name of a folder or file"));
    }
    let sound = |text: &str| !text.contains(['*', '{']) && !text.contains(SPECIAL) && !text.contains(char::is_whitespace);
    let fault = || format!("`{part}` is not a segment: write a name with at most one `*` or one `{{capture}}` in it, or `**`");
    let (before, wild, after) = match part.find(['*', '{']) {
        None => (part, None, ""),
        Some(at) => {
            let (before, rest) = part.split_at(at);
            match rest.strip_prefix('*') {
                Some(after) => (before, Some(Wild::Any), after),
                None => {
                    let (name, after) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or_else(fault)?;
                    if name.parse::<Name>().is_err() {
                        return Err(format!("`{name}` is not a name for a capture: write a-z, 0-9 and `-`"));
                    }
                    if names.contains(&name) {
                        return Err(format!("the capture `{name}` stands twice in one path"));
                    }
                    names.push(name);
                    (before, Some(Wild::Capture(name.to_owned())), after)
                }
            }
        }
    };
    if !sound(before) || !sound(after) {
        return Err(fault());
    }
    Ok(Segment::Named { before: before.to_owned(), wild, after: after.to_owned() })
}

impl PathPattern {
    /// The names of its captures, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Named { wild: Some(Wild::Capture(name)), .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// What its captures stand for in a path; `None` where the path does not fit. Of several ways to fit, that with the fewest folders in its first
    /// `**` counts. Takes time in proportion to the product of both lengths at most.
    #[must_use]
    pub fn captures<'n, 'p>(&'n self, path: &'p str) -> Option<Captures<'n, 'p>> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut found: Captures<'n, 'p> = Vec::new();
        let (mut segment, mut part) = (0, 0);
        // The last `**` that was met, the part from which it may take one more, and how many captures came before it.
        let mut again: Option<(usize, usize, usize)> = None;
        loop {
            match (self.segments.get(segment), parts.get(part)) {
                (None, None) => return Some(found),
                (Some(Segment::Folders), _) => {
                    again = Some((segment, part, found.len()));
                    segment += 1;
                    continue;
                }
                (Some(Segment::Named { before, wild, after }), Some(text)) => {
                    if let Some(inner) = fits(before, wild.as_ref(), after, text) {
                        if let Some(Wild::Capture(name)) = wild {
                            found.push((name, inner));
                        }
                        segment += 1;
                        part += 1;
                        continue;
                    }
                }
                _ => {}
            }
            let (folders, from, kept) = again?;
            if from >= parts.len() {
                return None;
            }
            again = Some((folders, from + 1, kept));
            found.truncate(kept);
            segment = folders + 1;
            part = from + 1;
        }
    }

    /// Whether every path that fits `other` fits this one. `true` is certain; `false` may only mean that it is hard to tell.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.is_everything() || covers(&self.segments, &other.segments)
    }

    /// Whether every path fits.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.segments == [Segment::ANY, Segment::Folders]
    }

    /// As CODEOWNERS writes it, below a folder: with the values of captures that have one, and `*` for the others. `Err` names a value that cannot be
    /// written there.
    pub(super) fn written(&self, below: &str, captures: &[(&str, &str)]) -> Result<String, String> {
        let (inside, segments) = match self.segments.as_slice() {
            [rest @ .., any, Segment::Folders] if *any == Segment::ANY => (true, rest),
            all => (false, all),
        };
        let mut text = String::new();
        for name in below.split('/').filter(|name| !name.is_empty()) {
            text.push('/');
            text.push_str(&escaped(name)?);
        }
        for segment in segments {
            text.push('/');
            match segment {
                Segment::Folders => text.push_str("**"),
                Segment::Named { before, wild, after } => {
                    text.push_str(before);
                    match wild {
                        None => {}
                        Some(Wild::Capture(name)) => match captures.iter().find(|(known, _)| known == name) {
                            Some((_, value)) => text.push_str(&escaped(value)?),
                            None => text.push('*'),
                        },
                        Some(Wild::Any) => text.push('*'),
                    }
                    text.push_str(after);
                }
            }
        }
        if text.is_empty() {
            return Ok("*".to_owned());
        }
        if inside {
            text.push('/');
        }
        Ok(text)
    }
}

/// The text between what a segment begins and ends with.
fn fits<'p>(before: &str, wild: Option<&Wild>, after: &str, part: &'p str) -> Option<&'p str> {
    let inner = part.strip_prefix(before)?.strip_suffix(after)?;
    match wild {
        None => inner.is_empty().then_some(inner),
        Some(Wild::Any) => Some(inner),
        Some(Wild::Capture(_)) => (!inner.is_empty()).then_some(inner),
    }
}

fn covers(these: &[Segment], those: &[Segment]) -> bool {
    // Row by row from the end: whether the rest of `these` covers the rest of `those`, for every rest.
    let mut below: Vec<bool> = (0..=those.len()).map(|at| at == those.len()).collect();
    for segment in these.iter().rev() {
        let mut row = vec![false; those.len() + 1];
        for at in (0..=those.len()).rev() {
            let covered = |row: &[bool], at: usize| row.get(at).copied().unwrap_or(false);
            let fits = match (segment, those.get(at)) {
                (Segment::Folders, other) => covered(&below, at) || other.is_some() && covered(&row, at + 1),
                (Segment::Named { before, wild, after }, Some(Segment::Named { before: b, wild: w, after: a })) => {
                    let one = match (wild, w) {
                        (None, None) => (before, after) == (b, a),
                        (None, Some(_)) => false,
                        (Some(_), None) => fits(before, wild.as_ref(), after, b).is_some(),
                        (Some(Wild::Any), Some(_)) => b.starts_with(before.as_str()) && a.ends_with(after.as_str()),
                        (Some(Wild::Capture(_)), Some(Wild::Capture(_))) => {
                            b.starts_with(before.as_str()) && a.ends_with(after.as_str())
                        }
                        // A `*` may be empty, and a whole name never is.
                        (Some(Wild::Capture(_)), Some(Wild::Any)) => {
                            b.starts_with(before.as_str())
                                && a.ends_with(after.as_str())
                                && (b.len() + a.len() > before.len() + after.len() || before.is_empty() && after.is_empty())
                        }
                    };
                    one && covered(&below, at + 1)
                }
                _ => false,
            };
            if let Some(cell) = row.get_mut(at) {
                *cell = fits;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

/// A name of a folder as CODEOWNERS takes it: blanks behind a backslash, and nothing that would be a pattern.
fn escaped(name: &str) -> Result<String, String> {
    if name.contains(SPECIAL) || name.contains(['*', '{']) || name.chars().any(char::is_control) {
        return Err(name.to_owned());
    }
    Ok(name.replace(' ', "\\ "))
}
