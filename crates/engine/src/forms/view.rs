//! Drafts as people see them: to each what the steps they do enter and show.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_governance::{People, waits_on};
use muster_model::{EntityId, Text, ValueType};
use muster_store::{DraftState, ReadTx};

use super::{
    DraftPreview, FieldProblem, LinkFound,
    draft::{Known, Of},
    entered::{Problems, items, lay, problems},
    link::Chooser,
    persist::preview,
    turn::{Turn, those},
};

/// A draft.
#[derive(Debug, Clone)]
pub struct DraftView {
    /// Its number.
    pub id: i64,
    /// The form.
    pub form: Text,
    /// How the form is shown.
    pub title: Text,
    /// What became of it.
    pub state: DraftState,
    /// The version that a deed names.
    pub version: i64,
    /// Who began.
    pub starter: Text,
    /// The key of what it changes, or of what it became.
    pub about: Option<Text>,
    /// The name of the step at which it is.
    pub step: Text,
    /// The steps: name, and how it is shown.
    pub steps: Vec<(Text, Text)>,
    /// The place of the step at which it is, from 0.
    pub place: usize,
    /// For whom it waits, in words.
    pub waits_on: Vec<Text>,
    /// Whether it waits for whoever looks.
    pub my_turn: bool,
    /// In whose place they would work on it.
    pub in_place_of: Option<Text>,
    /// Whether whoever looks can take it back.
    pub may_withdraw: bool,
    /// When it was begun.
    pub made_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// When it ends if nobody works on it.
    pub ends_at: Option<Timestamp>,
    /// What whoever looks may see of it.
    pub fields: Vec<FieldView>,
    /// What happened.
    pub history: Vec<DraftEventView>,
    /// What it would come to, at the last step; or the field, and why it cannot.
    pub preview: Option<Result<DraftPreview, (Option<String>, String)>>,
}

/// A field of a draft.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// The attribute.
    pub name: Text,
    /// How it is called on the form.
    pub label: Text,
    /// What has to be known to fill it in.
    pub help: Option<Text>,
    /// The type of a value.
    pub value_type: ValueType,
    /// Whether it may have several values, which are lines.
    pub many: bool,
    /// Whether it has to have a value.
    pub required: bool,
    /// Whether whoever looks enters it now.
    pub editable: bool,
    /// What can be chosen; empty when everything can be entered.
    pub choices: Vec<Text>,
    /// What stands there.
    pub text: Text,
    /// The ends of a link with how they are shown.
    pub ends: Vec<LinkFound>,
    /// What is wrong with it.
    pub problem: Option<FieldProblem>,
}

/// Something that happened to a draft.
#[derive(Debug, Clone)]
pub struct DraftEventView {
    /// When.
    pub at: Timestamp,
    /// What, in a word.
    pub what: Text,
    /// Who; `None` for Muster itself.
    pub by: Option<Text>,
    /// In whose place.
    pub in_place_of: Option<Text>,
    /// At which step.
    pub step: Text,
    /// What was said.
    pub note: Text,
}

/// A draft with its fields and its history.
///
/// # Errors
///
/// `NotFound` for somebody who takes no part in it.
pub async fn see_draft(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
) -> Result<DraftView, Error> {
    shown(ctx, opened, (me, id), None).await
}

/// As [`see_draft`] with what is about to be entered, what is wrong with it, and at the last step what it would come to. Nothing
/// is written.
///
/// # Errors
///
/// As [`see_draft`] and, for what is entered, [`work_draft`](super::work_draft).
pub async fn look_at_draft(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    entered: &BTreeMap<String, String>,
) -> Result<DraftView, Error> {
    shown(ctx, opened, (me, id), Some(entered)).await
}

async fn shown(
    ctx: &Ctx,
    opened: &Opened,
    (me, id): (EntityId, i64),
    entered: Option<&BTreeMap<String, String>>,
) -> Result<DraftView, Error> {
    let chooser = Chooser::of(ctx, opened, me).await?;
    let mut tx = opened.store.read().await?;
    let (mut known, turn) = Known::for_somebody(ctx, opened, &mut tx, me, id).await?;
    let mut wrong = Problems::new();
    if let (Some(_), Some(entered)) = (turn, entered) {
        lay(opened, &mut tx, &mut known, entered, &chooser).await?;
    }
    if turn.is_some() {
        wrong = problems(&known, entered.is_some())?;
    }
    let mut view = brief(ctx, opened, &mut tx, &known, (me, turn)).await?;
    view.fields = fields(opened, &mut tx, &known, (me, turn), (&chooser, &wrong)).await?;
    view.history = told(ctx, opened, &mut tx, id).await?;
    drop(tx);
    let is_last = view.place + 1 == view.steps.len();
    if turn.is_some() && entered.is_some() && is_last && wrong.is_empty() {
        view.preview = Some(match preview(ctx, opened, &known).await {
            Ok(preview) => Ok(preview),
            Err(error) if error.kind() == muster_app::Kind::Bug => return Err(error),
            Err(error) => Err((error.attribute().map(str::to_owned), error.to_string())),
        });
    }
    Ok(view)
}

