//! Models and their prices, found and remembered.

use hashbrown::HashMap;

use crate::cost::{Cost, Unpriceable};
use crate::lookup::{self, Found};
use crate::matching::Patterns;
use crate::memory::{Memory, Question};
use crate::model::{Model, Offers, Own};
use crate::own::OwnPrice;
use crate::table::{Table, Variant};
use crate::usage::Usage;

/// A model that a [`Book`] has found. Belongs to that book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModelId(u32);

/// A table and the user's own prices, and what was asked of them before.
pub struct Book {
    table: Table,
    own: Vec<OwnPrice>,
    patterns: Patterns,
    memory: Memory,
    /// Every model once, however many names it was found by: as many as the table and the user have.
    models: Vec<Model>,
    places: HashMap<Identity, u32, foldhash::fast::FixedState>,
}

/// What makes a model with its prices.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    /// The provider and the model, by their places in the table.
    table: Option<(usize, usize)>,
    /// Which of the model's variants the context asks for.
    variants: u64,
    /// The user's own prices, by their places, in the order in which they come to hold.
    own: Vec<usize>,
}

impl Book {
    /// The user's own prices come before the table's.
    #[must_use]
    pub fn new(table: Table, own: Vec<OwnPrice>) -> Self {
        Self::with_seed(table, own, 0)
    }

    /// With a seed for what remembers the names that senders choose.
    #[must_use]
    pub fn with_seed(table: Table, own: Vec<OwnPrice>, hash_seed: u64) -> Self {
        Self {
            table,
            own,
            patterns: Patterns::default(),
            memory: Memory::new(hash_seed),
            models: Vec::new(),
            places: HashMap::default(),
        }
    }

    /// Where the table's prices are from.
    #[must_use]
    pub fn version(&self) -> &str {
        self.table.version()
    }

    /// Finds the model as genai-prices does; `None`: unknown.
    ///
    /// Answers are remembered within a bound, so that asking again costs next to nothing.
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
        let question = Question { provider, model, context };
        let answer = match self.memory.ask(question) {
            Some(answer) => answer,
            None => {
                let answer = self.search(question);
                self.memory.learn(question, answer);
                answer
            }
        };
        answer.map(ModelId)
    }

    /// The provider as the table calls it, or as the user's own price does where the table does not know
    /// it; empty where that is for any provider.
    #[must_use]
    pub fn provider_id(&self, model: ModelId) -> &str {
        self.models.get(model.0 as usize).map_or("", |model| &model.provider)
    }

    /// The model as the table calls it, or as the user's own price does where the table does not know it.
    #[must_use]
    pub fn model_id(&self, model: ModelId) -> &str {
        self.models.get(model.0 as usize).map_or("", |model| &model.id)
    }

    /// What the usage costs. `time`, of the call, in nanoseconds since the Unix epoch: prices change by
    /// date and by time of day.
    ///
    /// # Errors
    ///
    /// [`Unpriceable`], never a wrong number.
    pub fn price(&self, model: ModelId, time: u64, usage: &Usage) -> Result<Cost, Unpriceable> {
        let model = self.models.get(model.0 as usize).ok_or(Unpriceable::NoPriceYet)?;
        model.price(time, usage, &self.table.registry)
    }

    #[cold]
    fn search(&mut self, question: Question<'_>) -> Option<u32> {
        let Question { provider, model, context } = question;
        let found = lookup::find(&self.table, provider, model, &mut self.patterns);
        let own = self.own_for(provider, &found);
        let mut offer = found.row.and_then(|row| self.table.offer(row));
        let mut variants = 0;
        if let (Some(offer), Some(place), Some(row)) = (&mut offer, found.provider, found.row) {
            let is_its_own = self.table.providers[place].rows.contains(&row);
            if !is_its_own {
                // Another provider's model: neither its variants nor its minimum hold here.
                offer.variants.clear();
                offer.audio_minimum = None;
            }
            variants = choose(&mut offer.variants, context);
        }
        if offer.is_none() && own.is_empty() {
            return None;
        }
        let table = offer.as_ref().and(found.provider.zip(found.row));
        let identity = Identity { table, variants, own };
        if let Some(&place) = self.places.get(&identity) {
            return Some(place);
        }
        let place = u32::try_from(self.models.len()).ok()?;
        let own = identity.own.iter().map(|&own| &self.own[own]);
        let own = own.map(|own| Own { start: own.start, prices: &own.prices }).collect();
        let offers = Offers { table: offer, own };
        let (provider, id) = self.names(&found, &identity);
        let model = Model::new(provider, id, &offers, &self.table.registry);
        self.models.push(model);
        self.places.insert(identity, place);
        Some(place)
    }

    /// The user's own prices for the model, by their places; the later ones are taken first.
    fn own_for(&mut self, provider: Option<&str>, found: &Found<'_>) -> Vec<usize> {
        let given = provider.map(lookup::normal);
        let (table, patterns) = (&self.table, &mut self.patterns);
        let mut same = |own: &OwnPrice| match &own.provider {
            None => true,
            wanted if *wanted == given => true,
            Some(wanted) => {
                found.provider.is_some() && lookup::by_id(table, wanted, patterns) == found.provider
            }
        };
        let names = [Some(&*found.name), found.dashed.as_deref()];
        let is_for = |own: &OwnPrice| names.into_iter().flatten().any(|name| own.is_for(name));
        let own = self.own.iter().enumerate().filter(|(_, own)| is_for(own) && same(own));
        let mut own: Vec<usize> = own.map(|(place, _)| place).collect();
        own.sort_by_key(|&place| (self.own[place].start, std::cmp::Reverse(place)));
        own
    }

    /// What provider and model are called.
    fn names(&self, found: &Found<'_>, identity: &Identity) -> (&str, &str) {
        let own = identity.own.last().map(|&own| &self.own[own]);
        let provider = match found.provider {
            Some(place) => self.table.get(self.table.providers[place].id),
            None => own.and_then(|own| own.provider.as_deref()).unwrap_or_default(),
        };
        let id = match identity.table {
            Some((_, row)) => self.table.get(self.table.rows[row].id),
            None => own.map(|own| own.model.as_str()).unwrap_or_default(),
        };
        (provider, id)
    }
}

/// Keeps the variants that the context asks for, and answers which they are.
fn choose(variants: &mut Vec<Variant>, context: &[(&str, &str)]) -> u64 {
    let (mut chosen, mut bit) = (0, 1_u64);
    variants.retain(|variant| {
        let holds = variant.when.iter().all(|(name, value)| context.contains(&(name, value)));
        chosen |= if holds { bit } else { 0 };
        bit <<= 1;
        holds
    });
    chosen
}
