//! The prices that hold at one time, prepared, and a usage priced with them.

use crate::amount::Amount;
use crate::cost::{Cost, Unpriceable};
use crate::decimal::Decimal;
use crate::price::{Price, Rate};
use crate::registry::{Part, Registry};
use crate::unit::Unit;
use crate::usage::Usage;

/// With as many digits as genai-prices keeps, and no more, whole numbers are exact there as well.
const EXACT_MAX: u128 = 10_u128.pow(28);

/// A duration's unit is a nanosecond.
const DURATION_DECIMALS: u8 = 9;

/// The prices of one model at one time.
pub(crate) struct Period {
    /// Narrower units before those that include them.
    leaves: Box<[Leaf]>,
    /// The places in `leaves` in the order in which the table has the prices, which sums follow.
    order: Box<[u8]>,
    /// The units that have a price.
    priced: u64,
    tiered: bool,
    /// Whether every unit that needs a price has one.
    complete: bool,
    /// Decimals of the whole numbers in [`Step::whole`].
    decimals: u8,
}

/// A unit with a price.
struct Leaf {
    unit: Unit,
    part: Part,
    per: u64,
    /// The places of the narrower units with a price: they are paid for there, and not here as well.
    narrower: u64,
    base: Step,
    /// Above which number of input tokens which price holds; ascending.
    tiers: Box<[(u64, Step)]>,
}

/// A price of a unit.
#[derive(Clone, Copy)]
struct Step {
    rate: Rate,
    /// The price of a single unit as a whole number with the period's decimals, where it is one.
    whole: Option<u64>,
}

/// By places in [`Period::leaves`]: how many units are paid for there.
type Counts = [u64; Unit::COUNT];

impl Period {
    pub(crate) fn new(prices: &[Price], registry: &Registry) -> Self {
        let mut sorted: Vec<(usize, &Price)> = prices.iter().enumerate().collect();
        sorted.sort_by_key(|(_, price)| std::cmp::Reverse(registry.wider(price.unit).count_ones()));
        let priced = prices.iter().fold(0, |set, price| set | price.unit.bit());
        let decimals = prices.iter().flat_map(|price| rates(price).map(|rate| scale(price, rate)));
        let decimals = decimals.flatten().max().unwrap_or(0);
        let leaf = |&(_, price): &(usize, &Price)| Leaf::new(price, &sorted, decimals, registry);
        let mut order = vec![0; prices.len()];
        for (place, &(written, _)) in sorted.iter().enumerate() {
            order[written] = place as u8;
        }
        Self {
            leaves: sorted.iter().map(leaf).collect(),
            order: order.into(),
            priced,
            tiered: prices.iter().any(|price| !price.tiers.is_empty()),
            complete: registry.gap(priced).is_none(),
            decimals,
        }
    }

    pub(crate) fn price(&self, usage: &Usage, registry: &Registry) -> Result<Cost, Unpriceable> {
        if !self.complete {
            return Err(Unpriceable::IncompletePrices);
        }
        let mut counts = [0; Unit::COUNT];
        self.count(usage, registry, &mut counts)?;
        let input = if self.tiered { reported(usage, Unit::InputTokens, registry)? } else { 0 };
        let cost = match self.in_whole_numbers(&counts, input) {
            Some(cost) => cost,
            None => self.in_decimals(&counts, input).ok_or(Unpriceable::Overflow)?,
        };
        let is_priced = usage.used() & self.priced != 0 || self.priced & Unit::Requests.bit() != 0;
        let nothing_priced = self.priced != 0 && usage.used() != 0 && !is_priced;
        Ok(Cost { nothing_priced, ..cost })
    }

    /// Takes from every unit what narrower ones are paid for.
    fn count(
        &self,
        usage: &Usage,
        registry: &Registry,
        counts: &mut Counts,
    ) -> Result<(), Unpriceable> {
        let mut counted = 0;
        for (place, leaf) in self.leaves.iter().enumerate() {
            if leaf.unit == Unit::Requests {
                // Whatever is reported: this is one call.
                counts[place] = 1;
                continue;
            }
            let mut left = reported(usage, leaf.unit, registry)?;
            let mut narrower = leaf.narrower & counted;
            while narrower != 0 {
                let count = counts[narrower.trailing_zeros() as usize];
                left = left.checked_sub(count).ok_or(Unpriceable::CountTooSmall)?;
                narrower &= narrower - 1;
            }
            counts[place] = left;
            counted |= u64::from(left > 0) << place;
        }
        Ok(())
    }

    /// The usual way: every product and sum has at most 28 digits, so nothing is rounded anywhere.
    fn in_whole_numbers(&self, counts: &Counts, input: u64) -> Option<Cost> {
        let mut parts = [0_u128; Part::COUNT];
        for (leaf, &count) in self.leaves.iter().zip(counts) {
            if count != 0 {
                let price = u128::from(leaf.step(input).whole?) * u128::from(count);
                let part = &mut parts[leaf.part as usize];
                *part = part.checked_add(price)?;
            }
        }
        let total = parts.iter().try_fold(0_u128, |sum, &part| sum.checked_add(part))?;
        if total >= EXACT_MAX {
            return None;
        }
        let amount = |number: u128| Amount::new(number.cast_signed(), self.decimals);
        Some(Cost {
            total: amount(total)?,
            input: amount(parts[Part::Input as usize])?,
            cache_read: amount(parts[Part::CacheRead as usize])?,
            cache_write: amount(parts[Part::CacheWrite as usize])?,
            output: amount(parts[Part::Output as usize])?,
            reasoning: amount(parts[Part::Reasoning as usize])?,
            other: amount(parts[Part::Other as usize])?,
            nothing_priced: false,
        })
    }

