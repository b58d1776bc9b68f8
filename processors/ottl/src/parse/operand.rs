//! What stands between `and`, `or`, `not` and the comparisons: values, and tests in parentheses.

use super::{Parser, unexpected};
use crate::ast::{Argument, Call, Form, Node, Operator, Segment, Test};
use crate::error::Fault;
use crate::lex::{Kind, Token};
use crate::literal;

/// What can become either a test or a value.
pub(super) enum Operand {
    Test(Test),
    Node {
        node: Node,
        /// In parentheses stands a test or something to calculate with, nothing else.
        parenthesised: bool,
    },
}

impl Operand {
    pub(super) fn into_test(self) -> Result<Test, Fault> {
        let node = match self {
            Self::Test(test) => return Ok(test),
            Self::Node { node, .. } => node,
        };
        let message = match node.form {
            Form::Bool(value) => return Ok(Test::Literal(value)),
            Form::Call(call) => return Ok(Test::Call(call)),
            Form::Path(_) => "a path alone is not a condition; compare it, as in `path == true`",
            _ => "a value alone is not a condition; compare it with `==` or another operator",
        };
        Err(Fault::new(node.at, message))
    }

    pub(super) fn into_node(self, start: usize, place: &str) -> Result<Node, Fault> {
        match self {
            Self::Test(_) => {
                Err(Fault::new(start, format!("a condition cannot stand {place}, only a value")))
            }
            Self::Node { node, parenthesised: true } if !node.form.is_mathematical() => {
                Err(Fault::new(start, "this value cannot stand in parentheses; leave them out"))
            }
            Self::Node { node, .. } => Ok(node),
        }
    }

    fn into_number(self, start: usize) -> Result<Node, Fault> {
        let node = self.into_node(start, "in a calculation")?;
        if node.form.is_mathematical() {
            return Ok(node);
        }
        let message = "only paths, numbers and converters can be calculated with; texts are joined \
                       by Concat([...], \"\")";
        Err(Fault::new(node.at, message))
    }
}

impl From<Node> for Operand {
    fn from(node: Node) -> Self {
        Self::Node { node, parenthesised: false }
    }
}

