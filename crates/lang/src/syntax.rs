//! Parses with the `cel` crate and turns its tree into one that knows where everything stands.
//!
//! Macros stay the calls they are written as; what CEL has and this language has not is refused here.

use cel::{
    common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators},
    parser::ParseErrors,
};
use muster_model::Value;

use crate::{
    lexer::{Tokens, tokens},
    types::{Problem, Span},
};

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) span: Span,
    /// The span with the parentheses around it.
    pub(crate) outer: Span,
}

/// What a part of an expression is.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Literal(Value),
    Name(String),
    Select { of: Box<Node>, name: String, name_span: Span },
    Index { of: Box<Node>, index: Box<Node> },
    List(Vec<Node>),
    Call { name: String, name_span: Span, target: Option<Box<Node>>, args: Vec<Node> },
    Not(Box<Node>),
    Negate(Box<Node>),
    If(Box<[Node; 3]>),
    Binary { op: BinaryOp, op_span: Span, sides: Box<[Node; 2]> },
}

/// An operator with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

const BINARY: [(&str, BinaryOp); 14] = [
    (operators::LOGICAL_AND, BinaryOp::And),
    (operators::LOGICAL_OR, BinaryOp::Or),
    (operators::EQUALS, BinaryOp::Equal),
    (operators::NOT_EQUALS, BinaryOp::NotEqual),
    (operators::LESS, BinaryOp::Less),
    (operators::LESS_EQUALS, BinaryOp::LessOrEqual),
    (operators::GREATER, BinaryOp::Greater),
    (operators::GREATER_EQUALS, BinaryOp::GreaterOrEqual),
    (operators::IN, BinaryOp::In),
    (operators::ADD, BinaryOp::Add),
    (operators::SUBSTRACT, BinaryOp::Subtract),
    (operators::MULTIPLY, BinaryOp::Multiply),
    (operators::DIVIDE, BinaryOp::Divide),
    (operators::MODULO, BinaryOp::Remainder),
];

/// How much may wait for one another to be parsed on the caller's stack. The parser takes up to 170 KiB for each nested
/// call in a debug build.
const MAX_DEPTH_INLINE: usize = 4;
/// The stack for what is nested deeper, in bytes; the system hands out only what is used of it.
const PARSER_STACK: usize = 64 * 1024 * 1024;

/// Parses `source` into a tree.
pub(crate) fn parse(source: &str) -> Result<Node, Vec<Problem>> {
    let tokens = tokens(source).map_err(|problem| vec![problem])?;
    let (expr, info) =
        parse_cel(source, &tokens).map_err(|errors| syntax_problems(source, &tokens, errors))?;
    let mut converter = Converter { source, tokens: &tokens, info: &info, problems: Vec::new() };
    match converter.node(expr) {
        Some(node) if converter.problems.is_empty() => Ok(node),
        _ => Err(converter.problems),
    }
}

/// What the `cel` crate makes of it.
///
/// Its parser uses much stack for each nested bracket, so what is nested is parsed on a stack of its own.
fn parse_cel(source: &str, tokens: &Tokens) -> Result<(IdedExpr, SourceInfo), ParseErrors> {
    // An environment without macros: they are checked and compiled here, with their own types and positions.
    let parse = || {
        cel::Env::default().parser().enable_optional_syntax(false).parse_with_source_info(source)
    };
    if tokens.depth <= MAX_DEPTH_INLINE {
        return parse();
    }
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(PARSER_STACK).spawn_scoped(scope, parse);
        thread.map_or_else(
            |_| Err(ParseErrors { errors: Vec::new() }),
            |thread| thread.join().unwrap_or_else(|_| Err(ParseErrors { errors: Vec::new() })),
        )
    })
}

/// Says in our words what the parser did not like, at the token where it stopped.
fn syntax_problems(source: &str, tokens: &Tokens, errors: ParseErrors) -> Vec<Problem> {
    let Some(error) = errors.errors.into_iter().next() else {
        return vec![Problem::new(
            "E0301",
            Span::new(0, source.len()),
            "the expression cannot be read",
            "here",
        )];
    };
    let offset = offset_of(source, error.pos);
    let end = Span::new(source.trim_end().len(), source.trim_end().len());
    let (span, message) = match tokens.after(offset) {
        Some(token) => {
            let text = source.get(token.span.start..token.span.end).unwrap_or_default();
            (token.span, format!("`{text}` is not expected here"))
        }
        None => (end, "the expression ends too early".to_owned()),
    };
    let mut problem = Problem::new("E0301", span, message, "not expected");
    let word = source.get(span.start..span.end).unwrap_or_default();
    let help = match word {
        "and" | "AND" => Some("write `&&` for and"),
        "or" | "OR" => Some("write `||` for or"),
        "not" | "NOT" => Some("write `!` for not"),
        _ if error.msg.starts_with("reserved identifier") => {
            Some("the word is reserved; a column of this name is read as `record[\"…\"]`")
        }
        _ if error.msg.starts_with("invalid int") => Some("numbers have at most 64 bits"),
        _ if error.msg.starts_with("invalid string") => {
            Some("escapes are \\n, \\t, \\\\, \\', \\\", \\xHH, \\uHHHH; r'…' has none")
        }
        _ => None,
    };
    problem = problem.helps(help.map(str::to_owned));
    vec![problem]
}

/// The byte at a line and column, both from 1.
fn offset_of(source: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let mut start = 0;
    for (number, text) in source.split_inclusive('\n').enumerate() {
        if number == line {
            return start + text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
        }
        start += text.len();
    }
    source.len()
}

struct Converter<'s> {
    source: &'s str,
    tokens: &'s Tokens,
    info: &'s SourceInfo,
    problems: Vec<Problem>,
}

