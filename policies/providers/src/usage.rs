//! What an answer says it cost, in one form for all providers.

use aigw_core::UsageRecord;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Tokens as an answer reports them. None is not zero: the provider said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All of the prompt, what was read from a cache included.
    pub input: Option<u64>,
    /// What of the prompt was read from a cache.
    pub cached: Option<u64>,
    /// All of the answer, reasoning included.
    pub output: Option<u64>,
    /// What of the answer was reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Takes over each figure that a later report gives: reports of one stream are cumulative.
    pub fn merge(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.cached = later.cached.or(self.cached);
        self.output = later.output.or(self.output);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// Reads the `usage` member of a whole answer, chat or embeddings. None if it has none or is not JSON.
    pub fn of_answer(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            usage: Option<&'a RawValue>,
        }
        let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
        Self::of_object(answer.usage?)
    }

    /// Reads the value of a `usage` member. None if it is no object; a figure that is no whole number is missing.
    ///
    /// `prompt_cache_hit_tokens` is DeepSeek's name for what OpenAI calls `prompt_tokens_details.cached_tokens`.
    pub(crate) fn of_object(raw: &RawValue) -> Option<Self> {
        let written: Written<'_> = serde_json::from_str(raw.get()).ok()?;
        let input_details: Details<'_> = details(written.prompt_tokens_details);
        let output_details: Details<'_> = details(written.completion_tokens_details);
        Some(Self {
            input: count(written.prompt_tokens),
            cached: count(input_details.cached_tokens).or_else(|| count(written.prompt_cache_hit_tokens)),
            output: count(written.completion_tokens),
            reasoning: count(output_details.reasoning_tokens),
        })
    }
}

impl From<Usage> for UsageRecord {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            cached_input_tokens: usage.cached,
            output_tokens: usage.output,
            reasoning_tokens: usage.reasoning,
        }
    }
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    prompt_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_cache_hit_tokens: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_tokens: Option<&'a RawValue>,
}

fn details(raw: Option<&RawValue>) -> Details<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn count(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().parse().ok()
}

#[cfg(test)]
mod tests;
