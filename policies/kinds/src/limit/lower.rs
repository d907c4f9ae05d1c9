//! A limit: from as written to as compiled.

use std::fmt::Write as _;

use aigw_core::{Millis, Phase};

use crate::limit::{
    Amount, AmountSpec, KeyPart, KeyPartSpec, KeyWord, LimitKind, LimitPlan, LimitRule, LimitRuleSpec, LimitSpec, OnExceedSpec,
};
use crate::lower::references::Wanted;
use crate::lower::uses::check_unique_names;
use crate::lower::{At, Lowering};
use crate::{ExpressionId, ExpressionScope, ExpressionType, Mode, Setting, Typed, rules};

const SCOPES: [ExpressionScope; 2] = [ExpressionScope::Admit, ExpressionScope::Resolve];

/// Lowers one limit.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, LimitSpec>) -> Option<LimitPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let mut late = false;
    let per = key(lowering, spec, &at.key("per"), &mut late);
    let at = at.key("rules");
    check_unique_names(
        lowering,
        "rules",
        spec.rules.iter().enumerate().map(|(index, rule)| (&rule.name, at.item(index).key("name"))),
    );
    check_windows(lowering, spec, &at);
    let mut rules = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let before = lowering.expressions.len();
        let mut rule_is_late = false;
        let plan = lower_rule(lowering, &doc.name, spec, rule, &at.item(index), &mut rule_is_late);
        if rule.mode == Mode::Disabled {
            lowering.expressions.truncate(before);
        } else {
            late |= rule_is_late;
            rules.extend(plan);
        }
    }
    if late {
        lowering.late_limits.insert(&doc.name);
    }
    let phase = if late { Phase::Resolve } else { Phase::Admit };
    Some(LimitPlan { origin: lowering.origin(doc)?, mode: spec.mode, per, phase, rules })
}

/// The parts of the key; `late` becomes true where one is known only with the model.
fn key<'a>(lowering: &mut Lowering<'a>, spec: &'a LimitSpec, at: &At<'a>, late: &mut bool) -> Vec<KeyPart> {
    let mut parts = Vec::new();
    let several = spec.per.items.len() > 1;
    for (index, part) in spec.per.items.iter().enumerate() {
        let at = if spec.per.list { at.item(index) } else { at.clone() };
        if spec.per.items.iter().take(index).any(|earlier| earlier == part) {
            lowering.refuse(rules::DUPLICATE_NAME, at.span(), "this part of the key stands twice", "remove one of them");
            continue;
        }
        match part {
            KeyPartSpec::Word(KeyWord::Global) if several => {
                lowering.unfit(at.span(), "`global` stands alone: it is one counter for all", "remove it");
            }
            KeyPartSpec::Word(KeyWord::Global) => {}
            KeyPartSpec::Word(KeyWord::Tenant) => parts.push(KeyPart::Tenant),
            KeyPartSpec::Word(KeyWord::Subscription) => parts.push(KeyPart::Subscription),
            KeyPartSpec::Word(KeyWord::Product) => parts.push(KeyPart::Product),
            KeyPartSpec::Word(KeyWord::Consumer) => parts.push(KeyPart::Consumer),
            KeyPartSpec::Word(KeyWord::Route) => parts.push(KeyPart::Route),
            KeyPartSpec::Word(KeyWord::Ip) => parts.push(KeyPart::Ip),
            KeyPartSpec::Word(KeyWord::Model) => {
                *late = true;
                parts.push(KeyPart::Model);
            }
            KeyPartSpec::Expr(text) => {
                if let Some((id, scope)) = lowering.expression_in(text, &at.key("expr"), &SCOPES, ExpressionType::Text) {
                    *late |= scope == ExpressionScope::Resolve;
                    parts.push(KeyPart::Expr(id));
                }
            }
        }
    }
    if spec.per.items.is_empty() {
        lowering.unfit(at.span(), "`per` is empty", "write `global` for one counter for all");
    }
    parts
}

fn lower_rule<'a>(
    lowering: &mut Lowering<'a>,
    limit: &str,
    spec: &LimitSpec,
    rule: &'a LimitRuleSpec,
    at: &At<'a>,
    late: &mut bool,
) -> Option<LimitRule> {
    let when = rule.when.as_ref().and_then(|when| lowering.expression_in(when, &at.key("when"), &SCOPES, ExpressionType::Bool));
    *late |= when.is_some_and(|(_, scope)| scope == ExpressionScope::Resolve);
    let (what, amount, key) = kind(lowering, rule, at)?;
    let amount = self::amount(lowering, amount, &at.key(key))?;
    Some(LimitRule {
        name: rule.name.clone(),
        id: counter_id(limit, spec, rule, &what),
        mode: rule.mode,
        what,
        amount,
        when: when.map(|(id, _): (ExpressionId, _)| id),
        place: lowering.place(at.span()),
    })
}

