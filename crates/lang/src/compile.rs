//! From text to program: parse, check, take the parts of a condition apart.

use std::sync::Arc;

use muster_model::{Schema, Text, ValueType};

use crate::{
    check::{Checker, Typed},
    code::Code,
    program::{Inner, Part, Path, Program},
    syntax::{BinaryOp, Node, NodeKind, parse},
    types::{Env, Problem, Span, Type},
};

/// Parses, checks and compiles `source`. With `expected`, the result must be assignable to that type.
///
/// Text is assignable to any single value (the caller reads it as one), a single value to a list, `null` to everything.
pub fn compile(source: &str, env: &Env, expected: Option<&Type>) -> Result<Program, Vec<Problem>> {
    let node = parse(source)?;
    compile_node(source, source.trim(), &node, env, expected)
}

/// Compiles a condition: unlike [`compile`] with [`Type::BOOL`], text is refused.
pub fn compile_condition(source: &str, env: &Env) -> Result<Program, Vec<Problem>> {
    let node = parse(source)?;
    let program = compile_node(source, source.trim(), &node, env, None)?;
    if matches!(program.ty(), Type::Null | Type::Scalar(ValueType::Bool)) {
        return Ok(program);
    }
    let found = program.ty().describe(&env.schema);
    let problem = Problem::new(
        "E0407",
        node.span,
        format!("a condition is needed here, this is {found}"),
        format!("{found}, not bool"),
    );
    Err(vec![problem.help("compare it with something")])
}

