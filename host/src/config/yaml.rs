//! YAML text -> [`Node`]s. One document, anchors, aliases and merge keys; duplicate keys refused.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::node::{Entry, MAX_DEPTH, Node, Value};
use super::origin::Origin;
use super::problems::Problem;
use super::scalar;

/// Nodes of one document, copies made by aliases included: what bounds an alias bomb.
const MAX_NODES: usize = 100_000;

/// Where a line and column (both from 1) of the text are to be reported.
pub(super) type Places<'a> = &'a dyn Fn(usize, usize) -> Origin;

/// Reads one document; an empty text is null. A syntax error ends it, anything else that is wrong
/// (a duplicate key, say) is collected.
pub(super) fn parse(text: &str, places: Places<'_>) -> Result<Node, Vec<Problem>> {
    let mut builder = Builder::new(places);
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((event, span)) => builder.event(event, span.start),
            Err(error) => Err(builder.problem(*error.marker(), error.info())),
        };
        if let Err(problem) = step {
            builder.problems.push(problem);
            return Err(builder.problems);
        }
    }
    if !builder.problems.is_empty() {
        return Err(builder.problems);
    }
    Ok(builder.root.unwrap_or_else(|| Node::new(Value::Null, places(1, 1))))
}

struct Builder<'a> {
    places: Places<'a>,
    /// Collections that are still open, outermost first.
    open: Vec<Frame>,
    /// Closed nodes by the parser's number for their anchor.
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    problems: Vec<Problem>,
}

/// A collection that is being filled. Anchor 0 is none.
struct Frame {
    anchor: usize,
    origin: Origin,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(MapContent),
}

#[derive(Default)]
struct MapContent {
    entries: Vec<Entry>,
    /// Index into `entries` by key.
    index: HashMap<String, usize>,
    /// The key whose value comes next.
    key: Option<Key>,
    /// The values of `<<`.
    merged: Vec<Node>,
}

struct Key {
    text: String,
    origin: Origin,
    is_merge: bool,
}

