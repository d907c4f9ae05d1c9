//! What requests leave in the metrics, from their decision records.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aigw_core::{Attempt, Record};

use super::family::Family;
use super::{Metric, Text};

/// Bounds of durations in microseconds, and as `le` says them (GenAI conventions).
const DURATIONS: [(u64, &str); 14] = [
    (10_000, "0.01"),
    (20_000, "0.02"),
    (40_000, "0.04"),
    (80_000, "0.08"),
    (160_000, "0.16"),
    (320_000, "0.32"),
    (640_000, "0.64"),
    (1_280_000, "1.28"),
    (2_560_000, "2.56"),
    (5_120_000, "5.12"),
    (10_240_000, "10.24"),
    (20_480_000, "20.48"),
    (40_960_000, "40.96"),
    (81_920_000, "81.92"),
];

/// Bounds of token counts (GenAI conventions).
const TOKENS: [(u64, &str); 14] = [
    (1, "1"),
    (4, "4"),
    (16, "16"),
    (64, "64"),
    (256, "256"),
    (1_024, "1024"),
    (4_096, "4096"),
    (16_384, "16384"),
    (65_536, "65536"),
    (262_144, "262144"),
    (1_048_576, "1048576"),
    (4_194_304, "4194304"),
    (16_777_216, "16777216"),
    (67_108_864, "67108864"),
];

const REQUEST_LABELS: [&str; 5] =
    ["aigw_route", "gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name", "http_response_status_class"];
const OUTCOME_LABELS: [&str; 5] = ["aigw_route", "aigw_outcome", "http_response_status_class", "error_type", "aigw_tenant"];
const ATTEMPT_LABELS: [&str; 4] = ["gen_ai_provider_name", "aigw_endpoint", "aigw_outcome", "http_response_status_class"];
const TOKEN_LABELS: [&str; 5] =
    ["gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name", "gen_ai_token_type", "aigw_tenant"];
const VERDICT_LABELS: [&str; 3] = ["aigw_policy", "aigw_verdict", "aigw_mode"];

/// Counts of one data runtime. Each has its own, so that threads do not wait for one another; a scrape adds them up.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<Families>);

#[derive(Debug, Default)]
struct Families {
    durations: Family<5, Histogram>,
    outcomes: Family<5, u64>,
    attempts: Family<4, Histogram>,
    tokens: Family<5, Histogram>,
    verdicts: Family<3, u64>,
}

#[derive(Clone, Debug, Default)]
struct Histogram {
    /// Observations at or below each bound and above the one before.
    buckets: [u64; 14],
    count: u64,
    sum: u64,
}

impl Families {
    fn add(&mut self, other: &Self) {
        self.durations.add(&other.durations, Histogram::add);
        self.outcomes.add(&other.outcomes, add);
        self.attempts.add(&other.attempts, Histogram::add);
        self.tokens.add(&other.tokens, Histogram::add);
        self.verdicts.add(&other.verdicts, add);
    }

    const fn merged(&self) -> u64 {
        let one = self.durations.merged().saturating_add(self.outcomes.merged());
        one.saturating_add(self.attempts.merged()).saturating_add(self.tokens.merged()).saturating_add(self.verdicts.merged())
    }
}

fn add(sum: &mut u64, other: &u64) {
    *sum = sum.saturating_add(*other);
}

impl Histogram {
    fn add(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(sum, other)| add(sum, other));
        add(&mut self.count, &other.count);
        add(&mut self.sum, &other.sum);
    }

    fn observe(&mut self, bounds: &[(u64, &str); 14], value: u64) {
        if let Some(bucket) = bounds.iter().position(|(bound, _)| value <= *bound).and_then(|at| self.buckets.get_mut(at)) {
            *bucket = bucket.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(value);
    }
}

impl Requests {
    /// Counts one request.
    pub(crate) fn count(&self, record: &Record) {
        let mut families = self.lock();
        let operation = record.operation.as_deref().unwrap_or_default();
        let model = record.model.as_deref().unwrap_or_default();
        // Names that policies declare: there are only so many.
        let tenant = record.tenant.as_deref().unwrap_or_default();
        let route = record.route.as_deref().unwrap_or_default();
        let provider = record.attempts.last().map(|attempt| target(attempt).0).unwrap_or_default();
        let class = status_class(record.status);
        let total = record.timings.iter().find(|(name, _)| name == "total").map_or(0, |(_, micros)| *micros);
        families.durations.update([route, operation, model, provider, class], |seen| seen.observe(&DURATIONS, total));
        let code = record.code.map(aigw_core::ErrorCode::as_str).unwrap_or_default();
        families.outcomes.update([route, record.outcome.as_str(), class, code, tenant], |seen| *seen = seen.saturating_add(1));
        for attempt in &record.attempts {
            let (provider, endpoint) = target(attempt);
            let labels = [provider, endpoint, attempt.outcome.as_str(), status_class(attempt.status.unwrap_or(0))];
            families.attempts.update(labels, |seen| seen.observe(&DURATIONS, attempt.micros));
        }
        if let Some(usage) = &record.usage {
            for (kind, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
                if let Some(tokens) = tokens {
                    families.tokens.update([operation, model, provider, kind, tenant], |seen| seen.observe(&TOKENS, tokens));
                }
            }
        }
        for policy in &record.policies {
            let mode = if policy.shadow { "shadow" } else { "enforce" };
            families.verdicts.update([&policy.policy, policy.verdict.as_str(), mode], |seen| *seen = seen.saturating_add(1));
        }
    }

