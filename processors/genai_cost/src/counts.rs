//! The counts of one item, as they were found: possibly several of one kind.

use crate::meaning::{Count, Part};

/// How many different figures of one kind are told apart.
const READINGS_MAX: usize = 4;

/// Different figures for one thing: the readings of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Readings {
    values: [u64; READINGS_MAX],
    length: usize,
    pub(crate) is_overfull: bool,
}

impl Readings {
    fn add(&mut self, value: u64) {
        if self.all().contains(&value) {
            return;
        }
        match self.values.get_mut(self.length) {
            Some(free) => {
                *free = value;
                self.length += 1;
            }
            None => self.is_overfull = true,
        }
    }

    pub(crate) fn all(&self) -> &[u64] {
        &self.values[..self.length]
    }
}

/// What was found of one item.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// Bit for bit of [`Count`]: what was told, 0 included.
    told: u32,
    values: [u64; Count::COUNT],
    parts: [Part; Count::COUNT],
    pub(crate) inputs: Readings,
    pub(crate) outputs: Readings,
    pub(crate) totals: Readings,
    /// Some spelling of input says that everything is within it.
    pub(crate) input_is_whole: bool,
    /// A figure cannot be one.
    pub(crate) is_invalid: bool,
    /// Two figures for one thing differ.
    pub(crate) is_conflicting: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            told: 0,
            values: [0; Count::COUNT],
            parts: [Part::Unsaid; Count::COUNT],
            inputs: Readings::default(),
            outputs: Readings::default(),
            totals: Readings::default(),
            input_is_whole: false,
            is_invalid: false,
            is_conflicting: false,
        }
    }
}

const _: () = assert!(Count::COUNT <= 32);

impl Counts {
    /// Forgets everything. Values stay where they are: what was not told is not looked at.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.told = 0;
        for readings in [&mut self.inputs, &mut self.outputs, &mut self.totals] {
            (readings.length, readings.is_overfull) = (0, false);
        }
        (self.input_is_whole, self.is_invalid, self.is_conflicting) = (false, false, false);
    }

    pub(crate) fn add(&mut self, count: Count, part: Part, value: u64) {
        match count {
            Count::Input => {
                self.inputs.add(value);
                self.input_is_whole |= part == Part::Within;
            }
            Count::Output => self.outputs.add(value),
            Count::Total => {
                self.totals.add(value);
                self.input_is_whole |= part == Part::Within;
            }
            _ => self.add_one(count, part, value),
        }
        self.told |= 1 << count as u8;
    }

    /// Of a narrower count there is one. Some senders write 0 for what they do not know.
    fn add_one(&mut self, count: Count, part: Part, value: u64) {
        let at = count as usize;
        let known = if self.is_told(count) { self.values[at] } else { 0 };
        match (known, value) {
            (0, _) => (self.values[at], self.parts[at]) = (value, part),
            (_, 0) => {}
            (known, value) if known != value => self.is_conflicting = true,
            // The spelling that says more counts.
            _ => self.parts[at] = self.parts[at].surer(part),
        }
    }

    fn is_told(&self, count: Count) -> bool {
        self.told & 1 << count as u8 != 0
    }

    pub(crate) fn get(&self, count: Count) -> Option<u64> {
        self.is_told(count).then(|| self.values[count as usize])
    }

    /// How much there is of it; 0 where nothing is told.
    pub(crate) fn amount(&self, count: Count) -> u64 {
        self.get(count).unwrap_or(0)
    }

    /// How a count relates to the wider one. Of nothing, nothing.
    pub(crate) fn part(&self, count: Count) -> Part {
        if self.amount(count) == 0 { Part::Unsaid } else { self.parts[count as usize] }
    }

    /// Whether nothing at all is told.
    pub(crate) fn is_empty(&self) -> bool {
        self.told == 0 && !self.is_invalid
    }
}

impl Part {
    /// Which of two spellings of one figure is to be believed: a convention that has a rule of its own
    /// before one that repeats what the provider says.
    pub(crate) fn surer(self, other: Self) -> Self {
        let rank = |part| match part {
            Self::Within => 0,
            Self::Disjoint => 1,
            Self::Beside => 2,
            Self::ByProvider => 3,
            Self::Unsaid => 4,
        };
        if rank(other) < rank(self) { other } else { self }
    }
}
