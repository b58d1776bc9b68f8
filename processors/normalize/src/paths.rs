//! Paths, one segment after the other.

use crate::bytes::{DIGIT, JOINT, LOWER, MARK, UPPER, WIDE, first_segment};
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
        out.reserve(path.len() + ID.len());
        let Some(parts) = split(path) else {
            out.push_str(path);
            return false;
        };
        let mut changed = words(parts.before, out);
        out.push_str(parts.authority);
        let at = match parts.authority {
            "" => PLAIN,
            // Which of the hosts are one is learned too, but hosts are never masked.
            host => match self.tree.step(HOSTS, host) {
                Step::Text(at) | Step::Id(at) => at,
            },
        };
        let mut walk = Walk { tree: &mut self.tree, at, path: parts.path, copied: 0, out };
        walk.segments();
        changed |= walk.end();
        changed | words(parts.after, out)
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
}

/// The way along a path. What stays is copied only where something else does not.
struct Walk<'a, 'b> {
    tree: &'a mut Tree,
    /// The node that the segments so far have led to.
    at: u32,
    path: &'a str,
    /// Everything before is in `out`, or replaced.
    copied: usize,
    out: &'b mut String,
}

impl Walk<'_, '_> {
    fn segments(&mut self) {
        let bytes = self.path.as_bytes();
        let mut from = 0;
        let mut count = 0;
        let mut before: &[u8] = b"";
        while let Some(rest) = bytes.get(from..) {
            let (length, seen) = first_segment(rest);
            let (segment, tail) = rest.split_at(length);
            let to = from + length;
            if length > 0 {
                count += 1;
                if count > SEGMENTS_MAX {
                    self.replace(from, bytes.len());
                    return;
                }
                let plain = length <= PLAIN_BYTES_MAX && seen & !(LOWER | UPPER | JOINT) == 0
                    || length <= SEGMENT_BYTES_MAX && seen & !(LOWER | JOINT) == 0;
                if plain {
                    self.text(from, to);
                } else if seen == DIGIT {
                    self.id(from, to);
                } else {
                    // A date in the first place or behind `api`, and more behind it: the version.
                    let more = matches!(tail, [b'/', next, ..] if !b"?#;".contains(next));
                    let leads = more && (count == 1 || before == b"api");
                    self.other(from, to, seen & (MARK | WIDE) != 0, leads);
                }
                before = segment;
            }
            match tail.first() {
                Some(b'/') => from = to + 1,
                Some(_) => return self.cut(to, bytes.len()),
                None => return,
            }
        }
    }

    /// The rest, and whether anything has changed.
    fn end(self) -> bool {
        self.out.push_str(self.path.get(self.copied..).unwrap_or_default());
        self.copied > 0
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.out.push_str(self.path.get(self.copied..from).unwrap_or_default());
        self.copied = to;
    }

    fn replace(&mut self, from: usize, to: usize) {
        if self.path.get(from..to) != Some(ID) {
            self.cut(from, to);
            self.out.push_str(ID);
        }
    }

    /// A name, as far as its shape says.
    fn text(&mut self, from: usize, to: usize) {
        match self.tree.step(self.at, self.path.get(from..to).unwrap_or_default()) {
            Step::Text(next) => self.at = next,
            Step::Id(next) => {
                self.at = next;
                self.replace(from, to);
            }
        }
    }

    fn id(&mut self, from: usize, to: usize) {
        self.at = self.tree.step_id(self.at);
        self.replace(from, to);
    }

    /// A segment with more than letters in it. `leads`: a date there is a version.
    fn other(&mut self, from: usize, to: usize, marked: bool, leads: bool) {
        let segment = self.path.get(from..to).unwrap_or_default();
        // Matrix parameters go as queries do.
        let semicolon = if marked { segment.find(';') } else { None };
        let length = semicolon.unwrap_or(segment.len());
        if length > 0 {
            self.parts(from, segment.get(..length).unwrap_or_default(), marked, leads);
        }
        if length < segment.len() {
            self.cut(from + length, to);
        }
    }

    fn parts(&mut self, from: usize, segment: &str, marked: bool, leads: bool) {
        let parts = analyse(segment, marked);
        let base = from + parts.base.len();
        let to = from + segment.len();
        match parts.shape {
            Shape::Template => self.at = self.tree.step_id(self.at),
            Shape::Id => self.id(from, base),
            Shape::Date if !leads => self.id(from, base),
            Shape::Date | Shape::Text => self.text(from, base),
        }
        match parts.tail {
            Tail::None | Tail::Kept => {}
            Tail::Call => self.replace(base + 1, to - 1),
            Tail::Action => {
                self.at = match self.tree.step(self.at, ":") {
                    Step::Text(colon) => colon,
                    Step::Id(_) => NOWHERE,
                };
                let known = self.path.get(base + 1..to) == Some(ID);
                if known { self.id(base + 1, to) } else { self.text(base + 1, to) }
            }
        }
    }
}

/// What stands around a path in the name of a span.
fn words(text: &str, out: &mut String) -> bool {
    if text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
        return message(text, out);
    }
    out.push_str(text);
    false
}