    /// The way of genai-prices, which rounds to 28 digits at every step: for hours and for great numbers.
    #[cold]
    fn in_decimals(&self, counts: &Counts, input: u64) -> Option<Cost> {
        let (mut total, mut all_input, mut all_output) =
            (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let mut parts = [Decimal::ZERO; Part::COUNT];
        for &place in &self.order {
            let (leaf, count) = (&self.leaves[usize::from(place)], counts[usize::from(place)]);
            let price = leaf.price(count, input);
            total = total.add(price);
            match leaf.part {
                Part::Input | Part::CacheRead | Part::CacheWrite => {
                    all_input = all_input.add(price);
                }
                Part::Output | Part::Reasoning => all_output = all_output.add(price),
                Part::Other => {}
            }
            let part = &mut parts[leaf.part as usize];
            *part = part.add(price);
        }
        let [total, all_input, all_output] = [total, all_input, all_output].map(Decimal::amount);
        let parts = Split {
            input: all_input?,
            cache_read: parts[Part::CacheRead as usize].amount()?,
            cache_write: parts[Part::CacheWrite as usize].amount()?,
            output: all_output?,
            reasoning: parts[Part::Reasoning as usize].amount()?,
        };
        parts.of(total?).or_else(|| parts.rounded(total?.decimals()).of(total?))
    }
}

/// A total as genai-prices splits it: the input with what was cached, the output with the reasoning.
struct Split {
    input: Amount,
    cache_read: Amount,
    cache_write: Amount,
    output: Amount,
    reasoning: Amount,
}

impl Split {
    /// Parts that sum to the total; `None` where a part is so small beside it that no amount holds both.
    fn of(&self, total: Amount) -> Option<Cost> {
        let &Self { input, cache_read, cache_write, output, reasoning } = self;
        Some(Cost {
            total,
            input: input.checked_sub(cache_read)?.checked_sub(cache_write)?,
            cache_read,
            cache_write,
            output: output.checked_sub(reasoning)?,
            reasoning,
            // With what was rounded away from the total.
            other: total.checked_sub(input)?.checked_sub(output)?,
            nothing_priced: false,
        })
    }

    fn rounded(&self, decimals: u8) -> Self {
        Self {
            input: self.input.rounded(decimals),
            cache_read: self.cache_read.rounded(decimals),
            cache_write: self.cache_write.rounded(decimals),
            output: self.output.rounded(decimals),
            reasoning: self.reasoning.rounded(decimals),
        }
    }
}

impl Leaf {
    fn new(price: &Price, sorted: &[(usize, &Price)], decimals: u8, registry: &Registry) -> Self {
        let unit = price.unit;
        let includes = registry.narrower(unit);
        let narrower = sorted.iter().enumerate().fold(0, |set, (place, (_, other))| {
            if includes & other.unit.bit() == 0 { set } else { set | 1 << place }
        });
        let step = |rate: Rate| Step { rate, whole: whole(price, rate, decimals) };
        Self {
            unit,
            part: registry.part(unit),
            per: price.per,
            narrower,
            base: step(price.base),
            tiers: price.tiers.iter().map(|&(above, rate)| (above, step(rate))).collect(),
        }
    }

    /// The price where this is the number of input tokens.
    fn step(&self, input: u64) -> &Step {
        let mut tiers = self.tiers.iter().rev();
        tiers.find(|&&(above, _)| input > above).map_or(&self.base, |(_, step)| step)
    }

    fn price(&self, count: u64, input: u64) -> Decimal {
        let rate = self.step(input).rate;
        let behind = if self.unit.is_duration() { DURATION_DECIMALS } else { 0 };
        let exponent = -i32::from(rate.decimals + behind);
        Decimal::product(rate.coefficient, count, exponent).divide(self.per)
    }
}

/// What is reported of the unit; 0 where nothing is and nothing suggests otherwise.
fn reported(usage: &Usage, unit: Unit, registry: &Registry) -> Result<u64, Unpriceable> {
    match usage.get(unit) {
        Some(count) => Ok(count),
        None if registry.must_be_reported(unit, usage.used()) => Err(Unpriceable::MissingCount),
        None => Ok(0),
    }
}

fn rates(price: &Price) -> impl Iterator<Item = Rate> {
    std::iter::once(price.base).chain(price.tiers.iter().map(|&(_, rate)| rate))
}

/// How many decimals the price of a single unit has; `None` where they have no end.
fn scale(price: &Price, rate: Rate) -> Option<u8> {
    let zeros = price.per.checked_ilog10().filter(|&zeros| 10_u64.pow(zeros) == price.per)?;
    let behind = if price.unit.is_duration() { DURATION_DECIMALS } else { 0 };
    Some(rate.decimals + behind + zeros as u8)
}

/// The price of a single unit as a whole number with so many decimals, if it is one and fits.
fn whole(price: &Price, rate: Rate, decimals: u8) -> Option<u64> {
    let more = decimals.checked_sub(scale(price, rate)?)?;
    rate.coefficient.checked_mul(10_u64.checked_pow(u32::from(more))?)
}
