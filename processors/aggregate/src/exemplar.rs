//! The exemplars of a total, between one write and the next.

use tamis_sdk::wire::Writer;

use crate::{EXEMPLAR_BYTES_MAX, EXEMPLARS_MAX, Kind, Point};

/// The newest exemplars, as they came, with the attributes that their points lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exemplars(Vec<Exemplar>);

#[derive(Clone, Debug)]
struct Exemplar {
    time: u64,
    encoded: Box<[u8]>,
}

impl Exemplars {
    /// Takes those of a point. At the same time, the ones that come later are the newer ones.
    #[inline]
    pub(crate) fn add(&mut self, point: &Point<'_>) {
        for exemplar in point.exemplars() {
            let bytes = exemplar.wire().bytes();
            // One whose time cannot be read cannot be passed on either.
            let Ok(time) = exemplar.time_unix_nano() else { continue };
            let stripped = [bytes, point.stripped];
            let records = match stripped.iter().map(|part| part.len()).sum::<usize>() {
                0..=EXEMPLAR_BYTES_MAX => &stripped[..],
                _ if bytes.len() <= EXEMPLAR_BYTES_MAX => &stripped[..1],
                _ => continue,
            };
            self.keep(time, records);
        }
    }

    /// Writes them, and forgets them.
    pub(crate) fn write(&mut self, kind: Kind, point: &mut Writer<'_>) {
        let exemplars = std::mem::take(&mut self.0);
        let Some(number) = kind.exemplars() else { return };
        exemplars.iter().for_each(|exemplar| point.bytes(number, &exemplar.encoded));
    }

    pub(crate) fn clear(&mut self) {
        self.0 = Vec::new();
    }

    pub(crate) fn memory(&self) -> usize {
        let bytes: usize = self.0.iter().map(|exemplar| exemplar.encoded.len()).sum();
        self.0.capacity() * size_of::<Exemplar>() + bytes
    }

    fn keep(&mut self, time: u64, records: &[&[u8]]) {
        let mut oldest = None;
        if self.0.len() == EXEMPLARS_MAX {
            let by_age = self.0.iter().enumerate().min_by_key(|(_, exemplar)| exemplar.time);
            oldest = by_age.map(|(index, exemplar)| (index, exemplar.time));
        }
        if oldest.is_some_and(|(_, oldest)| time < oldest) {
            return;
        }
        let encoded: Box<[u8]> = records.concat().into();
        // A cumulative source may repeat itself.
        if self.0.iter().any(|known| known.encoded == encoded) {
            return;
        }
        if let Some((index, _)) = oldest {
            self.0.remove(index);
        }
        self.0.push(Exemplar { time, encoded });
    }
}
