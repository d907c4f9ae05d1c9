//! What secrets look like.

/// How keys of common issuers begin, the fewest characters that follow, and what they are. The prefixes are the issuers' own, made to be found by scanners like
/// this (docs.github.com "Supported secret scanning patterns", 2025-06).
const PREFIXES: [(&str, usize, &str); 22] = [
    ("sk-", 20, "a provider's API key"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("gsk_", 40, "a Groq API key"),
    ("hf_", 30, "a Hugging Face token"),
    ("xai-", 40, "an xAI API key"),
    ("pplx-", 40, "a Perplexity API key"),
    ("r8_", 36, "a Replicate token"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 20, "a Stripe key"),
    ("rk_live_", 20, "a Stripe key"),
    ("npm_", 36, "an npm token"),
    ("pypi-", 50, "a PyPI token"),
    ("aigw_", 30, "an API key of a gateway"),
];

/// What of a known shape stands in a text.
pub(super) fn known(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has_password_in_url(text) {
        return Some("a password in an address");
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '+'));
    words.filter(|word| word.len() >= SHORTEST).find_map(|word| {
        let prefix = PREFIXES
            .iter()
            .find(|(prefix, rest, _)| word.strip_prefix(prefix).is_some_and(|after| after.len() >= *rest && is_random(after)));
        prefix.map(|(_, _, what)| *what).or_else(|| is_token(word).then_some("a signed token"))
    })
}

/// Nothing shorter is a secret worth the name.
const SHORTEST: usize = 16;

/// Keys whose values are secrets, without `-` and `_`, in small letters.
const SECRET_KEYS: [&str; 9] =
    ["secret", "password", "passwd", "token", "apikey", "xapikey", "authorization", "accesskey", "ocpapimsubscriptionkey"];

/// Whether a random value stands under a key that is for secrets.
pub(super) fn by_key(key: &str, text: &str) -> Option<&'static str> {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let value = text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("Basic ")).unwrap_or(text);
    let secret = SECRET_KEYS.contains(&key.as_str()) && !value.contains(char::is_whitespace) && is_random(value);
    secret.then_some("what looks like a secret")
}

/// Letters and digits that nobody has chosen by hand: a run of them without a separator, several digits, and as many different characters as chance gives.
fn is_random(text: &str) -> bool {
    let run = text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max().unwrap_or_default();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    run >= SHORTEST && digits >= 2 && letters >= 4 && different(text) >= 10
}

fn different(text: &str) -> usize {
    let mut bytes: Vec<u8> = text.bytes().collect();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len()
}

/// A JSON Web Token: three parts of base64url, the first of which begins with `{"` (RFC 7519).
fn is_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    word.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(|part| part.len() >= SHORTEST)
}

/// `scheme://user:password@host`.
fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = text.get(at..).unwrap_or_default().trim_start_matches("://");
        let authority = rest.split(|c: char| c == '/' || c.is_whitespace()).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.and_then(|user| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty() && !password.contains(['{', '$', '<']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(known(text), expected, "{text}");
    }

    #[test]
    fn keys_of_known_issuers_are_found_wherever_they_stand() {
        check("sk-made0up0for0this0test0only1234", Some("a provider's API key"));
        check("use Bearer sk-proj-made0up0for0this0test0only1234 here", Some("a provider's API key"));
        check("AKIAMADE0UP0FOR0THIS", Some("an AWS access key"));
        check("aigw_mobile-1_made0up0for0this0test0only12345678", Some("an API key of a gateway"));
        check("eyJhbGciOiJub25lIn0x.eyJzdWIiOiJtYWRlIHVwIn0.bWFkZSB1cCBmb3IgdGhpcw", Some("a signed token"));
        check("-----BEGIN PRIVATE KEY-----\nx", Some("a private key"));
        check("postgres://app:hunter2@db.example.com/x", Some("a password in an address"));
    }

    #[test]
    fn names_and_words_are_no_secrets() {
        for text in [
            "sk-learn-text-embedding-3-small-v2-with-long-name",
            "aigw_demo",
            "openai",
            "https://contoso-eastus.openai.azure.com",
            "https://user@host.example.com",
            "http://proxy:{password}@host",
            "gpt-4o-2024-08-06",
            "bf734e9d97114fd69aa7dff8392226816a4c79e79e9ee3134431b836372f838e",
            "00000000-0000-0000-0000-000000000000",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_random_value_under_a_key_for_secrets_is_one() {
        for (key, text, expected) in [
            ("secret", "d41d8cd98f00b204e9800998ecf8427e", true),
            ("x-api-key", "d41d8cd98f00b204e9800998ecf8427e", true),
            ("Authorization", "Bearer d41d8cd98f00b204e9800998ecf8427e", true),
            ("secret", "aoai-eastus", false),
            ("secret", "prod-openai-key-2024", false),
            ("sha256", "d41d8cd98f00b204e9800998ecf8427e", false),
            ("authorization", "open", false),
        ] {
            assert_eq!(by_key(key, text).is_some(), expected, "{key}: {text}");
        }
    }
}
