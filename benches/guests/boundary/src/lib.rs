//! `redaction` behind another boundary: the alternatives that its contract was chosen among.

use redaction::Redaction;
use tamis_sdk::{Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, edit};

struct Boundary(Redaction);

tamis_sdk::export!(Boundary);

impl Processor for Boundary {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let (redaction, mut descriptor) = Redaction::configure(configuration)?;
        if cfg!(feature = "no-triggers") {
            descriptor.triggers.clear();
        }
        Ok((Self(redaction), descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let outcome = self.0.process(context, batch)?;
        match &outcome {
            Outcome::Edited(edits) if cfg!(feature = "replaced") => edit::apply(batch, edits)
                .map(Outcome::Replaced)
                .ok_or_else(|| Error::Permanent("the edits do not fit".to_owned())),
            _ => Ok(outcome),
        }
    }
}
