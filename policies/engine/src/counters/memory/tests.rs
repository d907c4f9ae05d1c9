#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

use super::*;

const MILLI: u64 = 1_000_000;

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * MILLI)
}

fn window(limit: u64, millis: u64) -> ClaimAmount {
    ClaimAmount::Window { take: 1, limit, window: Millis::new(millis) }
}

fn claim(rule: u64, key: &str, amount: ClaimAmount) -> Claim<'_> {
    Claim { rule, key, amount }
}

#[derive(Default)]
struct Woken(AtomicU64);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn admitted(admission: Admission) -> (Vec<Permit>, Vec<u64>) {
    match admission {
        Admission::Admitted { permits, remaining } => (permits, remaining),
        Admission::Refused { claim, retry_after } => panic!("claim {claim} refused, {retry_after:?}"),
    }
}

fn refused(admission: Admission) -> (usize, Option<Millis>) {
    match admission {
        Admission::Refused { claim, retry_after } => (claim, retry_after),
        Admission::Admitted { remaining, .. } => panic!("admitted, {remaining:?} remain"),
    }
}

fn is_admitted(admission: &Admission) -> bool {
    matches!(admission, Admission::Admitted { .. })
}

#[test]
fn a_window_lets_its_limit_through_and_then_says_when_the_first_leaves_it() {
    let store = MemoryCounters::new(1);
    let claims = [claim(7, "ann", window(3, 60_000))];
    for (millis, left) in [(0, 2), (10_000, 1), (20_000, 0)] {
        assert_eq!(admitted(store.take(&claims, at(millis)).unwrap()).1, [left]);
    }
    assert_eq!(refused(store.take(&claims, at(30_000)).unwrap()), (0, Some(Millis::new(30_000))));
    assert_eq!(refused(store.take(&claims, at(59_999)).unwrap()), (0, Some(Millis::new(1))));
    assert_eq!(admitted(store.take(&claims, at(60_000)).unwrap()).1, [0]);
}

#[test]
fn keys_and_rules_count_apart() {
    let store = MemoryCounters::new(1);
    for (rule, key) in [(1, "ann"), (1, "bob"), (2, "ann"), (2, "")] {
        let claims = [claim(rule, key, window(1, 1_000))];
        assert!(is_admitted(&store.take(&claims, at(0)).unwrap()), "{rule} {key}");
        assert!(!is_admitted(&store.take(&claims, at(0)).unwrap()), "{rule} {key}");
    }
}

#[test]
fn nothing_fits_a_limit_of_zero_and_it_says_so_without_overflow() {
    let store = MemoryCounters::new(1);
    assert_eq!(refused(store.take(&[claim(1, "", window(0, 1_000))], at(0)).unwrap()), (0, Some(Millis::new(1_000))));
    assert_eq!(refused(store.take(&[claim(2, "", ClaimAmount::Permit { limit: 0 })], at(0)).unwrap()), (0, None));
    let most = ClaimAmount::Window { take: u64::MAX, limit: u64::MAX, window: Millis::MAX };
    assert!(is_admitted(&store.take(&[claim(3, "", most)], at(0)).unwrap()));
    assert!(!is_admitted(&store.take(&[claim(3, "", most)], at(0)).unwrap()));
}

#[test]
fn no_claims_are_admitted_at_once() {
    let (permits, remaining) = admitted(MemoryCounters::new(1).take(&[], at(0)).unwrap());
    assert!(permits.is_empty() && remaining.is_empty());
}

