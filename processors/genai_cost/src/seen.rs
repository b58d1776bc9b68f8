//! What one item says of a call, gathered in one pass over its attributes.

use std::borrow::Cow;

use tamis_genai_prices::Amount;
use tamis_sdk::wire::{Error, Message};

use crate::counts::Counts;
use crate::dialects::Member;
use crate::kind::{Kind, kind};
use crate::meaning::{Count, Failure, Meaning, Part, Scale, Scheme, Text};
use crate::names::Names;
use crate::object;
use crate::value::{self, Value};
use crate::{number, provider};

/// What an item says. It is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    texts: [Option<(u8, Cow<'a, str>)>; Text::COUNT],
    pub(crate) counts: Counts,
    /// The cost that somebody else reckons, and its rank; the rank of ours is told apart at the end.
    cost: Option<(u8, Amount)>,
    cost_beside_ours: Option<(u8, Amount)>,
    kind: Option<(Scheme, Kind)>,
    /// An attribute was there that only sums up what calls say.
    pub(crate) is_marked_aggregate: bool,
    /// There is anything here at all.
    is_touched: bool,
    /// An attribute was there that only calls of models have.
    is_strong: bool,
    /// Attributes that an earlier pass of this processor may have written.
    pub(crate) has_own: bool,
    pub(crate) has_own_status: bool,
    /// From the start of the call to its first output, in seconds.
    pub(crate) first_token: Option<f64>,
    pub(crate) is_rate_limited: bool,
}

impl<'a> Seen<'a> {
    /// Makes it ready for the next item.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if !self.is_touched {
            return;
        }
        // One by one: copying a new one over takes longer than reading a small item.
        let Self {
            texts,
            counts,
            cost,
            cost_beside_ours,
            kind,
            is_marked_aggregate,
            is_touched,
            is_strong,
            has_own,
            has_own_status,
            first_token,
            is_rate_limited,
        } = self;
        texts.fill_with(|| None);
        counts.clear();
        (*cost, *cost_beside_ours, *kind, *first_token) = (None, None, None, None);
        for flag in
            [is_marked_aggregate, is_touched, is_strong, has_own, has_own_status, is_rate_limited]
        {
            *flag = false;
        }
    }

    /// Something else than an attribute is about to be read into it.
    pub(crate) fn touch(&mut self) {
        self.is_touched = true;
    }

    /// Reads an attribute; most are of no interest, which is found out by their key.
    #[inline]
    pub(crate) fn attribute(&mut self, names: &Names, pair: Message<'a>) -> Result<(), Error> {
        let (key, any) = value::pair(pair)?;
        if let Some(name) = names.find(key) {
            self.is_touched = true;
            let value = Value::read(any)?;
            self.known(names, name.meaning, name.key, value)?;
            self.is_strong |= !name.weak && name.meaning.tells_of_use();
        } else if let Some(member) = names.prefixed(key) {
            self.is_touched = true;
            let value = Value::read(any)?;
            self.member(member, value);
            self.is_strong |= !matches!(member, Member::Nothing) && !key.starts_with(b"usage.");
        }
        Ok(())
    }

    fn known(
        &mut self,
        names: &Names,
        meaning: Meaning,
        key: &'static str,
        value: Value<'a>,
    ) -> Result<(), Error> {
        match meaning {
            Meaning::Text(text, rank) => self.text(text, rank, value.text()),
            Meaning::Kind(scheme) => self.kind(scheme, value),
            Meaning::Count(count, part) => self.count(count, part, value),
            Meaning::Cost(rank) => self.cost(rank, number::amount(value), key),
            Meaning::Object => object::read(names, key, value, self)?,
            Meaning::Parameters => object::parameters(value, self),
            Meaning::FirstToken(scale) => self.first_token(scale, value),
            Meaning::Failure(failure) => self.failure(failure, value),
            Meaning::Aggregate => {
                (self.is_marked_aggregate, self.is_strong) = (true, true);
            }
            Meaning::Own => self.has_own = true,
            Meaning::OwnReported => {
                self.has_own = true;
                self.cost(0, number::amount(value), "");
            }
            Meaning::OwnStatus => (self.has_own, self.has_own_status) = (true, true),
        }
        Ok(())
    }

    /// An attribute that stands for the member of an object.
    fn member(&mut self, member: Member, value: Value<'a>) {
        match member {
            Member::Model => self.text(Text::ResponseModel, 9, value.text()),
            Member::ServiceTier => self.text(Text::ServiceTier, 2, value.text()),
            figure => self.figure(figure, value),
        }
    }

    /// A member that is a number.
    pub(crate) fn figure(&mut self, member: Member, value: Value<'_>) {
        match member {
            Member::Count(count, part) => self.count(count, part, value),
            Member::Cost(rank) => self.cost(rank, number::amount(value), ""),
            Member::Model | Member::ServiceTier | Member::Nothing => {}
        }
    }

    fn count(&mut self, count: Count, part: Part, value: Value<'_>) {
        match number::count(value) {
            Ok(Some(number)) => self.counts.add(count, part, number),
            Ok(None) => {}
            Err(number::Invalid) => self.counts.is_invalid = true,
        }
    }

    pub(crate) fn text(&mut self, which: Text, rank: u8, text: Option<Cow<'a, str>>) {
        /// A framework is told as the provider only where nobody better is.
        const FRAMEWORK: u8 = 100;
        let Some(text) = text else { return };
        let is_framework = which == Text::Provider && provider::is_framework(&text);
        let rank = if is_framework { rank + FRAMEWORK } else { rank };
        let place = &mut self.texts[which as usize];
        if place.as_ref().is_none_or(|(best, _)| rank < *best) {
            *place = Some((rank, text));
        }
    }

    fn kind(&mut self, scheme: Scheme, value: Value<'a>) {
        let Some(word) = value.text() else { return };
        let found = kind(scheme, &word);
        // What it is called is told on, whether it is known or not.
        if scheme != Scheme::Vercel || found != Kind::Unknown {
            self.text(Text::Operation, scheme as u8, Some(word));
        }
        if scheme == Scheme::RequestType {
            self.counts.input_is_whole = true;
        }
        if found != Kind::Unknown && self.kind.is_none_or(|(best, _)| scheme < best) {
            self.kind = Some((scheme, found));
        }
    }

    fn cost(&mut self, rank: u8, amount: Option<Amount>, key: &'static str) {
        let Some(amount) = amount else { return };
        let place = if crate::write::is_ours_beside_status(key) {
            &mut self.cost_beside_ours
        } else {
            &mut self.cost
        };
        if place.is_none_or(|(best, _)| rank < best) {
            *place = Some((rank, amount));
        }
    }

    fn first_token(&mut self, scale: Scale, value: Value<'a>) {
        let number = match value {
            Value::Double(number) => number,
            Value::Int(number) => number as f64,
            Value::Text(text) => match String::from_utf8_lossy(text).trim().parse() {
                Ok(number) => number,
                Err(_) => return,
            },
            _ => return,
        };
        let seconds = match scale {
            Scale::Seconds => number,
            Scale::Milliseconds => number / 1000.0,
        };
        self.first_token_after(seconds);
    }

    /// The first sign of output counts.
    pub(crate) fn first_token_after(&mut self, seconds: f64) {
        /// A day: no call waits so long.
        const SECONDS_MAX: f64 = 86_400.0;
        if (0.0..=SECONDS_MAX).contains(&seconds) {
            let first = self.first_token.map_or(seconds, |first| first.min(seconds));
            self.first_token = Some(first);
        }
    }

    fn failure(&mut self, failure: Failure, value: Value<'a>) {
        self.is_rate_limited |= match failure {
            Failure::StatusCode => number::count(value) == Ok(Some(429)),
            Failure::RetryAfter => !matches!(value, Value::Other),
            Failure::Type => value.text().is_some_and(|text| tells_of_limit(&text)),
        };
    }

    pub(crate) fn get(&self, text: Text) -> Option<&str> {
        self.texts[text as usize].as_ref().map(|(_, text)| text.as_ref())
    }

    /// What the call cost as somebody else reckons.
    pub(crate) fn reported(&self) -> Option<Amount> {
        let others = self.cost_beside_ours.filter(|_| !self.has_own_status);
        let costs = self.cost.into_iter().chain(others);
        costs.min_by_key(|(rank, _)| *rank).map(|(_, amount)| amount)
    }

    pub(crate) fn operation_kind(&self) -> Kind {
        match self.kind {
            // An outer span of Vercel's is one, whatever else it is called.
            Some((Scheme::Vercel, Kind::Aggregate)) => Kind::Aggregate,
            _ if self.is_marked_aggregate => Kind::Aggregate,
            Some((_, kind)) => kind,
            None => Kind::Unknown,
        }
    }

    /// Whether the item is about a model: it has an attribute that says so, or one that might and a name
    /// of a model.
    pub(crate) fn is_about_model(&self) -> bool {
        let names_model = self.get(Text::RequestModel).or(self.get(Text::ResponseModel)).is_some();
        self.is_strong || (!self.counts.is_empty() && names_model)
    }
}

