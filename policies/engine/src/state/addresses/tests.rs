#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const WINDOW: Millis = Millis::from_secs(8);
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * NANOS_PER_MILLI)
}

fn table() -> (Addresses, AtomicU64) {
    (Addresses::new(WINDOW, 7), AtomicU64::default())
}

#[test]
fn an_address_waits_until_enough_of_its_requests_have_left_the_window() {
    let (table, forgotten) = table();
    let ask = |millis| table.admit(SOMEBODY, 2, at(millis), &forgotten);
    assert_eq!((ask(500), ask(3_000), ask(3_001)), (Ok(()), Ok(()), Err(Millis::new(5_999))));
    // The stretch of the first one is over at 1 s, and with it that one leaves 8 s later.
    assert_eq!((ask(8_999), ask(9_000)), (Err(Millis::new(1)), Ok(())));
    assert_eq!(ask(9_000), Err(Millis::from_secs(3)));
    // The others have their own counts.
    assert_eq!(table.admit(Ipv4Addr::LOCALHOST.into(), 2, at(9_000), &forgotten), Ok(()));
}

#[test]
fn one_ipv6_network_is_one_address_and_a_mapped_one_is_its_ipv4_address() {
    let (table, forgotten) = table();
    let ask = |text: &str| table.admit(text.parse().unwrap(), 1, at(0), &forgotten).is_ok();
    assert!(ask("2001:db8::1") && !ask("2001:db8::2") && ask("2001:db8:0:1::1"));
    assert!(ask("10.0.0.1") && !ask("::ffff:10.0.0.1") && ask("10.0.0.2"));
    // A network whose bits are those of an IPv4 address is another one.
    assert!(ask("0:0:a00:1::1"));
}

#[test]
fn a_full_table_blocks_no_stranger_and_does_not_forget_who_floods() {
    let (table, forgotten) = table();
    for _ in 0..100 {
        assert_eq!(table.admit(SOMEBODY, 100, at(0), &forgotten), Ok(()));
    }
    // Many more strangers than there is room for: each asks once and is let in.
    for number in 0..2 * MAX_ADDRESSES as u128 {
        let stranger = Ipv6Addr::from_bits((0x2001_0db8 << 96) + (number << 64));
        assert_eq!(table.admit(stranger.into(), 100, at(1), &forgotten), Ok(()));
    }
    assert!(forgotten.load(Ordering::Relaxed) >= MAX_ADDRESSES as u64);
    assert!(table.admit(SOMEBODY, 100, at(2), &forgotten).is_err());
    let held: usize = table.sets.iter().map(|set| set.lock().unwrap().len()).sum();
    assert!(held <= MAX_ADDRESSES);
    assert_eq!(size_of::<Entry>(), 64);
}

proptest! {
    /// Never more than `most` in any window, and never refused where an eighth more of a window shows room.
    #[test]
    fn a_window_never_holds_more_than_its_bound(most in 1_u32..6, steps in proptest::collection::vec(0_u64..3_000, 1..200)) {
        let (table, forgotten) = table();
        let mut now = 0;
        let mut taken: VecDeque<u64> = VecDeque::new();
        for step in steps {
            now += step;
            let within = |span: u64| taken.iter().filter(|time| now - **time < span).map(|_| 1_u32).sum::<u32>();
            match table.admit(SOMEBODY, most, at(now), &forgotten) {
                Ok(()) => {
                    prop_assert!(within(8_000) < most);
                    taken.push_back(now);
                }
                Err(wait) => {
                    prop_assert!(within(9_000) >= most);
                    prop_assert!(wait.as_millis() > 0 && wait.as_millis() <= 9_000);
                    // Whoever waits as long as it is told gets in.
                    now += wait.as_millis();
                    prop_assert_eq!(table.admit(SOMEBODY, most, at(now), &forgotten), Ok(()));
                    taken.push_back(now);
                }
            }
        }
    }

    #[test]
    fn a_clock_that_was_read_out_of_turn_harms_nothing(times in proptest::collection::vec(0_u64..40_000, 1..100)) {
        let (table, forgotten) = table();
        let admitted = times.iter().filter(|time| table.admit(SOMEBODY, 3, at(**time), &forgotten).is_ok()).count();
        prop_assert!(admitted >= times.len().min(3));
    }
}
