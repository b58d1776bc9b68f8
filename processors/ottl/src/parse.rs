//! From tokens to a tree.
//!
//! The grammar is OTTL's. Where that tries one rule after the other, here an operand is read first and
//! what it must be is decided by what follows, so that an error names its cause.

mod operand;

use crate::ast::{Comparison, Node, Test};
use crate::error::Fault;
use crate::lex::{Kind, Token, lex};
use operand::Operand;

/// How deep parentheses, arguments, keys, lists and maps may nest.
pub const NEST_MAX: usize = 64;

/// A whole condition.
pub(crate) fn parse(text: &str) -> Result<Test, Fault> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0 };
    if parser.peek().kind == Kind::End {
        return Err(Fault::new(0, "the condition is empty"));
    }
    let test = parser.expression()?.into_test()?;
    let rest = parser.peek();
    if rest.kind != Kind::End {
        return Err(unexpected(rest, "`and`, `or` or the end"));
    }
    Ok(test)
}

struct Parser<'p, 't> {
    tokens: &'p [Token<'t>],
    next: usize,
    depth: usize,
}

const END: Token<'static> = Token { kind: Kind::End, text: "", at: 0 };

impl<'t> Parser<'_, 't> {
    fn peek(&self) -> Token<'t> {
        self.peek_behind(0)
    }

    fn peek_behind(&self, ahead: usize) -> Token<'t> {
        self.tokens.get(self.next + ahead).or(self.tokens.last()).copied().unwrap_or(END)
    }

    fn take(&mut self) -> Token<'t> {
        let token = self.peek();
        self.next += 1;
        token
    }

    /// Takes the next token if it is this one.
    fn eat(&mut self, kind: Kind, text: &str) -> bool {
        let token = self.peek();
        let found = token.kind == kind && token.text == text;
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, punctuation: &str, purpose: &str) -> Result<(), Fault> {
        if self.eat(Kind::Punctuation, punctuation) {
            return Ok(());
        }
        Err(unexpected(self.peek(), &format!("`{punctuation}` {purpose}")))
    }

    /// Runs `read` one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == NEST_MAX {
            let message = format!("nested deeper than {NEST_MAX} levels");
            return Err(Fault::new(self.peek().at, message));
        }
        self.depth += 1;
        let made = read(self);
        self.depth -= 1;
        made
    }

    /// Terms joined by `or`.
    fn expression(&mut self) -> Result<Operand, Fault> {
        self.joined("or", Test::Any, Self::term)
    }

    /// Tests joined by `and`.
    fn term(&mut self) -> Result<Operand, Fault> {
        self.joined("and", Test::All, Self::negation)
    }

    fn joined(
        &mut self,
        word: &str,
        join: fn(Vec<Test>) -> Test,
        part: fn(&mut Self) -> Result<Operand, Fault>,
    ) -> Result<Operand, Fault> {
        let first = part(self)?;
        if !self.eat(Kind::Word, word) {
            return Ok(first);
        }
        let mut tests = vec![first.into_test()?];
        loop {
            tests.push(part(self)?.into_test()?);
            if !self.eat(Kind::Word, word) {
                return Ok(Operand::Test(join(tests)));
            }
        }
    }

    fn negation(&mut self) -> Result<Operand, Fault> {
        if !self.eat(Kind::Word, "not") {
            return self.comparison();
        }
        let again = self.peek();
        if again.text == "not" {
            return Err(Fault::new(again.at, "`not` cannot follow `not`; use parentheses"));
        }
        let test = self.comparison()?.into_test()?;
        Ok(Operand::Test(Test::Not(Box::new(test))))
    }

    fn comparison(&mut self) -> Result<Operand, Fault> {
        let start = self.peek().at;
        let left = self.sum()?;
        let sign = self.peek();
        if sign.text == "=" {
            return Err(unexpected(sign, "a comparison"));
        }
        if sign.kind != Kind::Compare {
            return Ok(left);
        }
        self.next += 1;
        let operator = comparison(sign)?;
        let left = left.into_node(start, "on the left of a comparison")?;
        let start = self.peek().at;
        let right = self.sum()?.into_node(start, "on the right of a comparison")?;
        let again = self.peek();
        if again.kind == Kind::Compare {
            let message = "comparisons cannot be chained; join two of them with `and`";
            return Err(Fault::new(again.at, message));
        }
        Ok(Operand::Test(Test::Compare { operator, left, right }))
    }

    /// An argument, a key or an item of a list.
    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.peek().at;
        self.sum()?.into_node(start, "here")
    }
}

fn comparison(sign: Token<'_>) -> Result<Comparison, Fault> {
    Ok(match sign.text {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return Err(unexpected(sign, "a comparison")),
    })
}

fn unexpected(token: Token<'_>, wanted: &str) -> Fault {
    match token.kind {
        Kind::End => {
            Fault::new(token.at, format!("expected {wanted}, but the condition ends here"))
        }
        Kind::Arrow => Fault::new(token.at, "functions written with `=>` are not supported"),
        _ => {
            let hint = match token.text {
                "=" => "; write `==`",
                "AND" | "OR" | "NOT" => "; write `and`, `or`, `not` in lower case",
                _ => "",
            };
            Fault::new(token.at, format!("expected {wanted}, found `{}`{hint}", token.text))
        }
    }
}

#[cfg(test)]
mod tests;
