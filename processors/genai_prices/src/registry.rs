//! How the units relate: which includes which, and what a price of each is a price of.

use crate::unit::Unit;

/// What a table says of the units.
#[derive(Default)]
pub(crate) struct Registry {
    /// What a price of the unit is called. Units that this version does not know have none.
    price_names: Vec<(Box<str>, Option<Unit>)>,
    shapes: Vec<(Unit, Shape)>,
    /// Which units are narrower and wider, by unit.
    narrower: Relations,
    wider: Relations,
    /// The pairs that overlap, and neither includes the other.
    overlaps: Vec<Overlap>,
    parts: Parts,
    pers: Pers,
}

struct Relations([u64; Unit::COUNT]);
struct Pers([u64; Unit::COUNT]);
struct Parts([Part; Unit::COUNT]);

/// The dimensions of a unit as sets: of dimensions, and of pairs of dimension and value.
#[derive(Clone, Copy, Default)]
struct Shape {
    keys: u64,
    pairs: u64,
}

/// Two units that overlap: cached input and audio input.
pub(crate) struct Overlap {
    pair: u64,
    /// The unit of what is both, if there is one: cached audio input.
    both: Option<Unit>,
}

/// The part of a cost that a unit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Input,
    CacheRead,
    CacheWrite,
    Output,
    Reasoning,
    Other,
}

impl Part {
    pub(crate) const COUNT: usize = 6;

    fn of(dimensions: &str) -> Self {
        let has = |wanted| dimensions.split(' ').any(|pair| pair == wanted);
        match (has("direction=input"), has("direction=output")) {
            (true, _) if has("token_type=cache_read") => Self::CacheRead,
            (true, _) if has("token_type=cache_write") => Self::CacheWrite,
            (true, _) => Self::Input,
            (_, true) if has("token_type=reasoning") => Self::Reasoning,
            (_, true) => Self::Output,
            _ => Self::Other,
        }
    }
}

/// Reads the lines `unit`.
#[derive(Default)]
pub(crate) struct Builder<'t> {
    registry: Registry,
    keys: Vec<&'t str>,
    pairs: Vec<&'t str>,
}

impl<'t> Builder<'t> {
    /// What follows `unit` in its line: name, name of its price, units per price, dimensions.
    pub(crate) fn unit(&mut self, line: &'t str) -> Result<(), String> {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[name, price_name, per, dimensions] = fields.as_slice() else {
            return Err("expected name, price, per and dimensions".to_owned());
        };
        let unit = Unit::from_name(name);
        self.registry.price_names.push((price_name.into(), unit));
        let per = per.parse().ok().filter(|per| (1..=PER_MAX).contains(per));
        let per = per.ok_or_else(|| format!("expected a number of units from 1 to {PER_MAX}"))?;
        let Some(unit) = unit else { return Ok(()) };
        if self.registry.shapes.iter().any(|&(known, _)| known == unit) {
            return Err("a unit that was there before".to_owned());
        }
        let mut shape = Shape::default();
        for pair in dimensions.split(' ') {
            let key = pair.split_once('=').ok_or("expected dimension=value")?.0;
            shape.keys |= bit(&mut self.keys, key)?;
            shape.pairs |= bit(&mut self.pairs, pair)?;
        }
        self.registry.shapes.push((unit, shape));
        self.registry.pers.0[unit.index()] = per;
        self.registry.parts.0[unit.index()] = Part::of(dimensions);
        Ok(())
    }

    pub(crate) fn finish(self) -> Registry {
        let mut registry = self.registry;
        let shapes = std::mem::take(&mut registry.shapes);
        for (place, &(one, a)) in shapes.iter().enumerate() {
            for &(two, b) in &shapes[place + 1..] {
                let pairs = a.pairs | b.pairs;
                if pairs.count_ones() != (a.keys | b.keys).count_ones() {
                    continue; // They differ in the value of a dimension: nothing is both.
                }
                if pairs == b.pairs {
                    registry.include(one, two);
                } else if pairs == a.pairs {
                    registry.include(two, one);
                } else {
                    let both = shapes.iter().find(|(_, shape)| shape.pairs == pairs);
                    let pair = one.bit() | two.bit();
                    registry.overlaps.push(Overlap { pair, both: both.map(|&(unit, _)| unit) });
                }
            }
        }
        registry
    }
}