/// What a rule counts: either requests in a window, or requests in flight.
fn kind<'a, 's>(
    lowering: &mut Lowering<'a>,
    rule: &'s LimitRuleSpec,
    at: &At<'a>,
) -> Option<(LimitKind, &'s AmountSpec, &'static str)> {
    match (&rule.requests, &rule.concurrency) {
        (Some(amount), None) => Some((requests(lowering, rule, at)?, amount, "requests")),
        (None, Some(amount)) => Some((concurrency(lowering, rule, at), amount, "concurrency")),
        (None, None) => {
            let message = format!("the rule `{}` limits nothing", rule.name);
            lowering.unfit(at.key("name").span(), message, "write `requests` and `window`, or `concurrency`");
            None
        }
        (Some(_), Some(_)) => {
            let message = "a rule limits either `requests` or `concurrency`";
            lowering.unfit(at.key("concurrency").key_span(), message, "make it two rules");
            None
        }
    }
}

fn requests<'a>(lowering: &mut Lowering<'a>, rule: &LimitRuleSpec, at: &At<'a>) -> Option<LimitKind> {
    if rule.on_exceed != OnExceedSpec::Reject {
        let help = "remove `onExceed`: requests beyond the limit are refused";
        lowering.unfit(at.key("onExceed").key_span(), "only `concurrency` can wait", help);
    }
    let Some(window) = rule.window else {
        let help = "write `window: 1m`, or how long it shall be";
        lowering.unfit(at.key("requests").key_span(), "`requests` needs a `window`", help);
        return None;
    };
    lowering.at_least(window, Millis::from_secs(1), "window", &at.key("window"));
    Some(LimitKind::Requests { window })
}

fn concurrency<'a>(lowering: &mut Lowering<'a>, rule: &LimitRuleSpec, at: &At<'a>) -> LimitKind {
    if rule.window.is_some() {
        lowering.unfit(at.key("window").key_span(), "`concurrency` has no `window`", "remove it");
    }
    let wait = match rule.on_exceed {
        OnExceedSpec::Reject => Millis::new(0),
        OnExceedSpec::Wait(wait) => {
            lowering.at_least(wait, Millis::new(1), "wait", &at.key("onExceed").key("wait"));
            wait
        }
    };
    LimitKind::Concurrency { wait }
}

fn amount<'a>(lowering: &mut Lowering<'a>, spec: &AmountSpec, at: &At<'a>) -> Option<Amount> {
    Some(match spec {
        AmountSpec::Number(number) => Amount::Fixed(Setting::Value(*number)),
        AmountSpec::Param(name) => {
            Amount::Fixed(Setting::Param(lowering.parameter(name, at.key("param").span(), Wanted::Integer)?))
        }
        AmountSpec::Label { label, default } => Amount::Label { label: label.clone(), default: *default },
    })
}

/// A counter outlives a reload where this is unchanged: FNV-1a over the names, the mode and the shape, each ended by a byte that is in none of them.
fn counter_id(limit: &str, spec: &LimitSpec, rule: &LimitRuleSpec, what: &LimitKind) -> u64 {
    let shadow = spec.mode == Mode::Shadow || rule.mode == Mode::Shadow;
    let mut shape = format!("{limit}\0{}\0{}\0", rule.name, if shadow { "shadow" } else { "enforce" });
    // Writing to a text cannot fail.
    match what {
        LimitKind::Requests { window } => write!(shape, "requests {}\0", window.as_millis()).unwrap_or_default(),
        LimitKind::Concurrency { .. } => shape.push_str("concurrency\0"),
    }
    for part in &spec.per.items {
        match part {
            KeyPartSpec::Word(word) => write!(shape, "{word:?}\0").unwrap_or_default(),
            KeyPartSpec::Expr(text) => write!(shape, "={text}\0").unwrap_or_default(),
        }
    }
    shape.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Of two rules that count the same, the one with the shorter window must allow less, or it never decides.
fn check_windows<'a>(lowering: &mut Lowering<'a>, spec: &LimitSpec, at: &At<'a>) {
    let fixed = |rule: &LimitRuleSpec| match (&rule.requests, rule.window) {
        (Some(AmountSpec::Number(number)), Some(window)) if rule.when.is_none() && rule.mode != Mode::Disabled => {
            Some((*number, window))
        }
        _ => None,
    };
    let counted: Vec<_> = spec.rules.iter().enumerate().filter_map(|(index, rule)| Some((index, rule, fixed(rule)?))).collect();
    for (index, rule, (number, window)) in &counted {
        let wider =
            counted.iter().find(|(_, other, (most, longer))| other.mode == rule.mode && longer > window && most <= number);
        if let Some((wider_index, wider, (most, longer))) = wider {
            let message = format!("`{}` allows {number} in {window}, and `{}` only {most} in {longer}", rule.name, wider.name);
            let finding = lowering.error(rules::WINDOW_MISMATCH, at.item(*index).key("requests").span(), message);
            let finding = finding.label(at.item(*wider_index).key("requests").span(), "this one always decides");
            lowering.push(finding.help("lower the amount of the shorter window, or remove the rule"));
        }
    }
}

#[cfg(test)]
mod tests;
