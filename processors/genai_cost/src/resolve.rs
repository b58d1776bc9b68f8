//! From the counts of an item to one usage: which counts are within which.
//!
//! Senders disagree on whether input includes what was cached and output what was reasoned. What can be
//! proved by the figures is; then the spelling decides, then the provider. The README has the rules in a
//! table, in this order. What contradicts itself is refused.

use tamis_genai_prices::{Unit, Usage};

use crate::counts::Counts;
use crate::meaning::{Count, Part};

/// Why counts are no usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There are none.
    Nothing,
    /// Input or output is missing.
    Incomplete,
    /// A figure cannot be one.
    Invalid,
    /// Figures contradict each other.
    Conflicting,
}

/// What is known of the provider and the operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Cached input stands beside input in this provider's answers: Anthropic, also at Bedrock.
    pub(crate) cache_beside: bool,
    /// Reasoning stands beside output: Google, xAI.
    pub(crate) reasoning_beside: bool,
    /// The operation has no output that is counted: embeddings, reranking.
    pub(crate) is_without_output: bool,
}

/// The usage of one call. `input` includes what was cached, `output` what was reasoned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) reasoning: u64,
    /// Output may be missing: the model decides whether it has to be there.
    pub(crate) lacks_output: bool,
}

pub(crate) fn resolve(counts: &Counts, manner: Manner, usage: &mut Usage) -> Result<Tokens, Fault> {
    usage.clear();
    if counts.is_empty() {
        return Err(Fault::Nothing);
    }
    if counts.is_invalid {
        return Err(Fault::Invalid);
    }
    let overfull = [&counts.inputs, &counts.outputs, &counts.totals];
    if counts.is_conflicting || overfull.iter().any(|readings| readings.is_overfull) {
        return Err(Fault::Conflicting);
    }
    let case = Case::new(counts, manner)?;
    let mut tokens = case.tokens()?;
    case.complete(&mut tokens)?;
    if (tokens.input.unwrap_or(0), tokens.output.unwrap_or(0)) == (0, 0) && !case.has_other_units()
    {
        return Err(Fault::Nothing);
    }
    fill(counts, &tokens, usage);
    Ok(tokens)
}

struct Case<'c> {
    counts: &'c Counts,
    manner: Manner,
    read: u64,
    write: u64,
    reasoning: u64,
}

impl<'c> Case<'c> {
    fn new(counts: &'c Counts, manner: Manner) -> Result<Self, Fault> {
        let by_age = counts.amount(Count::CacheWrite5m) + counts.amount(Count::CacheWrite1h);
        let write = match (counts.amount(Count::CacheWrite), by_age) {
            (0, sum) => sum,
            (whole, sum) if sum == 0 || sum == whole => whole,
            _ => return Err(Fault::Conflicting),
        };
        let read = counts.amount(Count::CacheRead);
        let reasoning = counts.amount(Count::Reasoning);
        Ok(Self { counts, manner, read, write, reasoning })
    }

    fn cached(&self) -> u64 {
        self.read + self.write
    }

    fn tokens(&self) -> Result<Tokens, Fault> {
        let input = self.input()?;
        let output = self.output(input)?;
        let tokens = Tokens {
            input,
            output,
            cache_read: self.read,
            cache_write: self.write,
            reasoning: self.reasoning,
            lacks_output: false,
        };
        Ok(tokens)
    }

    /// All input, cached or not.
    fn input(&self) -> Result<Option<u64>, Fault> {
        let cached = self.cached();
        let uncached = self.counts.get(Count::Uncached).filter(|_| cached > 0);
        let input = match *self.counts.inputs.all() {
            [] => return Ok(self.counts.get(Count::Uncached).map(|uncached| uncached + cached)),
            [one] if cached == 0 => one,
            [one] => match uncached {
                Some(uncached) if one == uncached + cached => one,
                Some(uncached) if one == uncached => one + cached,
                Some(_) => return Err(Fault::Conflicting),
                None if self.is_cache_beside(one) => one + cached,
                None => one,
            },
            // Both readings, told by two dialects.
            [one, two] if cached > 0 && one.abs_diff(two) == cached => one.max(two),
            _ => return Err(Fault::Conflicting),
        };
        Ok(Some(input + self.tool_prompt(input)))
    }

    fn is_cache_beside(&self, input: u64) -> bool {
        let (read, write) =
            (self.counts.part(Count::CacheRead), self.counts.part(Count::CacheWrite));
        let by_age = self.counts.part(Count::CacheWrite5m);
        let part = read.surer(write).surer(by_age);
        if self.cached() > input {
            return true;
        }
        if let ([total], Some(output)) = (self.counts.totals.all(), self.one_output()) {
            let outputs = [output, output + self.reasoning];
            if outputs.iter().any(|output| *total == input + self.cached() + output) {
                return true;
            }
            if part == Part::Disjoint && outputs.iter().any(|output| *total == input + output) {
                return false;
            }
        }
        match part {
            Part::Within | Part::Unsaid => false,
            _ if self.counts.input_is_whole => false,
            Part::Beside | Part::Disjoint => true,
            Part::ByProvider => self.manner.cache_beside,
        }
    }

    fn one_output(&self) -> Option<u64> {
        match *self.counts.outputs.all() {
            [one] => Some(one),
            [one, two] => Some(one.min(two)),
            _ => None,
        }
    }

