//! Go's regular expressions (`regexp`, RE2 syntax), with the same meaning on the same bytes.
//!
//! A Collector YAML is full of patterns that were written for Go. Rust's `regex` reads most of them, but
//! some it reads differently without a word: `\d` and `\w` are Unicode there and ASCII in Go, `[a&&b]` is
//! an intersection there and four characters in Go, `\v` is in `\s` there and is not in Go. So patterns
//! are parsed here by Go's grammar, straight to the HIR of `regex-syntax`, and run by `regex-automata`,
//! whose matches are leftmost-first as in Go.
//!
//! - [`Regex`]: one pattern; matches, and replaces as `ReplaceAllStringFunc` does.
//! - [`Set`]: many patterns in one automaton: does any of them match?
//! - [`necessary`]: byte sequences that every match must contain, for proving a text clean without an
//!   automaton; [`Scanner`] looks for them.
//!
//! Haystacks are bytes. Where they are not UTF-8, every bad byte is one U+FFFD, as in Go.
//!
//! What is known to differ: Go 1.26 has the tables of Unicode 15.0, `regex-syntax` those of 16.0, so
//! `\p{..}` and case folding differ for characters that came between; and the limits [`NEST_LIMIT`] and
//! [`SIZE_LIMIT`] are tighter than Go's. A pattern beyond them is refused.
//!
//! ```
//! let ssn = tamis_re2::Regex::new(r"\b\d{3}-\d{2}-\d{4}\b")?;
//! assert!(ssn.is_match(b"id 078-05-1120."));
//! // Arabic digits are digits to Rust's `regex`, not to Go.
//! assert!(!ssn.is_match("id ٠٧٨-٠٥-١١٢٠.".as_bytes()));
//! # Ok::<(), tamis_re2::Error>(())
//! ```

mod byte_set;
mod error;
mod haystack;
mod necessary;
mod parse;
mod regex;
mod scan;

pub use byte_set::ByteSet;
pub use error::{Error, Problem};
pub use necessary::{MAX_SEQUENCE_LEN, Sequence, necessary};
pub use parse::NEST_LIMIT;
pub use regex::{Regex, SIZE_LIMIT, Set};
pub use scan::Scanner;
