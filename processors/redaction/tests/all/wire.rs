//! What no encoder writes must not carry a secret past the rules.

use tamis_sdk::wire::Writer;
use tamis_sdk::{Context, Error, Processor, Signal};

use crate::{configured, processed};

const CONFIG: &str =
    r#"{"allow_all_keys": true, "blocked_values": ["4[0-9]{12}"], "allowed_values": ["^fine$"]}"#;
const SECRET: &str = "4111111111111";

/// A batch with one span, whose fields `fill` writes.
fn of_span(fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut batch = Vec::new();
    Writer::new(&mut batch)
        .message(1, |resource| resource.message(2, |scope| scope.message(2, fill)));
    batch
}

fn leaves_no_secret(config: &str, signal: Signal, batch: &[u8]) -> Vec<u8> {
    let (mut redaction, _) = configured(config);
    let out = processed(&mut redaction, &Context::new(signal), batch);
    let left = out.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(!left, "{}", out.escape_ascii());
    out
}

#[test]
fn of_two_members_of_a_value_none_hides_the_other() {
    let ways: [fn(&mut Writer<'_>); 4] = [
        |any| {
            any.bytes(1, SECRET);
            any.bytes(1, "fine");
        },
        |any| {
            any.bytes(1, "fine");
            any.bytes(1, SECRET);
        },
        |any| {
            any.bytes(1, SECRET);
            any.varint(3, 1);
        },
        |any| {
            any.bytes(1, SECRET);
            any.message(6, |_| ());
        },
    ];
    for fill in ways {
        let batch = of_span(|span| {
            span.message(9, |pair| {
                pair.bytes(1, "k");
                pair.message(2, fill);
            });
        });
        leaves_no_secret(CONFIG, Signal::Traces, &batch);
    }
}

#[test]
fn of_two_values_of_a_key_none_hides_the_other() {
    for texts in [[SECRET, "fine"], ["fine", SECRET]] {
        let batch = of_span(|span| {
            span.message(9, |pair| {
                pair.bytes(1, "k");
                pair.message(2, |any| any.bytes(1, texts[0]));
                pair.message(2, |any| any.bytes(1, texts[1]));
            });
        });
        leaves_no_secret(CONFIG, Signal::Traces, &batch);
    }
}

/// Seen as JSON, the map or list shows what a decoder sees, and not what hides beside it.
#[test]
fn deep_in_an_attribute_none_hides_another_either() {
    let config = r#"{"allow_all_keys": true, "redact_all_types": true,
        "blocked_values": ["4[0-9]{12}"], "allowed_values": ["fine"]}"#;
    let twice: [fn(&mut Writer<'_>); 3] = [
        |list| {
            list.message(1, |any| {
                any.bytes(1, SECRET);
                any.bytes(1, "fine");
            });
        },
        |list| {
            list.message(1, |any| {
                any.message(6, |map| {
                    map.message(1, |pair| {
                        pair.message(2, |any| any.bytes(1, SECRET));
                        pair.message(2, |any| any.bytes(1, "fine"));
                    });
                });
            });
        },
        |list| {
            list.message(1, |any| {
                any.message(6, |map| {
                    map.message(1, |pair| {
                        pair.bytes(1, SECRET);
                        pair.bytes(1, "fine");
                    });
                });
            });
        },
    ];
    for fill in twice {
        let batch = of_span(|span| {
            span.message(9, |pair| {
                pair.bytes(1, "k");
                pair.message(2, |any| any.message(5, fill));
            });
        });
        leaves_no_secret(config, Signal::Traces, &batch);
    }
}

#[test]
fn every_attribute_of_a_repeated_key_is_redacted() {
    let batch = of_span(|span| {
        for text in ["fine", SECRET, SECRET] {
            span.message(9, |pair| {
                pair.message(2, |any| any.bytes(1, text));
                pair.bytes(1, "k");
            });
        }
    });
    leaves_no_secret(CONFIG, Signal::Traces, &batch);
    let removed = leaves_no_secret("{}", Signal::Traces, &batch);
    assert_eq!(removed, of_span(|_| ()));
}

#[test]
fn a_kind_of_value_that_is_not_known_yet_is_searched() {
    let batch = of_span(|span| {
        span.message(9, |pair| {
            pair.bytes(1, "k");
            pair.message(2, |any| any.bytes(99, format!("new kind {SECRET}")));
        });
    });
    leaves_no_secret(CONFIG, Signal::Traces, &batch);
}

#[test]
fn every_body_and_every_element_is_redacted() {
    let batch = of_span(|record| {
        record.message(5, |any| any.bytes(1, SECRET));
        record.message(5, |any| {
            any.message(5, |list| {
                list.message(1, |any| any.varint(3, SECRET.parse().unwrap()));
                list.message(1, |any| {
                    any.bytes(1, SECRET);
                    any.bytes(1, "fine");
                });
                list.message(1, |any| {
                    any.message(6, |map| {
                        map.message(1, |pair| {
                            pair.bytes(1, "k");
                            pair.message(2, |any| any.bytes(1, SECRET));
                            pair.message(2, |any| any.bytes(1, "fine"));
                        });
                    });
                });
            });
        });
    });
    leaves_no_secret(CONFIG, Signal::Logs, &batch);
}

#[test]
fn what_is_unknown_stays() {
    let pair = |text: &str| {
        of_span(|span| {
            span.message(9, |pair| {
                pair.bytes(1, "k");
                pair.message(2, |any| any.bytes(1, text));
                pair.fixed32(77, 5);
            });
            span.bytes(78, "later");
        })
    };
    let (mut redaction, _) = configured(CONFIG);
    let out = processed(&mut redaction, &Context::new(Signal::Traces), &pair(SECRET));
    assert!(out.windows(5).any(|window| window == b"later"));
    assert!(out.windows(4).any(|window| window == 5_u32.to_le_bytes()));
}

#[test]
fn what_cannot_be_read_is_refused_for_good() {
    let number_for_attribute = of_span(|span| span.varint(9, 1));
    let number_for_value = of_span(|span| span.message(9, |pair| pair.varint(2, 1)));
    let mut truncated = of_span(|span| span.message(9, |pair| pair.bytes(1, "key")));
    truncated.pop();
    for batch in [number_for_attribute, number_for_value, truncated] {
        let (mut redaction, _) = configured("{}");
        let answer = redaction.process(&Context::new(Signal::Traces), &batch);
        assert!(matches!(answer, Err(Error::Permanent(_))), "{answer:?}");
    }
}
