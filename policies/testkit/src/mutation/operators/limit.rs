//! Rules of Limits: dropped, doubled, with conditions left out or turned round.

use aigw_core::Millis;
use aigw_kinds::limit::{Amount, LimitKind, LimitPlan, LimitRule};
use aigw_kinds::{Mode, RouteId, Setting};

use crate::mutation::maker::{Draft, Maker};
use crate::mutation::reach::{consumers, only_consumers};
use crate::mutation::{Concern, MutantKind};

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (limit, plan) in maker.program.limits.iter().enumerate() {
        let routes = maker.reach.limits.get(limit).cloned().unwrap_or_default();
        if plan.mode != Mode::Enforce || routes.is_empty() {
            continue;
        }
        for (index, rule) in plan.rules.iter().enumerate().filter(|(_, rule)| rule.mode == Mode::Enforce) {
            Rule { limit, index, plan, rule, routes: &routes }.make(maker);
        }
    }
}

struct Rule<'r> {
    limit: usize,
    index: usize,
    plan: &'r LimitPlan,
    rule: &'r LimitRule,
    routes: &'r [RouteId],
}

impl Rule<'_> {
    fn make(&self, maker: &mut Maker<'_>) {
        let (limit, index) = (self.limit, self.index);
        let name = self.name();
        if !self.has_twin(maker) {
            let dropped = self.draft(MutantKind::DropRule, "", format!("the rule `{name}` is gone"));
            maker.add(dropped, move |program| {
                if let Some(plan) = program.limits.get_mut(limit) {
                    plan.rules.remove(index);
                }
            });
        }
        self.double(maker);
        self.lengthen(maker);
        maker.negate(self.rule.when, |when| Draft {
            place: when.place,
            ..self.draft(MutantKind::NegateCondition, "", format!("the rule `{name}` counts where `{}` does not hold", when.text))
        });
        if let Some(when) = self.rule.when {
            let name = format!("the rule `{name}` counts whether its condition holds or not");
            let draft = Draft { place: maker.place_of(when), ..self.draft(MutantKind::WidenRule, "/when", name) };
            self.changed(maker, draft, |rule| rule.when = None);
        }
    }

    fn double(&self, maker: &mut Maker<'_>) {
        let name = self.name();
        match &self.rule.amount {
            Amount::Fixed(setting) => {
                let Some(amount) = maker.number(setting).filter(|amount| *amount > 0) else { return };
                let doubled = amount.saturating_mul(2);
                let draft = self.draft(MutantKind::DoubleLimit, "", format!("`{name}` allows {doubled} instead of {amount}"));
                self.changed(maker, draft, move |rule| rule.amount = Amount::Fixed(Setting::Value(doubled)));
            }
            Amount::Label { label, default } => {
                self.double_default(maker, label, *default);
                self.double_label(maker, label);
            }
        }
    }

    /// For those without the label.
    fn double_default(&self, maker: &mut Maker<'_>, label: &str, default: u64) {
        let program = maker.program;
        let all_have = consumers(program).all(|id| id.of(program).is_some_and(|consumer| number(consumer, label).is_some()));
        if default == 0 || all_have && only_consumers(program, self.routes) {
            return;
        }
        let doubled = default.saturating_mul(2);
        let name = format!("`{}` allows callers without the label `{label}` {doubled} instead of {default}", self.name());
        let draft = self.draft(MutantKind::DoubleLimit, "/default", name);
        self.changed(maker, draft, move |rule| {
            if let Amount::Label { default, .. } = &mut rule.amount {
                *default = doubled;
            }
        });
    }

    /// For those with it, all at once. Expressions may read it too, so that any route is concerned.
    fn double_label(&self, maker: &mut Maker<'_>, label: &str) {
        if !maker.program.consumers.iter().any(|consumer| number(consumer, label).is_some_and(|number| number > 0)) {
            return;
        }
        let name = format!("`{}` allows twice what the label `{label}` of the caller says", self.name());
        let draft = self.draft(MutantKind::DoubleLimit, "/label", name);
        let (label, concern) = (label.to_owned(), Concern::Routes(maker.reach.all()));
        maker.add(Draft { concern, ..draft }, move |program| {
            for consumer in &mut program.consumers {
                if let Some(number) = number(consumer, &label) {
                    consumer.labels.insert(label.clone(), number.saturating_mul(2).to_string());
                }
            }
        });
    }

    fn lengthen(&self, maker: &mut Maker<'_>) {
        let name = self.name();
        match self.rule.what {
            LimitKind::Requests { window } => {
                let longer = twice(window);
                let name = format!("`{name}` counts over {longer} instead of {window}");
                let draft = self.draft(MutantKind::DoubleWindow, "/window", name);
                self.changed(maker, draft, move |rule| rule.what = LimitKind::Requests { window: longer });
            }
            LimitKind::Concurrency { wait } if wait > Millis::default() => {
                let longer = twice(wait);
                let name = format!("a request may wait {longer} instead of {wait} for `{name}`");
                let draft = self.draft(MutantKind::DoubleWindow, "/wait", name);
                self.changed(maker, draft, move |rule| rule.what = LimitKind::Concurrency { wait: longer });
            }
            LimitKind::Concurrency { .. } => {}
        }
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, change: impl Fn(&mut LimitRule) + Send + Sync + 'static) {
        let (limit, index) = (self.limit, self.index);
        maker.add(draft, move |program| {
            let rule = program.limits.get_mut(limit).and_then(|plan| plan.rules.get_mut(index));
            rule.into_iter().for_each(&change);
        });
    }

    fn draft(&self, kind: MutantKind, part: &str, name: String) -> Draft {
        let of = format!("{}{part}", self.name());
        let concern = Concern::Routes(self.routes.to_vec());
        Draft { kind, of, place: self.rule.place, name, concern, mentions: vec![self.name()] }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.plan.origin.name, self.rule.name)
    }

    /// Whether another rule of the limit refuses the same.
    fn has_twin(&self, maker: &Maker<'_>) -> bool {
        let others = self.plan.rules.iter().enumerate().filter(|(index, _)| *index != self.index).map(|(_, rule)| rule);
        others.into_iter().any(|other| {
            other.mode == Mode::Enforce
                && other.what == self.rule.what
                && other.amount == self.rule.amount
                && maker.text(other.when) == maker.text(self.rule.when)
        })
    }
}

fn number(consumer: &aigw_kinds::consumer::ConsumerPlan, label: &str) -> Option<u64> {
    consumer.labels.get(label)?.parse().ok()
}

/// Twice as long, up to the longest there is.
pub(super) fn twice(time: Millis) -> Millis {
    Millis::new(time.as_millis().saturating_mul(2)).min(Millis::MAX)
}
