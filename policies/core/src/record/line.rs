//! The record as its line of JSON, written by hand: every request pays for it, and through serde it costs three times as much. What is written is what
//! serde writes, byte for byte; a test compares them. Taking records apart by all their fields makes a new one an error here until it is written.

use super::{Attempt, LimitState, PolicyVerdict, Record, Skipped, UsageRecord};

impl Record {
    /// Writes the record as one line, its end included.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        let mut line = Line(out);
        line.record(self);
        line.raw("\n");
    }
}

struct Line<'o>(&'o mut Vec<u8>);

impl Line<'_> {
    fn record(&mut self, record: &Record) {
        #[rustfmt::skip]
        let Record {
            time, request_id, bundle, method, path, ip, route, route_at, operation, consumer, tenant, product, subscription, credential, model, fallback_from,
            stream, policies, limits, attempts, skipped, usage, outcome, status, code, timings,
        } = record;
        self.raw("{\"time\":");
        self.signed(time.as_millis());
        self.text(",\"requestId\":", request_id);
        self.text(",\"bundle\":", bundle);
        self.text(",\"method\":", method);
        self.text(",\"path\":", path);
        self.text(",\"ip\":", ip);
        self.text_if_any(",\"route\":", route.as_deref());
        self.text_if_any(",\"routeAt\":", route_at.as_deref());
        self.text_if_any(",\"operation\":", operation.as_deref());
        self.text_if_any(",\"consumer\":", consumer.as_deref());
        self.text_if_any(",\"tenant\":", tenant.as_deref());
        self.text_if_any(",\"product\":", product.as_deref());
        self.text_if_any(",\"subscription\":", subscription.as_deref());
        self.text_if_any(",\"credential\":", credential.as_deref());
        self.text_if_any(",\"model\":", model.as_deref());
        self.text_if_any(",\"fallbackFrom\":", fallback_from.as_deref());
        self.raw(if *stream { ",\"stream\":true" } else { ",\"stream\":false" });
        self.list(",\"policies\":", policies, Self::policy);
        self.list(",\"limits\":", limits, Self::limit);
        self.list(",\"attempts\":", attempts, Self::attempt);
        if !skipped.is_empty() {
            self.list(",\"skipped\":", skipped, Self::skipped);
        }
        if let Some(usage) = usage {
            self.usage(usage);
        }
        self.word(",\"outcome\":", outcome.as_str());
        self.number(",\"status\":", u64::from(*status));
        if let Some(code) = code {
            self.word(",\"code\":", code.as_str());
        }
        self.list(",\"timings\":", timings, |line, (phase, micros)| {
            line.text("[", phase);
            line.number(",", *micros);
            line.raw("]");
        });
        self.raw("}");
    }

    fn policy(&mut self, policy: &PolicyVerdict) {
        let PolicyVerdict { policy, rule, phase, verdict, shadow, at, note } = policy;
        self.text("{\"policy\":", policy);
        self.text_if_any(",\"rule\":", rule.as_deref());
        self.text(",\"phase\":", phase);
        self.word(",\"verdict\":", verdict.as_str());
        self.raw(if *shadow { ",\"shadow\":true" } else { "" });
        self.text(",\"at\":", at);
        self.text_if_any(",\"note\":", note.as_deref());
        self.raw("}");
    }

    fn limit(&mut self, limit: &LimitState) {
        let LimitState { limit, remaining, shadow } = limit;
        self.text("{\"limit\":", limit);
        self.number(",\"remaining\":", *remaining);
        self.raw(if *shadow { ",\"shadow\":true}" } else { "}" });
    }

    fn attempt(&mut self, attempt: &Attempt) {
        let Attempt { target, fallback, status, micros, outcome, reason } = attempt;
        self.text("{\"target\":", target);
        self.text_if_any(",\"fallback\":", fallback.as_deref());
        if let Some(status) = status {
            self.number(",\"status\":", u64::from(*status));
        }
        self.number(",\"micros\":", *micros);
        self.word(",\"outcome\":", outcome.as_str());
        self.text_if_any(",\"reason\":", reason.as_deref());
        self.raw("}");
    }

    fn skipped(&mut self, skipped: &Skipped) {
        let Skipped { target, reason, note } = skipped;
        self.text("{\"target\":", target);
        self.word(",\"reason\":", reason.as_str());
        self.text_if_any(",\"note\":", note.as_deref());
        self.raw("}");
    }

    fn usage(&mut self, usage: &UsageRecord) {
        let UsageRecord { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens } = usage;
        let members = [
            ("\"inputTokens\":", input_tokens),
            ("\"cachedInputTokens\":", cached_input_tokens),
            ("\"outputTokens\":", output_tokens),
            ("\"reasoningTokens\":", reasoning_tokens),
        ];
        self.raw(",\"usage\":{");
        let mut between = "";
        for (name, tokens) in members.into_iter().filter_map(|(name, tokens)| Some((name, (*tokens)?))) {
            self.raw(between);
            self.number(name, tokens);
            between = ",";
        }
        self.raw("}");
    }

    fn list<T>(&mut self, before: &str, all: &[T], one: impl Fn(&mut Self, &T)) {
        self.raw(before);
        self.raw("[");
        let mut between = "";
        for item in all {
            self.raw(between);
            one(self, item);
            between = ",";
        }
        self.raw("]");
    }

    fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A text that holds nothing to be escaped.
    fn word(&mut self, before: &str, word: &str) {
        self.raw(before);
        self.raw("\"");
        self.raw(word);
        self.raw("\"");
    }

    fn text_if_any(&mut self, before: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(before, text);
        }
    }

    fn text(&mut self, before: &str, text: &str) {
        // Without an early end, so that the compiler looks at sixteen bytes at once.
        let escapes = text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
        if !escapes {
            return self.word(before, text);
        }
        self.raw(before);
        self.raw("\"");
        text.chars().for_each(|char| self.escaped(char));
        self.raw("\"");
    }

    fn escaped(&mut self, char: char) {
        match char {
            '"' => self.raw("\\\""),
            '\\' => self.raw("\\\\"),
            '\n' => self.raw("\\n"),
            '\r' => self.raw("\\r"),
            '\t' => self.raw("\\t"),
            '\u{8}' => self.raw("\\b"),
            '\u{c}' => self.raw("\\f"),
            '\0'..='\u{1f}' => self.raw(&format!("\\u{:04x}", u32::from(char))),
            _ => self.raw(char.encode_utf8(&mut [0; 4])),
        }
    }

    fn signed(&mut self, value: i64) {
        self.number(if value < 0 { "-" } else { "" }, value.unsigned_abs());
    }

    fn number(&mut self, before: &str, mut value: u64) {
        self.raw(before);
        // As many as the largest has.
        let mut digits = [b'0'; 20];
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(value % 10).unwrap_or_default();
            value /= 10;
            used += 1;
            if value == 0 {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
