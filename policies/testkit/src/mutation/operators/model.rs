//! Models: targets dropped, their shares and priorities exchanged, retries and fallbacks left out.

use aigw_core::Millis;
use aigw_kinds::model::{ModelPlan, RetryOn, RetryPlan, TargetPlan};
use aigw_kinds::{Program, RouteId};

use super::limit::twice;
use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

/// What retries do where nothing is written: nobody tests what nobody wrote.
const DEFAULT_ATTEMPTS: u32 = 2;
const DEFAULT_RETRY_ON: [RetryOn; 4] = [RetryOn::Status(429), RetryOn::ServerErrors, RetryOn::Timeout, RetryOn::Connect];
const DEFAULT_BACKOFF: (Millis, Millis) = (Millis::new(200), Millis::from_secs(5));

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (index, plan) in maker.program.models.iter().enumerate() {
        let routes = maker.reach.models.get(index).cloned().unwrap_or_default();
        if !routes.is_empty() {
            let model = Model { index, plan, routes: &routes };
            model.targets(maker);
            model.shares(maker);
            model.priorities(maker);
            model.retry(maker);
            model.fallback(maker);
        }
    }
}

struct Model<'m> {
    index: usize,
    plan: &'m ModelPlan,
    routes: &'m [RouteId],
}

impl Model<'_> {
    fn targets(&self, maker: &mut Maker<'_>) {
        let served = |target: &TargetPlan| maker.number(&target.weight) != Some(0);
        let several = self.plan.targets.iter().filter(|target| served(target)).count() > 1;
        let called: Vec<usize> =
            (self.plan.targets.iter().enumerate()).filter(|(_, target)| served(target)).map(|(at, _)| at).collect();
        for at in called {
            let Some(target) = self.plan.targets.get(at) else { continue };
            let name = self.target_name(maker, target);
            if several && !self.has_twin(maker, at) {
                let dropped = self.of_target(
                    maker,
                    MutantKind::DropTarget,
                    target,
                    format!("the target `{name}` of `{}` is gone", self.name()),
                );
                self.changed(maker, dropped, move |plan| {
                    plan.targets.remove(at);
                });
            }
            maker.negate(target.when, |when| Draft {
                place: when.place,
                concern: self.concern(),
                mentions: Vec::new(),
                kind: MutantKind::NegateCondition,
                of: format!("{}/{name}", self.name()),
                name: format!("the target `{name}` is eligible where `{}` does not hold", when.text),
            });
            if let Some(when) = target.when {
                let name = format!("the target `{name}` is eligible whether its condition holds or not");
                let draft = self.of_target(maker, MutantKind::WidenRule, target, name);
                let draft = Draft { place: maker.place_of(when), of: format!("{}/when", draft.of), ..draft };
                self.changed(maker, draft, move |plan| {
                    plan.targets.get_mut(at).into_iter().for_each(|target| target.when = None);
                });
            }
        }
    }

    /// The shares of two that stand one after the other and have one priority.
    fn shares(&self, maker: &mut Maker<'_>) {
        let pairs = self.plan.targets.iter().zip(self.plan.targets.iter().skip(1)).enumerate();
        for (at, (one, other)) in pairs.filter(|(_, (one, other))| one.priority == other.priority) {
            let (share, others) = (maker.number(&one.weight), maker.number(&other.weight));
            if one.weight == other.weight || share == others || is_same_place(maker, one, other) {
                continue;
            }
            let (first, second) = (self.target_name(maker, one), self.target_name(maker, other));
            let name = format!("the targets `{first}` and `{second}` of `{}` have each other's weight", self.name());
            let draft = self.of_target(maker, MutantKind::FlipWeights, one, name);
            self.changed(maker, draft, move |plan| {
                if let Some([one, other]) = plan.targets.get_mut(at..at.saturating_add(2)) {
                    std::mem::swap(&mut one.weight, &mut other.weight);
                }
            });
        }
    }

    /// Two priorities that follow one another; whatever has one of them gets the other.
    fn priorities(&self, maker: &mut Maker<'_>) {
        let mut called: Vec<&TargetPlan> = Vec::new();
        for target in self.plan.targets.iter().filter(|target| maker.number(&target.weight) != Some(0)) {
            if called.last().is_none_or(|last| last.priority != target.priority) {
                called.push(target);
            }
        }
        for (one, other) in called.iter().zip(called.iter().skip(1)) {
            let (first, second) = (one.priority, other.priority);
            let name = format!("targets of `{}` with priority {second} come before those with {first}", self.name());
            let draft = self.of_target(maker, MutantKind::SwapPriorities, one, name);
            let draft = Draft { of: format!("{}/{first}-{second}", self.name()), ..draft };
            self.changed(maker, draft, move |plan| {
                for target in &mut plan.targets {
                    target.priority = match target.priority {
                        priority if priority == first => second,
                        priority if priority == second => first,
                        priority => priority,
                    };
                }
                plan.targets.sort_by_key(|target| target.priority);
            });
        }
    }

    fn retry(&self, maker: &mut Maker<'_>) {
        let retry = &self.plan.retry;
        let candidates: usize = self.plan.targets.iter().map(|target| target.endpoints.len()).sum();
        if retry.attempts < 2 || retry.retry_on.is_empty() && candidates < 2 {
            return;
        }
        let name = format!("`{}` never tries again", self.name());
        self.retried(maker, MutantKind::DisableRetry, "", name, |retry| retry.attempts = 1);
        if retry.retry_on != DEFAULT_RETRY_ON && retry.retry_on.len() > 1 {
            for (at, on) in retry.retry_on.iter().enumerate().filter(|(at, on)| !covered(**on, *at, &retry.retry_on)) {
                let name = format!("`{}` does not try again on {}", self.name(), words(*on));
                self.retried(maker, MutantKind::DropRetry, &words(*on), name, move |retry| {
                    retry.retry_on.remove(at);
                });
            }
        }
        self.bounds(maker, retry);
    }

    fn bounds(&self, maker: &mut Maker<'_>, retry: &RetryPlan) {
        if retry.attempts != DEFAULT_ATTEMPTS {
            let doubled = retry.attempts.saturating_mul(2);
            let name = format!("`{}` is tried {doubled} times instead of {}", self.name(), retry.attempts);
            self.retried(maker, MutantKind::DoubleBound, "attempts", name, move |retry| retry.attempts = doubled);
        }
        let (base, max) = (retry.backoff_base, retry.backoff_max);
        if base != DEFAULT_BACKOFF.0 && base < max {
            let name = format!("`{}` pauses for {} instead of {base} before it tries again", self.name(), twice(base));
            self.retried(maker, MutantKind::DoubleBound, "backoff-base", name, move |retry| retry.backoff_base = twice(base));
        }
        if max != DEFAULT_BACKOFF.1 {
            let name = format!("`{}` pauses for at most {} instead of {max} before it tries again", self.name(), twice(max));
            self.retried(maker, MutantKind::DoubleBound, "backoff-max", name, move |retry| retry.backoff_max = twice(max));
        }
    }

    fn retried(
        &self,
        maker: &mut Maker<'_>,
        kind: MutantKind,
        part: &str,
        name: String,
        change: impl Fn(&mut RetryPlan) + Send + Sync + 'static,
    ) {
        let draft = self.draft(kind, part, name);
        self.changed(maker, Draft { concern: Concern::Trouble(self.routes.to_vec()), ..draft }, move |plan| {
            change(&mut plan.retry)
        });
    }

    /// Only what some route of the model serves can take over.
    fn fallback(&self, maker: &mut Maker<'_>) {
        for (at, id) in self.plan.fallback.iter().enumerate() {
            let served =
                maker.reach.models.get(id.index()).is_some_and(|routes| routes.iter().any(|route| self.routes.contains(route)));
            let Some(fallback) = id.of(maker.program).filter(|_| served) else { continue };
            let other = fallback.origin.name.as_str();
            let draft = self.draft(MutantKind::DropFallback, other, format!("`{}` does not fall back to `{other}`", self.name()));
            let draft = Draft { concern: Concern::Trouble(self.routes.to_vec()), mentions: vec![other.to_owned()], ..draft };
            self.changed(maker, draft, move |plan| {
                plan.fallback.remove(at);
            });
        }
    }

    fn of_target(&self, maker: &Maker<'_>, kind: MutantKind, target: &TargetPlan, name: String) -> Draft {
        let part = self.target_name(maker, target);
        Draft { place: target.place, mentions: labels(maker.program, target), ..self.draft(kind, &part, name) }
    }

    fn draft(&self, kind: MutantKind, part: &str, name: String) -> Draft {
        let of = if part.is_empty() { self.name().to_owned() } else { format!("{}/{part}", self.name()) };
        Draft { kind, of, place: self.plan.origin.place, name, concern: self.concern(), mentions: vec![self.name().to_owned()] }
    }

    fn concern(&self) -> Concern {
        Concern::Routes(self.routes.to_vec())
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, change: impl Fn(&mut ModelPlan) + Send + Sync + 'static) {
        let index = self.index;
        maker.add(draft, move |program| program.models.get_mut(index).into_iter().for_each(&change));
    }

    fn name(&self) -> &str {
        self.plan.origin.name.as_str()
    }

    /// As an author writes it: with the endpoint where there is one.
    fn target_name(&self, maker: &Maker<'_>, target: &TargetPlan) -> String {
        match labels(maker.program, target).as_slice() {
            [one] => one.clone(),
            _ => {
                let provider = target.provider.of(maker.program).map_or("", |provider| provider.origin.name.as_str());
                format!("{provider}/{}", target.model)
            }
        }
    }

    /// Whether the same place stands there once more: then it takes over the share.
    fn has_twin(&self, maker: &Maker<'_>, at: usize) -> bool {
        let Some(target) = self.plan.targets.get(at) else { return false };
        let mut others = self.plan.targets.iter().enumerate().filter(|(other, _)| *other != at);
        others.any(|(_, other)| other.priority == target.priority && is_same_place(maker, other, target))
    }
}

