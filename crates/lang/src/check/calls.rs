//! Function calls, also written as methods.

use std::sync::Arc;

use muster_model::{Value, ValueType};
use regex::RegexBuilder;

use super::{Checker, Typed, constant};
use crate::{
    code::Code,
    functions::{self, Function, Kind, Returns},
    suggest::did_you_mean,
    syntax::{Node, NodeKind},
    types::{Problem, Span, Type},
};

/// The most memory a compiled regular expression may take, in bytes.
const MAX_REGEX: usize = 256 * 1024;

/// What people write who know CEL or other languages, and what it is called here.
const OTHER_NAMES: [(&str, &str); 24] = [
    ("toLowerCase", "lower"),
    ("lowerAscii", "lower"),
    ("toUpperCase", "upper"),
    ("upperAscii", "upper"),
    ("timestamp", "datetime"),
    ("double", "float"),
    ("str", "string"),
    ("toString", "string"),
    ("length", "size"),
    ("len", "size"),
    ("count", "size"),
    ("concat", "join"),
    ("coalesce", "default"),
    ("nvl", "default"),
    ("substr", "substring"),
    ("starts_with", "startsWith"),
    ("ends_with", "endsWith"),
    ("getFullYear", "year"),
    ("getMonth", "month"),
    ("sha256", "hash"),
    ("distinct", "unique"),
    ("any", "exists"),
    ("inNetwork", "in_network"),
    ("ip", "in_network"),
];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_span: Span,
        target: Option<&Node>,
        args: &[Node],
        span: Span,
    ) -> Option<Typed> {
        if let Some(kind) = super::macros::find(name) {
            return self.looped(kind, name_span, target, args, span);
        }
        let all: Vec<&Node> = target.into_iter().chain(args).collect();
        match name {
            "has" => self.has(&all, name_span, span),
            "default" => self.default(&all, name_span, span),
            "link" => self.link(&all, name_span, span),
            "matches" => self.matches(&all, name_span, span),
            _ => match functions::find(name) {
                Some(function) => self.function(function, &all, name_span, span),
                None => self.unknown_function(name, name_span, args),
            },
        }
    }

    fn unknown_function<T>(&mut self, name: &str, name_span: Span, args: &[Node]) -> Option<T> {
        let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
        let help = match other {
            Some((_, known)) => Some(format!("it is called `{known}` here")),
            None if name == "now" => Some("write `now` without brackets".to_owned()),
            None => did_you_mean(name, functions::names()),
        };
        for arg in args {
            self.value(arg);
        }
        let message = format!("there is no function `{name}`");
        self.fail(Problem::new("E0402", name_span, message, "unknown function").helps(help))
    }

    /// The arguments, if there are as many as wanted.
    fn exactly<'n, const N: usize>(
        &mut self,
        name: &str,
        args: &[&'n Node],
        name_span: Span,
    ) -> Option<[&'n Node; N]> {
        if let Ok(args) = <[&Node; N]>::try_from(args) {
            return Some(args);
        }
        let arguments = if N == 1 { "argument" } else { "arguments" };
        self.wrong_count(name, &format!("{N} {arguments}"), args.len(), name_span)
    }

    pub(super) fn wrong_count<T>(
        &mut self,
        name: &str,
        wanted: &str,
        found: usize,
        name_span: Span,
    ) -> Option<T> {
        let message = format!("`{name}` takes {wanted}, not {found}");
        self.fail(Problem::new("E0403", name_span, message, "wrong number of arguments"))
    }

    fn has(&mut self, args: &[&Node], name_span: Span, span: Span) -> Option<Typed> {
        let [arg] = self.exactly("has", args, name_span)?;
        let readable = matches!(
            arg.kind,
            NodeKind::Select { .. } | NodeKind::Name(_) | NodeKind::Index { .. }
        );
        let typed = self.value(arg)?;
        if !readable || typed.ty == Type::Record {
            return self.fail(
                Problem::new("E0404", arg.span, "`has` asks for an attribute", "not an attribute")
                    .help("write `has(person.title)`, or compare with `!= null`"),
            );
        }
        Some(Self::folded(Code::IsNull(Box::new(typed.code), false), Type::BOOL, span))
    }

    fn default(&mut self, args: &[&Node], name_span: Span, span: Span) -> Option<Typed> {
        let [first, second] = self.exactly("default", args, name_span)?;
        let (first, second) = (self.value(first), self.value(second));
        let (first, second) = (first?, second?);
        let Some(ty) = Self::common(&first.ty, &second.ty) else {
            let (wanted, found) = (self.describe(&first.ty), self.describe(&second.ty));
            return self.fail(Problem::new(
                "E0404",
                second.span,
                format!("the value in place of {wanted} is {found}"),
                format!("{found}, not {wanted}"),
            ));
        };
        let mut origins = first.origins;
        origins.extend(second.origins);
        let code = Code::Default(Box::new([first.code, second.code]));
        Some(Typed { origins, ..Self::folded(code, ty, span) })
    }

    fn link(&mut self, args: &[&Node], name_span: Span, span: Span) -> Option<Typed> {
        let [target, key] = self.exactly("link", args, name_span)?;
        let key_typed = self.value(key);
        let NodeKind::Literal(Value::Text(name)) = &target.kind else {
            let message = "the entity type must be written out";
            return self.fail(
                Problem::new("E0404", target.span, message, "not a text in quotes")
                    .help("write `link('department', …)`"),
            );
        };
        let Some(found) = self.env.schema.type_named(name) else {
            let known = self.env.schema.types.iter().map(|entity_type| &*entity_type.name);
            let help = did_you_mean(name, known);
            let message = format!("there is no entity type `{name}`");
            return self
                .fail(Problem::new("E0404", target.span, message, "unknown type").helps(help));
        };
        let key_typed = key_typed?;
        if !accepts(Kind::Scalar, &key_typed.ty) {
            return self.wrong_type("link", Kind::Scalar, &key_typed);
        }
        let code = Code::Link(found.id, Box::new(key_typed.code));
        Some(Typed::computed(code, Type::Entity(found.id), span))
    }

    fn matches(&mut self, args: &[&Node], name_span: Span, span: Span) -> Option<Typed> {
        let [text, pattern] = self.exactly("matches", args, name_span)?;
        let typed = self.value(text);
        let NodeKind::Literal(Value::Text(source)) = &pattern.kind else {
            let message = "the regular expression must be written out";
            return self.fail(Problem::new("E0404", pattern.span, message, "not a text in quotes"));
        };
        let built =
            RegexBuilder::new(source).size_limit(MAX_REGEX).dfa_size_limit(MAX_REGEX).build();
        let regex = match built {
            Ok(regex) => regex,
            Err(error) => {
                let reason = error.to_string();
                let reason =
                    reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = format!("the regular expression cannot be used: {reason}");
                return self.fail(
                    Problem::new("E0404", pattern.span, message, "not a regular expression")
                        .help("write it as r'…', so that `\\` stays what it is"),
                );
            }
        };
        let typed = typed?;
        if !accepts(Kind::Text, &typed.ty) {
            return self.wrong_type("matches", Kind::Text, &typed);
        }
        Some(Typed::computed(
            Code::Matches(Box::new(typed.code), Arc::new(regex)),
            Type::BOOL,
            span,
        ))
    }

    fn wrong_type<T>(&mut self, name: &str, wanted: Kind, found: &Typed) -> Option<T> {
        let ty = self.describe(&found.ty);
        let wanted_text = wanted.describe();
        let help = match (wanted, &found.ty) {
            (Kind::Text, Type::Scalar(_)) => Some("make it text with `string(…)`"),
            (Kind::Date, Type::Scalar(ValueType::Text)) => Some("read it with `date(…)`"),
            (Kind::Date, Type::Scalar(ValueType::DateTime)) => Some("take its day with `day(…)`"),
            (Kind::DateTime, Type::Scalar(ValueType::Text)) => Some("read it with `datetime(…)`"),
            (Kind::Time, Type::Scalar(ValueType::Text)) => {
                Some("read it with `date(…)` or `datetime(…)`")
            }
            (Kind::Int, Type::Scalar(ValueType::Text)) => Some("read it with `int(…)`"),
            (Kind::Text | Kind::Scalar, Type::Entity(_)) => Some("take an attribute of the entity"),
            (Kind::Text | Kind::Scalar, Type::List(_)) => {
                Some("make it one with `join(…, ',')` or `first(…)`")
            }
            _ => None,
        };
        self.fail(
            Problem::new(
                "E0404",
                found.span,
                format!("`{name}` takes {wanted_text} here, this is {ty}"),
                format!("{ty}, not {wanted_text}"),
            )
            .helps(help.map(str::to_owned)),
        )
    }

    fn function(
        &mut self,
        function: &'static Function,
        args: &[&Node],
        name_span: Span,
        span: Span,
    ) -> Option<Typed> {
        let most = if function.rest.is_some() { usize::MAX } else { function.takes.len() };
        if args.len() < function.required || args.len() > most {
            return self.wrong_count(function.name, &function.arity(), args.len(), name_span);
        }
        // These only pass items on, so the path of the list is not read for its own sake.
        let passes = matches!(function.name, "first" | "last" | "sort" | "unique" | "flatten");
        let typed: Vec<Option<Typed>> =
            args.iter().map(|arg| if passes { self.part(arg) } else { self.value(arg) }).collect();
        let typed: Vec<Typed> = typed.into_iter().collect::<Option<_>>()?;
        let kinds = function
            .takes
            .iter()
            .copied()
            .chain(std::iter::repeat_n(function.rest, args.len()).flatten());
        for (kind, found) in kinds.zip(&typed) {
            if !accepts(kind, &found.ty) {
                return self.wrong_type(function.name, kind, found);
            }
        }
        self.check_format(function.name, &typed)?;
        self.check_network(function.name, &typed)?;
        self.check_literal(function, &typed, span)?;
        let ty = self.result_type(function.gives, &typed)?;
        let (mut origins, mut direct) = (Vec::new(), false);
        if passes && let Some(first) = typed.first() {
            origins.clone_from(&first.origins);
            direct = first.direct;
        }
        let of_list = matches!(typed.first(), Some(Typed { ty: Type::List(_), .. }));
        let function =
            if function.name == "size" && of_list { functions::LIST_SIZE } else { function };
        self.zoned |= function.zoned;
        let code = Code::Call(function, typed.into_iter().map(|arg| arg.code).collect());
        Some(Typed { origins, direct, ..Self::folded(code, ty, span) })
    }

    /// A conversion of what is written out must be possible.
    fn check_literal(
        &mut self,
        function: &'static Function,
        typed: &[Typed],
        span: Span,
    ) -> Option<()> {
        let converts =
            matches!(function.name, "date" | "datetime" | "int" | "float" | "bool" | "uuid");
        let args: Vec<Code> = typed.iter().map(|arg| arg.code.clone()).collect();
        let written = args.iter().all(|arg| arg.literal().is_some_and(|value| !value.is_null()));
        if !converts || !written || !constant(&Code::Call(function, args)).is_null() {
            return Some(());
        }
        let message = format!("`{}` cannot read this", function.name);
        let help = match function.name {
            "date" => "write the day as `date('2026-01-31')`",
            "datetime" => "write the instant as `datetime('2026-01-31T08:00:00Z')`",
            _ => "the result would always be `null`",
        };
        self.fail(Problem::new("E0409", span, message, "always null").help(help))
    }

    /// A network that is written out must be one.
    fn check_network(&mut self, name: &str, typed: &[Typed]) -> Option<()> {
        let Some(Typed { code: Code::Literal(Value::Text(network)), span, .. }) = typed.get(1)
        else {
            return Some(());
        };
        if name != "in_network" || functions::is_network(network) {
            return Some(());
        }
        let message = format!("`{network}` is no network");
        self.fail(
            Problem::new("E0409", *span, message, "always null")
                .help("write it as `10.0.0.0/8` or `2001:db8::/32`"),
        )
    }

    /// A format that is written out must be one.
    fn check_format(&mut self, name: &str, typed: &[Typed]) -> Option<()> {
        if !matches!(name, "date" | "datetime" | "format") {
            return Some(());
        }
        let Some(Typed { code: Code::Literal(Value::Text(wanted)), span, .. }) = typed.get(1)
        else {
            return Some(());
        };
        let Some(reason) = functions::format_problem(name, wanted) else { return Some(()) };
        self.fail(
            Problem::new(
                "E0404",
                *span,
                format!("the format cannot be used: {reason}"),
                "not a format",
            )
            .help("for example `%d.%m.%Y` or `%Y-%m-%d %H:%M`"),
        )
    }

    fn result_type(&mut self, gives: Returns, args: &[Typed]) -> Option<Type> {
        let first = args.first().map_or(Type::Null, |arg| arg.ty.clone());
        Some(match gives {
            Returns::Value(value_type) => Type::of(value_type, false),
            Returns::Texts => Type::List(Box::new(Type::TEXT)),
            Returns::First => first,
            Returns::Item => item_of(&first),
            Returns::Extreme => {
                let mut common = Type::Null;
                for arg in args {
                    let item = item_of(&arg.ty);
                    let Some(found) = Self::common(&common, &item) else {
                        let (first, other) = (self.describe(&common), self.describe(&item));
                        let message = format!("{first} and {other} have no order between them");
                        return self.fail(Problem::new("E0404", arg.span, message, "another type"));
                    };
                    common = found;
                }
                common
            }
        })
    }
}