#[test]
fn of_several_claims_all_are_taken_or_none() {
    let store = MemoryCounters::new(1);
    let wide = claim(1, "ann", window(10, 1_000));
    let narrow = claim(2, "all", window(1, 1_000));
    let slot = claim(3, "ann", ClaimAmount::Permit { limit: 1 });
    let (permits, remaining) = admitted(store.take(&[wide, narrow, slot], at(0)).unwrap());
    assert_eq!((permits.len(), remaining), (1, vec![9, 0, 0]));
    assert_eq!(refused(store.take(&[wide, narrow], at(1)).unwrap()), (1, Some(Millis::new(999))));
    assert_eq!(refused(store.take(&[wide, slot], at(1)).unwrap()), (1, None));
    assert_eq!(refused(store.take(&[slot, narrow], at(1)).unwrap()), (1, Some(Millis::new(999))), "time says more than others");
    assert_eq!(admitted(store.take(&[wide], at(1)).unwrap()).1, [8], "the refused ones took nothing");
}

#[test]
fn the_claim_that_frees_last_is_named() {
    let store = MemoryCounters::new(1);
    let claims = [claim(1, "", window(1, 1_000)), claim(2, "", window(1, 9_000)), claim(3, "", window(1, 5_000))];
    assert!(is_admitted(&store.take(&claims, at(0)).unwrap()));
    assert_eq!(refused(store.take(&claims, at(0)).unwrap()), (1, Some(Millis::new(9_000))));
}

#[test]
fn the_same_claim_twice_counts_twice() {
    let store = MemoryCounters::new(1);
    let one = claim(1, "", window(3, 1_000));
    assert_eq!(admitted(store.take(&[one, one], at(0)).unwrap()).1, [2, 1]);
    assert_eq!(refused(store.take(&[one, one], at(0)).unwrap()).0, 1);
    assert!(is_admitted(&store.take(&[one], at(0)).unwrap()));
    let slot = claim(2, "", ClaimAmount::Permit { limit: 1 });
    assert_eq!(refused(store.take(&[slot, slot], at(0)).unwrap()), (1, None));
}

#[test]
fn a_permit_is_held_until_it_is_dropped_whatever_the_time() {
    let store = MemoryCounters::new(1);
    let claims = [claim(1, "ann", ClaimAmount::Permit { limit: 2 })];
    let first = admitted(store.take(&claims, at(0)).unwrap()).0;
    let second = admitted(store.take(&claims, at(0)).unwrap()).0;
    assert_eq!(refused(store.take(&claims, at(u32::MAX.into())).unwrap()), (0, None));
    drop(first);
    assert!(is_admitted(&store.take(&claims, at(0)).unwrap()), "the permit itself is dropped at once here");
    drop(second);
    assert_eq!(admitted(store.take(&claims, at(0)).unwrap()).1, [1]);
}

#[test]
fn who_waits_for_a_permit_is_woken_when_one_comes_back_and_never_misses_it() {
    let store = MemoryCounters::new(1);
    let claims = [claim(1, "ann", ClaimAmount::Permit { limit: 1 })];
    let held = admitted(store.take(&claims, at(0)).unwrap()).0;
    assert!(!is_admitted(&store.take(&claims, at(0)).unwrap()));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);

    let mut freed = pin!(store.freed(1, "ann"));
    assert_eq!((freed.as_mut().poll(&mut cx), freed.as_mut().poll(&mut cx)), (Poll::Pending, Poll::Pending));
    drop(held);
    assert_eq!(woken.0.load(Ordering::SeqCst), 1, "polled twice, woken once");
    assert_eq!(freed.as_mut().poll(&mut cx), Poll::Ready(()));

    let held = admitted(store.take(&claims, at(0)).unwrap()).0;
    assert!(!is_admitted(&store.take(&claims, at(0)).unwrap()));
    drop(held);
    let late = pin!(store.freed(1, "ann"));
    assert_eq!(late.poll(&mut cx), Poll::Ready(()), "it came back between the refusal and the wait");
}

#[test]
fn who_stops_waiting_is_forgotten() {
    let store = MemoryCounters::new(1);
    let claims = [claim(1, "", ClaimAmount::Permit { limit: 1 })];
    let held = admitted(store.take(&claims, at(0)).unwrap()).0;
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    {
        let gone = pin!(store.freed(1, ""));
        assert_eq!(gone.poll(&mut Context::from_waker(&waker)), Poll::Pending);
    }
    drop(held);
    assert_eq!(woken.0.load(Ordering::SeqCst), 0);
}

