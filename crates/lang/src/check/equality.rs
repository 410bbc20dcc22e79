//! `==`, `!=` and `in`: which values can be equal at all.

use muster_model::{Slot, Value, ValueType};

use super::{Checker, Typed, quoted};
use crate::{
    code::{Code, Equality},
    suggest::did_you_mean,
    syntax::Node,
    types::{Problem, Span, Type},
};

impl Checker<'_> {
    pub(super) fn equality(
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
    pub(super) fn conversion_help(&self, a: &Typed, b: &Typed) -> Option<String> {
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

    pub(super) fn membership(
        &mut self,
        op_span: Span,
        sides: &[Node; 2],
        span: Span,
    ) -> Option<Typed> {
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
}

fn is_number(value_type: ValueType) -> bool {
    matches!(value_type, ValueType::Int | ValueType::Float)
}
