//! Which target is next: priority groups, weights, a caller's own place, and who has been tried.

use aigw_core::{Millis, Moment};

use super::targets::Candidate;

/// How equals are ordered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draw<'a> {
    /// By weight and this random number.
    Random(u64),
    /// By weight and this key: the same key gives the same order, and a target that goes away moves only its own callers.
    Sticky(&'a str),
}

/// The targets of one model for one request, the best first.
pub(crate) struct Choice<'a> {
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    candidate: &'a Candidate,
    /// Among equals the smaller is better.
    score: f64,
    sends: u32,
    /// Set when a send fails: before then it is not tried again.
    not_before: Moment,
    /// True where the same request must not go there again.
    out: bool,
    /// Set once it was told that this was passed over.
    told: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send to this one.
    Send(usize),
    /// Wait until then, and send to this one.
    Wait(usize, Moment),
    /// There is none left. `until` is when the first of those that want to be left alone can be asked again.
    Spent {
        /// When, where some target is cooling down.
        until: Option<Moment>,
    },
}

impl Next {
    /// Whose turn it is.
    pub(crate) const fn place(self) -> Option<usize> {
        match self {
            Self::Send(place) | Self::Wait(place, _) => Some(place),
            Self::Spent { .. } => None,
        }
    }

    /// Until when to wait, for its turn or, where there is none, before asking again.
    pub(crate) const fn until(self) -> Option<Moment> {
        match self {
            Self::Send(_) => None,
            Self::Wait(_, at) => Some(at),
            Self::Spent { until } => until,
        }
    }
}

impl<'a> Choice<'a> {
    /// Orders the eligible candidates.
    pub(crate) fn new(eligible: impl Iterator<Item = &'a Candidate>, draw: Draw<'_>) -> Self {
        let entry = |(at, candidate): (usize, &'a Candidate)| Entry {
            candidate,
            score: candidate.score(draw, at),
            sends: 0,
            not_before: Moment::default(),
            out: false,
            told: false,
        };
        let mut entries: Vec<Entry<'a>> = eligible.enumerate().map(entry).collect();
        if entries.len() > 1 {
            let priority = |entry: &Entry<'_>| entry.candidate.priority;
            entries.sort_by(|one, other| priority(one).cmp(&priority(other)).then(one.score.total_cmp(&other.score)));
        }
        Self { entries }
    }

    /// The candidate at a place that [`Choice::next`] gave.
    pub(crate) fn candidate(&self, place: usize) -> Option<&'a Candidate> {
        self.entries.get(place).map(|entry| entry.candidate)
    }

    /// The best untried one; then those that were tried, from the best; then whoever is first to want no more peace, within `patience`.
    pub(crate) fn next(&self, now: Moment, patience: Millis) -> Next {
        let open = || self.entries.iter().enumerate().filter(|(_, entry)| !entry.out);
        let warm = || open().filter(|(_, entry)| entry.candidate.cooling.ends(now).is_none());
        if let Some((place, _)) = warm().find(|(_, entry)| entry.sends == 0) {
            return Next::Send(place);
        }
        if let Some((place, entry)) = warm().min_by_key(|(_, entry)| entry.sends) {
            return if entry.not_before <= now { Next::Send(place) } else { Next::Wait(place, entry.not_before) };
        }
        let cold = open().filter_map(|(place, entry)| Some((entry.candidate.cooling.ends(now)?.max(entry.not_before), place)));
        match cold.min() {
            Some((at, place)) if at <= now.after(patience) => Next::Wait(place, at),
            cold => Next::Spent { until: cold.map(|(at, _)| at) },
        }
    }

    /// Untried candidates that are passed over for the one at `place`, or for none, since they want to be left alone; each told once.
    pub(crate) fn passed_over(&mut self, place: Option<usize>, now: Moment) -> impl Iterator<Item = &'a Candidate> {
        let untried = |entry: &Entry<'_>| entry.sends == 0 && !entry.out;
        // Whoever is tried again stands behind all that were not tried.
        let before = place.filter(|place| self.entries.get(*place).is_some_and(untried)).unwrap_or(self.entries.len());
        self.entries.iter_mut().take(before).filter_map(move |entry| {
            let passed = untried(entry) && !entry.told && entry.candidate.cooling.ends(now).is_some();
            entry.told |= passed;
            passed.then_some(entry.candidate)
        })
    }

    /// Notes a send.
    pub(crate) fn sent(&mut self, place: usize) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.sends += 1;
        }
    }

    /// Notes a failure: where the same request may go there `again`, then only after a pause; `random` spreads it.
    pub(crate) fn failed(&mut self, place: usize, again: bool, now: Moment, backoff: Backoff, random: u64) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.out |= !again;
            entry.not_before = now.after(backoff.pause(entry.sends, random));
        }
    }
}

/// Pauses before the same target is tried again: the first doubles each time, ±20 %, up to the longest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) base: Millis,
    pub(crate) max: Millis,
}

impl Backoff {
    fn pause(self, sends: u32, random: u64) -> Millis {
        let factor = 1_u64.checked_shl(sends.saturating_sub(1)).unwrap_or(u64::MAX);
        let capped = self.base.as_millis().saturating_mul(factor).min(self.max.as_millis());
        Millis::new(capped.saturating_mul(800 + random % 401) / 1000).min(self.max)
    }
}

impl Candidate {
    /// Smaller is better: `-ln(u)/weight` with `u` even in (0, 1] puts each first as often as its weight says, drawn or hashed alike
    /// (Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006; weighted rendezvous hashing).
    fn score(&self, draw: Draw<'_>, at: usize) -> f64 {
        let bits = match draw {
            Draw::Random(seed) => mixed(seed.wrapping_add(at as u64)),
            Draw::Sticky(key) => mixed(fnv(key.as_bytes(), fnv(self.label.as_bytes(), FNV_OFFSET))),
        };
        -unit(bits).ln() / self.share
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a: the same in every process and release, which the standard hasher does not promise.
fn fnv(bytes: &[u8], from: u64) -> u64 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// The step of SplitMix64: spreads neighbouring inputs over all bits.
const fn mixed(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Even in (0, 1].
fn unit(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
}
