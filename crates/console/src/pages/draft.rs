//! `/forms/drafts/{id}`: a draft of a form: what is entered now, what is wrong with it, what it would come to, what happened.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_app::Ctx;
use muster_engine::{
    DraftDeed, DraftEventView, DraftView, DraftWork, FieldProblem, FieldView, LinkFound,
    find_for_draft, look_at_draft, see_draft, work_draft,
};
use muster_model::{EntityId, ValueType};
use muster_store::DraftState;
use muster_web::Problem;

use crate::{
    flash::Said,
    frame::{Frame, done, nothing, with_status},
    moment::Moment,
    texts::{FormTexts, filled},
    visit::Visit,
};

/// Before the name of the attribute in the name of its field.
const FIELD: &str = "f:";
/// Before the name of the attribute in the name of the field in which ends of links are searched for.
const SEARCH: &str = "q:";

#[derive(Template)]
#[template(path = "draft.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the page that is there or not"
)]
struct Page<'v> {
    frame: Frame<'v>,
    id: i64,
    version: i64,
    title: String,
    state: &'static str,
    step: String,
    starter: String,
    about: String,
    waits_on: String,
    in_place_of: String,
    ends: Option<Moment>,
    my_turn: bool,
    is_last: bool,
    may_withdraw: bool,
    /// The steps before this one: name, and how it is shown; the nearest first.
    before: Vec<(String, String)>,
    fields: Vec<Field>,
    trouble: Option<String>,
    despite: bool,
    preview: Option<Coming>,
    history: Vec<Event>,
}

/// What a draft would come to.
struct Coming {
    subject: String,
    lifecycle: String,
    roles: String,
    /// System, what, and the conflict that would hold it back.
    plan: Vec<(String, String, Option<String>)>,
}

/// A field.
struct Field {
    /// Its name in the form.
    name: String,
    /// Its id on the page.
    id: String,
    label: String,
    help: String,
    /// `shown`, `text`, `date`, `number`, `lines`, `one`, `some`.
    kind: &'static str,
    text: String,
    /// What can be chosen: value, how it is shown, whether it is.
    options: Vec<(String, String, bool)>,
    required: bool,
    problem: Option<String>,
    /// For links: the name of the field for searching, and what was searched for.
    search: Option<(String, String)>,
    found_none: bool,
    /// What somebody else entered meanwhile.
    stands: Option<String>,
}

struct Event {
    at: Moment,
    what: String,
    by: String,
    in_place_of: Option<String>,
    step: String,
    note: String,
}

/// What is shown besides the draft.
#[derive(Default)]
struct Beside {
    trouble: Option<Problem>,
    /// The field that the trouble is about.
    about: Option<String>,
    /// The field whose ends were searched for, and who was found.
    found: Option<(String, Vec<LinkFound>)>,
    /// What was entered and not taken.
    entered: Option<BTreeMap<String, String>>,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = number(&visit)?;
    let mut view = see_draft(&ctx, &visit.opened, me, id).await?;
    // Whoever confirms sees what they confirm; who has just begun is not told what is missing.
    if view.my_turn && view.place > 0 && view.place + 1 == view.steps.len() {
        view = look_at_draft(&ctx, &visit.opened, me, id, &BTreeMap::new()).await?;
    }
    filled_in(&visit, &view, Beside::default())
}

/// The same with what is entered, what is wrong with it and what it would come to.
pub(crate) async fn preview(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    again(&visit, &ctx, (me, number(&visit)?), Beside::default()).await
}

/// The same with those who are found for a link.
pub(crate) async fn find(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let (id, field) = (number(&visit)?, visit.given.text("find").to_owned());
    let text = visit.given.text(&format!("{SEARCH}{field}")).to_owned();
    let found = find_for_draft(&ctx, &visit.opened, me, id, (&field, &text)).await?;
    let beside = Beside { found: Some((field, found)), ..Beside::default() };
    again(&visit, &ctx, (me, id), beside).await
}

