//! Variables, attributes through links, columns of records, items of lists.

use muster_model::{AttributeKind, Text, TypeId, Value, ValueType};

use super::{Checker, Typed};
use crate::{
    code::Code,
    program::Path,
    suggest::did_you_mean,
    syntax::{Node, NodeKind},
    types::{Columns, Problem, Span, Type, VariableType},
};

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &str, span: Span) -> Option<Typed> {
        if let Some(found) = self.element(name, span) {
            return Some(found);
        }
        if name == "now" {
            return self.bare_now(span);
        }
        if let Some(index) = self.env.variables.iter().position(|variable| &*variable.name == name)
        {
            return Some(self.variable(index, span));
        }
        match self.env.implicit.and_then(|index| Some((index, self.env.variables.get(index)?))) {
            Some((index, variable)) => match &variable.ty {
                VariableType::Entity(type_id) => {
                    if self.env.schema.get(*type_id)?.attribute_named(name).is_none() {
                        return self.unknown_name(name, span);
                    }
                    let base = self.variable(index, span);
                    self.attribute(base, name, span, span)
                }
                VariableType::Record(columns) => self.column(index, columns, name, span, span),
                VariableType::Value(_) => self.unknown_name(name, span),
            },
            None => self.unknown_name(name, span),
        }
    }

    fn element(&self, name: &str, span: Span) -> Option<Typed> {
        let position = self.elements.iter().rposition(|element| element.name == name)?;
        let element = self.elements.get(position)?;
        Some(Typed {
            code: Code::Element(self.elements.len() - 1 - position),
            ty: element.ty.clone(),
            span,
            origins: element.origins.clone(),
            direct: !element.origins.is_empty(),
        })
    }

    fn bare_now<T>(&mut self, span: Span) -> Option<T> {
        if !self.env.now {
            return self.fail(now_not_allowed(span));
        }
        self.fail(
            Problem::new("E0405", span, "`now` can only be compared", "outside a comparison")
                .help("write `now >= …`, `now < …`; move days and months to the other side: `now >= add_days(…, 3)`"),
        )
    }

    fn unknown_name<T>(&mut self, name: &str, span: Span) -> Option<T> {
        let mut known: Vec<Text> =
            self.env.variables.iter().map(|variable| variable.name.clone()).collect();
        known.extend(self.elements.iter().map(|element| Text::from(element.name.as_str())));
        let implicit = self.env.implicit.and_then(|index| self.env.variables.get(index));
        if let Some(VariableType::Entity(type_id)) = implicit.map(|variable| &variable.ty)
            && let Some(entity_type) = self.env.schema.get(*type_id)
        {
            known.extend(entity_type.attributes.iter().map(|attribute| attribute.name.clone()));
        }
        let help = did_you_mean(name, known.iter().map(AsRef::as_ref)).or_else(|| {
            let prefixed = self.env.variables.iter().find(|variable| {
                matches!(&variable.ty, VariableType::Entity(id)
                    if self.env.schema.get(*id).is_some_and(|found| found.attribute_named(name).is_some()))
            });
            prefixed.map(|variable| format!("did you mean `{}.{name}`?", variable.name))
        });
        let help = help.or_else(|| {
            let names: Vec<String> =
                self.env.variables.iter().map(|variable| format!("`{}`", variable.name)).collect();
            (!names.is_empty()).then(|| format!("known here: {}", names.join(", ")))
        });
        self.fail(
            Problem::new("E0401", span, format!("nothing is called `{name}` here"), "unknown name")
                .helps(help),
        )
    }

    fn variable(&self, index: usize, span: Span) -> Typed {
        let path = |text: &Text| Path {
            variable: index,
            steps: Vec::new(),
            column: None,
            text: text.clone(),
        };
        let variable = self.env.variables.get(index);
        let (ty, origins) = match variable.map(|variable| (&variable.ty, &variable.name)) {
            Some((VariableType::Value(ty), name)) => (ty.clone(), vec![path(name)]),
            Some((VariableType::Entity(id), name)) => (Type::Entity(*id), vec![path(name)]),
            Some((VariableType::Record(_), name)) => (Type::Record, vec![path(name)]),
            None => (Type::Null, Vec::new()),
        };
        // A link as a plain value is an entity like any other.
        let ty = if let Type::Scalar(ValueType::Link(to)) = ty { Type::Entity(to) } else { ty };
        Typed { code: Code::Variable(index), ty, span, origins, direct: true }
    }

    pub(super) fn select(
        &mut self,
        of: &Node,
        name: &str,
        name_span: Span,
        span: Span,
    ) -> Option<Typed> {
        let base = self.part(of)?;
        match (&base.ty, &base.code) {
            (Type::Entity(_), Code::Link(..)) => self.fail(
                Problem::new(
                    "E0404",
                    name_span,
                    "what `link(…)` names cannot be read",
                    "not known yet",
                )
                .help("read it through a link attribute"),
            ),
            (Type::Entity(_), _) => self.attribute(base, name, name_span, span),
            (Type::Record, Code::Variable(index)) => {
                self.record_column(*index, name, name_span, span)
            }
            (Type::List(item), _) => {
                let mut problem = Problem::new(
                    "E0404",
                    name_span,
                    format!("{} has no `{name}`", self.describe(&base.ty)),
                    "several values",
                );
                if matches!(**item, Type::Entity(_)) {
                    let list = of_text(of);
                    problem = problem.help(format!(
                        "ask for one with `{list}.exists(x, x.{name} == …)` or collect with `{list}.map(x, x.{name})`"
                    ));
                }
                self.fail(problem)
            }
            _ => {
                let found = self.describe(&base.ty);
                let variables = self.env.variables.iter().map(|variable| &*variable.name);
                let meant = if let NodeKind::Name(typed) = &of.kind {
                    did_you_mean(typed, variables)
                } else {
                    None
                };
                self.fail(
                    Problem::new(
                        "E0404",
                        name_span,
                        format!("{found} has no `{name}`"),
                        "a plain value",
                    )
                    .helps(meant)
                    .help("only entities and records have attributes"),
                )
            }
        }
    }

    fn attribute(&mut self, base: Typed, name: &str, name_span: Span, span: Span) -> Option<Typed> {
        let Type::Entity(type_id) = base.ty else { return None };
        let entity_type = self.env.schema.get(type_id)?;
        let Some(attribute) = entity_type.attribute_named(name) else {
            let known = entity_type.attributes.iter().map(|attribute| &*attribute.name);
            let help = did_you_mean(name, known);
            let message = format!("`{}` has no attribute `{name}`", entity_type.name);
            return self
                .fail(Problem::new("E0412", name_span, message, "unknown attribute").helps(help));
        };
        let origins =
            base.origins.into_iter().map(|path| extended(path, type_id, attribute)).collect();
        let (code, ty) = match (attribute.kind, base.code) {
            (AttributeKind::Inverse { of, slot }, code) => {
                (Code::Inverse(Box::new(code), of, slot), Type::List(Box::new(Type::Entity(of))))
            }
            (_, Code::Variable(index)) => {
                (Code::Own(index, attribute.slot), attribute_type(attribute))
            }
            (_, code) => {
                (Code::Attribute(Box::new(code), attribute.slot), attribute_type(attribute))
            }
        };
        Some(Typed { code, ty, span, origins, direct: true })
    }

    fn record_column(
        &mut self,
        index: usize,
        name: &str,
        name_span: Span,
        span: Span,
    ) -> Option<Typed> {
        let env = self.env;
        let VariableType::Record(columns) = &env.variables.get(index)?.ty else { return None };
        self.column(index, columns, name, name_span, span)
    }

    /// A column of a record, numbered at its first use.
    fn column(
        &mut self,
        variable: usize,
        columns: &Columns,
        name: &str,
        name_span: Span,
        span: Span,
    ) -> Option<Typed> {
        let mut set = columns.0.borrow_mut();
        let position = set.columns.iter().position(|(known, _, _)| &**known == name);
        let position = match position {
            Some(position) => position,
            None if set.closed => {
                let help = did_you_mean(name, set.columns.iter().map(|(known, _, _)| &**known));
                let message = format!("there is no column `{name}`");
                drop(set);
                return self
                    .fail(Problem::new("E0412", name_span, message, "unknown column").helps(help));
            }
            None => {
                set.columns.push((name.into(), ValueType::Text, false));
                set.columns.len() - 1
            }
        };
        let (_, value_type, many) = set.columns.get(position)?;
        let ty = Type::of(*value_type, *many);
        let record = self.env.variables.get(variable).map_or("", |variable| &*variable.name);
        let text = if is_identifier(name) {
            format!("{record}.{name}")
        } else {
            format!("{record}[\"{}\"]", name.escape_debug())
        };
        let path = Path { variable, steps: Vec::new(), column: Some(position), text: text.into() };
        let code = Code::Column(variable, position);
        Some(Typed { code, ty, span, origins: vec![path], direct: true })
    }

    pub(super) fn index(&mut self, of: &Node, index: &Node, span: Span) -> Option<Typed> {
        let base = self.part(of)?;
        if let NodeKind::Literal(Value::Text(name)) = &index.kind {
            match (&base.ty, &base.code) {
                (Type::Record, Code::Variable(variable)) => {
                    return self.record_column(*variable, name, index.span, span);
                }
                (Type::Entity(_), Code::Link(..)) => {}
                (Type::Entity(_), _) => return self.attribute(base, name, index.span, span),
                _ => {}
            }
        }
        let position = self.value(index)?;
        let Type::List(item) = &base.ty else {
            let found = self.describe(&base.ty);
            let problem = if matches!(base.ty, Type::Record | Type::Entity(_)) {
                Problem::new(
                    "E0408",
                    index.span,
                    "the name must be written out",
                    "not a text in quotes",
                )
                .help("write `record[\"Emp No\"]`")
            } else {
                Problem::new("E0404", span, format!("{found} has no items"), "not a list")
                    .help("take a part of a text with `substring(text, 0, 1)`")
            };
            return self.fail(problem);
        };
        if !matches!(position.ty, Type::Scalar(ValueType::Int) | Type::Null) {
            let found = self.describe(&position.ty);
            return self.fail(Problem::new(
                "E0404",
                index.span,
                format!("the position in a list is int, this is {found}"),
                "not int",
            ));
        }
        let ty = (**item).clone();
        let code = Code::Item(Box::new(base.code), Box::new(position.code));
        Some(Typed { code, ty, span, origins: base.origins, direct: base.direct })
    }
}

/// The problem of `now` where time must not matter.
pub(super) fn now_not_allowed(span: Span) -> Problem {
    Problem::new("E0406", span, "`now` is not allowed here", "depends on the time")
        .help("time decides in lifecycle states, roles and computed attributes")
}

fn attribute_type(attribute: &muster_model::Attribute) -> Type {
    Type::of(attribute.value_type, attribute.many)
}

fn extended(mut path: Path, type_id: TypeId, attribute: &muster_model::Attribute) -> Path {
    path.steps.push((type_id, attribute.slot));
    path.text = format!("{}.{}", path.text, attribute.name).into();
    path
}

/// True for a name that can follow a `.`.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A node in words, for help texts.
fn of_text(node: &Node) -> String {
    if let NodeKind::Select { of, name, .. } = &node.kind {
        return format!("{}.{name}", of_text(of));
    }
    if let NodeKind::Name(name) = &node.kind { name.clone() } else { "…".to_owned() }
}
