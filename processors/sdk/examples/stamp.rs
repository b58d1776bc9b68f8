//! A complete processor: writes the name of the deployment environment on every span.
//!
//! YAML: `stamp: {environment: production}`.

use tamis_sdk::elements::{self, View};
use tamis_sdk::{Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal};

/// The processor.
pub struct Stamp {
    environment: String,
}

impl Processor for Stamp {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let stamp = configuration.read(|config| Stamp {
            environment: config.string("environment").unwrap_or("unknown".to_owned()),
        })?;
        Ok((stamp, Descriptor::new("stamp", "0.1.0", &[Signal::Traces])))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        elements::edit(context.signal, batch, |element| {
            if let View::Span(_) = element.view() {
                element.set("deployment.environment.name", self.environment.as_str());
            }
            Ok(())
        })
    }
}

tamis_sdk::export!(Stamp);
