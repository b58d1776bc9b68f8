//! What a data point stands in: what all points of one resource, scope and metric share.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use tamis_aggregate::Kind;
use tamis_sdk::wire::Message;

use crate::config::Rule;
use crate::fold::Head;
use crate::identity::Identity;
use crate::labels::Label;

/// The metric, scope and resource that a data point stands in.
pub(crate) struct Around<'s, 'a> {
    pub(crate) resource: &'s Owner<'a>,
    pub(crate) scope: &'s Owner<'a>,
    pub(crate) metric: &'s Metric<'a>,
}

/// A resource or a scope.
#[derive(Default)]
pub(crate) struct Owner<'a> {
    /// Its part of the identity.
    pub(crate) identity: Identity,
    /// The resource or scope itself.
    pub(crate) message: Option<Message<'a>>,
    /// The schema URL, as the encoded field, or nothing.
    pub(crate) schema: &'a [u8],
    /// Of a resource.
    pub(crate) labels: Vec<Label<'a>>,
    /// The group that has counted them last.
    pub(crate) counted: Cell<Option<u32>>,
}

pub(crate) struct Metric<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) identity: Identity,
    /// None where nobody can tell what its values mean.
    pub(crate) kind: Option<Kind>,
    /// Number of the field with the attributes of a data point.
    pub(crate) attributes: u32,
    pub(crate) message: Message<'a>,
    pub(crate) head: OnceCell<Rc<Head>>,
    pub(crate) budget: OnceCell<Budget>,
}

/// What counts for all data points of a metric in a batch.
pub(crate) struct Budget {
    pub(super) rule: Rc<Rule>,
    /// Its group, where budgets are not apart by anything else.
    pub(super) group: Option<u32>,
}

impl Around<'_, '_> {
    pub(super) fn identity(&self) -> Identity {
        self.metric.identity.plus(self.resource.identity).plus(self.scope.identity)
    }
}
