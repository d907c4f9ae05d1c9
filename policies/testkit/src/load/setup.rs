//! The world at the beginning of a case.

use std::collections::BTreeMap;

use aigw_core::{EndpointKey, Timestamp};

use super::{Loader, suggestion};
use crate::plan::Setup;
use crate::rules::{BAD_VALUE, CASE_SHAPE, UNKNOWN_SUBJECT};
use crate::suite::{CaseSpec, IssuersWord, StoreWord};

/// When cases begin that do not say: 2026-01-01T00:00:00Z.
const BEGINS: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// The latest beginning, 2400-01-01T00:00:00Z: far from where calendars end, however long a case takes.
const LATEST_MILLIS: i64 = 13_569_465_600_000;

impl Loader<'_> {
    pub(super) fn setup(&mut self, spec: &CaseSpec, pointer: &str) -> Option<Setup> {
        let (without, tokenless) = self.without(spec, pointer);
        let at = self.beginning(spec, pointer)?;
        let params = self.params(spec, pointer)?;
        let sampled = spec.sample.as_ref().and_then(|sample| sample.seed);
        if sampled.is_some() && spec.seed.is_some() {
            self.error(CASE_SHAPE, &format!("{pointer}/seed"), "the sample has a seed already", "keep one of them");
        }
        let store_down = spec.store == Some(StoreWord::Down);
        let issuers_down = spec.issuers == Some(IssuersWord::Down);
        Some(Setup { params, at, seed: sampled.or(spec.seed), without, tokenless, store_down, issuers_down })
    }

    /// The secrets that are missing, and the endpoints without a token.
    fn without(&mut self, spec: &CaseSpec, pointer: &str) -> (Vec<String>, Vec<EndpointKey>) {
        let known = std::rc::Rc::clone(&self.known);
        let (mut secrets, mut tokenless) = (Vec::new(), Vec::new());
        for (index, name) in spec.without.iter().enumerate() {
            if known.secrets.contains(name) {
                secrets.push(name.clone());
            } else if let Some(endpoint) = known.tokens.get(name) {
                tokenless.push(*endpoint);
            } else {
                let help = suggestion(name, known.secrets.iter().chain(known.tokens.keys()), "leave it out");
                let message = format!("the policies use no secret `{name}`, and no token at an endpoint of that name");
                self.error(UNKNOWN_SUBJECT, &format!("{pointer}/without/{index}"), message, help);
            }
        }
        (secrets, tokenless)
    }

    fn beginning(&mut self, spec: &CaseSpec, pointer: &str) -> Option<Timestamp> {
        let (text, place) = match (&spec.at, &self.spec.at) {
            (Some(text), _) => (text.clone(), format!("{pointer}/at")),
            (None, Some(text)) => (text.clone(), "/spec/at".to_owned()),
            (None, None) => return Some(BEGINS),
        };
        let help = "write it with its offset, such as `2026-03-29T01:59:00+01:00`";
        let Ok(time) = text.parse::<jiff::Timestamp>() else {
            self.error(BAD_VALUE, &place, format!("`{text}` is not a point in time"), help);
            return None;
        };
        let millis = time.as_millisecond();
        if !(0..=LATEST_MILLIS).contains(&millis) {
            self.error(BAD_VALUE, &place, format!("`{text}` is not between 1970 and 2400"), help);
            return None;
        }
        Some(Timestamp::from_millis(millis))
    }

    fn params(&mut self, spec: &CaseSpec, pointer: &str) -> Option<BTreeMap<String, String>> {
        let mut params: BTreeMap<String, String> = self.spec.params.clone().into_iter().collect();
        params.extend(spec.params.clone());
        let Err(faults) = self.program.parameter_values(&params, true) else { return Some(params) };
        let place = if spec.params.is_empty() { "/spec/params".to_owned() } else { format!("{pointer}/params") };
        for fault in faults {
            let help = "give it a value below `params`, or a `test` value where it is declared";
            self.error(UNKNOWN_SUBJECT, &place, fault.to_string(), help);
        }
        None
    }
}
