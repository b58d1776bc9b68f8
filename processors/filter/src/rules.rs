//! What a group of conditions drops at each level.

use tamis_ottl::{Condition, Conditions, Context, ErrorMode};

/// Conditions of one signal by what they are about. None: that level is not looked at, which is not
/// the same as a list without conditions: what a level leaves empty goes.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) resource: Option<Conditions>,
    pub(crate) scope: Option<Conditions>,
    /// On spans, metrics or log records.
    pub(crate) item: Option<Conditions>,
    /// On span events or data points.
    pub(crate) part: Option<Conditions>,
    /// The older form of the configuration. With it, an error is one even if nothing is left.
    pub(crate) is_legacy: bool,
}

impl Rules {
    pub(crate) fn new(conditions: Vec<Condition>, error_mode: ErrorMode) -> Self {
        let mut by_level: [Vec<Condition>; 4] = Default::default();
        let [resource, scope, item, part] = &mut by_level;
        for condition in conditions {
            match condition.context() {
                Context::Resource => resource.push(condition),
                Context::Scope => scope.push(condition),
                Context::SpanEvent | Context::DataPoint => part.push(condition),
                Context::Span | Context::Metric | Context::Log => item.push(condition),
            }
        }
        let [resource, scope, item, part] = by_level.map(|conditions| {
            (!conditions.is_empty()).then(|| Conditions::new(conditions, error_mode))
        });
        Self { resource, scope, item, part, is_legacy: false }
    }

    /// Whether anything within a scope is looked at.
    pub(crate) fn has_item(&self) -> bool {
        self.item.is_some() || self.part.is_some()
    }

    /// Whether anything within a resource is looked at.
    pub(crate) fn has_scope(&self) -> bool {
        self.scope.is_some() || self.has_item()
    }
}