impl<'a> Builder<'a> {
    fn new(places: Places<'a>) -> Self {
        Self {
            places,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            documents: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, at: Marker) -> Result<(), Problem> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                match self.documents {
                    1 => Ok(()),
                    _ => Err(self.problem(at, "more than one document in one source")),
                }
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| self.problem(at, "anchor value contains itself"))?;
                self.spend(node.count(), node.depth(), at)?;
                self.place(node, false, at)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(1, 1, at)?;
                let is_merge = text == "<<" && style == ScalarStyle::Plain;
                let mut node =
                    Node::new(self.typed(&text, style, tag.as_deref(), at)?, self.at(at));
                let expects_key = matches!(self.open.last(), Some(frame) if frame.expects_key());
                if expects_key && !text.is_empty() {
                    node.value = Value::String(text.into_owned());
                }
                self.remember(anchor, &node);
                self.place(node, is_merge, at)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "!!seq", at)?;
                self.open(anchor, Content::List(Vec::new()), at)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "!!map", at)?;
                self.open(anchor, Content::Map(MapContent::default()), at)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.open.pop() else { return Ok(()) };
                let anchor = frame.anchor;
                let node = self.close(frame);
                self.remember(anchor, &node);
                self.place(node, false, at)
            }
        }
    }

    fn open(&mut self, anchor: usize, content: Content, at: Marker) -> Result<(), Problem> {
        self.spend(1, 1, at)?;
        let origin = self.at(at);
        self.open.push(Frame { anchor, origin, content });
        Ok(())
    }

    fn close(&mut self, frame: Frame) -> Node {
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Map(mut map) => {
                for node in std::mem::take(&mut map.merged) {
                    self.merge(&mut map, node);
                }
                Value::Map(map.entries)
            }
        };
        Node::new(value, frame.origin)
    }

    /// `<<: *a` or `<<: [*a, *b]`: what is there already wins.
    fn merge(&mut self, map: &mut MapContent, node: Node) {
        let sources = match node.value {
            Value::Map(_) => vec![node],
            Value::List(items) if items.iter().all(|n| matches!(n.value, Value::Map(_))) => items,
            _ => {
                let message = "map merge requires map or sequence of maps as the value".to_owned();
                self.problems.push(Problem { origin: node.origin, message });
                return;
            }
        };
        for source in sources {
            let Value::Map(entries) = source.value else { continue };
            for entry in entries {
                if !map.index.contains_key(&entry.key) {
                    map.index.insert(entry.key.clone(), map.entries.len());
                    map.entries.push(entry);
                }
            }
        }
    }

    /// Puts a finished node where it belongs: into the innermost open collection, or at the root.
    fn place(&mut self, mut node: Node, is_merge: bool, at: Marker) -> Result<(), Problem> {
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let map = match &mut frame.content {
            Content::List(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Map(map) => map,
        };
        let Some(key) = map.key.take() else {
            let Value::String(text) = node.value else {
                return Err(self.problem(at, "invalid map key"));
            };
            map.key = Some(Key { text, origin: node.origin, is_merge });
            return Ok(());
        };
        if matches!(node.value, Value::Null | Value::List(_) | Value::Map(_)) {
            node.origin = key.origin.clone();
        }
        if key.is_merge {
            map.merged.push(node);
        } else if let Some(first) = map.index.get(&key.text) {
            let line = map.entries[*first].origin.line();
            let message = format!("mapping key {:?} already defined at line {line}", key.text);
            self.problems.push(Problem { origin: key.origin, message });
        } else {
            map.index.insert(key.text.clone(), map.entries.len());
            map.entries.push(Entry { key: key.text, origin: key.origin, node });
        }
        Ok(())
    }

    fn typed(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: Marker,
    ) -> Result<Value, Problem> {
        let string = || Value::String(text.to_owned());
        let Some(tag) = tag else {
            return Ok(if style == ScalarStyle::Plain { scalar::resolve(text) } else { string() });
        };
        let resolved = scalar::resolve(text);
        let value = match tag_name(tag).as_str() {
            "!!str" | "!" => Some(string()),
            "!!null" if resolved == Value::Null => Some(resolved),
            "!!bool" if matches!(resolved, Value::Bool(_)) => Some(resolved),
            "!!int" if matches!(resolved, Value::Int(_)) => Some(resolved),
            "!!float" => match resolved {
                Value::Float(_) => Some(resolved),
                Value::Int(int) => Some(Value::Float(int as f64)),
                _ => None,
            },
            _ => None,
        };
        value.ok_or_else(|| {
            self.problem(at, &format!("cannot read this scalar as a {}", tag_name(tag)))
        })
    }

    fn collection_tag(&self, tag: Option<&Tag>, core: &str, at: Marker) -> Result<(), Problem> {
        match tag.map(tag_name) {
            Some(name) if name != core => {
                Err(self.problem(at, &format!("tag {name} is not supported here")))
            }
            _ => Ok(()),
        }
    }

    fn remember(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn spend(&mut self, nodes: usize, depth: usize, at: Marker) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values, aliases expanded");
            return Err(self.problem(at, &message));
        }
        if self.open.len() + depth > MAX_DEPTH {
            return Err(self.problem(at, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    fn at(&self, at: Marker) -> Origin {
        (self.places)(at.line(), at.col() + 1)
    }

    fn problem(&self, at: Marker, message: &str) -> Problem {
        Problem { origin: self.at(at), message: format!("yaml: {message}") }
    }
}

impl Frame {
    fn expects_key(&self) -> bool {
        matches!(&self.content, Content::Map(map) if map.key.is_none())
    }
}

/// The tag as it is written: `!!str` for YAML's own, `!` alone for "not typed".
fn tag_name(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() {
        return format!("!!{}", tag.suffix);
    }
    format!("{}{}", tag.handle, tag.suffix)
}
