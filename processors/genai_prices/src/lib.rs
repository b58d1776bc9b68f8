//! What calls of AI models cost: exact prices by model, date and usage.
//!
//! The prices and the rules are those of the Python package genai-prices, and so are the answers, to the
//! last decimal; a test compares. The table is data (`prices/table.txt`), written by `cargo xtask prices`;
//! README.md has the rules and the format.
//!
//! - [`Table`]: the prices. [`Table::built_in`] is compiled in, [`Table::parse`] reads a newer one.
//! - [`OwnPrice`]: a price of the user's.
//! - [`Book`]: finds the model and prices a [`Usage`]; [`Cost`] and [`Amount`] are exact.

mod amount;
mod book;
mod condition;
mod cost;
mod decimal;
mod lookup;
mod matching;
mod memory;
mod model;
mod own;
mod period;
mod price;
mod registry;
mod table;
mod unit;
mod usage;

pub use amount::{Amount, DECIMALS_MAX, NotExact};
pub use book::{Book, ModelId};
pub use cost::{Cost, Unpriceable};
pub use memory::REMEMBERED_MAX;
pub use own::{ModelMatch, OwnPrice, OwnPriceProblem, WrittenPrice, WrittenTiers};
pub use table::{TABLE_MAX, Table, TableError};
pub use unit::Unit;
pub use usage::Usage;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
