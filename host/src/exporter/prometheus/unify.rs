//! Names that become the same for a scraper that does not take all of Unicode: it would refuse the
//! whole scrape where a label or a family stands twice.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::escape::Escaping;
use super::gather::{Gathered, distinct};
use super::model::{Family, Label, Labels};

/// The families under the names that the scraper gets. Values of labels that become one are joined;
/// families that become one are one, where they are of one type.
pub(super) fn unify(gathered: Gathered, escaping: Escaping) -> Gathered {
    let mut left_out = gathered.left_out;
    let mut families: BTreeMap<Arc<str>, Family> = BTreeMap::new();
    for mut family in gathered.families {
        if let Cow::Owned(name) = escaping.escape(&family.name) {
            family.name = name.into();
        }
        for sample in &mut family.samples {
            if let Some(labels) = unified(&sample.labels, escaping) {
                sample.labels = labels;
            }
        }
        match families.entry(Arc::clone(&family.name)) {
            Entry::Vacant(new) => {
                new.insert(family);
            }
            Entry::Occupied(mut known) if known.get().kind == family.kind => {
                known.get_mut().samples.append(&mut family.samples);
            }
            Entry::Occupied(_) => left_out += family.samples.len(),
        }
    }
    let mut families: Vec<Family> = families.into_values().collect();
    left_out += families.iter_mut().map(distinct).sum::<usize>();
    Gathered { families, left_out }
}

/// None where all stay as they are.
fn unified(labels: &Labels, escaping: Escaping) -> Option<Labels> {
    let is_kept = |label: &Label| matches!(escaping.escape(&label.name), Cow::Borrowed(_));
    if labels.iter().all(is_kept) {
        return None;
    }
    let mut made: Vec<Label> = Vec::with_capacity(labels.len());
    for label in labels.iter() {
        let name = escaping.escape(&label.name);
        match made.iter_mut().find(|known| *known.name == *name) {
            Some(known) => known.value = format!("{};{}", known.value, label.value).into(),
            None => made.push(Label::new(&name, &label.value)),
        }
    }
    made.sort_unstable();
    Some(made.into())
}

#[cfg(test)]
mod tests {
    use super::super::model::{Kind, Sample, Value};
    use super::*;

    fn family(name: &str, kind: Kind, labels: &[(&str, &str)]) -> Family {
        let labels: Vec<Label> =
            labels.iter().map(|(name, value)| Label::new(name, value)).collect();
        let sample = Sample { labels: labels.into(), value: Value::Gauge(1.0), time: None };
        Family { name: name.into(), help: "".into(), kind, samples: vec![sample] }
    }

    #[test]
    fn what_becomes_the_same_is_joined_or_left_out() {
        let families = vec![
            family("a.b", Kind::Gauge, &[("x-y", "1"), ("x.y", "2")]),
            family("a_b", Kind::Gauge, &[("x", "3")]),
            family("a-b", Kind::Gauge, &[("x", "3")]),
            family("a:b", Kind::Gauge, &[]),
            family("a/b", Kind::Counter, &[]),
        ];
        let gathered = || Gathered { families: families.clone(), left_out: 1 };
        let plain = unify(gathered(), Escaping::Underscores);
        let names: Vec<&str> = plain.families.iter().map(|family| &*family.name).collect();
        assert_eq!((names, plain.left_out), (vec!["a:b", "a_b"], 3));
        let labels: Vec<&Labels> =
            plain.families[1].samples.iter().map(|sample| &sample.labels).collect();
        let want: [Labels; 2] = [[Label::new("x", "3")].into(), [Label::new("x_y", "1;2")].into()];
        assert_eq!(labels, [&want[1], &want[0]]);
        assert_eq!(unify(gathered(), Escaping::None).families.len(), 5);
    }
}
