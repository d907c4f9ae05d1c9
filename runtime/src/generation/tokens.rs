//! The access tokens of a program's endpoints.

use std::sync::Arc;
use std::time::Duration;

use aigw_engine::Loaded;

use crate::azure::AccessToken;
use crate::process::Process;

/// The longest that an activation waits for tokens. Endpoints without one by then are out of service until theirs is there.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The tokens by endpoint. Endpoints of one identity share one.
pub(crate) struct EndpointTokens {
    by_endpoint: Arc<[Option<Arc<AccessToken>>]>,
    /// `provider/endpoint`, in the same order.
    names: Vec<String>,
}

impl EndpointTokens {
    /// Those of a program, each asked for at least once, or late. Blocks.
    pub(crate) fn of(process: &Process, loaded: &Loaded) -> Self {
        let token = |identity| process.tokens.of(identity);
        let by_endpoint: Vec<_> = loaded.endpoints().iter().map(|endpoint| endpoint.identity.as_ref().map(token)).collect();
        let program = loaded.program();
        let names = program.endpoints.iter().map(|endpoint| {
            let provider = endpoint.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
            format!("{provider}/{}", endpoint.name)
        });
        process.tokens.wait_for(by_endpoint.iter().flatten(), FIRST_WAIT);
        Self { names: names.collect(), by_endpoint: by_endpoint.into() }
    }

    /// The tokens by `EndpointKey`.
    pub(crate) fn by_endpoint(&self) -> Arc<[Option<Arc<AccessToken>>]> {
        Arc::clone(&self.by_endpoint)
    }

    /// `provider/endpoint` of those that have none now.
    pub(crate) fn missing(&self) -> Vec<String> {
        let without = |(token, name): (&Option<Arc<AccessToken>>, &String)| {
            token.as_ref().is_some_and(|token| token.get().is_none()).then(|| name.clone())
        };
        self.by_endpoint.iter().zip(&self.names).filter_map(without).collect()
    }
}
