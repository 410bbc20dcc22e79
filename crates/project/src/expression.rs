//! Compiles expressions where they stand, and puts the problems of `lang` to the exact characters in the file.

use std::sync::Arc;

use muster_lang::{
    Columns, Env, Problem, Program, Type, Variable, VariableType, compile, compile_condition,
    compile_match,
};
use muster_model::{Attribute, Diagnostic, EntityType, Schema, Text, ValueType};
use muster_policy::Rule;

use crate::{context::Context, yaml::Node};

/// The environment of expressions that stand inside a type: its attributes without a prefix.
pub(crate) fn inside_type(schema: &Arc<Schema>, entity_type: &EntityType) -> Env {
    Env {
        schema: Arc::clone(schema),
        variables: vec![entity_variable(entity_type)],
        implicit: Some(0),
        now: true,
    }
}

/// The environment of expressions about an identity: `person.title`.
pub(crate) fn about_identity(schema: &Arc<Schema>, entity_type: &EntityType) -> Env {
    Env { implicit: None, ..inside_type(schema, entity_type) }
}

/// A variable that holds an entity, named like its type.
pub(crate) fn entity_variable(entity_type: &EntityType) -> Variable {
    Variable { name: entity_type.name.clone(), ty: VariableType::Entity(entity_type.id) }
}

/// A variable that holds a record.
pub(crate) fn record_variable(name: &str, columns: &Columns) -> Variable {
    Variable { name: name.into(), ty: VariableType::Record(columns.clone()) }
}

/// A variable that holds a plain value.
pub(crate) fn value_variable(name: &str, value_type: ValueType) -> Variable {
    Variable { name: name.into(), ty: VariableType::Value(Type::Scalar(value_type)) }
}

/// The type of an expression that gives values of `value_type`.
pub(crate) fn expression_type(value_type: ValueType, many: bool) -> Type {
    let single = match value_type {
        ValueType::Link(to) => Type::Entity(to),
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => Type::Scalar(value_type),
    };
    if many { Type::List(Box::new(single)) } else { single }
}

/// The type of an expression that computes an attribute.
pub(crate) fn attribute_type(attribute: &Attribute) -> Type {
    expression_type(attribute.value_type, attribute.many)
}

/// The value type an expression of this type gives, and whether it gives several; `None` for entities and records.
pub(crate) fn value_type(ty: &Type) -> Option<(ValueType, bool)> {
    match ty {
        Type::Null => Some((ValueType::Text, false)),
        Type::Scalar(value_type) => Some((*value_type, false)),
        Type::List(inner) => value_type(inner).filter(|(_, many)| !many).map(|(ty, _)| (ty, true)),
        Type::Entity(_) | Type::Record => None,
    }
}

/// Text.
pub(crate) const TEXT: Type = Type::Scalar(ValueType::Text);

/// Compiles the condition in `node`; problems are reported at their characters.
pub(crate) fn condition(context: &mut Context<'_>, node: &Node, env: &Env) -> Option<Rule> {
    match compile_condition(node.text()?, env) {
        Ok(program) => Some(Rule { program, at: context.location(node.span) }),
        Err(problems) => {
            report(context, node, problems, 0);
            None
        }
    }
}

/// Compiles the expression in `node` to exactly this type: text is not read as a number or a date here, because
/// nobody is there who could report a value that cannot be read.
pub(crate) fn exact_rule(
    context: &mut Context<'_>,
    node: &Node,
    env: &Env,
    expected: &Type,
) -> Option<Rule> {
    let rule = rule(context, node, env, Some(expected))?;
    let single = |ty: &Type| match ty {
        Type::List(item) => (**item).clone(),
        Type::Null | Type::Scalar(_) | Type::Entity(_) | Type::Record => ty.clone(),
    };
    let (found, wanted) = (single(rule.program.ty()), single(expected));
    let (Type::Scalar(ValueType::Text), Type::Scalar(other)) = (&found, &wanted) else {
        return Some(rule);
    };
    if *other == ValueType::Text {
        return Some(rule);
    }
    let name = other.name();
    let message = format!("{name} is needed here, this is string");
    let mut diagnostic =
        Diagnostic::error("E0407", node.span, message).label(format!("string, not {name}"));
    if matches!(other, ValueType::Int | ValueType::Float | ValueType::Date | ValueType::DateTime) {
        diagnostic = diagnostic.help(format!("make it one with `{name}(…)`"));
    }
    context.report(diagnostic);
    None
}

