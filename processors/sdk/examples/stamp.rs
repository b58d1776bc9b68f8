//! The smallest processor.

use tamis_sdk::{Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal};
use tamis_sdk::edit::Editor;

struct Stamp;

impl Processor for Stamp {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        configuration.read(|_| (Stamp, Descriptor::new("stamp", "0.1.0", &[Signal::Traces])))
    }

    fn process(&mut self, _: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut editor = Editor::new(batch);
        let mut root = editor.root();
        while let Some(field) = root.next()? {
            let mut c = root.enter(field)?;
            c.append(|w| w.bytes(3, "x"))?;
        }
        drop(root);
        Ok(editor.finish()?)
    }
}

tamis_sdk::export!(Stamp);
