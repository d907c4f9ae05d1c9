//! What a process lets in at all: so many requests of one address, and so many at once. Nothing is counted where no bound is written.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use aigw_core::{ErrorCode, Millis, World};
use aigw_kinds::Refusal;
use aigw_kinds::gateway::{AddressRate, LoadPlan};

use crate::exchange::Exchange;
use crate::loaded::Loaded;
use crate::state::{Addresses, Load, State};

/// When whoever was turned away for want of room should try again: room comes and goes faster than anyone could foretell.
const TRY_AGAIN: Millis = Millis::from_secs(1);

/// The bounds of a program, with the counts of the process.
pub(crate) struct Edge {
    addresses: Option<CountedAddresses>,
    load: Option<(LoadPlan, Arc<Load>)>,
}

struct CountedAddresses {
    rate: AddressRate,
    counts: Arc<Addresses>,
    forgotten: Arc<AtomicU64>,
}

impl Edge {
    pub(crate) fn new<W: World>(loaded: &Loaded, state: &State, world: &W) -> Self {
        let gateway = &loaded.program().gateway;
        let addresses = gateway.bounds.requests_per_address.map(|rate| {
            let counts = state.addresses(rate.window, || world.random());
            CountedAddresses { rate, counts, forgotten: state.forgotten() }
        });
        Self { addresses, load: gateway.load.map(|plan| (plan, state.load())) }
    }
}

impl<W: World> Exchange<'_, W> {
    /// Counts the request for its address, whatever it asks for.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn count_address(&self) -> Result<(), Refusal> {
        let Some(CountedAddresses { rate, counts, forgotten }) = &self.fixed.edge.addresses else { return Ok(()) };
        let now = self.settlement.world.now();
        counts.admit(self.facts.ip, rate.requests, now, forgotten).map_err(|wait| {
            let message = "too many requests from this address; send fewer, and wait as long as `Retry-After` says";
            Refusal::new(ErrorCode::AddressLimited, message).retry_after(Some(wait))
        })
    }

    /// Takes one of the process's places for requests in flight, which is held until the request has settled. The route is known.
    ///
    /// # Errors
    /// 503 where none is left for the route's class.
    pub(crate) fn enter(&mut self) -> Result<(), Refusal> {
        let Some((plan, load)) = &self.fixed.edge.load else { return Ok(()) };
        let permit = load.enter(plan, self.matched()?.plan.class).ok_or_else(|| {
            let message = "the gateway has too many requests in flight; try again as `Retry-After` says, more slowly each time";
            Refusal::new(ErrorCode::Overloaded, message).retry_after(Some(TRY_AGAIN))
        })?;
        self.settlement.permits.push(permit);
        Ok(())
    }
}
