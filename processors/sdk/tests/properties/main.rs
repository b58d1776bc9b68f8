//! Random OTLP data of all signals: views and edits against prost. A failure prints the seed.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use proptest::prelude::*;
use support::generate::Generate;
use support::rebuild::{Kept, rebuild};
use support::{Request, distort, schema};
use tamis_sdk::edit::{Editor, apply};
use tamis_sdk::wire::Kind;
use tamis_sdk::{Outcome, Signal, elements};

const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn views_give_what_prost_decodes(seed: u64) {
        for signal in SIGNALS {
            let mut generate = Generate::new(seed);
            let request = Request::generate(signal, &mut generate);
            let batch = distort::with_unknown_fields(&mut generate, signal, &request.encode());
            prop_assert!(Request::decode(signal, &batch).as_ref() == Ok(&request));
            prop_assert!(Request::view(signal, &batch).as_ref() == Ok(&request));
        }
    }

    #[test]
    fn malformed_data_is_an_error_and_never_absent(seed: u64) {
        for signal in SIGNALS {
            let mut generate = Generate::new(seed);
            let request = Request::generate(signal, &mut generate);
            let batch = distort::with_unknown_fields(&mut generate, signal, &request.encode());
            for _ in 0..10 {
                let mut broken = distort::with_stray_fields(&mut generate, signal, &batch);
                if generate.chance(2) {
                    distort::mutate(&mut generate, &mut broken);
                }
                let viewed = Request::view(signal, &broken);
                match (Request::decode(signal, &broken), viewed) {
                    (Ok(decoded), Ok(viewed)) => prop_assert!(viewed.same_as(&decoded)),
                    // Stricter than prost, on purpose: groups, and messages to be merged.
                    (Ok(_), Err(error)) => prop_assert!(
                        matches!(error.kind(), Kind::WireType | Kind::Repeated),
                        "{}", error
                    ),
                    (Err(error), Ok(_)) => prop_assert!(error.contains("UTF-8"), "{}", error),
                    (Err(_), Err(_)) => {}
                }
            }
        }
    }

    #[test]
    fn cursors_edit_as_if_all_was_written_anew(seed: u64) {
        for signal in SIGNALS {
            let mut generate = Generate::new(seed);
            let request = Request::generate(signal, &mut generate);
            let batch = distort::with_unknown_fields(&mut generate, signal, &request.encode());
            let wanted = rebuild(&mut generate.clone(), &batch, schema::request(signal));

            let mut editor = Editor::new(&batch);
            support::rebuild::edit(&mut generate, &mut editor.root(), schema::request(signal)).unwrap();
            match editor.finish().unwrap() {
                Outcome::Edited(edits) => {
                    let gaps = edits.splices.windows(2);
                    prop_assert!(gaps.into_iter().all(|pair| pair[0].offset + pair[0].length < pair[1].offset));
                    prop_assert_eq!(apply(&batch, &edits), Some(wanted.bytes));
                }
                _ => {
                    prop_assert_eq!(wanted.kept, Kept::All);
                    prop_assert_eq!(batch, wanted.bytes);
                }
            }
        }
    }

    #[test]
    fn elements_edit_as_the_decoded_structs_would(seed: u64) {
        for signal in SIGNALS {
            let mut generate = Generate::new(seed);
            let mut request = Request::generate(signal, &mut generate);
            let marks = distort::with_marks(&mut generate, signal, &request.encode());
            let outcome = elements::edit(signal, &marks.batch, |element| {
                support::change::element(element);
                Ok(())
            });
            let Ok(Outcome::Edited(edits)) = outcome else {
                prop_assert!(request.is_empty());
                continue;
            };
            let edited = apply(&marks.batch, &edits).unwrap();
            support::change::request(&mut request);
            prop_assert!(Request::decode(signal, &edited).as_ref() == Ok(&request));
            for mark in &marks.marks {
                prop_assert!(edited.windows(mark.len()).any(|window| window == mark));
            }
        }
    }
}
