//! `/model/edit`: a draft of a file of the model, or of one entry of a long one: what is wrong with it, what it changes in the file
//! and for whom; then it becomes the next revision. The files stay the only form of the model.

use std::{ops::Range, sync::Arc};

use askama::Template;
use axum::response::Response;
use muster_app::{
    Change, ChangeKind, Ctx, Error, File, ModelQuery, ModelsCompared, Opened, PersonImpact, Thing,
    block_named, compare_models, publish_model, see_revision, with_lines,
};
use muster_model::Text;
use muster_policy::Right;
use muster_web::Problem;

use super::{blocks, changes};
use crate::{
    address,
    escape::is_all_seen,
    flash::Said,
    frame::{Frame, done, nothing, page},
    lines::compared,
    visit::Visit,
    work::begun,
};

/// People whose changes are shown.
const SHOWN: usize = 50;
/// A file with more bytes is edited entry by entry.
const WHOLE: usize = 24_000;

#[derive(Template)]
#[template(path = "edit.html")]
struct Page<'v> {
    frame: Frame<'v>,
    path: String,
    /// The entry of the file; empty for all of it.
    block: String,
    base: i64,
    text: String,
    /// What is wrong with the draft: code, place, message, remedies.
    problems: Vec<Trouble>,
    lines: Vec<changes::Shown>,
    effect: Option<Effect>,
    /// Whether the draft can become the model.
    may_publish: bool,
}

struct Trouble {
    code: &'static str,
    place: String,
    message: String,
    help: Vec<String>,
}

/// Whom a draft touches.
#[derive(Default)]
struct Effect {
    /// How many people; `None` when finding them takes longer than a page waits.
    people: Option<u64>,
    rows: Vec<Row>,
    /// Conflicts of duties that would begin: their number has to be typed.
    conflicts: u64,
}

/// Somebody, with what changes for them.
struct Row {
    person: String,
    href: String,
    changes: Vec<String>,
}

/// What is edited: a file of a revision, and the lines of the entry where it is about one.
struct Edited {
    files: Vec<File>,
    /// The place of the file among them.
    at: usize,
    lines: Option<Range<usize>>,
}

impl Edited {
    async fn of(visit: &Visit, base: i64, block: &str) -> Result<Self, Problem> {
        let (_, files) = see_revision(&visit.opened, base).await?;
        let path = visit.given.text("file");
        let at = files.iter().position(|file| *file.path == *path).ok_or_else(nothing)?;
        let text = files.get(at).map_or("", |file| &*file.text);
        let lines = match block {
            "" => None,
            named => Some(block_named(text, named).ok_or_else(nothing)?),
        };
        Ok(Self { files, at, lines })
    }

    fn file(&self) -> &str {
        self.files.get(self.at).map_or("", |file| &*file.text)
    }

    /// The text that is edited.
    fn text(&self) -> String {
        match &self.lines {
            None => self.file().to_owned(),
            Some(lines) => {
                self.file().split_inclusive('\n').skip(lines.start).take(lines.len()).collect()
            }
        }
    }

    /// Puts another text in its place; the file as it was and as it is then.
    fn put(&mut self, text: &str) -> (Text, Text) {
        let new: Text = match &self.lines {
            None => text.into(),
            Some(lines) => with_lines(self.file(), lines, text).into(),
        };
        let old =
            self.files.get_mut(self.at).map(|file| std::mem::replace(&mut file.text, new.clone()));
        (old.unwrap_or_default(), new)
    }
}

/// A file of the present model, or an entry of one, as a form.
pub(crate) async fn form(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let base = visit.opened.revision;
    let (path, asked) = (visit.given.text("file"), visit.given.text("block"));
    let mut edited = Edited::of(&visit, base, "").await?;
    edited.lines = block_named(edited.file(), asked);
    // An entry that does not stand on lines of its own is changed with its file.
    let block = if edited.lines.is_some() { asked } else { "" };
    let text = edited.text();
    if block.is_empty() && text.len() > WHOLE {
        return blocks::list(&visit, path, &text);
    }
    if !is_all_seen(&text) {
        let problem = Problem::invalid(format!("`{path}` holds signs that nobody sees"));
        return Err(problem.hint("edit the file itself"));
    }
    let template = Page {
        frame: Frame::of(&visit),
        path: path.to_owned(),
        block: block.to_owned(),
        base,
        text,
        problems: Vec::new(),
        lines: Vec::new(),
        effect: None,
        may_publish: false,
    };
    page(&visit, &template)
}

