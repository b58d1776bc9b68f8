//! Answers that were given before, within a bound.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// The most questions in one generation. There are two, so up to twice as many answers are kept.
pub const REMEMBERED_MAX: usize = 4096;

/// The longest question that is remembered, in bytes.
const LENGTH_MAX: usize = 1024;

/// What is asked: provider, model, context.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) model: &'a str,
    pub(crate) context: &'a [(&'a str, &'a str)],
}

/// Answers by question. What was not asked for lately is forgotten.
pub(crate) struct Memory {
    hasher: FixedState,
    young: HashTable<Entry>,
    old: HashTable<Entry>,
}

struct Entry {
    hash: u64,
    provider: Option<Box<str>>,
    model: Box<str>,
    context: Box<[(Box<str>, Box<str>)]>,
    answer: Option<u32>,
}

impl Memory {
    pub(crate) fn new(seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self { hasher, young: HashTable::new(), old: HashTable::new() }
    }

    /// The answer to the question, if it is remembered.
    pub(crate) fn ask(&mut self, question: Question<'_>) -> Option<Option<u32>> {
        let hash = self.hash(question);
        if let Some(entry) = self.young.find(hash, |entry| entry.is(question)) {
            return Some(entry.answer);
        }
        let (entry, _) = self.old.find_entry(hash, |entry| entry.is(question)).ok()?.remove();
        let answer = entry.answer;
        self.insert(entry);
        Some(answer)
    }

    /// The answer to a question that is not remembered.
    pub(crate) fn learn(&mut self, question: Question<'_>, answer: Option<u32>) {
        if question.length() > LENGTH_MAX {
            return;
        }
        let context = question.context.iter().map(|&(name, value)| (name.into(), value.into()));
        self.insert(Entry {
            hash: self.hash(question),
            provider: question.provider.map(Into::into),
            model: question.model.into(),
            context: context.collect(),
            answer,
        });
    }

    fn insert(&mut self, entry: Entry) {
        if self.young.len() >= REMEMBERED_MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert_unique(entry.hash, entry, |entry| entry.hash);
    }

    fn hash(&self, question: Question<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(question.model.as_bytes());
        hasher.write(question.provider.unwrap_or_default().as_bytes());
        for (name, value) in question.context {
            hasher.write(name.as_bytes());
            hasher.write(value.as_bytes());
        }
        hasher.finish()
    }
}

impl Question<'_> {
    fn length(self) -> usize {
        let context: usize =
            self.context.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.provider.map_or(0, str::len) + self.model.len() + context
    }
}

impl Entry {
    fn is(&self, question: Question<'_>) -> bool {
        let mut pairs = self.context.iter().zip(question.context);
        *self.model == *question.model
            && self.provider.as_deref() == question.provider
            && self.context.len() == question.context.len()
            && pairs.all(|((name, value), asked)| (&**name, &**value) == *asked)
    }
}

#[cfg(test)]
mod tests {
    use super::{LENGTH_MAX, Memory, Question, REMEMBERED_MAX};

    fn question<'a>(provider: Option<&'a str>, model: &'a str) -> Question<'a> {
        Question { provider, model, context: &[] }
    }

    #[test]
    fn what_is_asked_for_is_kept_and_the_rest_is_bounded() {
        let mut memory = Memory::new(0);
        let kept = question(None, "kept");
        assert_eq!(memory.ask(kept), None);
        memory.learn(kept, Some(7));
        for number in 0..3 * REMEMBERED_MAX {
            let name = number.to_string();
            let other = question(Some("openai"), &name);
            assert_eq!(memory.ask(other), None, "{number}");
            memory.learn(other, None);
            assert_eq!(memory.ask(kept), Some(Some(7)), "{number}");
        }
        assert!(memory.young.len() + memory.old.len() <= 2 * REMEMBERED_MAX);
        assert_eq!(memory.ask(question(Some("openai"), "0")), None);
    }

    #[test]
    fn questions_that_read_alike_differ() {
        let mut memory = Memory::new(1);
        let contexts: [&[(&str, &str)]; 3] = [&[], &[("b", "")], &[("", "b")]];
        let questions = [
            question(None, "ab"),
            question(Some(""), "ab"),
            question(Some("b"), "a"),
            Question { context: contexts[1], ..question(None, "a") },
            Question { context: contexts[2], ..question(None, "a") },
        ];
        for (number, question) in (0..).zip(questions) {
            assert_eq!(memory.ask(question), None);
            memory.learn(question, Some(number));
        }
        for (number, question) in (0..).zip(questions) {
            assert_eq!(memory.ask(question), Some(Some(number)));
        }
    }

    #[test]
    fn a_long_question_is_not_kept() {
        let mut memory = Memory::new(1);
        let (kept, long) = ("a".repeat(LENGTH_MAX - 6), "a".repeat(LENGTH_MAX - 5));
        for (name, answer) in [(kept, Some(Some(1))), (long, None)] {
            memory.learn(question(Some("openai"), &name), Some(1));
            assert_eq!(memory.ask(question(Some("openai"), &name)), answer);
        }
    }
}