    /// Google's total has the results of tools in the prompt, its prompt has not.
    fn tool_prompt(&self, input: u64) -> u64 {
        let tool = self.counts.amount(Count::ToolPrompt);
        let output = self.one_output().unwrap_or(0);
        let is_beside = match *self.counts.totals.all() {
            [total] => {
                let outputs = [output, output + self.reasoning];
                outputs.iter().any(|output| total == input + tool + output)
            }
            _ => true,
        };
        if is_beside { tool } else { 0 }
    }

    /// All output, reasoned or not.
    fn output(&self, input: Option<u64>) -> Result<Option<u64>, Fault> {
        let reasoning = self.reasoning;
        match *self.counts.outputs.all() {
            [] => Ok(None),
            [one] if reasoning == 0 => Ok(Some(one)),
            [one] => {
                let beside = self.is_reasoning_beside(input, one)?;
                Ok(Some(if beside { one + reasoning } else { one }))
            }
            [one, two] if reasoning > 0 && one.abs_diff(two) == reasoning => Ok(Some(one.max(two))),
            _ => Err(Fault::Conflicting),
        }
    }

    fn is_reasoning_beside(&self, input: Option<u64>, output: u64) -> Result<bool, Fault> {
        let part = self.counts.part(Count::Reasoning);
        let sums_to = |output: u64| {
            let inputs = self.counts.inputs.all().iter().copied().chain(input);
            let totals = self.counts.totals.all();
            inputs.into_iter().any(|input| totals.contains(&(input + output)))
        };
        if sums_to(output + self.reasoning) {
            return Ok(true);
        }
        if self.reasoning > output {
            let may_be =
                self.manner.reasoning_beside || matches!(part, Part::Beside | Part::Disjoint);
            return if may_be { Ok(true) } else { Err(Fault::Conflicting) };
        }
        Ok(!sums_to(output) && matches!(part, Part::Beside | Part::Disjoint))
    }

    /// Makes out what is missing by the total, and holds the rest to it.
    fn complete(&self, tokens: &mut Tokens) -> Result<(), Fault> {
        let total = self.counts.totals.all().iter().copied().max().filter(|total| *total > 0);
        let plain = self.cached() == 0 && self.reasoning == 0;
        match (tokens.input, tokens.output, total) {
            (Some(_), Some(_), Some(_)) => self.check_total(tokens)?,
            (Some(input), None, Some(total)) if plain && total >= input => {
                tokens.output = Some(total - input);
            }
            (None, Some(output), Some(total)) if plain && total >= output => {
                tokens.input = Some(total - output);
            }
            (None, None, Some(total)) if self.manner.is_without_output => {
                tokens.input = Some(total)
            }
            (None, None, _) if self.has_other_units() => {}
            (None, ..) => return Err(Fault::Incomplete),
            (Some(_), None, _) => tokens.lacks_output = !self.manner.is_without_output,
            (Some(_), Some(_), None) => {}
        }
        Ok(())
    }

    /// Each total must be the sum of some reading of input and of output.
    fn check_total(&self, tokens: &Tokens) -> Result<(), Fault> {
        let (input, output) = (tokens.input.unwrap_or(0), tokens.output.unwrap_or(0));
        let tool = self.counts.amount(Count::ToolPrompt);
        let cached = [0, self.cached(), self.read, self.write];
        let holds = |total: u64| {
            cached.iter().any(|cached| {
                [0, tool].iter().any(|tool| {
                    [0, self.reasoning]
                        .iter()
                        .any(|reasoning| total + cached + tool + reasoning == input + output)
                })
            })
        };
        let totals = self.counts.totals.all();
        if totals.iter().all(|&total| total == 0 || holds(total)) {
            Ok(())
        } else {
            Err(Fault::Conflicting)
        }
    }

    fn has_other_units(&self) -> bool {
        OTHERS.iter().any(|(count, _)| self.counts.amount(*count) > 0)
    }
}

/// Counts that are priced as they are.
const OTHERS: &[(Count, Unit)] = &[
    (Count::InputAudio, Unit::InputAudioTokens),
    (Count::CacheReadAudio, Unit::CacheAudioReadTokens),
    (Count::OutputAudio, Unit::OutputAudioTokens),
    (Count::InputImage, Unit::InputImageTokens),
    (Count::OutputImage, Unit::OutputImageTokens),
    (Count::InputVideo, Unit::InputVideoTokens),
    (Count::Characters, Unit::InputCharacters),
    (Count::RerankSearches, Unit::RerankSearches),
    (Count::WebSearches, Unit::WebSearches),
    (Count::CodeExecutions, Unit::CodeExecutions),
];

fn fill(counts: &Counts, tokens: &Tokens, usage: &mut Usage) {
    let mut set = |unit, value| {
        if value > 0 {
            usage.set(unit, value);
        }
    };
    set(Unit::CacheReadTokens, tokens.cache_read);
    set(Unit::CacheWriteTokens, tokens.cache_write);
    set(Unit::CacheWrite5mTokens, counts.amount(Count::CacheWrite5m));
    set(Unit::CacheWrite1hTokens, counts.amount(Count::CacheWrite1h));
    set(Unit::OutputReasoningTokens, tokens.reasoning);
    for (count, unit) in OTHERS {
        set(*unit, counts.amount(*count));
    }
    if let Some(input) = tokens.input {
        usage.set(Unit::InputTokens, input);
    }
    if let Some(output) = tokens.output {
        usage.set(Unit::OutputTokens, output);
    }
}

#[cfg(test)]
mod tests;
