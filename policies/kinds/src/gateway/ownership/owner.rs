//! Owners as CODEOWNERS knows them: `@user`, `@org/team`, an e-mail address.

use crate::lower::values::is_host;

/// Longest name of a user or organisation: GitHub's bound is 39, and enterprises append `_` and a short code.
const MAX_LOGIN: usize = 50;
/// Longest name of a team.
const MAX_TEAM: usize = 100;
/// Longest e-mail address (RFC 5321 section 4.5.3.1.3, without the brackets).
const MAX_EMAIL: usize = 254;

/// Whether a text is an owner.
pub(super) fn is_owner(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(name) => match name.split_once('/') {
            Some((organisation, team)) => is_login(organisation) && is_team(team),
            None => is_login(name),
        },
        None => is_email(text),
    }
}

fn is_login(text: &str) -> bool {
    let sound = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    sound && !text.is_empty() && text.len() <= MAX_LOGIN && !text.starts_with(['-', '_']) && !text.ends_with('-')
}

fn is_team(text: &str) -> bool {
    let sound = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    sound && !text.is_empty() && text.len() <= MAX_TEAM
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let sound = local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte));
    sound && !local.is_empty() && text.len() <= MAX_EMAIL && domain.contains('.') && is_host(domain)
}

/// The names of captures that a text names in braces, and the byte where each begins; `Err` for braces that hold no name.
pub(super) fn captures_in(text: &str) -> Result<Vec<&str>, ()> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if before.contains('}') {
            return Err(());
        }
        let (name, behind) = after.split_once('}').ok_or(())?;
        names.push(name);
        rest = behind;
    }
    if rest.contains('}') { Err(()) } else { Ok(names) }
}

/// The text with the values of captures; one without a value is left as it is written.
pub(super) fn filled(text: &str, captures: &[(&str, &str)]) -> String {
    captures.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_users_teams_and_addresses() {
        for owner in ["@ann", "@contoso/platform", "@contoso/data.science_2", "@ann_contoso", "ann.lee+x@contoso.example"] {
            assert!(is_owner(owner), "{owner}");
        }
        for other in
            ["", "@", "ann", "@a b", "@-a", "@a/", "@a/b/c", "@a/b c", "a@b", "a@b@c.d", "@a.b", "#x", "a b@c.d", "a@c d.e"]
        {
            assert!(!is_owner(other), "{other}");
        }
    }

    #[test]
    fn braces_hold_names() {
        assert_eq!(captures_in("@a/{b}-{c}"), Ok(vec!["b", "c"]));
        assert_eq!(captures_in("@a/b"), Ok(vec![]));
        for text in ["{a", "a}", "}a{b}", "{a}}"] {
            assert_eq!(captures_in(text), Err(()), "{text}");
        }
        assert_eq!(filled("@o/{a}-{b}{c}", &[("a", "x"), ("b", "y")]), "@o/x-y{c}");
    }
}