/// A draft without its fields.
pub(super) async fn brief(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
    (me, turn): (EntityId, Option<Turn>),
) -> Result<DraftView, Error> {
    let draft = &known.draft;
    let giver = turn.and_then(|turn| turn.in_place_of);
    let all = giver.into_iter().chain([draft.starter]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    let is_open = draft.state == DraftState::Open;
    let mut waits = Vec::new();
    if is_open && known.of.is_some() {
        let asked = those(ctx, opened, tx, known, known.place()).await?;
        waits = waits_on(opened, tx, &asked, ctx.now()).await?;
    }
    let about = match draft.entity {
        Some(entity) => tx.entity(entity).await?.map(|entity| entity.key),
        None => None,
    };
    let steps = known.of.map_or(&[][..], |of| &of.form.steps);
    let step = steps.get(known.place()).filter(|_| is_open);
    Ok(DraftView {
        id: draft.id,
        form: draft.form.clone(),
        title: known.of.map_or(&draft.form, |of| &of.form.title).clone(),
        state: draft.state,
        version: draft.version,
        starter: people.display(opened, draft.starter),
        about,
        step: step.map_or(&draft.step, |step| &step.name).clone(),
        steps: steps.iter().map(|step| (step.name.clone(), step.title.clone())).collect(),
        place: known.place(),
        waits_on: waits,
        my_turn: turn.is_some(),
        in_place_of: giver.map(|giver| people.display(opened, giver)),
        may_withdraw: is_open && draft.starter == me,
        made_at: draft.made_at,
        changed_at: draft.changed_at,
        ends_at: draft.ends_at,
        fields: Vec::new(),
        history: Vec::new(),
        preview: None,
    })
}

/// The fields that whoever looks may see: of the step that they do now, otherwise of those that they did.
async fn fields(
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
    (me, turn): (EntityId, Option<Turn>),
    (chooser, wrong): (&Chooser<'_>, &Problems),
) -> Result<Vec<FieldView>, Error> {
    let Some(of) = known.of.filter(|_| known.draft.state == DraftState::Open) else {
        return Ok(Vec::new());
    };
    let step = of.step(known.place())?;
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    if turn.is_some() {
        seen.extend(step.fields.iter().chain(&step.shows));
    } else {
        seen.extend(did(tx, known, of, me).await?);
    }
    let mut views = Vec::new();
    for (at, field, attribute) in of.fields().filter(|(at, ..)| seen.contains(at)) {
        let text = known.text(&attribute.name);
        let ends = match attribute.value_type {
            ValueType::Link(to) => {
                chooser.shown(opened, tx, (field, to), &items(attribute, text)).await?
            }
            ValueType::Bool
            | ValueType::Int
            | ValueType::Float
            | ValueType::Text
            | ValueType::Date
            | ValueType::DateTime
            | ValueType::Binary
            | ValueType::Uuid => Vec::new(),
        };
        let editable = turn.is_some() && step.fields.contains(&at);
        views.push(FieldView {
            name: attribute.name.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            value_type: attribute.value_type,
            many: attribute.many,
            required: editable && step.required.contains(&at),
            editable,
            choices: attribute.choices.clone(),
            text: text.into(),
            ends,
            problem: wrong.get(&attribute.name).cloned(),
        });
    }
    Ok(views)
}

/// What the steps enter and show that somebody did.
async fn did(
    tx: &mut ReadTx,
    known: &Known<'_>,
    of: Of<'_>,
    me: EntityId,
) -> Result<BTreeSet<usize>, Error> {
    let events = tx.form_events(known.draft.id).await?;
    let own = events.iter().filter(|e| e.entity == Some(me) || e.in_place_of == Some(me));
    let steps = own.filter_map(|event| of.form.steps.get(of.form.place(&event.step)));
    Ok(steps.flat_map(|step| step.fields.iter().chain(&step.shows)).copied().collect())
}

async fn told(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    id: i64,
) -> Result<Vec<DraftEventView>, Error> {
    let events = tx.form_events(id).await?;
    let ids: BTreeSet<EntityId> =
        events.iter().flat_map(|event| [event.entity, event.in_place_of]).flatten().collect();
    let people = People::load(opened, tx, ids, ctx.now()).await?;
    let named = |id: EntityId| people.display(opened, id);
    let view = |event: muster_store::FormEvent| DraftEventView {
        at: event.at,
        what: event.what,
        by: event.entity.map(named),
        in_place_of: event.in_place_of.map(named),
        step: event.step,
        note: event.note,
    };
    Ok(events.into_iter().map(view).collect())
}
