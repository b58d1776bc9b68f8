//! Answers that were given before, within a bound.

use hashbrown::HashMap;

/// The most names in one generation. There are two, so up to twice as many answers are kept.
pub const REMEMBERED_MAX: usize = 4096;

/// The longest question that is remembered, in bytes.
const KEY_MAX: usize = 1024;

type Generation = HashMap<Box<[u8]>, Option<u32>, foldhash::fast::FixedState>;

/// Answers by question. What was not asked for lately is forgotten.
pub(crate) struct Memory {
    young: Generation,
    old: Generation,
    /// The question that is asked, kept for its memory.
    key: Vec<u8>,
}

impl Memory {
    pub(crate) fn new(seed: u64) -> Self {
        let generation = || Generation::with_hasher(foldhash::fast::FixedState::with_seed(seed));
        Self { young: generation(), old: generation(), key: Vec::new() }
    }

    /// The answer to the question, which [`learn`](Self::learn) takes next where there is none.
    pub(crate) fn ask(
        &mut self,
        provider: Option<&str>,
        model: &str,
        context: &[(&str, &str)],
    ) -> Option<Option<u32>> {
        self.key.clear();
        self.key.push(u8::from(provider.is_some()));
        let pairs = context.iter().flat_map(|&(name, value)| [name, value]);
        for text in [provider.unwrap_or_default(), model].into_iter().chain(pairs) {
            self.key.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.key.extend_from_slice(text.as_bytes());
        }
        if let Some(&answer) = self.young.get(&*self.key) {
            return Some(answer);
        }
        let (key, answer) = self.old.remove_entry(&*self.key)?;
        self.insert(key, answer);
        Some(answer)
    }

    /// The answer to what was asked last.
    pub(crate) fn learn(&mut self, answer: Option<u32>) {
        if self.key.len() <= KEY_MAX {
            self.insert(self.key.as_slice().into(), answer);
        }
    }

    fn insert(&mut self, key: Box<[u8]>, answer: Option<u32>) {
        if self.young.len() >= REMEMBERED_MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::{Memory, REMEMBERED_MAX};

    #[test]
    fn what_is_asked_for_is_kept_and_the_rest_is_bounded() {
        let mut memory = Memory::new(0);
        assert_eq!(memory.ask(None, "kept", &[]), None);
        memory.learn(Some(7));
        for number in 0..3 * REMEMBERED_MAX {
            assert_eq!(memory.ask(Some("openai"), &number.to_string(), &[]), None, "{number}");
            memory.learn(None);
            assert_eq!(memory.ask(None, "kept", &[]), Some(Some(7)), "{number}");
        }
        assert!(memory.young.len() + memory.old.len() <= 2 * REMEMBERED_MAX);
        assert_eq!(memory.ask(Some("openai"), "0", &[]), None);
    }

    #[test]
    fn questions_that_read_alike_differ() {
        let mut memory = Memory::new(1);
        let questions: [(_, _, &[(&str, &str)]); 5] = [
            (None, "ab", &[]),
            (Some(""), "ab", &[]),
            (Some("a"), "b", &[]),
            (Some("a"), "", &[("b", "")]),
            (Some("a"), "", &[("", "b")]),
        ];
        for (number, (provider, model, context)) in (0..).zip(questions) {
            assert_eq!(memory.ask(provider, model, context), None);
            memory.learn(Some(number));
        }
    }

    #[test]
    fn a_long_question_is_not_kept() {
        let mut memory = Memory::new(1);
        let name = "a".repeat(super::KEY_MAX);
        memory.ask(None, &name, &[]);
        memory.learn(Some(1));
        assert_eq!(memory.ask(None, &name, &[]), None);
        assert!(memory.young.is_empty());
    }
}