fn is_same_place(maker: &Maker<'_>, one: &TargetPlan, other: &TargetPlan) -> bool {
    one.provider == other.provider
        && one.endpoints == other.endpoints
        && one.model == other.model
        && maker.text(one.when) == maker.text(other.when)
}

/// `provider/endpoint/model` for each endpoint, as records have it.
fn labels(program: &Program, target: &TargetPlan) -> Vec<String> {
    let provider = target.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
    let endpoints = target.endpoints.iter().filter_map(|endpoint| endpoint.of(program));
    endpoints.map(|endpoint| format!("{provider}/{}/{}", endpoint.name, target.model)).collect()
}

/// Whether what else is written takes it in.
fn covered(on: RetryOn, at: usize, all: &[RetryOn]) -> bool {
    let others = all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| *other);
    others.into_iter().any(|other| match (on, other) {
        (RetryOn::Status(status), RetryOn::ServerErrors) => (500..600).contains(&status),
        (RetryOn::Status(status), RetryOn::Timeout) => status == 408,
        _ => on == other,
    })
}

fn words(on: RetryOn) -> String {
    match on {
        RetryOn::Status(status) => status.to_string(),
        RetryOn::ServerErrors => "5xx".to_owned(),
        RetryOn::Timeout => "timeout".to_owned(),
        RetryOn::Connect => "connect".to_owned(),
    }
}
