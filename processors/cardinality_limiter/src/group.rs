//! The budget of one metric, or of one metric and what else its rule names.

use std::rc::Rc;

use crate::config::Rule;
use crate::identity::Identity;
use crate::labels::{Label, Labels};
use crate::sketch::Recent;

/// Labels of one metric that are counted; of those beyond nothing is known, and they are the last to be
/// sacrificed.
const LABELS_MAX: usize = 128;

#[derive(Debug)]
pub(crate) struct Group {
    /// Of the metric, or of what a budget of spans is called.
    pub(crate) name: Rc<[u8]>,
    pub(crate) identity: Identity,
    /// Series that leave under their own identity.
    pub(crate) own: usize,
    /// Series that others were added to, the overflow aside.
    pub(crate) folded: usize,
    /// Of `folded`, those that labels were sacrificed for.
    pub(crate) stripped: usize,
    pub(crate) has_overflow: bool,
    /// Keys of labels, in the order in which they were sacrificed.
    pub(crate) sacrificed: Vec<Box<[u8]>>,
    pub(crate) labels: Vec<Counted>,
    /// Series that had no room.
    pub(crate) beyond: Recent,
    /// When something last had no room, and when anything was last seen, on the limiter's clock.
    pub(crate) full: Option<u32>,
    pub(crate) seen: u32,
}

/// The values of one label among series that were new.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) key: Box<[u8]>,
    pub(crate) values: Recent,
    /// New ones in this epoch, where those are bounded.
    pub(crate) grown: usize,
}

impl Group {
    pub(crate) fn new(name: Rc<[u8]>, identity: Identity) -> Self {
        Self {
            name,
            identity,
            own: 0,
            folded: 0,
            stripped: 0,
            has_overflow: false,
            sacrificed: Vec::new(),
            labels: Vec::new(),
            beyond: Recent::default(),
            full: None,
            seen: 0,
        }
    }

    /// Room for one more series as it is. What is kept for stripped ones is free beforehand.
    pub(crate) fn has_room(&self, rule: &Rule) -> bool {
        let whole = self.own + self.folded - self.stripped;
        whole < rule.limit - rule.reserve && self.own + self.folded < rule.limit
    }

    /// Room for one more at that depth of stripping, 1 for the least: each leaves half of what is left
    /// to the deeper ones, so that those too find room.
    pub(crate) fn has_stripped_room(&self, rule: &Rule, depth: usize) -> bool {
        let left = rule.reserve >> depth.min(usize::BITS as usize - 1);
        self.stripped < rule.reserve - left && self.own + self.folded < rule.limit
    }

    /// Notes the values of a series that is not known, but for those before `from`, which were noted
    /// already; answers how many bytes that took.
    pub(crate) fn count(&mut self, labels: &Labels<'_>, from: usize) -> usize {
        let mut grown = 0;
        for (likely, label) in labels.iter().enumerate().skip(from) {
            // Labels mostly come in the order in which they first came.
            let is_it = |counted: &Counted| *counted.key == *label.key;
            let place = match self.labels.get(likely) {
                Some(counted) if is_it(counted) => Some(likely),
                _ => self.labels.iter().position(is_it),
            };
            let place = match place {
                Some(place) => place,
                None if self.labels.len() < LABELS_MAX => {
                    let counted =
                        Counted { key: label.key.into(), values: Recent::default(), grown: 0 };
                    grown += size_of::<Counted>() + label.key.len();
                    self.labels.push(counted);
                    self.labels.len() - 1
                }
                None => continue,
            };
            if let Some(counted) = self.labels.get_mut(place) {
                grown += counted.values.insert(label.hash);
            }
        }
        grown
    }

    pub(crate) fn counted(&mut self, key: &[u8]) -> Option<&mut Counted> {
        self.labels.iter_mut().find(|counted| *counted.key == *key)
    }

    /// Of these labels, the one to give up next: what the rule names, in its order, or that with the
    /// most values. None: all that are left are to be kept.
    pub(crate) fn next_sacrifice(&self, rule: &Rule, labels: &Labels<'_>) -> Option<Box<[u8]>> {
        let may_go = |label: &&Label<'_>| {
            !rule.keep.iter().any(|key| **key == *label.key)
                && !Labels::is_dimension(label, &rule.by)
                && !self.sacrificed.iter().any(|key| **key == *label.key)
        };
        let named = |key: &Vec<u8>| labels.iter().filter(may_go).find(|label| *label.key == **key);
        if let Some(label) = rule.drop_first.iter().find_map(named) {
            return Some(label.key.into());
        }
        let values = |label: &Label<'_>| {
            let counted = self.labels.iter().find(|counted| *counted.key == *label.key);
            counted.map_or(0, |counted| counted.values.len())
        };
        // Where two have as many, the name decides, so that it is the same one everywhere.
        let greatest = labels
            .iter()
            .filter(may_go)
            .max_by(|one, other| values(one).cmp(&values(other)).then(other.key.cmp(one.key)));
        greatest.map(|label| label.key.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.own == 0 && self.folded == 0 && !self.has_overflow
    }

    pub(crate) fn rotate(&mut self) {
        self.beyond.rotate();
        self.labels.iter_mut().for_each(|counted| counted.values.rotate());
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        let labels: usize = self
            .labels
            .iter()
            .map(|counted| size_of::<Counted>() + counted.key.len() + counted.values.memory())
            .sum();
        let sacrificed: usize =
            self.sacrificed.iter().map(|key| size_of::<usize>() * 2 + key.len()).sum();
        self.name.len() + labels + sacrificed + self.beyond.memory()
    }
}
