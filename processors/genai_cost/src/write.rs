//! The attributes that are written on an item.

pub(crate) mod names;
pub(crate) mod normalized;
mod ready;

use tamis_genai_prices::Amount;
use tamis_sdk::otlp::common::{AnyValue, KeyValue};
use tamis_sdk::wire::Writer;

use crate::call::Call;
use crate::status::Status;

pub(crate) use names::{gives_way, is_ours_beside_status};
pub(crate) use normalized::is_normalized;
use ready::{double, text};

/// In which dialects the cost is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialects {
    /// `gen_ai.usage.cost.*`.
    pub(crate) genai: bool,
    /// `gen_ai.usage.cost`, as OpenLIT, LiteLLM and Langfuse have it.
    pub(crate) openlit: bool,
    /// `llm.cost.*` of OpenInference.
    pub(crate) openinference: bool,
    /// `gen_ai.cost.*` of Sentry.
    pub(crate) sentry: bool,
}

impl Dialects {
    /// Whether the names that are written are such as others write too.
    pub(crate) fn are_of_others(self) -> bool {
        self.openlit || self.openinference || self.sentry
    }
}

/// All prices of the table are in it.
const CURRENCY: &str = "USD";

/// Where an amount is from.
const CALCULATED: &str = "calculated";
const REPORTED: &str = "reported";

/// Writes what is known about the cost of a call as attributes.
pub(crate) struct Attributes<'w, 'o> {
    out: &'w mut Writer<'o>,
    /// Field number of the item's attributes.
    number: u32,
}

impl<'w, 'o> Attributes<'w, 'o> {
    pub(crate) fn new(out: &'w mut Writer<'o>, number: u32) -> Self {
        Self { out, number }
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.out.message(self.number, |pair| {
            pair.bytes(KeyValue::KEY, key);
            pair.message(KeyValue::VALUE, |any| any.bytes(AnyValue::STRING_VALUE, text));
        });
    }

    pub(crate) fn integer(&mut self, key: &str, number: u64) {
        self.out.message(self.number, |pair| {
            pair.bytes(KeyValue::KEY, key);
            pair.message(KeyValue::VALUE, |any| any.varint(AnyValue::INT_VALUE, number));
        });
    }

    /// An attribute that is ready but for its tag.
    #[inline]
    fn ready<const N: usize>(&mut self, attribute: &[u8; N]) {
        self.out.length_delimited(self.number);
        self.out.records(attribute);
    }

    /// The exact amount, rounded once; `key` with all that stands before it.
    #[inline]
    fn amount<const N: usize>(&mut self, key: &[u8; N], amount: Amount) {
        self.ready(key);
        self.out.records(&amount.to_f64().to_le_bytes());
    }

    #[inline]
    fn part<const N: usize>(&mut self, key: &[u8; N], amount: Amount) {
        if !amount.is_zero() {
            self.amount(key, amount);
        }
    }

    /// The sum, where it can be told; of amounts of one call it can.
    fn sum<const N: usize>(&mut self, key: &[u8; N], amounts: &[Amount]) {
        let sum = amounts.iter().try_fold(Amount::ZERO, |sum, amount| sum.checked_add(*amount));
        if let Some(sum) = sum {
            self.amount(key, sum);
        }
    }

    pub(crate) fn call(&mut self, call: &Call, dialects: Dialects, price_table: &str) {
        match call.status {
            Status::Priced => self.ready(text!(names::STATUS, Status::Priced.as_str())),
            status => self.text(names::STATUS, status.as_str()),
        }
        if let Some(reason) = call.status.reason() {
            self.text(names::REASON, reason);
        }
        let Some(amount) = call.amount.filter(|_| call.status.has_cost()) else {
            self.reported(call);
            return;
        };
        let is_ours = call.status == Status::Priced;
        if dialects.genai {
            self.amount(double!(names::AMOUNT), amount);
            self.ready(text!(names::CURRENCY, CURRENCY));
            if is_ours {
                self.ready(text!(names::SOURCE, CALCULATED));
            } else {
                self.ready(text!(names::SOURCE, REPORTED));
            }
            self.parts(call);
        }
        if is_ours {
            self.text(names::PRICE_TABLE, price_table);
        }
        self.reported(call);
        self.others(call, amount, dialects);
    }

    fn reported(&mut self, call: &Call) {
        if let Some(reported) = call.reported {
            self.amount(double!(names::REPORTED), reported);
        }
    }

    fn parts(&mut self, call: &Call) {
        let Some(cost) = &call.cost else { return };
        self.part(double!(names::INPUT), cost.input);
        self.part(double!(names::OUTPUT), cost.output);
        self.part(double!(names::CACHE_READ), cost.cache_read);
        self.part(double!(names::CACHE_WRITE), cost.cache_write);
        self.part(double!(names::REASONING), cost.reasoning);
        self.part(double!(names::OTHER), cost.other);
    }

    fn others(&mut self, call: &Call, amount: Amount, dialects: Dialects) {
        if dialects.openlit {
            self.amount(double!(names::OPENLIT), amount);
        }
        if dialects.openinference {
            self.amount(double!(names::OPENINFERENCE_TOTAL), amount);
        }
        if dialects.sentry {
            self.amount(double!(names::SENTRY_TOTAL), amount);
        }
        let Some(cost) = &call.cost else { return };
        let input = [cost.input, cost.cache_read, cost.cache_write];
        let output = [cost.output, cost.reasoning];
        if dialects.openinference {
            self.sum(double!(names::OPENINFERENCE_PROMPT), &input);
            self.sum(double!(names::OPENINFERENCE_COMPLETION), &output);
        }
        if dialects.sentry {
            self.sum(double!(names::SENTRY_INPUT), &input);
            self.sum(double!(names::SENTRY_OUTPUT), &output);
        }
    }
}
