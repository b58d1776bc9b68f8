//! Prices of units, as they are written.

use crate::amount::Amount;
use crate::registry::Registry;
use crate::unit::Unit;

/// More decimals than any price has; with them nothing that follows overflows.
const DECIMALS_MAX: u8 = 30;

/// A price of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) unit: Unit,
    /// How many units it is for.
    pub(crate) per: u64,
    pub(crate) base: Rate,
    /// Above which number of input tokens everything costs how much; ascending.
    pub(crate) tiers: Vec<(u64, Rate)>,
}

/// An exact decimal that is not negative: `coefficient / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) coefficient: u64,
    pub(crate) decimals: u8,
}

impl Rate {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let amount: Amount = text.parse().ok()?;
        let (mut coefficient, mut decimals) = (amount.coefficient(), amount.decimals());
        while decimals > 0 && coefficient % 10 == 0 {
            (coefficient, decimals) = (coefficient / 10, decimals - 1);
        }
        let is_negative = text.starts_with('-');
        let coefficient = u64::try_from(coefficient).ok()?;
        (!is_negative && decimals <= DECIMALS_MAX).then_some(Self { coefficient, decimals })
    }
}

/// Reads `input_mtok=3>200000:6 output_mtok=15`. Units that this version does not know are left out.
pub(crate) fn parse(text: &str, registry: &Registry) -> Result<Vec<Price>, String> {
    let mut prices: Vec<Price> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (name, rates) = word.split_once('=').ok_or("expected unit=price")?;
        let unit = registry.priced(name).ok_or("a price of an unknown unit")?;
        let Some(unit) = unit else { continue };
        if prices.iter().any(|price| price.unit == unit) {
            return Err("two prices of one unit".to_owned());
        }
        let price = tiers(unit, registry.per(unit), rates);
        prices.push(price.ok_or("expected a decimal number, and tiers that ascend")?);
    }
    Ok(prices)
}

/// Reads `3>200000:6`.
fn tiers(unit: Unit, per: u64, text: &str) -> Option<Price> {
    let mut words = text.split('>');
    let base = Rate::parse(words.next()?)?;
    let tiers: Option<Vec<_>> = words
        .map(|word| {
            let (above, rate) = word.split_once(':')?;
            Some((above.parse().ok()?, Rate::parse(rate)?))
        })
        .collect();
    let tiers: Vec<(u64, Rate)> = tiers?;
    let ascends = tiers.is_sorted_by_key(|&(above, _)| above);
    ascends.then_some(Price { unit, per, base, tiers })
}
