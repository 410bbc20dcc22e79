//! The macros over lists: `all`, `exists`, `exists_one`, `filter`, `map`.

use super::{Checker, Element, MAX_LOOPS, Typed};
use crate::{
    code::{Code, Loop},
    program::Path,
    syntax::{Node, NodeKind},
    types::{Problem, Span, Type},
};

/// The macro with this name.
pub(super) fn find(name: &str) -> Option<Loop> {
    match name {
        "all" => Some(Loop::All),
        "exists" => Some(Loop::Exists),
        "exists_one" | "existsOne" => Some(Loop::ExistsOne),
        "filter" => Some(Loop::Filter),
        "map" => Some(Loop::Map),
        _ => None,
    }
}

fn name_of(kind: Loop) -> &'static str {
    match kind {
        Loop::All => "all",
        Loop::Exists => "exists",
        Loop::ExistsOne => "exists_one",
        Loop::Filter => "filter",
        Loop::Map => "map",
    }
}

impl Checker<'_> {
    pub(super) fn looped(
        &mut self,
        kind: Loop,
        name_span: Span,
        target: Option<&Node>,
        args: &[Node],
        span: Span,
    ) -> Option<Typed> {
        let name = name_of(kind);
        let Some(target) = target else {
            let message = format!("`{name}` stands after a list");
            return self.fail(
                Problem::new("E0403", name_span, message, "without a list")
                    .help(format!("write `list.{name}(x, …)`")),
            );
        };
        let (element, condition, body) = match (kind, args) {
            (Loop::Map, [element, condition, body]) => (element, Some(condition), body),
            (_, [element, body]) => (element, None, body),
            _ => {
                let wanted = if kind == Loop::Map { "2 or 3 arguments" } else { "2 arguments" };
                return self.wrong_count(name, wanted, args.len(), name_span);
            }
        };
        let NodeKind::Name(element_name) = &element.kind else {
            let message = "the first argument names the element";
            return self.fail(
                Problem::new("E0404", element.span, message, "not a plain name")
                    .help(format!("write `{name}(x, …)`")),
            );
        };
        if self.elements.len() >= MAX_LOOPS {
            let message = format!("more than {MAX_LOOPS} macros are nested");
            return self.fail(
                Problem::new("E0302", span, message, "too deep")
                    .help("move the inner part into a computed attribute"),
            );
        }
        let range = self.range(name, target)?;
        let item = if let Type::List(item) = &range.ty { (**item).clone() } else { Type::Null };
        let before = self.paths.len();
        self.elements.push(Element {
            name: element_name.clone(),
            ty: item,
            origins: range.origins.clone(),
        });
        let condition = condition.map(|condition| self.condition(condition));
        let body = if kind == Loop::Map {
            self.value(body)
        } else {
            self.condition(body).map(|code| Typed::computed(code, Type::BOOL, body.span))
        };
        self.elements.pop();
        self.note_range(&range, before);
        let body = body?;
        let condition = match condition {
            Some(condition) => Some(condition?),
            None => None,
        };
        Some(built(kind, range, condition, body, span))
    }

    /// The list a macro goes over.
    fn range(&mut self, name: &str, target: &Node) -> Option<Typed> {
        let range = self.part(target)?;
        if matches!(range.ty, Type::List(_) | Type::Null) {
            return Some(range);
        }
        let found = self.describe(&range.ty);
        let message = format!("`{name}` needs a list, this is {found}");
        self.fail(Problem::new("E0404", target.span, message, "not a list"))
    }

    /// Notes the list as read, unless something that was read leads through it.
    fn note_range(&mut self, range: &Typed, before: usize) {
        if !range.direct {
            return;
        }
        for origin in &range.origins {
            if !self.paths.iter().any(|path| leads_through(path, origin)) {
                self.paths.insert(before.min(self.paths.len()), origin.clone());
            }
        }
    }
}

fn leads_through(path: &Path, origin: &Path) -> bool {
    path.variable == origin.variable
        && path.column == origin.column
        && path.steps.starts_with(&origin.steps)
}

fn built(kind: Loop, range: Typed, condition: Option<Code>, body: Typed, span: Span) -> Typed {
    let ty = match kind {
        Loop::All | Loop::Exists | Loop::ExistsOne => Type::BOOL,
        Loop::Filter => range.ty.clone(),
        Loop::Map => Type::List(Box::new(body.ty.clone())),
    };
    let origins = match kind {
        Loop::All | Loop::Exists | Loop::ExistsOne => Vec::new(),
        Loop::Filter => range.origins.clone(),
        Loop::Map => body.origins.clone(),
    };
    let code = match condition {
        Some(condition) => Code::MapIf(Box::new([range.code, condition, body.code])),
        None => Code::Loop(kind, Box::new([range.code, body.code])),
    };
    Typed { code, ty, span, origins, direct: false }
}