/// Compiles a matching rule: `a == b && c == d`, where one side of each reads only variable `left` and the other
/// only variable `right`. Returns the sides as two lists of equal length.
///
/// Where one side is text and the other is not, the text is read as a value of the other type.
pub fn compile_match(
    source: &str,
    env: &Env,
    left: usize,
    right: usize,
) -> Result<(Vec<Program>, Vec<Program>), Vec<Problem>> {
    let node = parse(source)?;
    let mut parts = Vec::new();
    crate::check::flatten(&node, BinaryOp::And, &mut parts);
    let (mut lefts, mut rights, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match match_part(source, part, env, left, right) {
            Ok((a, b)) => {
                lefts.push(a);
                rights.push(b);
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok((lefts, rights)) } else { Err(problems) }
}

fn match_part(
    source: &str,
    part: &Node,
    env: &Env,
    left: usize,
    right: usize,
) -> Result<(Program, Program), Vec<Problem>> {
    let name = |index: usize| env.variables.get(index).map_or("", |variable| &*variable.name);
    let refuse = |message: &str, label: &str| {
        let help = format!(
            "write `… == …` with one side from `{}` and the other from `{}`",
            name(left),
            name(right)
        );
        vec![Problem::new("E0410", part.span, message, label).help(help)]
    };
    let NodeKind::Binary { op: BinaryOp::Equal, sides, op_span } = &part.kind else {
        return Err(refuse("a matching rule has only `==` and `&&`", "not an equality"));
    };
    let [a, b] = &**sides;
    let (a, b) = match (side(source, a, env), side(source, b, env)) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => return Err(a.err().into_iter().chain(b.err()).flatten().collect()),
    };
    let reads = |program: &Program, variable: usize| {
        !program.paths().is_empty() && program.paths().iter().all(|path| path.variable == variable)
    };
    let (a, b) = match () {
        () if reads(&a, left) && reads(&b, right) => (a, b),
        () if reads(&a, right) && reads(&b, left) => (b, a),
        () => {
            return Err(refuse(
                "each side of a match reads one of the two",
                "reads both or neither",
            ));
        }
    };
    match (a.ty().clone(), b.ty().clone()) {
        (Type::Entity(_), Type::Entity(_)) => {
            let mut problems = refuse("entities are matched by their keys", "an entity");
            for problem in &mut problems {
                problem.help = vec!["compare an attribute of the entity".to_owned()];
            }
            Err(problems)
        }
        (found, wanted) if found == wanted => Ok((a, b)),
        (Type::Scalar(ValueType::Text), Type::Scalar(wanted)) => Ok((converted(&a, wanted), b)),
        (Type::Scalar(wanted), Type::Scalar(ValueType::Text)) => Ok((a, converted(&b, wanted))),
        (found, other) => {
            let (found, other) = (found.describe(&env.schema), other.describe(&env.schema));
            let message = format!("{found} and {other} are never equal");
            Err(vec![Problem::new("E0409", *op_span, message, format!("{found} against {other}"))])
        }
    }
}

fn side(source: &str, node: &Node, env: &Env) -> Result<Program, Vec<Problem>> {
    let shown = source.get(node.span.start..node.span.end).unwrap_or_default();
    compile_node(source, shown, node, env, None)
}

/// The program with its text result read as a value of another type.
fn converted(program: &Program, wanted: ValueType) -> Program {
    let inner = &program.inner;
    Program {
        inner: Arc::new(Inner {
            schema: Arc::clone(&inner.schema),
            source: inner.source.clone(),
            ty: Type::of(wanted, false),
            code: Code::Convert(Box::new(inner.code.clone()), wanted),
            paths: inner.paths.clone(),
            now: inner.now,
            zoned: inner.zoned,
            parts: Vec::new(),
        }),
    }
}

fn compile_node(
    source: &str,
    shown: &str,
    node: &Node,
    env: &Env,
    expected: Option<&Type>,
) -> Result<Program, Vec<Problem>> {
    let text = |span: Span| Text::from(source.get(span.start..span.end).unwrap_or_default());
    let mut checker = Checker::new(env);
    let is_and = matches!(&node.kind, NodeKind::Binary { op: BinaryOp::And, .. });
    let mut parts = Vec::new();
    let typed = if is_and {
        let mut nodes = Vec::new();
        crate::check::flatten(node, BinaryOp::And, &mut nodes);
        for node in nodes {
            let code = checker.condition(node);
            let paths = std::mem::take(&mut checker.paths);
            parts.extend(code.map(|code| Part { source: text(node.span), code, paths }));
        }
        let codes = parts.iter().map(|part| part.code.clone()).collect();
        Some((Code::And(codes), Type::BOOL))
    } else {
        checker.value(node).and_then(|typed| whole(&mut checker, typed))
    };
    for part in &parts {
        let new: Vec<Path> =
            part.paths.iter().filter(|path| !checker.paths.contains(path)).cloned().collect();
        checker.paths.extend(new);
    }
    let typed =
        typed.and_then(|(code, ty)| assigned(&mut checker, code, ty, node.span, env, expected));
    let Checker { mut problems, paths, now, zoned, .. } = checker;
    match typed {
        Some((code, ty)) if problems.is_empty() => {
            let (schema, source) = (Arc::clone(&env.schema), Text::from(shown));
            let inner = Inner { schema, source, ty, code, paths, now, zoned, parts };
            Ok(Program { inner: Arc::new(inner) })
        }
        _ => {
            problems.sort_by_key(|problem| problem.start);
            problems.dedup();
            Err(problems)
        }
    }
}

/// A record has no value of its own.
fn whole(checker: &mut Checker<'_>, typed: Typed) -> Option<(Code, Type)> {
    if typed.ty == Type::Record {
        let name = typed.origins.first().map_or("record", |path| &*path.text).to_owned();
        let message = format!("`{name}` has no value of its own");
        checker.problems.push(
            Problem::new("E0404", typed.span, message, "a record")
                .help(format!("name a column: `{name}.…`")),
        );
        return None;
    }
    Some((typed.code, typed.ty))
}

/// Brings the result to the type that is wanted, or says why that cannot be.
fn assigned(
    checker: &mut Checker<'_>,
    code: Code,
    ty: Type,
    span: Span,
    env: &Env,
    expected: Option<&Type>,
) -> Option<(Code, Type)> {
    let Some(wanted) = expected else { return Some((code, ty)) };
    let item = |ty: &Type| if let Type::List(item) = ty { (**item).clone() } else { ty.clone() };
    let many = matches!(ty, Type::List(_));
    let fits = match (&ty, wanted) {
        (Type::Null, _) => true,
        (_, Type::List(_)) => fits_one(&item(&ty), &item(wanted)),
        (ty, wanted) => fits_one(ty, wanted),
    };
    if !fits {
        let problem = misfit(&ty, wanted, span, &env.schema);
        checker.problems.push(problem);
        return None;
    }
    let to_float = matches!(
        (item(&ty), item(wanted)),
        (Type::Scalar(ValueType::Int), Type::Scalar(ValueType::Float))
    );
    if !to_float {
        return Some((code, ty));
    }
    let float = Type::Scalar(ValueType::Float);
    let ty = if many { Type::List(Box::new(float)) } else { float };
    Some((Code::Convert(Box::new(code), ValueType::Float), ty))
}

fn fits_one(ty: &Type, wanted: &Type) -> bool {
    match (ty, wanted) {
        (Type::Null, _)
        | (Type::Scalar(ValueType::Text), Type::Scalar(_))
        | (Type::Scalar(ValueType::Int), Type::Scalar(ValueType::Float)) => true,
        (Type::Entity(id), Type::Scalar(ValueType::Link(to))) => id == to,
        (ty, wanted) => ty == wanted,
    }
}

fn misfit(ty: &Type, wanted: &Type, span: Span, schema: &Schema) -> Problem {
    let (found, needed) = (ty.describe(schema), wanted.describe(schema));
    let help = match (ty, wanted) {
        (Type::Scalar(_), Type::Scalar(ValueType::Text)) => {
            Some("make it text with `string(…)`".to_owned())
        }
        (Type::List(_), Type::Scalar(_)) => {
            Some("take one with `first(…)`, or `join(…, ',')`".to_owned())
        }
        (Type::Entity(_), Type::Scalar(_)) => Some("take an attribute of the entity".to_owned()),
        (_, Type::Scalar(ValueType::Link(_)) | Type::Entity(_)) => {
            Some(format!("name the entity by its key: `link('{needed}', …)`"))
        }
        (_, Type::Scalar(ValueType::Bool)) => Some("compare it with something".to_owned()),
        _ => None,
    };
    let label = format!("{found}, not {needed}");
    Problem::new("E0407", span, format!("{needed} is needed here, this is {found}"), label)
        .helps(help)
}
