//! Providers: times doubled.

use aigw_core::Millis;
use aigw_kinds::provider::{TimeoutsPlan, WirePlan};

use super::limit::twice;
use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

/// What times are where nothing is written: nobody tests what nobody wrote.
const DEFAULT: TimeoutsPlan = TimeoutsPlan {
    connect: Millis::from_secs(2),
    first_byte: Millis::from_secs(30),
    idle: Millis::from_secs(60),
    total: Millis::from_secs(600),
};

/// A time of a provider: its name, how to read and how to change it.
type Time = (&'static str, fn(&TimeoutsPlan) -> Millis, fn(&mut TimeoutsPlan) -> &mut Millis);

const TIMES: [Time; 4] = [
    ("connect", |times| times.connect, |times| &mut times.connect),
    ("firstByte", |times| times.first_byte, |times| &mut times.first_byte),
    ("idle", |times| times.idle, |times| &mut times.idle),
    ("total", |times| times.total, |times| &mut times.total),
];

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    let program = maker.program;
    for (index, plan) in program.providers.iter().enumerate() {
        let routes = maker.reach.providers.get(index).cloned().unwrap_or_default();
        if routes.is_empty() || matches!(plan.wire, WirePlan::Mock(_)) {
            continue;
        }
        // Whatever ends later than the whole ends with it.
        let whole = plan.timeouts.total.min(program.gateway.bounds.request_time);
        for (name, get, change) in TIMES {
            let time = get(&plan.timeouts);
            let hidden = if name == "total" { time >= program.gateway.bounds.request_time } else { time >= whole };
            if time == get(&DEFAULT) || hidden {
                continue;
            }
            let (provider, longer) = (&plan.origin.name, twice(time));
            let draft = Draft {
                kind: MutantKind::DoubleBound,
                of: format!("{provider}/timeouts/{name}"),
                place: plan.origin.place,
                name: format!("the time `{name}` of `{provider}` is {longer} instead of {time}"),
                concern: Concern::Trouble(routes.clone()),
                mentions: Vec::new(),
            };
            maker.add(draft, move |program| {
                if let Some(plan) = program.providers.get_mut(index) {
                    *change(&mut plan.timeouts) = longer;
                }
            });
        }
    }
}
