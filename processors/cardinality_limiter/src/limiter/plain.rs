//! What has no values that would have to be added up: combinations of spans' attributes. And what is
//! noted of what has no room.

use super::Limiter;
use crate::config::Rule;
use crate::group::Group;
use crate::identity::Identity;
use crate::labels::Labels;
use crate::report;
use crate::table::{Place, Stream};

impl Limiter {
    pub(crate) fn find(&self, identity: Identity) -> Option<u32> {
        self.table.find(identity)
    }

    pub(crate) fn see(&mut self, slot: u32) -> Place {
        let clock = self.clock();
        let stream = self.table.get_mut(slot);
        stream.seen = clock;
        stream.place
    }

    /// Whether there was room for it within the limit.
    pub(crate) fn enter_plain(
        &mut self,
        identity: Identity,
        number: u32,
        labels: &Labels<'_>,
        limit: usize,
    ) -> bool {
        let has_memory = self.has_memory();
        let clock = self.clock();
        let Some(group) = self.groups.get_mut(&number).filter(|group| group.own < limit) else {
            return false;
        };
        if !has_memory {
            return false;
        }
        group.own += 1;
        self.other_memory += group.count(labels, 0);
        let mut stream = Stream::new(identity, number);
        (stream.place, stream.seen) = (Place::Own, clock);
        self.table.insert(stream);
        true
    }

    pub(crate) fn note_combination(
        &mut self,
        number: u32,
        identity: Identity,
        labels: &Labels<'_>,
        rule: &Rule,
    ) {
        let clock = self.clock();
        if let Some(group) = self.groups.get_mut(&number) {
            self.other_memory += note(group, identity, (labels, 0), rule, clock);
        }
    }

    /// Sees to it that so many labels are given up; false where there are no more.
    pub(crate) fn sacrifice(
        &mut self,
        number: u32,
        labels: &Labels<'_>,
        rule: &Rule,
        depth: usize,
    ) -> bool {
        let Some(group) = self.groups.get_mut(&number) else { return false };
        if depth > group.sacrificed.len() {
            let Some(key) = group.next_sacrifice(rule, labels) else { return false };
            group.sacrificed.push(key);
        }
        true
    }

    /// The first so many labels that are given up.
    pub(crate) fn sacrificed(&self, number: u32, depth: usize) -> &[Box<[u8]>] {
        let group = self.groups.get(&number);
        group.and_then(|group| group.sacrificed.get(..depth)).unwrap_or_default()
    }
}

/// A budget is crossed by this series; answers how many bytes it took to note that.
pub(super) fn note(
    group: &mut Group,
    identity: Identity,
    (labels, from): (&Labels<'_>, usize),
    rule: &Rule,
    clock: u32,
) -> usize {
    let grown = group.count(labels, from) + group.beyond.insert(identity);
    if group.full.replace(clock).is_none() {
        let counted = group.labels.iter().max_by_key(|counted| counted.values.len());
        let label = counted.map(|counted| (&*counted.key, counted.values.len()));
        report::crossed(&group.name, rule.limit, label);
    }
    grown
}