/// With a greater one the arithmetic of prices could overflow.
const PER_MAX: u64 = 10_000_000_000;

/// The word's bit in sets of such words.
fn bit<'t>(words: &mut Vec<&'t str>, word: &'t str) -> Result<u64, String> {
    let place = words.iter().position(|known| *known == word).unwrap_or_else(|| {
        words.push(word);
        words.len() - 1
    });
    u32::try_from(place)
        .ok()
        .and_then(|place| 1_u64.checked_shl(place))
        .ok_or_else(|| "more than 64 different dimensions".to_owned())
}

impl Registry {
    fn include(&mut self, wider: Unit, narrower: Unit) {
        self.narrower.0[wider.index()] |= narrower.bit();
        self.wider.0[narrower.index()] |= wider.bit();
    }

    /// The unit of a price of this name. `Some(None)`: this version has no such unit.
    pub(crate) fn priced(&self, price_name: &str) -> Option<Option<Unit>> {
        self.price_names.iter().find(|(name, _)| **name == *price_name).map(|&(_, unit)| unit)
    }

    /// What the price of the unit is called.
    pub(crate) fn price_name(&self, unit: Unit) -> &str {
        let named = self.price_names.iter().find(|&&(_, named)| named == Some(unit));
        named.map_or(unit.name(), |(name, _)| name)
    }

    /// How many units the price of the unit is for.
    pub(crate) fn per(&self, unit: Unit) -> u64 {
        self.pers.0[unit.index()]
    }

    /// The units that this one includes.
    pub(crate) fn narrower(&self, unit: Unit) -> u64 {
        self.narrower.0[unit.index()]
    }

    /// The units that include this one.
    pub(crate) fn wider(&self, unit: Unit) -> u64 {
        self.wider.0[unit.index()]
    }

    pub(crate) fn part(&self, unit: Unit) -> Part {
        self.parts.0[unit.index()]
    }

    /// Whether the unit has to be reported where these are used: it includes one of them, or it is what
    /// two of them have in common.
    pub(crate) fn must_be_reported(&self, unit: Unit, used: u64) -> bool {
        if used & self.narrower(unit) != 0 {
            return true;
        }
        let both = |overlap: &Overlap| overlap.both == Some(unit) && overlap.pair & !used == 0;
        // Only units that include it can have it in common.
        (used & self.wider(unit)).count_ones() >= 2 && self.overlaps.iter().any(both)
    }

    /// A unit that has a price, and the one that needs a price as well where it has one: what includes
    /// it, or what it has in common with another. `Some((_, None))`: there is no such unit.
    pub(crate) fn gap(&self, priced: u64) -> Option<(Unit, Option<Unit>)> {
        let units = || Unit::ALL.iter().filter(|unit| priced & unit.bit() != 0);
        for &unit in units() {
            let missing = self.wider(unit) & !priced;
            if missing != 0 {
                let wider = Unit::ALL.iter().find(|unit| missing & unit.bit() != 0);
                return Some((unit, wider.copied()));
            }
        }
        let open = |overlap: &&Overlap| {
            let both_priced = overlap.both.is_some_and(|both| priced & both.bit() != 0);
            overlap.pair & !priced == 0 && !both_priced
        };
        let overlap = self.overlaps.iter().find(open)?;
        let unit = units().find(|unit| overlap.pair & unit.bit() != 0)?;
        Some((*unit, overlap.both))
    }
}

impl Default for Relations {
    fn default() -> Self {
        Self([0; Unit::COUNT])
    }
}

impl Default for Pers {
    fn default() -> Self {
        Self([0; Unit::COUNT])
    }
}

impl Default for Parts {
    fn default() -> Self {
        Self([Part::Other; Unit::COUNT])
    }
}
