//! Deciding whether a reply is an answer, whichever interface it came over.

use super::call_error::{CallError, Usage};
use super::cost::{estimate_tokens, message_tokens, tokens_of_bytes};
use super::provider::{Answer, Finish, OpenAiOptions};
use super::question::Question;
use super::thinking;

/// A prompt of which the server counted fewer than this share of the estimate was clipped.
const CLIPPED_BELOW_PERCENT: u64 = 60;
/// Below this many tokens an estimate says nothing.
const CLIP_FLOOR: u64 = 200;
/// Contexts are powers of two from here on: a prompt of exactly that length was made to fit.
const SMALLEST_CONTEXT: u64 = 1_024;

/// A reply, as its interface tells it.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) text: String,
    /// The server has told thinking apart from the text, and there was some.
    pub(super) thought: bool,
    pub(super) model: Option<String>,
    pub(super) tokens_in: Option<u64>,
    pub(super) tokens_out: Option<u64>,
    pub(super) tokens_cached: u64,
    pub(super) tokens_cache_write: u64,
    pub(super) finish: String,
    pub(super) refused: bool,
}

/// True when a server that counted so many tokens read a part of the prompt only.
fn is_clipped(counted: u64, estimate: u64) -> bool {
    let full_to_the_brim = |n: u64| n >= SMALLEST_CONTEXT && n.is_power_of_two();
    // Whole prompts come to such a number by chance, too, if seldom below this share of the estimate.
    let brim = counted * 100 < estimate * 81 && (full_to_the_brim(counted) || full_to_the_brim(counted + 1));
    estimate >= CLIP_FLOOR && (counted * 100 < estimate * CLIPPED_BELOW_PERCENT || brim)
}

impl Reply {
    /// The answer in it.
    ///
    /// # Errors
    /// Why it is none, with what was billed.
    pub(super) fn answer(
        self,
        options: &OpenAiOptions,
        question: &Question,
        milliseconds: u64,
    ) -> Result<Answer, CallError> {
        self.answer_to(options, (message_tokens(question), estimate_tokens(question).0), milliseconds)
    }

    /// As [`Self::answer`], of a question of which the estimates alone are known: the tokens of its messages, and of its
    /// whole prompt.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub(super) fn answer_to(
        self,
        options: &OpenAiOptions,
        (sent_estimate, prompt_estimate): (u64, u64),
        milliseconds: u64,
    ) -> Result<Answer, CallError> {
        let usage = Usage {
            tokens_in: self.tokens_in.unwrap_or(prompt_estimate),
            tokens_out: self.tokens_out.unwrap_or_else(|| tokens_of_bytes(self.text.len())),
            tokens_cached: self.tokens_cached,
            tokens_cache_write: self.tokens_cache_write,
        };
        if let Some(counted) = self.tokens_in.filter(|counted| is_clipped(*counted, sent_estimate)) {
            return Err(CallError::Clipped { sent_estimate, counted, usage });
        }
        if self.refused || self.finish == "content_filter" {
            return Err(CallError::Refused { usage });
        }
        let answer = thinking::without(&self.text);
        if answer.is_none() || (self.thought && self.text.trim().is_empty()) {
            return Err(CallError::OnlyThinking { usage });
        }
        if self.finish == "length" {
            return Err(CallError::CutOff { usage });
        }
        let text = answer.unwrap_or_default().trim();
        if text.is_empty() {
            return Err(CallError::Malformed { message: "it holds no text".to_owned(), usage: Some(usage) });
        }
        Ok(Answer {
            text: text.to_owned(),
            model: self.model.filter(|m| !m.is_empty()).unwrap_or_else(|| options.model.clone()),
            tokens_in: usage.tokens_in,
            tokens_out: usage.tokens_out,
            tokens_cached: usage.tokens_cached,
            tokens_cache_write: usage.tokens_cache_write,
            finish: if self.finish == "stop" { Finish::Stop } else { Finish::Other(self.finish) },
            milliseconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_prompts_are_told_from_whole_ones_at_every_size() {
        for estimate in (CLIP_FLOOR..60_000).step_by(97) {
            // English counts a fifth less than the estimate, German and lists of words less again.
            for percent in [62, 70, 80, 90, 110, 130] {
                let counted = estimate * percent / 100;
                let brim = counted < estimate && ((counted + 1).is_power_of_two() || counted.is_power_of_two());
                assert!(brim || !is_clipped(counted, estimate), "{counted} of {estimate}");
            }
            for percent in [0, 1, 10, 33, 50, 59] {
                assert!(is_clipped(estimate * percent / 100, estimate), "{percent} % of {estimate}");
            }
        }
        // Made to fit a context that is a little too small.
        for context in [2_048, 4_096, 8_192, 32_768] {
            assert!(is_clipped(context, context * 5 / 4) && is_clipped(context - 1, context * 5 / 4), "{context}");
        }
        assert!(!is_clipped(10, CLIP_FLOOR - 1), "of a short prompt an estimate says nothing");
    }
}
