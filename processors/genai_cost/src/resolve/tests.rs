//! The rules, a row each.

use super::*;
use crate::meaning::Count::*;
use crate::meaning::Part::*;

type Told = (Count, Part, u64);

/// Input and output, both wide.
type Wanted = Result<(Option<u64>, Option<u64>), Fault>;

const OPENAI: Manner =
    Manner { cache_beside: false, reasoning_beside: false, is_without_output: false };
const ANTHROPIC: Manner = Manner { cache_beside: true, ..OPENAI };
const GOOGLE: Manner = Manner { reasoning_beside: true, ..OPENAI };
const EMBEDDING: Manner = Manner { is_without_output: true, ..OPENAI };

const IN: Told = (Input, Unsaid, 1000);
const OUT: Told = (Output, Unsaid, 500);

fn resolved(manner: Manner, told: &[Told]) -> Wanted {
    let mut counts = Counts::default();
    told.iter().for_each(|(count, part, value)| counts.add(*count, *part, *value));
    let tokens = resolve(&counts, manner, &mut Usage::new())?;
    Ok((tokens.input, tokens.output))
}

fn both(input: u64, output: u64) -> Wanted {
    Ok((Some(input), Some(output)))
}

#[test]
fn cached_input_is_within_or_beside() {
    for (name, manner, told, wanted) in [
        ("nothing cached", ANTHROPIC, vec![IN, OUT], both(1000, 500)),
        ("within by name", ANTHROPIC, vec![IN, OUT, (CacheRead, Within, 800)], both(1000, 500)),
        ("beside by name", OPENAI, vec![IN, OUT, (CacheRead, Beside, 800)], both(1800, 500)),
        ("by provider", ANTHROPIC, vec![IN, OUT, (CacheRead, ByProvider, 800)], both(1800, 500)),
        ("by another", OPENAI, vec![IN, OUT, (CacheRead, ByProvider, 800)], both(1000, 500)),
        ("more than input", OPENAI, vec![IN, OUT, (CacheRead, Within, 1001)], both(2001, 500)),
        (
            "read and written are more than input",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 600), (CacheWrite, Within, 600)],
            both(2200, 500),
        ),
        (
            "the total has it beside",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 800), (Total, Unsaid, 2300)],
            both(1800, 500),
        ),
        (
            "disjoint, but the total has it within",
            OPENAI,
            vec![IN, OUT, (CacheRead, Disjoint, 800), (Total, Unsaid, 1500)],
            both(1000, 500),
        ),
        (
            "input is whole by its name",
            ANTHROPIC,
            vec![(Input, Within, 1000), OUT, (CacheRead, ByProvider, 800)],
            both(1000, 500),
        ),
        (
            "the uncached shows it is within",
            ANTHROPIC,
            vec![IN, OUT, (CacheRead, ByProvider, 800), (Uncached, Unsaid, 200)],
            both(1000, 500),
        ),
        (
            "the uncached shows it is beside",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 800), (Uncached, Unsaid, 1000)],
            both(1800, 500),
        ),
        (
            "the uncached fits nothing",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 800), (Uncached, Unsaid, 3)],
            Err(Fault::Conflicting),
        ),
        (
            "both readings",
            OPENAI,
            vec![IN, OUT, (Input, Unsaid, 200), (CacheRead, Beside, 800)],
            both(1000, 500),
        ),
        (
            "two figures that nothing explains",
            OPENAI,
            vec![IN, OUT, (Input, Unsaid, 300), (CacheRead, Beside, 800)],
            Err(Fault::Conflicting),
        ),
    ] {
        assert_eq!(resolved(manner, &told), wanted, "{name}");
    }
}

#[test]
fn reasoning_is_within_or_beside() {
    for (name, manner, told, wanted) in [
        ("within by name", GOOGLE, vec![IN, OUT, (Reasoning, Within, 200)], both(1000, 500)),
        ("beside by name", OPENAI, vec![IN, OUT, (Reasoning, Beside, 200)], both(1000, 700)),
        (
            "the total has it beside",
            OPENAI,
            vec![IN, OUT, (Reasoning, Within, 200), (Total, Unsaid, 1700)],
            both(1000, 700),
        ),
        (
            "the total has it within",
            OPENAI,
            vec![IN, OUT, (Reasoning, Beside, 200), (Total, Unsaid, 1500)],
            both(1000, 500),
        ),
        ("more than output", GOOGLE, vec![IN, OUT, (Reasoning, Within, 501)], both(1000, 1001)),
        (
            "more than output of who counts it within",
            OPENAI,
            vec![IN, OUT, (Reasoning, Within, 501)],
            Err(Fault::Conflicting),
        ),
        (
            "both readings",
            OPENAI,
            vec![IN, OUT, (Output, Unsaid, 300), (Reasoning, Within, 200)],
            both(1000, 500),
        ),
    ] {
        assert_eq!(resolved(manner, &told), wanted, "{name}");
    }
}

#[test]
fn what_is_missing_is_made_out_or_refused() {
    for (name, manner, told, wanted) in [
        ("nothing", OPENAI, vec![], Err(Fault::Nothing)),
        ("zeros", OPENAI, vec![(Input, Unsaid, 0), (Output, Unsaid, 0)], Err(Fault::Nothing)),
        ("only input", OPENAI, vec![IN], Ok((Some(1000), None))),
        ("only output", OPENAI, vec![OUT], Err(Fault::Incomplete)),
        ("input and total", OPENAI, vec![IN, (Total, Unsaid, 1500)], both(1000, 500)),
        ("output and total", OPENAI, vec![OUT, (Total, Unsaid, 1500)], both(1000, 500)),
        (
            "output and total, with something cached",
            OPENAI,
            vec![OUT, (CacheRead, Within, 10), (Total, Unsaid, 1500)],
            Err(Fault::Incomplete),
        ),
        ("only a total", OPENAI, vec![(Total, Unsaid, 1500)], Err(Fault::Incomplete)),
        ("a total of embeddings", EMBEDDING, vec![(Total, Unsaid, 1500)], Ok((Some(1500), None))),
        ("searches alone", OPENAI, vec![(RerankSearches, Unsaid, 2)], Ok((None, None))),
        (
            "a total that is no sum",
            OPENAI,
            vec![IN, OUT, (Total, Unsaid, 1501)],
            Err(Fault::Conflicting),
        ),
        ("a total of 0 says nothing", OPENAI, vec![IN, OUT, (Total, Unsaid, 0)], both(1000, 500)),
        (
            "writes by age are all writes",
            OPENAI,
            vec![IN, OUT, (CacheWrite, Within, 300), (CacheWrite1h, Within, 200)],
            Err(Fault::Conflicting),
        ),
        (
            "results of tools beside the prompt",
            GOOGLE,
            vec![IN, OUT, (ToolPrompt, Beside, 100), (Total, Unsaid, 1600)],
            both(1100, 500),
        ),
        (
            "results of tools within the prompt",
            GOOGLE,
            vec![IN, OUT, (ToolPrompt, Beside, 100), (Total, Unsaid, 1500)],
            both(1000, 500),
        ),
        (
            "0 is what a sender writes who does not know",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 0), (CacheRead, Beside, 800)],
            both(1800, 500),
        ),
        (
            "two figures for cached input",
            OPENAI,
            vec![IN, OUT, (CacheRead, Within, 700), (CacheRead, Within, 800)],
            Err(Fault::Conflicting),
        ),
    ] {
        assert_eq!(resolved(manner, &told), wanted, "{name}");
    }
}