/// Saves or submits. What cannot be taken stays on the page, with the cause.
pub(crate) async fn work(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = number(&visit)?;
    let submits = visit.given.text("deed") == "submit";
    let despite_look_alikes = visit.given.text("despite") == "yes";
    let deed = if submits { DraftDeed::Submit { despite_look_alikes } } else { DraftDeed::Save };
    let version = visit.given.number("version");
    let entered = entered(&visit);
    let work = DraftWork { deed, version, entered, note: String::new() };
    let tried = work_draft(&ctx, &visit.opened, me, id, &work).await;
    match tried {
        Ok(_) if !submits => Ok(done(Said::Saved, &format!("/forms/drafts/{id}"))),
        Ok(_) => Ok(done(Said::Submitted, &format!("/forms/drafts/{id}"))),
        Err(error) => {
            let about = error.attribute().map(str::to_owned);
            let problem = Problem::from(error);
            if !problem.status.is_client_error() || problem.status == StatusCode::NOT_FOUND {
                return Err(problem);
            }
            let beside = Beside { trouble: Some(problem), about, ..Beside::default() };
            again(&visit, &ctx, (me, id), beside).await
        }
    }
}

/// Gives back, refuses or takes back.
pub(crate) async fn end(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = number(&visit)?;
    let (deed, said) = match visit.given.text("deed") {
        "return" => (DraftDeed::Return { to: visit.given.filled("to") }, Said::Returned),
        "refuse" => (DraftDeed::Refuse, Said::Declined),
        "withdraw" => (DraftDeed::Withdraw, Said::TakenBackDraft),
        _ => return Err(Problem::invalid("it is not clear what is to be done")),
    };
    let note = visit.given.text("note").to_owned();
    let version = visit.given.number("version");
    let work = DraftWork { deed, version, entered: BTreeMap::new(), note };
    work_draft(&ctx, &visit.opened, me, id, &work).await?;
    Ok(done(said, &format!("/forms/drafts/{id}")))
}

fn number(visit: &Visit) -> Result<i64, Problem> {
    visit.given.number("id").ok_or_else(nothing)
}

/// What was sent, by the name of the attribute; what is there several times are lines.
fn entered(visit: &Visit) -> BTreeMap<String, String> {
    let names = visit.given.beginning(FIELD).into_keys();
    let text = |name: &String| visit.given.texts(&format!("{FIELD}{name}")).join("\n");
    names.map(|name| (name.clone(), text(&name))).collect()
}

/// The page with what was sent. What cannot even be looked at is laid over what the draft holds.
async fn again(
    visit: &Visit,
    ctx: &Ctx,
    (me, id): (EntityId, i64),
    mut beside: Beside,
) -> Result<Response, Problem> {
    let entered = entered(visit);
    match look_at_draft(ctx, &visit.opened, me, id, &entered).await {
        Ok(view) if beside.trouble.is_none() => filled_in(visit, &view, beside),
        Ok(view) => {
            let kept = see_draft(ctx, &visit.opened, me, id).await?;
            let is_changed =
                visit.given.number("version").is_some_and(|seen: i64| seen != kept.version);
            beside.entered = Some(entered);
            filled_in(visit, if is_changed { &kept } else { &view }, beside)
        }
        Err(error) => {
            let about = error.attribute().map(str::to_owned);
            let problem = Problem::from(error);
            if !problem.status.is_client_error() || problem.status == StatusCode::NOT_FOUND {
                return Err(problem);
            }
            let view = see_draft(ctx, &visit.opened, me, id).await?;
            beside.entered = Some(entered);
            if beside.trouble.is_none() {
                beside.about = about;
                beside.trouble = Some(problem);
            }
            filled_in(visit, &view, beside)
        }
    }
}