/// What a draft comes to. Nothing is written.
pub(crate) async fn draft(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let (path, text) = (visit.given.text("file"), text(&visit));
    let base = visit.given.number("base").ok_or_else(nothing)?;
    let mut edited = Edited::of(&visit, base, visit.given.text("block")).await?;
    let (old, new) = edited.put(&text);
    let files = edited.files;
    let loaded = visit.opened.check(&files);
    let problems = loaded.diagnostics.iter().map(|one| Trouble {
        code: one.code,
        place: one.span.map_or_else(String::new, |span| loaded.sources.location(span).to_string()),
        message: one.message.clone(),
        help: one.help.clone(),
    });
    let problems = problems.collect();
    let is_right = loaded.model.is_some();
    let mut effect = None;
    if is_right && let Some(ctx) = visit.may_for_everybody(Right::PeopleRead) {
        let draft = visit.opened.with_files(files, base).await?;
        effect = Some(touched(&visit, &ctx, draft).await?);
    }
    let lines: Vec<_> =
        compared(&old, &new).into_iter().map(|line| changes::shown(&visit, line)).collect();
    let template = Page {
        frame: Frame::of(&visit),
        path: path.to_owned(),
        block: visit.given.text("block").to_owned(),
        base,
        may_publish: is_right && !lines.is_empty(),
        text,
        problems,
        lines,
        effect,
    };
    page(&visit, &template)
}

/// The file as it was sent: browsers end lines as terminals of old did.
fn text(visit: &Visit) -> String {
    let text = visit.given.raw("text").replace("\r\n", "\n");
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// Everybody for whom something changes, evaluated with both models.
async fn touched(visit: &Visit, ctx: &Ctx, draft: Opened) -> Result<Effect, Error> {
    let (now, present) = (ctx.now(), Arc::clone(&visit.opened));
    let compared = begun(async move {
        let query = ModelQuery { limit: SHOWN, ..ModelQuery::default() };
        compare_models(&present, &draft, now, &query, &|_| {}).await
    });
    let Some(ModelsCompared { affected, impacts, people, .. }) = compared.await? else {
        return Ok(Effect::default());
    };
    let conflicts = impacts.iter().filter(|impact| matches!(impact.thing, Thing::Conflict(_)));
    let row = |one: &PersonImpact| Row {
        person: one.subject.to_string(),
        href: address::person(&one.subject),
        changes: one.changes.iter().map(|change| in_words(visit, change)).collect(),
    };
    Ok(Effect {
        people: Some(affected),
        rows: people.iter().map(row).collect(),
        conflicts: conflicts.map(|impact| impact.gained).sum(),
    })
}

/// `+ entitlement crm.profile:view-orders`
fn in_words(visit: &Visit, change: &Change) -> String {
    let thing = &change.thing;
    let name = if *thing == Thing::Lifecycle {
        visit.texts.person.state.to_owned()
    } else {
        format!("{} {}", thing.kind(), thing.name())
    };
    match &change.kind {
        ChangeKind::Gained => format!("+ {name}"),
        ChangeKind::Lost => format!("− {name}"),
        ChangeKind::Changed(old, new) => format!("~ {name}: {old} → {new}"),
    }
}

/// The draft becomes the model, if nobody published another one meanwhile.
pub(crate) async fn publish(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let path = visit.given.text("file");
    let base = visit.given.number("base").ok_or_else(nothing)?;
    let mut edited = Edited::of(&visit, base, visit.given.text("block")).await?;
    edited.put(&text(&visit));
    let line =
        edited.lines.as_ref().map_or_else(String::new, |lines| (lines.start + 1).to_string());
    let confirm = visit.given.number("confirm");
    let opened = publish_model(&ctx, &visit.opened, edited.files, base, confirm).await?;
    visit.service.replace(opened);
    Ok(done(Said::Published, &address::with("/model", &[("file", path), ("line", &line)])))
}
