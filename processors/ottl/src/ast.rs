//! A condition as written. Every `at` is an offset in bytes within its text.

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Literal(bool),
    Call(Call),
    Compare { operator: Comparison, left: Node, right: Node },
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Something that has a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) form: Form,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Enum(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Path(Vec<Segment>),
    Call(Call),
    Math { operator: Operator, left: Box<Node>, right: Box<Node> },
    Negate(Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// One of the words between the dots of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) keys: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Node,
}

impl Form {
    /// Whether it can be calculated with or stand in parentheses.
    pub(crate) fn is_mathematical(&self) -> bool {
        matches!(
            self,
            Self::Int(_)
                | Self::Double(_)
                | Self::Path(_)
                | Self::Call(_)
                | Self::Math { .. }
                | Self::Negate(_)
        )
    }
}

/// What is met on the way through a condition.
pub(crate) enum Met<'a> {
    Path(&'a [Segment], usize),
    Call(&'a str),
    Enum(&'a str),
}

impl Test {
    /// Meets every path, converter and enum, in the order of the text.
    pub(crate) fn visit<'a>(&'a self, meet: &mut dyn FnMut(Met<'a>)) {
        match self {
            Self::Literal(_) => {}
            Self::Call(call) => call.visit(meet),
            Self::Compare { left, right, .. } => {
                left.visit(meet);
                right.visit(meet);
            }
            Self::Not(test) => test.visit(meet),
            Self::All(tests) | Self::Any(tests) => tests.iter().for_each(|test| test.visit(meet)),
        }
    }
}

impl Node {
    fn visit<'a>(&'a self, meet: &mut dyn FnMut(Met<'a>)) {
        match &self.form {
            Form::Path(segments) => {
                meet(Met::Path(segments, self.at));
                let keys = segments.iter().flat_map(|segment| &segment.keys);
                keys.for_each(|key| key.visit(meet));
            }
            Form::Call(call) => call.visit(meet),
            Form::Enum(name) => meet(Met::Enum(name)),
            Form::List(nodes) => nodes.iter().for_each(|node| node.visit(meet)),
            Form::Map(pairs) => pairs.iter().for_each(|(_, node)| node.visit(meet)),
            Form::Math { left, right, .. } => {
                left.visit(meet);
                right.visit(meet);
            }
            Form::Negate(node) => node.visit(meet),
            _ => {}
        }
    }
}

impl Call {
    fn visit<'a>(&'a self, meet: &mut dyn FnMut(Met<'a>)) {
        meet(Met::Call(&self.name));
        self.arguments.iter().for_each(|argument| argument.value.visit(meet));
    }
}
