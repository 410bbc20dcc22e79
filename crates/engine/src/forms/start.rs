//! Which forms somebody may begin, and beginning one.

use muster_app::{Ctx, Error, Kind, Opened, find_entity};
use muster_governance::{People, Somebody, anybody_named, need_to_work};
use muster_lang::{Binding, Clock, Frame};
use muster_model::{EntityId, Text};
use muster_policy::{Form, FormBy, Rule};
use muster_store::{DraftState, FormDraft, FormTurn, ReadTx, Sequence};
use serde_json::json;

use super::{
    DraftView,
    draft::{Entered, Known, Of},
    due::ends_at,
    entered::text_of,
    history::{By, journal, kept, tell},
    link::is_of,
    view::see_draft,
};

/// Drafts that one person may have open at most.
const MOST: usize = 200;

/// A form that somebody may begin.
#[derive(Debug, Clone)]
pub struct FormView {
    /// Its name.
    pub name: Text,
    /// How it is shown.
    pub title: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// The type of what is entered.
    pub type_name: Text,
    /// Whether it changes something that is there, which has to be named.
    pub about: bool,
}

/// What is begun.
#[derive(Debug, Clone, Default)]
pub struct NewDraft {
    /// The form.
    pub form: String,
    /// What it changes, by key or another unique value.
    pub about: Option<String>,
}

/// The forms that somebody may begin.
pub async fn list_forms(ctx: &Ctx, opened: &Opened, me: EntityId) -> Result<Vec<FormView>, Error> {
    let mut tx = opened.store.read().await?;
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let mut views = Vec::new();
    for form in &opened.model.forms {
        if may_begin(ctx, opened, &mut tx, form, (people.need(me)?, &people)).await? {
            let of = opened.model.schema.get(form.type_id);
            views.push(FormView {
                name: form.name.clone(),
                title: form.title.clone(),
                description: form.description.clone(),
                type_name: of.map_or_else(|| "?".into(), |of| of.name.clone()),
                about: form.about.is_some(),
            });
        }
    }
    Ok(views)
}

/// Whether the first step of a form is for somebody.
async fn may_begin(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    form: &Form,
    (me, people): (&Somebody, &People),
) -> Result<bool, Error> {
    let Some(step) = form.steps.first() else { return Ok(false) };
    if me.row().type_id != form.people || !me.works(opened) {
        return Ok(false);
    }
    Ok(match &step.by {
        FormBy::Who(who) => {
            let clock = Clock::new(ctx.now());
            let bindings = [Binding::Row(me.row())];
            let (world, timezone) = (&people.world, &opened.model.timezone);
            who.program.holds(&Frame { bindings: &bindings, world, clock: &clock, timezone })
        }
        FormBy::Role(role) => me.holds(*role),
        FormBy::Person(name) => match anybody_named(ctx, opened, tx, name).await {
            Ok(id) => id == me.id(),
            Err(error) if error.kind() == Kind::NotFound => false,
            Err(error) => return Err(error),
        },
        FormBy::Field(_) | FormBy::Starter | FormBy::LinkOfStarter(_) => false,
    })
}

/// Begins a draft with what stands in its fields at first.
///
/// # Errors
///
/// `NotFound` for a form that is not theirs to begin and for what they cannot change with it, in the same words as for what is not
/// there.
pub async fn start_draft(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    new: &NewDraft,
) -> Result<DraftView, Error> {
    let mut tx = opened.store.begin().await?;
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let who = people.need(me)?;
    need_to_work(opened, who)?;
    let of = Of::named(opened, &new.form);
    let may = match of {
        Some(of) => may_begin(ctx, opened, &mut tx, of.form, (who, &people)).await?,
        None => false,
    };
    let Some(of) = of.filter(|_| may) else {
        let shown: String = new.form.chars().take(100).collect();
        let error = Error::not_found(format!("there is no form `{shown}` that you may begin"));
        return Err(error.hint("muster forms list shows them"));
    };
    if tx.form_drafts_by(me, false, None, MOST).await?.len() >= MOST {
        let message = format!("you have {MOST} drafts that are not finished");
        return Err(Error::new(Kind::Conflict, message).hint("finish some, or withdraw them"));
    }
    let entity = about(ctx, opened, &mut tx, of, (me, new.about.as_deref())).await?;
    let entered = defaults(ctx, opened, &mut tx, of, (who, &people)).await?;
    let step = of.step(0)?.name.clone();
    let now = ctx.now();
    let draft = FormDraft {
        id: tx.take_ids(Sequence::FormDraft, 1).await?,
        form: of.form.name.clone(),
        starter: me,
        entity,
        step: step.clone(),
        state: DraftState::Open,
        version: 1,
        entered: kept(&entered),
        made_at: now,
        changed_at: now,
        ends_at: Some(ends_at(of.form, now)),
    };
    tx.insert_form_draft(&draft).await?;
    let own = FormTurn { draft: draft.id, entity: me, role: "".into() };
    tx.set_form_turns(draft.id, &[own]).await?;
    let by = By { person: Some(who), in_place_of: None };
    tell(ctx, &mut tx, &draft, by, ("begun", &step, "")).await?;
    journal(ctx, &mut tx, by, ("form.start", &draft), json!({ "step": &*step })).await?;
    tx.commit().await?;
    see_draft(ctx, opened, me, draft.id).await
}