fn filled_in(visit: &Visit, view: &DraftView, mut beside: Beside) -> Result<Response, Problem> {
    let texts = &visit.texts.form;
    let mut status = beside.trouble.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let mut trouble = beside.trouble.take().map(|problem| problem.detail.to_string());
    let mut coming = None;
    match &view.preview {
        Some(Ok(preview)) if trouble.is_none() => {
            let change = |change: &muster_app::SupposedChange| {
                let blocked = change.blocked.as_ref().map(ToString::to_string);
                (change.system.to_string(), change.what.clone(), blocked)
            };
            coming = Some(Coming {
                subject: preview.subject.to_string(),
                lifecycle: preview.lifecycle.as_deref().unwrap_or_default().to_owned(),
                roles: preview.roles.join(", "),
                plan: preview.plan.iter().map(change).collect(),
            });
        }
        Some(Err((field, said))) if trouble.is_none() => {
            beside.about.clone_from(field);
            trouble = Some(said.clone());
        }
        Some(_) | None => {}
    }
    let any_wrong = view.fields.iter().any(|field| field.problem.is_some());
    if trouble.is_none() && any_wrong && beside.found.is_none() {
        trouble = Some(texts.look.to_owned());
        status = StatusCode::OK;
    }
    let about = beside.about.as_deref().zip(trouble.as_deref());
    let fields = view.fields.iter().enumerate();
    let template = Page {
        frame: Frame::of(visit),
        id: view.id,
        version: view.version,
        title: view.title.to_string(),
        state: state(texts, view.state),
        step: step_title(view, &view.step),
        starter: view.starter.to_string(),
        about: view.about.as_deref().unwrap_or_default().to_owned(),
        waits_on: view.waits_on.join(", "),
        in_place_of: view.in_place_of.as_deref().unwrap_or_default().to_owned(),
        ends: visit.maybe(view.ends_at),
        my_turn: view.my_turn,
        is_last: view.place + 1 == view.steps.len(),
        may_withdraw: view.may_withdraw,
        before: view.steps.iter().take(view.place).rev().map(both).collect(),
        fields: fields.map(|(n, of)| field(visit, (n, of), about, &beside)).collect(),
        despite: visit.given.text("despite") == "yes",
        preview: coming,
        history: view.history.iter().map(|one| event(visit, view, one)).collect(),
        trouble,
    };
    with_status(visit, status, &template)
}

fn both((name, title): &(muster_model::Text, muster_model::Text)) -> (String, String) {
    (name.to_string(), title.to_string())
}

/// How a step is shown.
pub(super) fn step_title(view: &DraftView, step: &str) -> String {
    let found = view.steps.iter().find(|(name, _)| **name == *step);
    found.map_or_else(|| step.to_owned(), |(_, title)| title.to_string())
}

/// What became of a draft.
pub(super) fn state(texts: &FormTexts, state: DraftState) -> &'static str {
    match state {
        DraftState::Open => texts.open,
        DraftState::Entered => texts.entered,
        DraftState::Refused => texts.refused,
        DraftState::Withdrawn => texts.withdrawn,
        DraftState::Expired => texts.expired,
    }
}

fn event(visit: &Visit, view: &DraftView, event: &DraftEventView) -> Event {
    let texts = &visit.texts.form;
    let what = match &*event.what {
        "begun" => texts.event_begun,
        "saved" => texts.event_saved,
        "submitted" => texts.event_submitted,
        "returned" => texts.event_returned,
        "refused" => texts.refused,
        "withdrawn" => texts.withdrawn,
        "entered" => texts.entered,
        "expired" => texts.expired,
        other => other,
    };
    Event {
        at: visit.moment(event.at),
        what: what.to_owned(),
        by: event.by.as_deref().unwrap_or_default().to_owned(),
        in_place_of: event.in_place_of.as_ref().map(ToString::to_string),
        step: step_title(view, &event.step),
        note: event.note.to_string(),
    }
}