impl<'t> Parser<'_, 't> {
    pub(super) fn sum(&mut self) -> Result<Operand, Fault> {
        self.calculation(Kind::Sign, Self::product)
    }

    fn product(&mut self) -> Result<Operand, Fault> {
        self.calculation(Kind::Factor, Self::signed)
    }

    /// Operands joined by operators of one kind, from left to right.
    fn calculation(
        &mut self,
        kind: Kind,
        part: fn(&mut Self) -> Result<Operand, Fault>,
    ) -> Result<Operand, Fault> {
        let at = self.peek().at;
        let mut left = part(self)?;
        while self.peek().kind == kind {
            let operator = match self.take().text {
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "*" => Operator::Multiply,
                _ => Operator::Divide,
            };
            let number = left.into_number(at)?;
            let start = self.peek().at;
            let right = part(self)?.into_number(start)?;
            let form = Form::Math { operator, left: Box::new(number), right: Box::new(right) };
            left = Node { at, form }.into();
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Operand, Fault> {
        let sign = self.peek();
        if sign.kind != Kind::Sign {
            return self.primary();
        }
        self.next += 1;
        let start = self.peek();
        let in_parentheses = start.text == "(";
        let node = self.primary()?.into_number(start.at)?;
        if sign.text == "+" {
            return Ok(node.into());
        }
        let form = match node.form {
            Form::Int(value) if !in_parentheses => Form::Int(-value),
            Form::Double(value) if !in_parentheses => Form::Double(-value),
            _ => Form::Negate(Box::new(node)),
        };
        Ok(Node { at: sign.at, form }.into())
    }

    fn primary(&mut self) -> Result<Operand, Fault> {
        let token = self.take();
        let at = token.at;
        let form = match (token.kind, token.text) {
            (Kind::Word, _) => return self.word(token),
            (Kind::Int, digits) => Form::Int(literal::int(digits, at)?),
            (Kind::Float, digits) => Form::Double(literal::double(digits, at)?),
            (Kind::String, quoted) => Form::Text(literal::string(quoted, at)?),
            (Kind::Bytes, digits) => Form::Bytes(literal::bytes(digits, at)?),
            (Kind::Punctuation, "[") => Form::List(self.nested(Self::list)?),
            (Kind::Punctuation, "{") => Form::Map(self.nested(Self::map)?),
            (Kind::Punctuation, "(") => return self.nested(|parser| parser.parentheses(at)),
            _ => return Err(unexpected(token, "a value")),
        };
        Ok(Node { at, form }.into())
    }

    fn parentheses(&mut self, at: usize) -> Result<Operand, Fault> {
        if self.peek().text == ")" && self.peek_behind(1).kind == Kind::Arrow {
            return Err(unexpected(self.peek_behind(1), ""));
        }
        let inner = self.expression()?;
        self.expect(")", "for the `(` before")?;
        if self.peek().kind == Kind::Arrow {
            return Err(unexpected(self.peek(), ""));
        }
        Ok(match inner {
            Operand::Test(test) => Operand::Test(test),
            Operand::Node { node, .. } => {
                Operand::Node { node: Node { at, ..node }, parenthesised: true }
            }
        })
    }

    fn word(&mut self, word: Token<'t>) -> Result<Operand, Fault> {
        let at = word.at;
        let form = match word.text {
            "nil" => Form::Nil,
            "true" => Form::Bool(true),
            "false" => Form::Bool(false),
            "and" | "or" | "not" => return Err(unexpected(word, "a value")),
            name if self.peek().text == "(" => {
                if name.starts_with(|first: char| first.is_ascii_lowercase()) {
                    let message = format!(
                        "`{name}` changes data and is not for conditions; converters start with an \
                         upper-case letter"
                    );
                    return Err(Fault::new(at, message));
                }
                Form::Call(self.nested(|parser| parser.call(word))?)
            }
            name if name.chars().all(|char| !char.is_ascii_uppercase()) => {
                Form::Path(self.path(word)?)
            }
            name if name.chars().all(|char| !char.is_ascii_lowercase()) => {
                Form::Enum(name.to_owned())
            }
            name => {
                let message = format!(
                    "`{name}` is neither a path (lower case), nor an enum (upper case), nor a \
                     converter (followed by `(`)"
                );
                return Err(Fault::new(at, message));
            }
        };
        Ok(Node { at, form }.into())
    }

    fn path(&mut self, first: Token<'t>) -> Result<Vec<Segment>, Fault> {
        let mut segments = vec![self.segment(first)?];
        while self.eat(Kind::Punctuation, ".") {
            let word = self.take();
            let is_name =
                word.kind == Kind::Word && word.text.chars().all(|char| !char.is_ascii_uppercase());
            if !is_name {
                return Err(unexpected(word, "a name in lower case"));
            }
            segments.push(self.segment(word)?);
        }
        Ok(segments)
    }

    fn segment(&mut self, name: Token<'t>) -> Result<Segment, Fault> {
        let mut keys = Vec::new();
        while self.eat(Kind::Punctuation, "[") {
            let key = self.nested(Self::value)?;
            if !key.form.is_mathematical() && !matches!(key.form, Form::Text(_)) {
                let message = "a key is a string, a number, a path or a converter";
                return Err(Fault::new(key.at, message));
            }
            self.expect("]", "after the key")?;
            keys.push(key);
        }
        Ok(Segment { at: name.at, name: name.text.to_owned(), keys })
    }

    fn call(&mut self, name: Token<'t>) -> Result<Call, Fault> {
        self.expect("(", "after the name")?;
        let mut arguments = Vec::new();
        if !self.eat(Kind::Punctuation, ")") {
            loop {
                arguments.push(self.argument()?);
                if !self.eat(Kind::Punctuation, ",") {
                    break;
                }
            }
            self.expect(")", "or `,` after the argument")?;
        }
        let next = self.peek();
        if next.text == "[" {
            let message = "the answers of the supported converters cannot be indexed";
            return Err(Fault::new(next.at, message));
        }
        Ok(Call { at: name.at, name: name.text.to_owned(), arguments })
    }

    fn argument(&mut self) -> Result<Argument, Fault> {
        let word = self.peek();
        let named = word.kind == Kind::Word && self.peek_behind(1).text == "=";
        if named {
            self.next += 2;
        }
        let value = self.value()?;
        Ok(Argument { name: named.then(|| word.text.to_owned()), value })
    }

    fn list(&mut self) -> Result<Vec<Node>, Fault> {
        let mut nodes = Vec::new();
        if self.eat(Kind::Punctuation, "]") {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.value()?);
            if !self.eat(Kind::Punctuation, ",") {
                self.expect("]", "or `,` after the item")?;
                return Ok(nodes);
            }
        }
    }

    /// Commas between pairs may be left out, as in the Collector.
    fn map(&mut self) -> Result<Vec<(String, Node)>, Fault> {
        let mut pairs = Vec::new();
        while !self.eat(Kind::Punctuation, "}") {
            let key = self.take();
            if key.kind != Kind::String {
                return Err(unexpected(key, "a key in double quotes or `}`"));
            }
            self.expect(":", "after the key")?;
            let value = self.value()?;
            pairs.push((literal::string(key.text, key.at)?, value));
            self.eat(Kind::Punctuation, ",");
        }
        Ok(pairs)
    }
}
