//! Paths, one segment after the other.

use crate::bytes::{CLASS, DIGIT, END, JOINT, LOWER, MARK, UPPER, WIDE};
use crate::message::message;
use crate::segment::{SEGMENT_BYTES_MAX, Shape, Tail, analyse};
use crate::split::split;
use crate::tree::{HOSTS, NOWHERE, PLAIN, Step, Tree};

/// What stands in the place of an id.
pub(crate) const ID: &str = "{id}";

/// What follows so many segments becomes one `{id}`.
pub(crate) const SEGMENTS_MAX: usize = 32;

/// A segment of letters alone is looked at more closely from this length on.
const PLAIN_BYTES_MAX: usize = 15;

/// How much is learned from traffic.
#[derive(Clone, Copy, Debug)]
pub struct Learning {
    /// A position that takes more distinct segments than this becomes `{id}`. 0: nothing is learned.
    pub values: usize,
    /// Bound of all that is remembered, in bytes. At the bound nothing new is remembered; what is
    /// known keeps working.
    pub memory_bytes: usize,
}

/// Makes `{id}` of ids in paths: by the shape of a segment, and by what was learned from traffic.
pub struct Paths {
    tree: Tree,
}

impl Paths {
    /// `seed`: of the hashes, so that nobody can choose paths that meet in one place of the table.
    pub fn new(learning: Learning, seed: u64) -> Self {
        Self { tree: Tree::new(learning, seed) }
    }

    /// Appends the normalised path to `out`. True: it differs from `path`.
    ///
    /// Takes paths (`/users/12?x=1`), URLs (scheme and authority stay), and names of spans (`GET
    /// /users/12`, where the words in front and behind become a template as with [`message`]).
    /// `?`, `#`, and what follows them are removed. Text without a slash is left as it is.
    pub fn normalize(&mut self, path: &str, out: &mut String) -> bool {
        let from = out.len();
        out.reserve(path.len() + ID.len());
        let Some(parts) = split(path) else {
            out.push_str(path);
            return false;
        };
        words(parts.before, out);
        out.push_str(parts.authority);
        let at = match parts.authority {
            "" => PLAIN,
            // Which of the hosts are one is learned too, but hosts are never masked.
            host => match self.tree.step(HOSTS, host) {
                Step::Text(at) | Step::Id(at) => at,
            },
        };
        self.segments(parts.path, at, out);
        words(parts.after, out);
        out.as_bytes().get(from..) != Some(path.as_bytes())
    }

    /// Bytes of memory that learning takes now.
    pub fn memory(&self) -> usize {
        self.tree.memory()
    }

    /// What was learned, for another life of the process.
    pub fn snapshot(&self) -> Vec<u8> {
        self.tree.snapshot()
    }

    /// Replaces what was learned by a snapshot. False: the bytes are damaged or of another version,
    /// and nothing has changed. What goes beyond the bound of memory is left out.
    pub fn restore(&mut self, bytes: &[u8]) -> bool {
        self.tree.restore(bytes)
    }

    fn segments(&mut self, path: &str, mut at: u32, out: &mut String) {
        let mut rest = path;
        let mut count = 0;
        let mut before = "";
        loop {
            let mut seen = 0;
            let classes = rest.bytes().map(|byte| CLASS[usize::from(byte)]);
            let length =
                classes.take_while(|class| *class != END).map(|class| seen |= class).count();
            let (segment, tail) = rest.split_at(length);
            if length > 0 {
                count += 1;
                if count > SEGMENTS_MAX {
                    out.push_str(ID);
                    return;
                }
                let plain = length <= PLAIN_BYTES_MAX && seen & !(LOWER | UPPER | JOINT) == 0
                    || length <= SEGMENT_BYTES_MAX && seen & !(LOWER | JOINT) == 0;
                at = if plain {
                    self.text(segment, at, out)
                } else if seen == DIGIT {
                    self.id(at, out)
                } else {
                    // A date in the first place or behind `api`, and more behind it: the version.
                    let more =
                        matches!(tail.as_bytes(), [b'/', next, ..] if !b"?#;".contains(next));
                    let leads = more && (count == 1 || before == "api");
                    self.other(segment, seen, leads, at, out)
                };
                before = segment;
            }
            let Some(next) = tail.strip_prefix('/') else { return };
            out.push('/');
            rest = next;
        }
    }

    fn text(&mut self, segment: &str, at: u32, out: &mut String) -> u32 {
        match self.tree.step(at, segment) {
            Step::Text(next) => {
                out.push_str(segment);
                next
            }
            Step::Id(next) => {
                out.push_str(ID);
                next
            }
        }
    }

    fn id(&mut self, at: u32, out: &mut String) -> u32 {
        out.push_str(ID);
        self.tree.step_id(at)
    }

    /// A segment with more than letters in it; `seen`: their classes.
    fn other(&mut self, segment: &str, seen: u8, leads: bool, at: u32, out: &mut String) -> u32 {
        let marked = seen & (MARK | WIDE) != 0;
        // Matrix parameters go as queries do.
        let segment = match segment.bytes().position(|byte| byte == b';') {
            Some(semicolon) if marked => segment.split_at(semicolon).0,
            _ => segment,
        };
        if segment.is_empty() {
            return at;
        }
        let parts = analyse(segment, marked);
        let next = match parts.shape {
            Shape::Template => {
                out.push_str(parts.base);
                self.tree.step_id(at)
            }
            Shape::Id => self.id(at, out),
            Shape::Date if !leads => self.id(at, out),
            Shape::Date | Shape::Text => self.text(parts.base, at, out),
        };
        match parts.tail {
            Tail::None => next,
            Tail::Kept(tail) => {
                out.push_str(tail);
                next
            }
            Tail::Call => {
                out.push('(');
                out.push_str(ID);
                out.push(')');
                next
            }
            Tail::Action(action) => {
                out.push(':');
                let colon = match self.tree.step(next, ":") {
                    Step::Text(colon) => colon,
                    Step::Id(_) => NOWHERE,
                };
                if action == ID { self.id(colon, out) } else { self.text(action, colon, out) }
            }
        }
    }
}

/// What stands around a path in the name of a span.
fn words(text: &str, out: &mut String) {
    if text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
        message(text, out);
    } else {
        out.push_str(text);
    }
}