/// Compiles the expression in `node`; problems are reported at their characters.
pub(crate) fn rule(
    context: &mut Context<'_>,
    node: &Node,
    env: &Env,
    expected: Option<&Type>,
) -> Option<Rule> {
    let source = node.text()?;
    match compile(source, env, expected) {
        Ok(program) => Some(Rule { program, at: context.location(node.span) }),
        Err(problems) => {
            report(context, node, problems, 0);
            None
        }
    }
}

/// Compiles the expression in `node` to the first of these types that it fits; otherwise the problems with the first
/// are reported.
pub(crate) fn rule_of_any(
    context: &mut Context<'_>,
    node: &Node,
    env: &Env,
    expected: &[Type],
) -> Option<Rule> {
    let source = node.text()?;
    let mut first = None;
    for ty in expected {
        match compile(source, env, Some(ty)) {
            Ok(program) => return Some(Rule { program, at: context.location(node.span) }),
            Err(problems) => first = first.or(Some(problems)),
        }
    }
    report(context, node, first.unwrap_or_default(), 0);
    None
}

/// Both sides of a matching rule.
pub(crate) type Sides = (Vec<Program>, Vec<Program>);

/// Compiles a matching rule of the first variable against the second one.
pub(crate) fn match_rule(context: &mut Context<'_>, node: &Node, env: &Env) -> Option<Sides> {
    let source = node.text()?;
    match compile_match(source, env, 0, 1) {
        Ok(sides) => Some(sides),
        Err(problems) => {
            report(context, node, problems, 0);
            None
        }
    }
}

/// Reports problems of an expression whose text starts `skip` bytes before that of `node`.
fn report(context: &mut Context<'_>, node: &Node, problems: Vec<Problem>, skip: usize) {
    for problem in problems {
        let start = problem.start.saturating_sub(skip);
        let span = context.within(node, start, problem.end.saturating_sub(skip));
        let mut diagnostic =
            Diagnostic::error(problem.code, span, problem.message).label(problem.label);
        diagnostic.help = problem.help;
        context.report(diagnostic);
    }
}

/// A rule from a text that stands in no file; `None` when it does not compile.
pub(crate) fn built_in(
    context: &Context<'_>,
    source: &str,
    place: &Node,
    env: &Env,
    expected: Option<&Type>,
) -> Option<Rule> {
    let program = compile(source, env, expected).ok()?;
    Some(Rule { program, at: context.location(place.span) })
}

/// The columns that a `columns:` map declares.
pub(crate) fn declared_columns(node: Option<&Node>) -> Columns {
    let columns = Columns::default();
    for entry in node.map_or(&[][..], Node::entries) {
        let ty = entry.value.get_text("type").map_or(ValueType::Text, |name| named_type(name));
        let many = entry.value.flag("many");
        columns.0.borrow_mut().columns.push((entry.key.clone(), ty, many));
    }
    columns
}

/// What expressions made of the columns, in the order of their numbers.
pub(crate) fn used_columns(columns: &Columns) -> Vec<(Text, ValueType, bool)> {
    columns.0.borrow().columns.clone()
}

/// The value type with this name in model files; text for a name that is none, which is reported elsewhere.
pub(crate) fn named_type(name: &str) -> ValueType {
    match name {
        "int" => ValueType::Int,
        "float" => ValueType::Float,
        "bool" => ValueType::Bool,
        "date" => ValueType::Date,
        "datetime" => ValueType::DateTime,
        "binary" => ValueType::Binary,
        "uuid" => ValueType::Uuid,
        _ => ValueType::Text,
    }
}
