//! What outlives a reload: keyed by names that stay, shared by the engines of every generation.

/// Retry budgets, cool-downs and the like. One for a process; hand the same to each new engine.
#[derive(Debug, Default)]
pub struct State {}