    /// Writes the sums of several.
    pub(crate) fn write<'r>(all: impl IntoIterator<Item = &'r Self>, text: &mut Text) {
        let mut families = Families::default();
        for one in all {
            families.add(&one.lock());
        }
        histograms(text, Metric::RequestDuration, REQUEST_LABELS, &DURATIONS, &families.durations, micros);
        histograms(text, Metric::OperationDuration, ATTEMPT_LABELS, &DURATIONS, &families.attempts, micros);
        histograms(text, Metric::TokenUsage, TOKEN_LABELS, &TOKENS, &families.tokens, |tokens| tokens.to_string());
        counters(text, Metric::RequestsTotal, OUTCOME_LABELS, &families.outcomes);
        counters(text, Metric::VerdictsTotal, VERDICT_LABELS, &families.verdicts);
        text.value(Metric::SeriesDropped, &[], families.merged());
    }

    fn lock(&self) -> MutexGuard<'_, Families> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn histograms<const N: usize>(
    text: &mut Text,
    metric: Metric,
    names: [&str; N],
    bounds: &[(u64, &str); 14],
    family: &Family<N, Histogram>,
    unit: fn(u64) -> String,
) {
    for (labels, seen) in family.sorted() {
        let mut pairs: Vec<(&str, &str)> = names.into_iter().zip(labels.iter().map(String::as_str)).collect();
        let mut below = 0_u64;
        for ((_, bound), bucket) in bounds.iter().zip(seen.buckets) {
            below = below.saturating_add(bucket);
            pairs.push(("le", bound));
            text.part(metric, "_bucket", &pairs, below);
            pairs.pop();
        }
        pairs.push(("le", "+Inf"));
        text.part(metric, "_bucket", &pairs, seen.count);
        pairs.pop();
        text.part(metric, "_sum", &pairs, unit(seen.sum));
        text.part(metric, "_count", &pairs, seen.count);
    }
}

fn counters<const N: usize>(text: &mut Text, metric: Metric, names: [&str; N], family: &Family<N, u64>) {
    for (labels, count) in family.sorted() {
        let pairs: Vec<(&str, &str)> = names.into_iter().zip(labels.iter().map(String::as_str)).collect();
        text.value(metric, &pairs, *count);
    }
}

/// Microseconds as seconds.
fn micros(sum: u64) -> String {
    format!("{}.{:06}", sum / 1_000_000, sum % 1_000_000)
}

/// `provider/endpoint/model`: what a target has in common with others.
fn target(attempt: &Attempt) -> (&str, &str) {
    let mut parts = attempt.target.splitn(3, '/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

const fn status_class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aigw_core::{AttemptOutcome, ErrorCode, Outcome, PolicyVerdict, UsageRecord, Verdict};

    #[test]
    fn a_record_becomes_the_counts_that_a_scrape_sees() {
        let record = Record {
            route: Some("chat".into()),
            operation: Some("chat".into()),
            tenant: Some("retail".into()),
            model: Some("chat-default".into()),
            status: 502,
            outcome: Outcome::Failed,
            code: Some(ErrorCode::UpstreamError),
            attempts: vec![Attempt {
                target: "aoai/eastus/gpt-4o".into(),
                fallback: None,
                status: Some(500),
                micros: 15_000,
                outcome: AttemptOutcome::Failed,
                reason: None,
            }],
            usage: Some(UsageRecord { input_tokens: Some(5), ..UsageRecord::default() }),
            policies: vec![PolicyVerdict {
                policy: "tpm".into(),
                rule: None,
                phase: "admit".into(),
                verdict: Verdict::Refused,
                shadow: true,
                at: "".into(),
                note: None,
            }],
            timings: vec![("total".into(), 1_500_000)],
            ..Record::default()
        };
        let [one, other] = [Requests::default(), Requests::default()];
        one.count(&record);
        other.count(&record);
        let mut text = Text::default();
        Requests::write([&one, &other], &mut text);
        let text = text.finish();
        for line in [
            r#"gen_ai_server_request_duration_seconds_bucket{aigw_route="chat",gen_ai_operation_name="chat",gen_ai_request_model="chat-default",gen_ai_provider_name="aoai",http_response_status_class="5xx",le="1.28"} 0"#,
            r#"gen_ai_server_request_duration_seconds_sum{aigw_route="chat",gen_ai_operation_name="chat",gen_ai_request_model="chat-default",gen_ai_provider_name="aoai",http_response_status_class="5xx"} 3.000000"#,
            r#"gen_ai_client_operation_duration_seconds_bucket{gen_ai_provider_name="aoai",aigw_endpoint="eastus",aigw_outcome="failed",http_response_status_class="5xx",le="0.02"} 2"#,
            r#"gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_request_model="chat-default",gen_ai_provider_name="aoai",gen_ai_token_type="input",aigw_tenant="retail",le="+Inf"} 2"#,
            r#"aigw_requests_total{aigw_route="chat",aigw_outcome="failed",http_response_status_class="5xx",error_type="upstream_error",aigw_tenant="retail"} 2"#,
            r#"aigw_policy_verdicts_total{aigw_policy="tpm",aigw_verdict="refused",aigw_mode="shadow"} 2"#,
            "# TYPE aigw_requests_total counter",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
    }
}