impl Converter<'_> {
    fn refuse(&mut self, span: Span, what: &str, help: &str) -> Option<Node> {
        let problem =
            Problem::new("E0408", span, format!("{what} cannot be used here"), "not supported");
        self.problems.push(problem.help(help));
        None
    }

    fn make(&self, kind: NodeKind, span: Span) -> Node {
        Node { kind, span, outer: self.tokens.widen(span) }
    }

    /// The position in the token list, and the span, of the token a node is known by.
    fn token(&self, id: u64) -> (Option<usize>, Span) {
        let start = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        let index = self.tokens.at(start);
        let token = index.and_then(|index| self.tokens.get(index));
        (index, token.map_or(Span::new(0, self.source.len()), |token| token.span))
    }

    /// The span of the token `by` places before (negative) or after the one at `index`.
    fn neighbour(&self, index: Option<usize>, by: isize) -> Option<Span> {
        self.tokens.get(index?.checked_add_signed(by)?).map(|token| token.span)
    }

    fn closing(&self, index: Option<usize>) -> Option<Span> {
        let token = self.tokens.get(index?)?;
        self.tokens.get(token.partner).map(|token| token.span)
    }

    fn node(&mut self, expr: IdedExpr) -> Option<Node> {
        let (index, here) = self.token(expr.id);
        match expr.expr {
            Expr::Literal(literal) => self.literal(literal, index, here),
            Expr::Ident(name) => {
                if name.starts_with('.') {
                    return self.refuse(here, "a leading `.`", "name the variable without it");
                }
                Some(self.make(NodeKind::Name(name), here))
            }
            Expr::Select(select) => {
                let name_span = self.neighbour(index, 1).unwrap_or(here);
                let of = self.node(*select.operand)?;
                let span = of.outer.to(name_span);
                let kind = NodeKind::Select { of: Box::new(of), name: select.field, name_span };
                Some(self.make(kind, span))
            }
            Expr::List(list) => {
                let span = here.to(self.closing(index).unwrap_or(here));
                let items = self.nodes(list.elements)?;
                Some(self.make(NodeKind::List(items), span))
            }
            Expr::Call(call) => self.call(call, index, here),
            Expr::Map(_) => self.refuse(here, "a map", "values are scalars and lists"),
            Expr::Struct(_) => self.refuse(here, "a message", "values are scalars and lists"),
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.refuse(here, "this form", "write it another way")
            }
        }
    }

    /// Converts all, so that every problem is found.
    fn nodes(&mut self, exprs: Vec<IdedExpr>) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = exprs.into_iter().map(|expr| self.node(expr)).collect();
        nodes.into_iter().collect()
    }

    fn literal(&mut self, literal: LiteralValue, index: Option<usize>, here: Span) -> Option<Node> {
        let mut span = here;
        let value = match literal {
            LiteralValue::Boolean(value) => Value::Bool(value.into_inner()),
            LiteralValue::Int(value) => Value::Int(value.into_inner()),
            LiteralValue::Double(value) => Value::Float(value.into_inner()),
            LiteralValue::String(value) => Value::text(value.into_inner()),
            LiteralValue::Null => Value::Null,
            LiteralValue::UInt(_) => {
                return self.refuse(here, "an unsigned number", "write it without the `u`");
            }
            LiteralValue::Bytes(_) => {
                return self.refuse(here, "a bytes literal", "write text without the `b`");
            }
        };
        // A sign that belongs to the number is a token of its own.
        let negative = matches!(value, Value::Int(i64::MIN..=-1))
            || matches!(value, Value::Float(x) if x < 0.0);
        if negative && let Some(sign) = self.neighbour(index, -1) {
            span = sign.to(span);
        }
        Some(self.make(NodeKind::Literal(value), span))
    }

    fn call(&mut self, call: CallExpr, index: Option<usize>, here: Span) -> Option<Node> {
        let name = call.func_name;
        let is_call = self
            .tokens
            .get(index?)
            .is_some_and(|token| token.kind == crate::lexer::TokenKind::Group);
        if is_call {
            let name_span = self.neighbour(index, -1).unwrap_or(here);
            let end = self.closing(index).unwrap_or(here);
            let target = match call.target {
                Some(target) => Some(Box::new(self.node(*target)?)),
                None => None,
            };
            let args = self.nodes(call.args)?;
            let start = target.as_ref().map_or(name_span, |target| target.outer);
            if name.starts_with('.') {
                return self.refuse(name_span, "a leading `.`", "name the function without it");
            }
            let kind = NodeKind::Call { name, name_span, target, args };
            return Some(self.make(kind, start.to(end)));
        }
        let end = self.closing(index);
        let mut args = self.nodes(call.args)?.into_iter();
        let (first, second, third) = (args.next()?, args.next(), args.next());
        let (kind, span) = match (second, third) {
            (Some(yes), Some(no)) => {
                let span = first.outer.to(no.outer);
                (NodeKind::If(Box::new([first, yes, no])), span)
            }
            (Some(index), None) if name == operators::INDEX => {
                let span = first.outer.to(end?);
                (NodeKind::Index { of: Box::new(first), index: Box::new(index) }, span)
            }
            (Some(second), None) => {
                let span = first.outer.to(second.outer);
                let op = BINARY.iter().find(|(known, _)| *known == name)?.1;
                (NodeKind::Binary { op, op_span: here, sides: Box::new([first, second]) }, span)
            }
            (None, _) => {
                let span = here.to(first.outer);
                let inner = Box::new(first);
                let not = name == operators::LOGICAL_NOT;
                (if not { NodeKind::Not(inner) } else { NodeKind::Negate(inner) }, span)
            }
        };
        Some(self.make(kind, span))
    }
}