#[test]
fn waiting_for_a_permit_that_never_was_does_not_spin() {
    let store = MemoryCounters::new(1);
    assert!(!is_admitted(&store.take(&[claim(1, "", ClaimAmount::Permit { limit: 0 })], at(0)).unwrap()));
    let waker = Waker::from(Arc::new(Woken::default()));
    assert_eq!(pin!(store.freed(1, "")).poll(&mut Context::from_waker(&waker)), Poll::Pending);
}

#[test]
fn what_has_expired_makes_room_and_what_is_live_is_never_forgotten() {
    let store = MemoryCounters::with_capacity(1, SHARDS * 4);
    let keys: Vec<String> = (0..SHARDS * 40).map(|key| key.to_string()).collect();
    let mut taken = Vec::new();
    let mut full = 0;
    for key in &keys {
        match store.take(&[claim(1, key, window(1, 1_000))], at(0)) {
            Ok(admission) => taken.push((key, is_admitted(&admission))),
            Err(_) => full += 1,
        }
    }
    assert!(full > 0 && taken.len() > SHARDS, "{full} {}", taken.len());
    for (key, _) in &taken {
        assert!(!is_admitted(&store.take(&[claim(1, key, window(1, 1_000))], at(999)).unwrap()), "{key} is still counted");
    }
    let room = keys.iter().filter(|key| store.take(&[claim(2, key, window(1, 1_000))], at(1_000)).is_ok()).count();
    assert_eq!(room, taken.len(), "all of it was free again");
}

#[test]
fn a_held_permit_keeps_its_counter_and_its_release_gives_the_room_back() {
    let store = MemoryCounters::with_capacity(1, 1);
    let slot = [claim(1, "same", ClaimAmount::Permit { limit: 1 })];
    let other = [claim(2, "same", window(1, 1_000))];
    let held = admitted(store.take(&slot, at(0)).unwrap()).0;
    assert!(store.take(&other, at(5_000)).is_err());
    assert!(store.take(&other, at(6_000)).is_err());
    drop(held);
    assert!(is_admitted(&store.take(&other, at(7_000)).unwrap()));
}

#[test]
fn a_counter_is_made_of_at_most_sixty_four_buckets() {
    let mut cell = cell::Cell::new("".into(), 0);
    for millis in 0..50_000_u64 {
        let amount = window(u64::MAX, 1_000);
        assert_eq!(cell::fits(Some(&mut cell), amount, 0, millis * MILLI / 3), Ok(()));
        cell.take(amount, millis * MILLI / 3);
        assert!(cell.buckets() <= 64, "{}", cell.buckets());
    }
}

#[test]
fn sixty_four_threads_on_one_key_never_get_more_than_the_limit() {
    const LIMIT: u64 = 1_000;
    let store = MemoryCounters::new(1);
    let (admitted, most) = (AtomicU64::new(0), AtomicU64::new(0));
    let inside = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..64_u64 {
            let (store, admitted, inside, most) = (&store, &admitted, &inside, &most);
            scope.spawn(move || {
                let claims = [claim(1, "all", window(LIMIT, 60_000)), claim(2, "all", ClaimAmount::Permit { limit: 8 })];
                for round in 0..200 {
                    if let Admission::Admitted { permits, .. } = store.take(&claims, at(thread + round)).unwrap() {
                        admitted.fetch_add(1, Ordering::SeqCst);
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permits);
                    }
                }
            });
        }
    });
    assert!(admitted.load(Ordering::SeqCst) <= LIMIT, "{admitted:?}");
    assert!(most.load(Ordering::SeqCst) <= 8, "{most:?}");
    let store_left = store.take(&[claim(1, "all", window(LIMIT, 60_000))], at(300)).unwrap();
    assert_eq!(is_admitted(&store_left), admitted.load(Ordering::SeqCst) < LIMIT, "every admission was counted and nothing else");
}