fn field(
    visit: &Visit,
    (n, view): (usize, &FieldView),
    about: Option<(&str, &str)>,
    beside: &Beside,
) -> Field {
    let texts = &visit.texts.form;
    let sent = beside.entered.as_ref().filter(|_| view.editable);
    let sent = sent.and_then(|entered| entered.get(&*view.name));
    let text = sent.map_or(&*view.text, String::as_str).to_owned();
    let stands = sent.filter(|sent| ***sent != *view.text && about.is_none());
    let said = about.filter(|(name, _)| *name == &*view.name).map(|(_, said)| said.to_owned());
    let found = beside.found.as_ref().filter(|(name, _)| **name == *view.name);
    let found = found.map(|(_, found)| found.as_slice());
    let is_link = matches!(view.value_type, ValueType::Link(_)) && view.editable;
    Field {
        name: format!("{FIELD}{}", view.name),
        id: format!("field-{n}"),
        label: view.label.to_string(),
        help: view.help.as_deref().unwrap_or_default().to_owned(),
        kind: kind(view),
        options: options(texts, view, &text, found.unwrap_or_default()),
        required: view.required,
        problem: view.problem.as_ref().map(|problem| wrong(texts, problem)).or(said),
        search: is_link.then(|| {
            let name = format!("{SEARCH}{}", view.name);
            let searched = visit.given.text(&name).to_owned();
            (name, searched)
        }),
        found_none: found.is_some_and(<[_]>::is_empty),
        stands: stands.map(|_| view.text.to_string()),
        text: if view.editable { text } else { shown(texts, view) },
    }
}

fn kind(view: &FieldView) -> &'static str {
    if !view.editable {
        return "shown";
    }
    let is_chosen = !view.choices.is_empty() || matches!(view.value_type, ValueType::Link(_));
    match view.value_type {
        _ if is_chosen && view.many => "some",
        _ if is_chosen => "one",
        _ if view.many => "lines",
        ValueType::Bool => "one",
        ValueType::Date => "date",
        ValueType::Int => "number",
        ValueType::Text
        | ValueType::Float
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid
        | ValueType::Link(_) => "text",
    }
}

/// What can be chosen: what stands there, the choices of the attribute, and who was found.
fn options(
    texts: &FormTexts,
    view: &FieldView,
    text: &str,
    found: &[LinkFound],
) -> Vec<(String, String, bool)> {
    let chosen: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let is = |value: &str| chosen.contains(&value);
    let ends = view.ends.iter().filter(|end| is(&end.key)).chain(found);
    let mut options: Vec<(String, String, bool)> = match view.value_type {
        ValueType::Bool => [("true", texts.yes), ("false", texts.no)]
            .map(|(value, shown)| (value.to_owned(), shown.to_owned(), is(value)))
            .into(),
        ValueType::Link(_) => ends
            .map(|end| {
                let shown = if end.display == end.key {
                    end.key.to_string()
                } else {
                    format!("{} ({})", end.display, end.key)
                };
                (end.key.to_string(), shown, is(&end.key))
            })
            .collect(),
        ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => {
            let choices = view.choices.iter();
            choices.map(|one| (one.to_string(), one.to_string(), is(one))).collect()
        }
    };
    // What was entered and is no choice stays until it is mended.
    for value in chosen {
        if !options.iter().any(|(known, ..)| known == value) {
            options.push((value.to_owned(), value.to_owned(), true));
        }
    }
    options.dedup_by(|a, b| a.0 == b.0);
    options
}

/// A field that is only shown.
fn shown(texts: &FormTexts, view: &FieldView) -> String {
    if !view.ends.is_empty() {
        return view.ends.iter().map(|end| &*end.display).collect::<Vec<_>>().join(", ");
    }
    match (view.value_type, &*view.text) {
        (_, "") => texts.nothing.to_owned(),
        (ValueType::Bool, "true") => texts.yes.to_owned(),
        (ValueType::Bool, "false") => texts.no.to_owned(),
        (_, text) => text.replace('\n', ", "),
    }
}

fn wrong(texts: &FormTexts, problem: &FieldProblem) -> String {
    match problem {
        FieldProblem::Missing => texts.missing.to_owned(),
        FieldProblem::NoChoice => texts.no_choice.to_owned(),
        FieldProblem::TooLong => texts.too_long.to_owned(),
        FieldProblem::Said(said) => said.clone(),
        FieldProblem::Malformed(wanted) => {
            let wanted = match *wanted {
                "string" => texts.of_text,
                "int" | "float" => texts.of_number,
                "date" => texts.of_day,
                "datetime" => texts.of_time,
                "bool" => texts.of_bool,
                _ => texts.of_other,
            };
            filled(texts.malformed, &[("wanted", wanted)])
        }
    }
}
