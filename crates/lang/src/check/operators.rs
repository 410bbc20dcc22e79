//! Operators and list literals.

use muster_model::{Value, ValueType};

use super::{Checker, Typed, names::now_not_allowed};
use crate::{
    code::{Arithmetic, Code, Ordering},
    syntax::{BinaryOp, Node, NodeKind},
    types::{Problem, Span, Type},
};

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        sides: &[Node; 2],
        span: Span,
    ) -> Option<Typed> {
        match op {
            BinaryOp::And | BinaryOp::Or => self.logical(op, sides, span),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.equality(op == BinaryOp::Equal, op_span, sides, span)
            }
            BinaryOp::Less => self.order(Ordering::Less, op_span, sides, span),
            BinaryOp::LessOrEqual => self.order(Ordering::LessOrEqual, op_span, sides, span),
            BinaryOp::Greater => self.order(Ordering::Greater, op_span, sides, span),
            BinaryOp::GreaterOrEqual => self.order(Ordering::GreaterOrEqual, op_span, sides, span),
            BinaryOp::In => self.membership(op_span, sides, span),
            BinaryOp::Add => self.arithmetic(Arithmetic::Add, op_span, sides, span),
            BinaryOp::Subtract => self.arithmetic(Arithmetic::Subtract, op_span, sides, span),
            BinaryOp::Multiply => self.arithmetic(Arithmetic::Multiply, op_span, sides, span),
            BinaryOp::Divide => self.arithmetic(Arithmetic::Divide, op_span, sides, span),
            BinaryOp::Remainder => self.arithmetic(Arithmetic::Remainder, op_span, sides, span),
        }
    }

    /// Both sides; both are checked even when one has a problem.
    pub(super) fn both(&mut self, sides: &[Node; 2]) -> Option<[Typed; 2]> {
        let [a, b] = sides;
        let (a, b) = (self.value(a), self.value(b));
        Some([a?, b?])
    }

    fn logical(&mut self, op: BinaryOp, sides: &[Node; 2], span: Span) -> Option<Typed> {
        let mut parts = Vec::new();
        let mut sound = true;
        for side in sides {
            let mut flat = Vec::new();
            flatten(side, op, &mut flat);
            for part in flat {
                match self.condition(part) {
                    Some(code) => parts.push(code),
                    None => sound = false,
                }
            }
        }
        let code = if op == BinaryOp::And { Code::And(parts) } else { Code::Or(parts) };
        sound.then(|| Self::folded(code, Type::BOOL, span))
    }

    fn order(
        &mut self,
        ordering: Ordering,
        op_span: Span,
        sides: &[Node; 2],
        span: Span,
    ) -> Option<Typed> {
        let [left, right] = sides;
        match (self.is_now(left), self.is_now(right)) {
            (true, true) => {
                let problem =
                    Problem::new("E0409", span, "`now` is compared with itself", "always the same");
                return self.fail(problem);
            }
            (true, false) => return self.now_order(ordering, left, right, span),
            (false, true) => return self.now_order(ordering.mirrored(), right, left, span),
            (false, false) => {}
        }
        let [a, b] = self.both(sides)?;
        let ordered = |ty: &Type| {
            matches!(
                ty,
                Type::Null
                    | Type::Scalar(
                        ValueType::Int
                            | ValueType::Float
                            | ValueType::Text
                            | ValueType::Date
                            | ValueType::DateTime
                    )
            )
        };
        if self.comparable(&a.ty, &b.ty).is_some() && ordered(&a.ty) && ordered(&b.ty) {
            return Some(Self::folded(
                Code::Order(ordering, Box::new([a.code, b.code])),
                Type::BOOL,
                span,
            ));
        }
        let (left, right) = (self.describe(&a.ty), self.describe(&b.ty));
        let message = if left == right {
            format!("values of type {left} have no order")
        } else {
            format!("{left} cannot be ordered against {right}")
        };
        let help = self.conversion_help(&a, &b).or_else(|| self.conversion_help(&b, &a));
        let label = format!("{left} against {right}");
        self.fail(Problem::new("E0404", op_span, message, label).helps(help))
    }

    pub(super) fn is_now(&self, node: &Node) -> bool {
        matches!(&node.kind, NodeKind::Name(name) if name == "now")
            && self.elements.iter().all(|element| element.name != "now")
    }

    fn now_order(
        &mut self,
        ordering: Ordering,
        now: &Node,
        other: &Node,
        span: Span,
    ) -> Option<Typed> {
        if !self.env.now {
            self.problems.push(now_not_allowed(now.span));
        }
        let at = self.value(other)?;
        if !matches!(at.ty, Type::Scalar(ValueType::DateTime) | Type::Null) {
            let found = self.describe(&at.ty);
            let mut problem = Problem::new(
                "E0404",
                other.span,
                format!("`now` is compared with a datetime, this is {found}"),
                "not a datetime",
            );
            if at.ty == Type::Scalar(ValueType::Date) {
                problem = problem.help("take `start_of(…)` or `end_of(…)` of the date");
            }
            return self.fail(problem);
        }
        self.now = true;
        Some(Typed::computed(Code::Now(ordering, Box::new(at.code)), Type::BOOL, span))
    }

    /// `now` must not be compared for equality: it is never the same for long.
    pub(super) fn now_side(&self, sides: &[Node; 2]) -> Option<Problem> {
        let side = sides.iter().find(|side| self.is_now(side))?;
        if !self.env.now {
            return Some(now_not_allowed(side.span));
        }
        Some(
            Problem::new(
                "E0405",
                side.span,
                "`now` is never equal to anything for long",
                "compared for equality",
            )
            .help("use `<`, `<=`, `>` or `>=`"),
        )
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        op_span: Span,
        sides: &[Node; 2],
        span: Span,
    ) -> Option<Typed> {
        let [a, b] = self.both(sides)?;
        if a.ty == Type::Null && b.ty == Type::Null {
            return Some(Typed::computed(Code::Literal(Value::Null), Type::Null, span));
        }
        let number = |ty: &Type| {
            let float = *ty == Type::Scalar(ValueType::Float);
            let whole = matches!(ty, Type::Scalar(ValueType::Int) | Type::Null);
            (float || whole).then_some(float)
        };
        if operator == Arithmetic::Add
            && let Some(ty) = Self::common(&a.ty, &b.ty)
        {
            if ty == Type::TEXT {
                return Some(Self::concat(a, b, span));
            }
            if let Type::List(_) = ty {
                let code = Code::Append(Box::new([a.code, b.code]));
                return Some(Typed {
                    origins: joined(a.origins, b.origins),
                    ..Self::folded(code, ty, span)
                });
            }
        }
        if let (Some(left), Some(right)) = (number(&a.ty), number(&b.ty)) {
            let float = left || right;
            let ty = Type::Scalar(if float { ValueType::Float } else { ValueType::Int });
            return Some(Self::folded(
                Code::Arithmetic(operator, float, Box::new([a.code, b.code])),
                ty,
                span,
            ));
        }
        let (left, right) = (self.describe(&a.ty), self.describe(&b.ty));
        let help = match (operator, &a.ty, &b.ty) {
            (Arithmetic::Add, Type::Scalar(ValueType::Text), Type::Scalar(_))
            | (Arithmetic::Add, Type::Scalar(_), Type::Scalar(ValueType::Text)) => {
                Some("make it text with `string(…)`")
            }
            (_, Type::Scalar(ValueType::Date | ValueType::DateTime), _) => {
                Some("use `add_days`, `add_months` or `days_between`")
            }
            _ => None,
        };
        let label = format!("{left} and {right}");
        self.fail(
            Problem::new("E0404", op_span, format!("{left} and {right} cannot be combined"), label)
                .helps(help.map(str::to_owned)),
        )
    }

    /// Joins texts; `a + b + c` becomes one step.
    fn concat(a: Typed, b: Typed, span: Span) -> Typed {
        let mut parts = if let Code::Concat(parts) = a.code { parts } else { vec![a.code] };
        parts.push(b.code);
        Self::folded(Code::Concat(parts), Type::TEXT, span)
    }

    pub(super) fn negate(&mut self, inner: &Node, span: Span) -> Option<Typed> {
        let typed = self.value(inner)?;
        if !matches!(typed.ty, Type::Scalar(ValueType::Int | ValueType::Float) | Type::Null) {
            let found = self.describe(&typed.ty);
            return self.fail(Problem::new(
                "E0404",
                inner.span,
                format!("`-` needs a number, this is {found}"),
                "not a number",
            ));
        }
        Some(Self::folded(Code::Negate(Box::new(typed.code)), typed.ty, span))
    }

    pub(super) fn choice(&mut self, parts: &[Node; 3], span: Span) -> Option<Typed> {
        let [condition, yes, no] = parts;
        let (condition, yes, no) = (self.condition(condition), self.value(yes), self.value(no));
        let (condition, yes, no) = (condition?, yes?, no?);
        let Some(ty) = Self::common(&yes.ty, &no.ty) else {
            let (first, second) = (self.describe(&yes.ty), self.describe(&no.ty));
            return self.fail(Problem::new(
                "E0404",
                no.span,
                format!("one side gives {first}, the other {second}"),
                format!("{second}, not {first}"),
            ));
        };
        let code = match condition.literal() {
            Some(Value::Bool(true)) => yes.code,
            Some(_) => no.code,
            None => Code::If(Box::new([condition, yes.code, no.code])),
        };
        Some(Typed { code, ty, span, origins: joined(yes.origins, no.origins), direct: false })
    }

    pub(super) fn list(&mut self, items: &[Node], span: Span) -> Option<Typed> {
        let typed: Vec<Option<Typed>> = items.iter().map(|item| self.value(item)).collect();
        let mut ty = Type::Null;
        let (mut codes, mut origins) = (Vec::new(), Vec::new());
        for item in typed {
            let item = item?;
            let Some(common) = Self::common(&ty, &item.ty).filter(|ty| *ty != Type::Record) else {
                let (first, other) = (self.describe(&ty), self.describe(&item.ty));
                return self.fail(Problem::new(
                    "E0404",
                    item.span,
                    format!("the list holds {first}, this is {other}"),
                    format!("{other}, not {first}"),
                ));
            };
            ty = common;
            codes.push(item.code);
            origins = joined(origins, item.origins);
        }
        let list = Self::folded(Code::List(codes), Type::List(Box::new(ty)), span);
        Some(Typed { origins, ..list })
    }
}

/// The parts of `a && b && c`, in order.
pub(crate) fn flatten<'n>(node: &'n Node, wanted: BinaryOp, parts: &mut Vec<&'n Node>) {
    if let NodeKind::Binary { op, sides, .. } = &node.kind
        && *op == wanted
    {
        let [a, b] = &**sides;
        flatten(a, wanted, parts);
        flatten(b, wanted, parts);
    } else {
        parts.push(node);
    }
}

fn joined<T>(mut a: Vec<T>, b: Vec<T>) -> Vec<T> {
    a.extend(b);
    a
}
