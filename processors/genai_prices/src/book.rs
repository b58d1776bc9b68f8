//! Models and their prices, found and remembered.

use crate::cost::{Cost, Unpriceable};
use crate::own::OwnPrice;
use crate::table::Table;
use crate::usage::Usage;

/// A model that a [`Book`] has found. Belongs to that book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModelId(pub(crate) u32);

/// A table and the user's own prices, and what was asked of them before.
pub struct Book {
    table: Table,
}

impl Book {
    /// The user's own prices come before the table's.
    #[must_use]
    pub fn new(table: Table, own: Vec<OwnPrice>) -> Self {
        let _ = own;
        Self { table }
    }

    /// Where the table's prices are from.
    #[must_use]
    pub fn version(&self) -> &str {
        self.table.version()
    }

    /// Finds the model as genai-prices does; `None`: unknown. Answers are remembered, so that asking
    /// again costs next to nothing.
    pub fn find(&mut self, provider: Option<&str>, model: &str) -> Option<ModelId> {
        self.find_in(provider, model, &[])
    }

    /// [`find`](Self::find) in a context that may change the price: `("service_tier", "priority")`,
    /// `("processing", "batch")` ...; the names and values are those of genai-prices and case-sensitive.
    pub fn find_in(
        &mut self,
        provider: Option<&str>,
        model: &str,
        context: &[(&str, &str)],
    ) -> Option<ModelId> {
        let _ = (provider, model, context);
        None
    }

    /// The provider as the table calls it.
    #[must_use]
    pub fn provider_id(&self, model: ModelId) -> &str {
        let _ = model;
        ""
    }

    /// The model as the table calls it.
    #[must_use]
    pub fn model_id(&self, model: ModelId) -> &str {
        let _ = model;
        ""
    }

    /// What the usage costs. `time`, of the call, in nanoseconds since the Unix epoch: prices change by
    /// date and by time of day.
    ///
    /// # Errors
    ///
    /// [`Unpriceable`], never a wrong number.
    pub fn price(&self, model: ModelId, time: u64, usage: &Usage) -> Result<Cost, Unpriceable> {
        let _ = (model, time, usage);
        Err(Unpriceable::NoPriceYet)
    }
}
