//! What became of an item, in stable words.

use tamis_genai_prices::Unpriceable;

use crate::resolve::Fault;

/// Whether a call has a cost, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// By the price table or the user's prices.
    Priced,
    /// As somebody else reckons.
    Reported,
    /// The item repeats what the calls below it tell.
    Aggregate,
    /// A call that tells no usage, or only zeros.
    NoUsage,
    /// Input or output is missing.
    IncompleteUsage,
    /// A figure is negative, no number, or beyond all bounds.
    InvalidUsage,
    /// Figures contradict each other.
    ConflictingUsage,
    /// No model is named.
    NoModel,
    /// Neither the table nor the user has a price for the model.
    UnknownModel,
    /// The model has prices, but not for this usage.
    Unpriceable(Unpriceable),
    /// The model has prices, and none of them is for anything that was used.
    NoPrice,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::Reported => "reported",
            Self::Aggregate => "aggregate",
            Self::NoUsage => "no_usage",
            Self::IncompleteUsage => "incomplete_usage",
            Self::InvalidUsage => "invalid_usage",
            Self::ConflictingUsage => "conflicting_usage",
            Self::NoModel => "no_model",
            Self::UnknownModel => "unknown_model",
            Self::Unpriceable(_) | Self::NoPrice => "unpriceable",
        }
    }

    /// What `unpriceable` does not tell.
    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Unpriceable(why) => Some(why.as_str()),
            Self::NoPrice => Some("no_price"),
            _ => None,
        }
    }

    pub(crate) fn has_cost(self) -> bool {
        matches!(self, Self::Priced | Self::Reported)
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Nothing => Self::NoUsage,
            Fault::Incomplete => Self::IncompleteUsage,
            Fault::Invalid => Self::InvalidUsage,
            Fault::Conflicting => Self::ConflictingUsage,
        }
    }
}

impl From<Unpriceable> for Status {
    fn from(why: Unpriceable) -> Self {
        match why {
            Unpriceable::CountTooSmall => Self::ConflictingUsage,
            Unpriceable::MissingCount => Self::IncompleteUsage,
            _ => Self::Unpriceable(why),
        }
    }
}
