//! Validations: whether one passes, and each thing that it judges refuses.

use aigw_kinds::validation::{ValidationCheck, ValidationPlan};
use aigw_kinds::{Mode, ValidationId};

use super::reach::Reach;
use super::{Lister, Sort, key};
use crate::coverage::point::{Outcome, PointKind};

impl Lister<'_> {
    pub(super) fn validations(&mut self, reach: &Reach<'_>) {
        let program = self.program;
        for (id, plan) in (0_u32..).map(ValidationId).zip(&program.validations).filter(|(_, plan)| plan.mode != Mode::Disabled) {
            let name = plan.origin.name.as_str();
            self.add_named(
                PointKind::Validation,
                name,
                Outcome::Passed,
                plan.origin.place,
                key(Sort::Validation, &[name, "", "passed"]),
            );
            for check in plan.checks.iter().filter(|check| can_refuse(reach, id, check)) {
                self.validation_check(plan, check);
            }
        }
    }

    fn validation_check(&mut self, plan: &ValidationPlan, check: &ValidationCheck) {
        let policy = plan.origin.name.as_str();
        let key = key(Sort::Validation, &[policy, check.what.key(), "refused"]);
        let name = format!("{policy}/{}", check.what.key());
        self.add_named(PointKind::Validation, name, Outcome::Refused, check.place, key);
    }
}

/// Whether some request that is under the validation has what is judged. Of one that is used nowhere, everything can.
fn can_refuse(reach: &Reach<'_>, id: ValidationId, check: &ValidationCheck) -> bool {
    let mut under = reach.asked.iter().filter(|asked| asked.route.validations().any(|used| used == id)).peekable();
    under.peek().is_none() || under.any(|asked| check.what.concerns(asked.operation))
}
