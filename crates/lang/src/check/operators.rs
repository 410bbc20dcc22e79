//! Operators and list literals.

use muster_model::{Slot, Value, ValueType};

use super::{Checker, Typed, names::now_not_allowed, quoted};
use crate::{
    code::{Arithmetic, Code, Equality, Ordering},
    suggest::did_you_mean,
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
    fn both(&mut self, sides: &[Node; 2]) -> Option<[Typed; 2]> {
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

    fn equality(
        &mut self,
        wanted: bool,
        op_span: Span,
        sides: &[Node; 2],
        span: Span,
    ) -> Option<Typed> {
        if let Some(problem) = self.now_side(sides) {
            return self.fail(problem);
        }
        let [a, b] = self.both(sides)?;
        let code = match (&a.ty, &b.ty) {
            (Type::Record, _) | (_, Type::Record) => return self.never_equal(&a, &b, op_span),
            (Type::Null, Type::Null) => {
                Code::Equal(Equality::Same, wanted, Box::new([a.code, b.code]))
            }
            (_, Type::Null) if b.code.literal().is_some() => Code::IsNull(Box::new(a.code), wanted),
            (Type::Null, _) if a.code.literal().is_some() => Code::IsNull(Box::new(b.code), wanted),
            _ => {
                let Some(how) = self.comparable(&a.ty, &b.ty) else {
                    return self.never_equal(&a, &b, op_span);
                };
                for (side, other) in [(&a, &b), (&b, &a)] {
                    if let Some(value) = side.code.literal() {
                        self.check_choice(other, value, side.span)?;
                    }
                }
                Code::Equal(how, wanted, Box::new([a.code, b.code]))
            }
        };
        Some(Self::folded(code, Type::BOOL, span))
    }

    /// How values of two types are compared for equality.
    pub(super) fn comparable(&self, a: &Type, b: &Type) -> Option<Equality> {
        match (a, b) {
            (Type::Scalar(a), Type::Scalar(b)) if is_number(*a) && is_number(*b) => {
                let whole = *a == ValueType::Int && *b == ValueType::Int;
                Some(if whole { Equality::Same } else { Equality::Number })
            }
            (Type::Entity(a), Type::Entity(b)) if a == b => {
                Some(Equality::Entity(self.env.schema.get(*a).map_or(Slot(0), |found| found.key)))
            }
            (Type::List(a), Type::List(b)) => {
                Self::common(a, b).filter(|item| *item != Type::Record).map(|_| Equality::List)
            }
            (Type::Null, other) | (other, Type::Null) => {
                Some(if let Type::List(_) = other { Equality::List } else { Equality::Same })
            }
            (a, b) if a == b && *a != Type::Record => Some(Equality::Same),
            _ => None,
        }
    }

    fn never_equal<T>(&mut self, a: &Typed, b: &Typed, op_span: Span) -> Option<T> {
        let (left, right) = (self.describe(&a.ty), self.describe(&b.ty));
        let problem = Problem::new(
            "E0409",
            op_span,
            format!("{left} and {right} are never equal"),
            format!("{left} against {right}"),
        );
        let help = self.conversion_help(a, b).or_else(|| self.conversion_help(b, a));
        self.fail(problem.helps(help))
    }

    /// How `a` could be brought to the type of `b`.
    fn conversion_help(&self, a: &Typed, b: &Typed) -> Option<String> {
        match (&a.ty, &b.ty) {
            (Type::Scalar(ValueType::Text), Type::Scalar(wanted)) => {
                if matches!(wanted, ValueType::Binary | ValueType::Link(_)) {
                    return None;
                }
                let function = wanted.name();
                let text =
                    a.code.literal().map_or_else(|| "…".into(), |value| quoted(&value.to_string()));
                Some(format!("write `{function}({text})`"))
            }
            (Type::Scalar(ValueType::Date), Type::Scalar(ValueType::DateTime)) => {
                Some("a date is a whole day; take `start_of(…)` or `end_of(…)` of it".to_owned())
            }
            (Type::Entity(id), Type::Scalar(ValueType::Text)) => {
                let entity_type = self.env.schema.get(*id)?;
                let key = &entity_type.attribute(entity_type.key)?.name;
                Some(format!("compare an attribute of the entity, like `….{key}`"))
            }
            (Type::List(_), Type::Scalar(_)) => Some("ask for an item with `… in …`".to_owned()),
            _ => None,
        }
    }

    /// A literal compared with an attribute that has choices must be one of them.
    fn check_choice(&mut self, attribute: &Typed, value: &Value, span: Span) -> Option<()> {
        let (Some(found), Value::Text(text)) = (self.attribute_of(attribute), value) else {
            return Some(());
        };
        let plain = matches!(attribute.code, Code::Own(..) | Code::Attribute(..));
        if !plain || found.choices.is_empty() || found.choices.contains(text) {
            return Some(());
        }
        let known: Vec<String> = found.choices.iter().map(|choice| format!("`{choice}`")).collect();
        let help = did_you_mean(text, found.choices.iter().map(AsRef::as_ref))
            .unwrap_or_else(|| format!("choices: {}", known.join(", ")));
        self.fail(
            Problem::new(
                "E0409",
                span,
                format!("`{}` is never `{text}`", found.name),
                "not a choice",
            )
            .help(help),
        )
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

    fn is_now(&self, node: &Node) -> bool {
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
    fn now_side(&self, sides: &[Node; 2]) -> Option<Problem> {
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

    fn membership(&mut self, op_span: Span, sides: &[Node; 2], span: Span) -> Option<Typed> {
        let [item, list] = self.both(sides)?;
        let Type::List(inner) = &list.ty else {
            if list.ty == Type::Null {
                return Some(Typed::computed(Code::Literal(Value::Bool(false)), Type::BOOL, span));
            }
            let found = self.describe(&list.ty);
            let mut problem = Problem::new(
                "E0404",
                list.span,
                format!("`in` needs a list, this is {found}"),
                "not a list",
            );
            if list.ty == Type::TEXT {
                problem = problem.help("ask for a part of a text with `contains(text, part)`");
            }
            return self.fail(problem);
        };
        let inner = (**inner).clone();
        let how = match (&item.ty, &inner) {
            (Type::Record, _) => None,
            (a, b) => self.comparable(a, b),
        };
        let Some(how) = how else {
            let item_of_list = Typed { ty: inner, ..list };
            return self.never_equal(&item, &item_of_list, op_span);
        };
        if let Some(Value::List(values)) = list.code.literal() {
            for value in values.iter() {
                self.check_choice(&item, value, list.span)?;
            }
        }
        Some(Self::folded(Code::In(how, Box::new([item.code, list.code])), Type::BOOL, span))
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

fn is_number(value_type: ValueType) -> bool {
    matches!(value_type, ValueType::Int | ValueType::Float)
}