/// What a form changes; `None` for one that enters something new.
async fn about(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    of: Of<'_>,
    (me, name): (EntityId, Option<&str>),
) -> Result<Option<EntityId>, Error> {
    let (Some(rule), name) = (&of.form.about, name.unwrap_or_default().trim()) else {
        return match name {
            Some(_) => Err(Error::invalid("this form enters something new, and changes nothing")),
            None => Ok(None),
        };
    };
    if name.is_empty() {
        let error = Error::invalid(format!("say which `{}` is to be changed", of.of.name));
        return Err(error.hint("--about KEY"));
    }
    let missing = || {
        let shown: String = name.chars().take(100).collect();
        Error::not_found(format!("there is no `{}` `{shown}` that you may change", of.of.name))
    };
    let id = find_entity(opened, tx, of.of, name).await?.ok_or_else(missing)?;
    if !is_of(opened, tx, id, of.form.type_id).await? {
        return Err(missing());
    }
    let may = may_change(ctx, opened, tx, (rule, me), id).await?;
    may.then_some(Some(id)).ok_or_else(missing)
}

/// Whether a form that changes something can be begun by somebody for an entity.
async fn may_change(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    (rule, who): (&Rule, EntityId),
    id: EntityId,
) -> Result<bool, Error> {
    let people = People::load(opened, tx, [id, who].into(), ctx.now()).await?;
    let (Some(it), Some(who)) = (people.get(id), people.get(who)) else { return Ok(false) };
    let clock = Clock::new(ctx.now());
    let bindings = [Binding::Row(it.row()), Binding::Row(who.row())];
    let (world, timezone) = (&people.world, &opened.model.timezone);
    let frame = Frame { bindings: &bindings, world, clock: &clock, timezone };
    Ok(rule.program.holds(&frame))
}

/// Whether whoever began a draft could begin it now.
pub(super) async fn could_begin(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
) -> Result<bool, Error> {
    let (form, starter) = (known.of()?.form, known.draft.starter);
    let people = People::load(opened, tx, [starter].into(), ctx.now()).await?;
    let Some(who) = people.get(starter) else { return Ok(false) };
    if !may_begin(ctx, opened, tx, form, (who, &people)).await? {
        return Ok(false);
    }
    match (&form.about, known.draft.entity) {
        (Some(rule), Some(id)) => may_change(ctx, opened, tx, (rule, starter), id).await,
        (Some(_), None) => Ok(false),
        (None, _) => Ok(true),
    }
}

/// What stands in the fields at first. Of what is changed its values stand there.
async fn defaults(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    of: Of<'_>,
    (me, people): (&Somebody, &People),
) -> Result<Entered, Error> {
    let clock = Clock::new(ctx.now());
    let bindings = [Binding::Row(me.row())];
    let (world, timezone) = (&people.world, &opened.model.timezone);
    let mut entered = Entered::new();
    for (_, field, attribute) in of.fields() {
        let Some(default) = &field.default else { continue };
        let frame = Frame { bindings: &bindings, world, clock: &clock, timezone };
        let value = default.program.eval(&frame);
        let text = text_of(tx, &value).await?;
        if !text.is_empty() {
            entered.insert(attribute.name.clone(), text);
        }
    }
    Ok(entered)
}

impl Known<'_> {
    /// Whether it enters something new.
    pub(super) fn is_new(&self) -> bool {
        self.of.is_none_or(|of| of.form.about.is_none())
    }
}