/// Words in the class of an error, or in an exception's, for a call that was refused for its rate.
pub(crate) fn tells_of_limit(text: &str) -> bool {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ["ratelimit", "toomanyrequests", "resourceexhausted", "throttl"]
        .iter()
        .any(|word| plain.contains(word))
        || has_number(text.as_bytes(), b"429")
}

/// Whether the whole number is in the text, not as a part of another: `4290`, `0.429`, `429,000`.
fn has_number(text: &[u8], number: &[u8]) -> bool {
    // Going away from the number: a digit, or a point or comma and then one.
    let goes_on = |bytes: &mut dyn Iterator<Item = &u8>| match bytes.next() {
        Some(b'.' | b',') => bytes.next().is_some_and(u8::is_ascii_digit),
        next => next.is_some_and(u8::is_ascii_digit),
    };
    text.windows(number.len()).enumerate().filter(|(_, part)| *part == number).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + number.len()..]);
        !goes_on(&mut before.iter().rev()) && !goes_on(&mut after.iter())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_number_or_by_words() {
        for text in [
            "429",
            "HTTP 429: slow down",
            "status=429,",
            "Error429",
            "429.",
            "openai.RateLimitError",
            "TOO_MANY_REQUESTS",
        ] {
            assert!(tells_of_limit(text), "{text}");
        }
        for text in
            ["1429", "4290", "4.29", "4-2-9", "0.429 s", "429.5", "1,429 tokens", "429,000", "500"]
        {
            assert!(!tells_of_limit(text), "{text}");
        }
    }
}
