//! Checks names and types and turns a parsed expression into code.
//!
//! Every problem is reported at the bytes that cause it; checking goes on after a problem, so that all are found.

mod calls;
mod equality;
mod macros;
mod names;
mod operators;

pub(crate) use operators::flatten;

use jiff::{Timestamp, tz::TimeZone};
use muster_model::{Attribute, Text, Value, ValueType};

use crate::{
    code::Code,
    eval,
    frame::{Clock, EmptyWorld, Frame},
    program::Path,
    syntax::{Node, NodeKind},
    types::{Env, Problem, Span, Type},
};

/// How deep macros may be nested.
const MAX_LOOPS: usize = 3;

/// A checked part of an expression.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) code: Code,
    pub(crate) ty: Type,
    pub(crate) span: Span,
    /// The paths whose values, or whose items, it is; empty for what is computed.
    pub(crate) origins: Vec<Path>,
    /// True when it is nothing but a path that has not been noted as read yet.
    direct: bool,
}

impl Typed {
    fn computed(code: Code, ty: Type, span: Span) -> Self {
        Self { code, ty, span, origins: Vec::new(), direct: false }
    }
}

/// The element of a macro, while its body is checked.
struct Element {
    name: String,
    ty: Type,
    origins: Vec<Path>,
}

/// Checks one expression.
pub(crate) struct Checker<'e> {
    env: &'e Env,
    pub(crate) problems: Vec<Problem>,
    /// What was read so far, in order of the text.
    pub(crate) paths: Vec<Path>,
    /// True when a comparison with `now` was seen.
    pub(crate) now: bool,
    /// True when something depends on the zone.
    pub(crate) zoned: bool,
    elements: Vec<Element>,
}

impl<'e> Checker<'e> {
    pub(crate) fn new(env: &'e Env) -> Self {
        Self {
            env,
            problems: Vec::new(),
            paths: Vec::new(),
            now: false,
            zoned: false,
            elements: Vec::new(),
        }
    }

    /// Notes a problem; there is no result.
    fn fail<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }

    fn describe(&self, ty: &Type) -> String {
        ty.describe(&self.env.schema)
    }

    fn note_path(&mut self, path: Path) {
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    /// Checks a part whose value is used.
    pub(crate) fn value(&mut self, node: &Node) -> Option<Typed> {
        let typed = self.part(node)?;
        Some(self.used(typed))
    }

    /// Notes that the value of a path is used.
    fn used(&mut self, mut typed: Typed) -> Typed {
        if typed.direct {
            typed.direct = false;
            for path in typed.origins.clone() {
                self.note_path(path);
            }
        }
        typed
    }

    /// Checks a part; the value of a path may be used, or only be on the way to another.
    fn part(&mut self, node: &Node) -> Option<Typed> {
        match &node.kind {
            NodeKind::Literal(value) => {
                Some(Typed::computed(Code::Literal(value.clone()), literal_type(value), node.span))
            }
            NodeKind::Name(name) => self.name(name, node.span),
            NodeKind::Select { of, name, name_span } => {
                self.select(of, name, *name_span, node.span)
            }
            NodeKind::Index { of, index } => self.index(of, index, node.span),
            NodeKind::List(items) => self.list(items, node.span),
            NodeKind::Call { name, name_span, target, args } => {
                self.call(name, *name_span, target.as_deref(), args, node.span)
            }
            NodeKind::Not(inner) => {
                let inner = self.condition(inner)?;
                Some(Self::folded(Code::Not(Box::new(inner)), Type::BOOL, node.span))
            }
            NodeKind::Negate(inner) => self.negate(inner, node.span),
            NodeKind::If(parts) => self.choice(parts, node.span),
            NodeKind::Binary { op, op_span, sides } => self.binary(*op, *op_span, sides, node.span),
        }
    }

    /// Checks something that must hold or not.
    pub(crate) fn condition(&mut self, node: &Node) -> Option<Code> {
        let typed = self.value(node)?;
        if matches!(typed.ty, Type::Null | Type::Scalar(ValueType::Bool)) {
            return Some(typed.code);
        }
        let found = self.describe(&typed.ty);
        let mut problem = Problem::new(
            "E0404",
            node.span,
            format!("a condition is needed here, this is {found}"),
            format!("{found}, not bool"),
        );
        if typed.ty == Type::TEXT {
            problem = problem.help("compare it, or read it as a truth value with `bool(…)`");
        } else {
            problem = problem.help("write `… != null` to ask whether there is a value");
        }
        self.fail(problem)
    }

    /// Code of literals only becomes the literal it stands for.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is listed is worth folding")]
    fn folded(code: Code, ty: Type, span: Span) -> Typed {
        let literal = |code: &Code| code.literal().is_some();
        let fold = match &code {
            Code::Not(inner)
            | Code::Negate(inner)
            | Code::IsNull(inner, _)
            | Code::Convert(inner, _) => literal(inner),
            Code::Call(function, args) => !function.zoned && args.iter().all(literal),
            Code::Concat(parts) | Code::List(parts) | Code::And(parts) | Code::Or(parts) => {
                parts.iter().all(literal)
            }
            Code::Equal(_, _, sides)
            | Code::Order(_, sides)
            | Code::In(_, sides)
            | Code::Arithmetic(_, _, sides)
            | Code::Append(sides)
            | Code::Default(sides) => sides.iter().all(literal),
            _ => false,
        };
        let code = if fold { Code::Literal(constant(&code)) } else { code };
        Typed::computed(code, ty, span)
    }

    /// The type that both have, if there is one.
    fn common(a: &Type, b: &Type) -> Option<Type> {
        match (a, b) {
            (Type::Null, other) | (other, Type::Null) => Some(other.clone()),
            (Type::List(a), Type::List(b)) => {
                Self::common(a, b).map(|item| Type::List(Box::new(item)))
            }
            (a, b) if a == b && *a != Type::Record => Some(a.clone()),
            _ => None,
        }
    }

    /// The attribute that a path ends in.
    fn attribute_of(&self, typed: &Typed) -> Option<&'e Attribute> {
        let [path] = typed.origins.as_slice() else { return None };
        let (type_id, slot) = path.steps.last()?;
        self.env.schema.attribute(*type_id, *slot)
    }
}

/// The value of code that reads nothing.
pub(crate) fn constant(code: &Code) -> Value {
    let clock = Clock::new(Timestamp::UNIX_EPOCH);
    let frame =
        Frame { bindings: &[], world: &EmptyWorld, clock: &clock, timezone: &TimeZone::UTC };
    eval::evaluate(code, &frame)
}

fn literal_type(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::Scalar(ValueType::Int),
        Value::Float(_) => Type::Scalar(ValueType::Float),
        Value::Text(_) => Type::TEXT,
        Value::Null
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_)
        | Value::List(_) => Type::Null,
    }
}

/// Text with quotes, as it is written in an expression.
fn quoted(text: &str) -> Text {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")).into()
}
