//! What serves: targets, fallbacks, the endpoints of `http` routes, and prompts.

use aigw_kinds::model::{ModelPlan, TargetPlan};
use aigw_kinds::prompt::{PromptMessage, PromptPlan, PromptVersion};
use aigw_kinds::route::ServePlan;
use aigw_kinds::{EndpointId, Mode, Place, Setting};

use super::{Lister, Sort, key};
use crate::coverage::point::{Outcome, PointKind};

impl Lister<'_> {
    pub(super) fn models(&mut self) {
        for model in &self.program.models {
            for target in model.targets.iter().filter(|target| is_called(target)) {
                self.target(model, target);
            }
            self.fallbacks(model);
        }
    }

    /// Two targets of one model that records call alike are one point, at the first of them.
    fn target(&mut self, model: &ModelPlan, target: &TargetPlan) {
        let name = model.origin.name.as_str();
        for endpoint in &target.endpoints {
            let label = format!("{}/{}", self.endpoint(*endpoint), target.model);
            let key = key(Sort::Target, &[name, &label]);
            self.add_named(PointKind::Target, format!("{name} to {label}"), Outcome::Called, target.place, key);
        }
        let provider = target.provider.of(self.program).map_or("", |provider| provider.origin.name.as_str());
        let endpoint = match target.endpoints.as_slice() {
            [only] => self.endpoint(*only),
            _ => provider.to_owned(),
        };
        self.add_when(target.when, &format!("{name} to {endpoint}/{}", target.model), false);
    }

    fn fallbacks(&mut self, model: &ModelPlan) {
        let from = model.origin.name.as_str();
        for fallback in model.fallback.iter().filter_map(|id| id.of(self.program)) {
            let to = fallback.origin.name.as_str();
            let key = key(Sort::Fallback, &[from, to]);
            self.add_named(PointKind::Fallback, format!("{from} to {to}"), Outcome::Taken, model.origin.place, key);
        }
    }

    /// Routes that serve `http`.
    pub(super) fn forwards(&mut self) {
        for route in &self.program.routes {
            let ServePlan::Http { endpoints, .. } = &route.serve else { continue };
            let name = route.origin.name.as_str();
            for endpoint in endpoints {
                let label = self.endpoint(*endpoint);
                let key = key(Sort::Endpoint, &[name, &label]);
                self.add_named(PointKind::Target, format!("{name} to {label}"), Outcome::Called, route.origin.place, key);
            }
        }
    }

    fn endpoint(&self, id: EndpointId) -> String {
        let Some(endpoint) = id.of(self.program) else { return String::new() };
        let provider = endpoint.provider.of(self.program).map_or("", |provider| provider.origin.name.as_str());
        format!("{provider}/{}", endpoint.name)
    }

    pub(super) fn prompts(&mut self) {
        for prompt in self.program.prompts.iter().filter(|prompt| prompt.mode != Mode::Disabled) {
            let name = prompt.origin.name.as_str();
            if prompt.versions.is_empty() {
                let key = key(Sort::Prompt, &[name, ""]);
                self.add_named(PointKind::Prompt, name, Outcome::Applied, prompt.origin.place, key);
            }
            for version in prompt.versions.iter().filter(|version| version.share.as_ppm() > 0) {
                let key = key(Sort::Prompt, &[name, version.name.as_str()]);
                let place = place_of(prompt, version);
                self.add_named(PointKind::Prompt, format!("{name}/{}", version.name), Outcome::Applied, place, key);
            }
        }
    }
}

/// What has no share is never called; what a parameter gives is not known here.
const fn is_called(target: &TargetPlan) -> bool {
    !matches!(target.weight, Setting::Value(0))
}

/// A version has no place of its own: it stands where its first template does.
fn place_of(prompt: &PromptPlan, version: &PromptVersion) -> Place {
    let template = version.messages.iter().find_map(|message| match message {
        PromptMessage::Template { place, .. } => Some(*place),
        PromptMessage::Request => None,
    });
    template.unwrap_or(prompt.origin.place)
}
