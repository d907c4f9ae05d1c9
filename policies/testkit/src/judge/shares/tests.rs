#![expect(clippy::unwrap_used, reason = "tests")]

use indexmap::IndexMap;

use super::*;

/// Which values are off, of these counts.
fn check(of: &[(&str, ShareValue)], within: Option<&str>, counts: &[(&str, u64)]) -> Vec<String> {
    let of: IndexMap<String, ShareValue> = of.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let expected = SharesExpect { by: ShareBy::Target, within: within.map(|within| within.parse().unwrap()), of };
    let counts = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    shares(&expected, &counts).into_iter().map(|mismatch| mismatch.about).collect()
}

fn part(text: &str) -> ShareValue {
    ShareValue::Part(text.parse().unwrap())
}

#[test]
fn parts_may_be_off_by_what_is_written_or_by_chance() {
    let halves = |within, count| check(&[("a", part("50%"))], within, &[("a", count), ("b", 1_000 - count)]).is_empty();
    assert!(halves(Some("1%"), 510) && halves(Some("1%"), 490));
    assert!(!halves(Some("1%"), 511) && !halves(Some("1%"), 489));
    // Four standard deviations of 1,000 fair choices are 6.32 %.
    assert!(halves(None, 563) && halves(None, 437));
    assert!(!halves(None, 564) && !halves(None, 436));
    assert!((tolerance("50%".parse().unwrap(), None, 1_000) - 0.063_245).abs() < 1e-5);
    assert_eq!(tolerance("50%".parse().unwrap(), Some("2%".parse().unwrap()), 1_000), 0.02);
}

#[test]
fn certainties_are_exact() {
    assert_eq!(check(&[("a", part("100%"))], None, &[("a", 10)]), [""; 0]);
    assert_eq!(check(&[("a", part("0%"))], None, &[("b", 10)]), [""; 0]);
    assert_eq!(check(&[("a", part("0%"))], None, &[("a", 1), ("b", 9_999)]), ["the share of `a`"]);
    assert_eq!(check(&[("a", ShareValue::Count(10))], None, &[("a", 9), ("b", 1)]), ["the share of `a`", "the share of `b`"]);
    assert_eq!(check(&[("a", ShareValue::Count(0))], None, &[("b", 1)]), [""; 0]);
}

#[test]
fn where_shares_are_all_there_is_nobody_else_has_one() {
    let both = [("a", part("80%")), ("b", part("20%"))];
    assert_eq!(check(&both, Some("5%"), &[("a", 800), ("b", 190), ("c", 10)]), ["the share of `c`"]);
    assert_eq!(check(&both[..1], Some("5%"), &[("a", 800), ("b", 190), ("c", 10)]), [""; 0]);
}
