//! Shares before they are counted: values that exist, and shares that can be missed and met.

use std::collections::BTreeSet;

use super::{Loader, escape};
use crate::judge::tolerance;
use crate::rules::{BAD_VALUE, CANNOT_FAIL, CANNOT_HOLD, CASE_SHAPE};
use crate::suite::{ShareBy, ShareValue, SharesExpect};

impl Loader<'_> {
    /// Says what is wrong with shares of so many requests.
    pub(super) fn check_shares(&mut self, shares: &SharesExpect, times: u32, pointer: &str) {
        if shares.of.is_empty() {
            let help = "name a value and its share: `aoai/eastus/gpt-4o: 80%`";
            self.error(CANNOT_FAIL, pointer, "no share is expected, so that this cannot fail", help);
        }
        for name in shares.of.keys() {
            self.check_shared(shares.by, name, &format!("{pointer}/{}", escape(name)));
        }
        let parts: u64 =
            shares.of.values().map(|value| if let ShareValue::Part(part) = value { u64::from(part.as_ppm()) } else { 0 }).sum();
        let counts = shares.of.values().map(|value| if let ShareValue::Count(count) = value { *count } else { 0 });
        let counts = counts.fold(0, u64::saturating_add);
        if parts > 1_000_000 {
            self.error(CANNOT_HOLD, pointer, "these shares are more than 100 % together", "make them less");
        }
        if counts > u64::from(times) {
            let message = format!("these are {counts} requests together, and {times} are sent");
            self.error(CANNOT_HOLD, pointer, message, "make them less, or send more");
        }
        self.check_tolerances(shares, times, pointer);
    }

    fn check_tolerances(&mut self, shares: &SharesExpect, times: u32, pointer: &str) {
        let mut parts = 0_usize;
        for (name, value) in &shares.of {
            let ShareValue::Part(part) = *value else { continue };
            parts = parts.saturating_add(1);
            let within = tolerance(part, shares.within, u64::from(times));
            let wanted = f64::from(part.as_ppm()) / 1e6;
            if wanted - within <= 0.0 && wanted + within >= 1.0 {
                let message = format!(
                    "with {times} requests any share is within {part} ± {:.0}%, so that this cannot fail",
                    within * 100.0
                );
                self.error(CANNOT_FAIL, &format!("{pointer}/{}", escape(name)), message, "send more, or say a smaller `within`");
            }
        }
        if shares.within.is_some() && parts == 0 {
            let message = "numbers of requests are exact: `within` does nothing here";
            self.error(CASE_SHAPE, &format!("{pointer}/within"), message, "take it out, or write shares such as `80%`");
        }
    }

    /// A value that requests are told apart by; `none` is what has none.
    fn check_shared(&mut self, by: ShareBy, name: &str, pointer: &str) {
        let known = std::rc::Rc::clone(&self.known);
        let or_none = |names: &BTreeSet<String>| names.iter().cloned().chain(["none".to_owned()]).collect::<BTreeSet<_>>();
        match by {
            ShareBy::Target => self.must_exist("target", name, &or_none(&known.targets), pointer),
            ShareBy::Code => self.must_exist("error code", name, &or_none(&known.codes), pointer),
            ShareBy::Route => self.must_exist("Route", name, &or_none(&known.routes), pointer),
            ShareBy::Model => self.must_exist("Model", name, &or_none(&known.models), pointer),
            ShareBy::Status if !name.parse::<u16>().is_ok_and(|status| status == 0 || (100..600).contains(&status)) => {
                self.error(BAD_VALUE, pointer, format!("`{name}` is not a status"), "write one such as `200`");
            }
            ShareBy::Status => {}
        }
    }
}
