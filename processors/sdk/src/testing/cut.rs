//! Cuts items out of a batch, as a gateway does when a processor names them in `hold`.

use crate::wire::{Error, Field, Message, Writer};

/// The fields of a request and of the groups in it that hold the next level, for all signals.
const RESOURCES: u32 = 1;
const SCOPES: u32 = 2;
const ITEMS: u32 = 2;

/// One request of the items at these offsets, with their resources and scopes.
pub(super) fn cut(batch: &[u8], items: &[u32]) -> Result<Vec<u8>, Error> {
    let wanted = |item: &Field<'_>| {
        // A batch is far below 4 GiB.
        item.number() == ITEMS && items.contains(&(item.range().start as u32))
    };
    let mut out = Vec::new();
    for resource in records(Message::new(batch))? {
        if resource.number() != RESOURCES {
            continue;
        }
        let mut scopes = Vec::new();
        let groups = records(resource.message()?)?;
        for scope in groups.iter().filter(|scope| scope.number() == SCOPES) {
            let fields = records(scope.message()?)?;
            if fields.iter().any(&wanted) {
                scopes.push(copy(batch, &fields, |field| field.number() != ITEMS || wanted(field)));
            }
        }
        if !scopes.is_empty() {
            let mut group = copy(batch, &groups, |field| field.number() != SCOPES);
            let mut writer = Writer::new(&mut group);
            scopes.iter().for_each(|scope| writer.bytes(SCOPES, scope));
            Writer::new(&mut out).bytes(RESOURCES, &group);
        }
    }
    Ok(out)
}

fn records(message: Message<'_>) -> Result<Vec<Field<'_>>, Error> {
    message.fields().collect()
}

fn copy(batch: &[u8], fields: &[Field<'_>], keep: impl Fn(&Field<'_>) -> bool) -> Vec<u8> {
    let kept = fields.iter().filter(|field| keep(field));
    kept.filter_map(|field| batch.get(field.record())).flatten().copied().collect()
}
