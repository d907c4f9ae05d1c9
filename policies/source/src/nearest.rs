//! "Did you mean": the name that was probably meant.

/// A longer word is no typing error of a name of ours, and the comparison is quadratic.
const LONGEST: usize = 64;

/// The candidate nearest to `word`: the same but for case, `-` and `_`, or with at most a third of its characters mistyped.
/// Of equally near ones the first.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = fold(word)?;
    let near = |candidate: &'c str| {
        let folded = fold(candidate)?;
        let distance = strsim::damerau_levenshtein(&word, &folded);
        let allowed = word.chars().count().max(folded.chars().count()).div_ceil(3);
        (distance <= allowed.min(MOST) && distance < word.chars().count()).then_some((distance, candidate))
    };
    candidates.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// More typing errors than this and any word resembles any other.
const MOST: usize = 3;

fn fold(word: &str) -> Option<String> {
    let short = word.chars().count() <= LONGEST;
    short.then(|| word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, candidates: &[&'static str], expected: Option<&str>) {
        assert_eq!(nearest(word, candidates.iter().copied()), expected, "{word}");
    }

    #[test]
    fn the_nearest_name_is_found() {
        check("tokns", &["per", "tokens", "token"], Some("tokens"));
        check("max_tokens", &["maxTokens", "minTokens"], Some("maxTokens"));
        check("TIMEOUT", &["time", "timeout"], Some("timeout"));
        check("hots", &["ports", "host"], Some("host"));
    }

    #[test]
    fn an_unlike_word_has_no_nearest_name() {
        check("banana", &["tokens", "per"], None);
        check("ab", &["cd", "xy"], None);
        check("", &["a"], None);
        check("x", &["y"], None);
        check(&"a".repeat(10_000), &["aaaa"], None);
        check("tokens", &[], None);
    }
}