/// What really was taken, and when.
#[derive(Default)]
struct Log(VecDeque<(u64, u64)>);

impl Log {
    fn taken_since(&self, now: u64, window: u64) -> u64 {
        self.0.iter().filter(|(when, _)| when + window > now).map(|(_, take)| take).sum()
    }
}

#[derive(Clone, Copy, Debug)]
struct Step {
    pause: u64,
    take: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![3 => 0_u64..40, 2 => 0_u64..2_000, 1 => 0_u64..20_000];
    proptest::collection::vec((pause, 1_u64..4).prop_map(|(pause, take)| Step { pause, take }), 1..400)
}

proptest! {
    /// Against a log of every admission: no stretch ever holds more than the limit; what has certainly left the window is never held against
    /// anyone; and waiting as long as told succeeds.
    #[test]
    fn no_stretch_holds_more_than_the_limit(limit in 1_u64..60, window in 100_u64..5_000, steps in steps()) {
        let store = MemoryCounters::new(3);
        let mut log = Log::default();
        let (mut now, slack) = (0, window.div_ceil(62) + 1);
        for step in steps {
            now += step.pause;
            let amount = ClaimAmount::Window { take: step.take, limit, window: Millis::new(window) };
            let ask = |now: u64| store.take(&[claim(1, "key", amount)], at(now)).unwrap();
            let exact = log.taken_since(now, window);
            match ask(now) {
                Admission::Admitted { remaining, .. } => {
                    prop_assert!(exact + step.take <= limit, "{exact} + {} > {limit}", step.take);
                    prop_assert!(remaining[0] <= limit - exact - step.take);
                    log.0.push_back((now, step.take));
                }
                Admission::Refused { retry_after, .. } => {
                    prop_assert!(log.taken_since(now.saturating_sub(slack), window) + step.take > limit, "refused without need");
                    let wait = retry_after.unwrap().as_millis();
                    prop_assert!(wait > 0 && wait <= window);
                    if step.take <= limit {
                        now += wait;
                        prop_assert!(log.taken_since(now, window) + step.take <= limit);
                        prop_assert!(is_admitted(&ask(now)), "waited as told");
                        log.0.push_back((now, step.take));
                    }
                }
            }
        }
    }

    /// Clocks of different threads are read before the lock is taken, and so come in any order.
    #[test]
    fn callers_that_come_late_count_from_when_they_come(limit in 1_u64..20, jitter in proptest::collection::vec(0_u64..50, 1..300)) {
        let store = MemoryCounters::new(3);
        let mut log = Log::default();
        let mut latest = 0;
        for (index, jitter) in jitter.into_iter().enumerate() {
            let now = (index as u64 * 20).saturating_sub(jitter);
            if is_admitted(&store.take(&[claim(1, "", window(limit, 300))], at(now)).unwrap()) {
                latest = latest.max(now);
                log.0.push_back((latest, 1));
            }
            prop_assert!(log.taken_since(latest, 300) <= limit);
        }
    }

    /// Against a plain count: permits out never exceed the limit, and one that is back can be had at once.
    #[test]
    fn permits_out_never_exceed_their_number(limit in 0_u64..6, moves in proptest::collection::vec((any::<bool>(), any::<proptest::sample::Index>()), 1..200)) {
        let store = MemoryCounters::new(3);
        let mut out: Vec<Vec<Permit>> = Vec::new();
        for (take, which) in moves {
            if take {
                let before = out.len() as u64;
                match store.take(&[claim(1, "", ClaimAmount::Permit { limit })], at(0)).unwrap() {
                    Admission::Admitted { permits, remaining } => {
                        prop_assert!(before < limit);
                        prop_assert_eq!(remaining, vec![limit - before - 1]);
                        out.push(permits);
                    }
                    Admission::Refused { .. } => prop_assert_eq!(before, limit),
                }
            } else if !out.is_empty() {
                drop(out.swap_remove(which.index(out.len())));
            }
        }
    }
}
