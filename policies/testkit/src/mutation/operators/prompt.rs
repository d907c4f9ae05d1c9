//! Prompts: messages dropped and reordered, shares of versions exchanged, parameters left alone.

use aigw_kinds::prompt::{PromptMessage, PromptPlan, PromptVersion};
use aigw_kinds::{Mode, Place, RouteId};

use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (index, plan) in maker.program.prompts.iter().enumerate() {
        let routes = maker.reach.prompts.get(index).cloned().unwrap_or_default();
        if plan.mode == Mode::Enforce && !routes.is_empty() {
            let prompt = Prompt { index, plan, routes: &routes };
            prompt.versions(maker);
            prompt.parameters(maker);
        }
    }
}

struct Prompt<'r> {
    index: usize,
    plan: &'r PromptPlan,
    routes: &'r [RouteId],
}

impl Prompt<'_> {
    fn versions(&self, maker: &mut Maker<'_>) {
        for (at, version) in self.plan.versions.iter().enumerate().filter(|(_, version)| version.share.as_ppm() > 0) {
            self.messages(maker, at, version);
            self.reordered(maker, at, version);
        }
        let pairs = self.plan.versions.iter().zip(self.plan.versions.iter().skip(1)).enumerate();
        for (at, (one, other)) in pairs.filter(|(_, (one, other))| one.share != other.share) {
            let name = format!("the versions `{}` and `{}` of `{}` have each other's share", one.name, other.name, self.name());
            let draft = self.draft(MutantKind::FlipWeights, one.name.as_str(), self.plan.origin.place, name);
            self.changed(maker, draft, move |plan| {
                if let Some([one, other]) = plan.versions.get_mut(at..at.saturating_add(2)) {
                    std::mem::swap(&mut one.share, &mut other.share);
                }
            });
        }
    }

    fn messages(&self, maker: &mut Maker<'_>, at: usize, version: &PromptVersion) {
        for (number, message) in version.messages.iter().enumerate() {
            let PromptMessage::Template { role, place, .. } = message else { continue };
            let part = format!("{}/{number}", version.name);
            let name = format!("the version `{}` of `{}` has no {role} message here", version.name, self.name());
            self.changed(maker, self.draft(MutantKind::DropMessage, &part, *place, name), move |plan| {
                if let Some(version) = plan.versions.get_mut(at) {
                    version.messages.remove(number);
                }
            });
        }
    }

    /// Two that follow one another and are not the same.
    fn reordered(&self, maker: &mut Maker<'_>, at: usize, version: &PromptVersion) {
        for (number, pair) in version.messages.windows(2).enumerate() {
            let [one, other] = pair else { continue };
            if is_alike(one, other) {
                continue;
            }
            let place = [one, other].into_iter().find_map(place_of).unwrap_or(self.plan.origin.place);
            let part = format!("{}/{number}", version.name);
            let (first, second) = (role_of(one), role_of(other));
            let name = format!("the version `{}` of `{}` has {second} before {first}", version.name, self.name());
            self.changed(maker, self.draft(MutantKind::ReorderMessages, &part, place, name), move |plan| {
                if let Some(version) = plan.versions.get_mut(at) {
                    version.messages.swap(number, number.saturating_add(1));
                }
            });
        }
    }

    fn parameters(&self, maker: &mut Maker<'_>) {
        let plan = self.plan;
        for (at, (name, _)) in plan.set.iter().enumerate() {
            self.parameter(maker, "set", name, move |plan| drop(plan.set.remove(at)));
        }
        for (at, (name, _)) in
            plan.default.iter().enumerate().filter(|(_, (name, _))| !plan.set.iter().any(|(set, _)| set == name))
        {
            self.parameter(maker, "default", name, move |plan| drop(plan.default.remove(at)));
        }
        for (at, (name, _)) in plan.cap.iter().enumerate() {
            self.parameter(maker, "cap", name, move |plan| drop(plan.cap.remove(at)));
        }
    }

    fn parameter(
        &self,
        maker: &mut Maker<'_>,
        list: &str,
        parameter: &str,
        change: impl Fn(&mut PromptPlan) + Send + Sync + 'static,
    ) {
        let does = match list {
            "set" => "set",
            "default" => "give a default of",
            _ => "cap",
        };
        let name = format!("`{}` does not {does} `{parameter}`", self.name());
        let part = format!("{list}/{parameter}");
        self.changed(maker, self.draft(MutantKind::DropParameter, &part, self.plan.origin.place, name), change);
    }

    fn draft(&self, kind: MutantKind, part: &str, place: Place, name: String) -> Draft {
        let of = format!("{}/{part}", self.name());
        let mentions = vec![format!("{}", self.name())];
        Draft { kind, of, place, name, concern: Concern::Routes(self.routes.to_vec()), mentions }
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, change: impl Fn(&mut PromptPlan) + Send + Sync + 'static) {
        let index = self.index;
        maker.add(draft, move |program| program.prompts.get_mut(index).into_iter().for_each(&change));
    }

    fn name(&self) -> &str {
        self.plan.origin.name.as_str()
    }
}

fn place_of(message: &PromptMessage) -> Option<Place> {
    match message {
        PromptMessage::Template { place, .. } => Some(*place),
        PromptMessage::Request => None,
    }
}

fn role_of(message: &PromptMessage) -> String {
    match message {
        PromptMessage::Template { role, .. } => format!("the {role} message"),
        PromptMessage::Request => "the caller's messages".to_owned(),
    }
}

fn is_alike(one: &PromptMessage, other: &PromptMessage) -> bool {
    match (one, other) {
        (PromptMessage::Template { role, text, .. }, PromptMessage::Template { role: other, text: others, .. }) => {
            role == other && text == others
        }
        _ => false,
    }
}