fn item_of(ty: &Type) -> Type {
    if let Type::List(item) = ty { (**item).clone() } else { ty.clone() }
}

/// Whether an argument of this type is accepted; `null` always is.
fn accepts(kind: Kind, ty: &Type) -> bool {
    let scalar = if let Type::Scalar(scalar) = ty { Some(*scalar) } else { None };
    let item = if let Type::List(item) = ty { Some(&**item) } else { None };
    let fits = match kind {
        Kind::Text => scalar == Some(ValueType::Text),
        Kind::Int => scalar == Some(ValueType::Int),
        Kind::Number => matches!(scalar, Some(ValueType::Int | ValueType::Float)),
        Kind::Date => scalar == Some(ValueType::Date),
        Kind::DateTime => scalar == Some(ValueType::DateTime),
        Kind::Time => matches!(scalar, Some(ValueType::Date | ValueType::DateTime)),
        Kind::Scalar => scalar.is_some(),
        Kind::Texts => matches!(item, Some(Type::Null | Type::Scalar(ValueType::Text))),
        Kind::List => item.is_some(),
        Kind::Sized => item.is_some() || scalar == Some(ValueType::Text),
        Kind::Several => matches!(item.unwrap_or(ty), Type::Null | Type::Scalar(_)),
        Kind::Lists => matches!(item, Some(Type::Null | Type::List(_))),
    };
    fits || *ty == Type::Null
}
