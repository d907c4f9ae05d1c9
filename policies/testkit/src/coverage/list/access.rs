//! Who may pass: authentication, and the rules of authorization.

use aigw_kinds::{AuthorizationId, Mode};

use super::reach::{Asked, Reach, Rule};
use super::{Lister, RulePoints, Sides, Sort, key};
use crate::coverage::point::{Outcome, PointKind};

impl Lister<'_> {
    pub(super) fn authentications(&mut self) {
        for plan in &self.program.authentications {
            let reads_keys = !plan.api_key_headers.is_empty();
            let has_certificates = self.program.consumers.iter().any(|consumer| !consumer.certificates.is_empty());
            let ways = [
                (Outcome::Key, "key", reads_keys && self.program.consumers.iter().any(|consumer| !consumer.keys.is_empty())),
                (Outcome::Token, "token", !plan.issuers.is_empty()),
                (Outcome::Certificate, "certificate", plan.mtls.is_some() && has_certificates),
                (Outcome::Anonymous, "anonymous", plan.anonymous),
                (Outcome::Refused, "refused", reads_keys || plan.mtls.is_some() || !plan.issuers.is_empty() || !plan.anonymous),
            ];
            let name = plan.origin.name.as_str();
            for (outcome, word, _) in ways.into_iter().filter(|(.., possible)| *possible) {
                let key = key(Sort::Authentication, &[name, word]);
                self.add_named(PointKind::Authentication, name, outcome, plan.origin.place, key);
            }
        }
    }

    pub(super) fn authorizations(&mut self, reach: &Reach<'_>) {
        let program = self.program;
        for ((id, plan), rules) in (0_u32..).map(AuthorizationId).zip(&program.authorizations).zip(&reach.rules) {
            let policy = plan.origin.name.as_str();
            let judging: Vec<&Asked<'_>> =
                reach.asked.iter().filter(|asked| asked.policies().any(|set| set.authorization.contains(&id))).collect();
            let rules = rules.iter().map(|rule| {
                let enabled = plan.mode != Mode::Disabled && rule.plan.mode != Mode::Disabled;
                enabled.then(|| self.authorization_rule(policy, rule, &judging))
            });
            let rules = rules.collect();
            self.list.rules.push(rules);
        }
    }

    fn authorization_rule(&mut self, policy: &str, rule: &Rule<'_>, judging: &[&Asked<'_>]) -> RulePoints {
        let name = format!("{policy}/{}", rule.plan.name);
        let yes = Some(self.add(PointKind::Authorization, name.clone(), Outcome::True, rule.plan.place));
        let no = can_fail(rule, judging);
        let no = no.then(|| self.add(PointKind::Authorization, name.clone(), Outcome::False, rule.plan.place));
        let when = self.add_when(rule.plan.when, &name, true);
        RulePoints { applies: Sides { yes, no }, when }
    }
}

/// Whether some request that comes so far could be one to which the rule does not apply. A rule that is used nowhere has both sides.
fn can_fail(rule: &Rule<'_>, judging: &[&Asked<'_>]) -> bool {
    let mut judging = judging.iter().filter(|asked| asked.judges(rule)).peekable();
    judging.peek().is_none() || judging.any(|asked| !asked.always_applies(rule))
}
