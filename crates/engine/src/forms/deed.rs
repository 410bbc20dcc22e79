//! What is done about a draft: saved, submitted, returned, refused, withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{People, assigned_people, canonical};
use muster_model::{EntityId, Text};
use muster_store::{DraftState, RequestApprover, Tx};
use serde_json::{Value as Json, json};

use super::{
    DraftView,
    draft::{Entered, Known},
    due::ends_at,
    entered::{lay, problems, refuse},
    history::{By, OVER, TURN, changed, journal, kept, notify, save, tell},
    link::Chooser,
    persist::{enter, no_look_alikes},
    start::could_begin,
    turn::{self, Turn},
    view::see_draft,
};

/// Characters of a note at most.
const LONGEST: usize = 2000;

/// What somebody does about a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftDeed {
    /// Keeps what was entered.
    Save,
    /// Ends the step. The last one makes a record of it.
    Submit {
        /// Also when somebody is there with nearly the same name.
        despite_look_alikes: bool,
    },
    /// Gives it back to a step before, with what has to be done.
    Return {
        /// Which one; the one before when nothing is said.
        to: Option<String>,
    },
    /// Ends it for good.
    Refuse,
    /// Takes it back; for whoever began.
    Withdraw,
}

/// Something that is done about a draft.
#[derive(Debug, Clone)]
pub struct DraftWork {
    /// What.
    pub deed: DraftDeed,
    /// The version of the draft that was seen; `None` for whichever there is.
    pub version: Option<i64>,
    /// What is entered, by the name of the attribute; what is not named stays. For saving and submitting.
    pub entered: BTreeMap<String, String>,
    /// Why; for the other deeds, which need it but for withdrawing.
    pub note: String,
}

/// Does something about a draft.
///
/// # Errors
///
/// `NotFound` for a draft in which somebody takes no part, `Denied` when it is not their turn and for fields of other steps,
/// `Conflict` when somebody else changed it in between, it is over, or what is entered stands against what is there, `Invalid` for
/// what is missing or does not fit, with the field. Then nothing is written.
pub async fn work_draft(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    work: &DraftWork,
) -> Result<DraftView, Error> {
    let chooser = Chooser::of(ctx, opened, me).await?;
    if let DraftDeed::Submit { despite_look_alikes: false } = work.deed {
        look_around(ctx, opened, (me, id), work, &chooser).await?;
    }
    let mut tx = opened.store.begin().await?;
    let (mut known, turn) = Known::for_somebody(ctx, opened, &mut tx, me, id).await?;
    may(&mut tx, &known, (me, turn), work).await?;
    let changed = match work.deed {
        DraftDeed::Save | DraftDeed::Submit { .. } => {
            lay(opened, &mut tx, &mut known, &work.entered, &chooser).await?
        }
        DraftDeed::Return { .. } | DraftDeed::Refuse | DraftDeed::Withdraw => Vec::new(),
    };
    let giver = turn.and_then(|turn| turn.in_place_of);
    let all = giver.into_iter().chain([me]).collect();
    let people = People::load(opened, &mut tx, all, ctx.now()).await?;
    let by =
        By { person: Some(people.need(me)?), in_place_of: giver.and_then(|id| people.get(id)) };
    let doing = Doing { ctx, opened, by, me, note: work.note.trim() };
    match &work.deed {
        DraftDeed::Save => doing.save(&mut tx, known, &changed).await?,
        DraftDeed::Submit { .. } => doing.submit(&mut tx, known, &changed).await?,
        DraftDeed::Return { to } => doing.give_back(&mut tx, known, to.as_deref()).await?,
        DraftDeed::Refuse => doing.end(&mut tx, known, DraftState::Refused).await?,
        DraftDeed::Withdraw => doing.end(&mut tx, known, DraftState::Withdrawn).await?,
    }
    tx.commit().await?;
    see_draft(ctx, opened, me, id).await
}

/// Whether somebody may do it, and it is still as they saw it.
async fn may(
    tx: &mut Tx,
    known: &Known<'_>,
    (me, turn): (EntityId, Option<Turn>),
    work: &DraftWork,
) -> Result<(), Error> {
    let draft = &known.draft;
    if draft.state != DraftState::Open {
        let message = format!("draft {} is over: {}", draft.id, draft.state);
        return Err(Error::new(Kind::Conflict, message));
    }
    let withdraws = work.deed == DraftDeed::Withdraw;
    let is_own = canonical(tx, me).await? == canonical(tx, draft.starter).await?;
    if !(if withdraws { is_own } else { turn.is_some() }) {
        if !withdraws {
            known.of()?;
        }
        let message = if withdraws {
            "whoever began takes a draft back, and nobody else"
        } else {
            "it is not your turn, or you did a step that somebody else has to confirm"
        };
        return Err(Error::new(Kind::Denied, message)
            .hint(format!("muster forms show {} tells for whom it waits", draft.id)));
    }
    if work.version.is_some_and(|version| version != draft.version) {
        return Err(changed(draft.id));
    }
    if work.note.chars().count() > LONGEST {
        let message = format!("a note is longer than {LONGEST} characters");
        return Err(Error::invalid(message));
    }
    let needs_note = matches!(work.deed, DraftDeed::Return { .. } | DraftDeed::Refuse);
    if needs_note && work.note.trim().is_empty() {
        let error = Error::invalid("say why, so that people know what to do").about("note");
        return Err(error.hint("--note \"…\""));
    }
    Ok(())
}

/// Whether somebody is here already who looks like the one who is about to be entered. Everybody is looked at, so that is done
/// before anything is locked.
async fn look_around(
    ctx: &Ctx,
    opened: &Opened,
    (me, id): (EntityId, i64),
    work: &DraftWork,
    chooser: &Chooser<'_>,
) -> Result<(), Error> {
    let mut tx = opened.store.read().await?;
    let (mut known, turn) = Known::for_somebody(ctx, opened, &mut tx, me, id).await?;
    let Some(of) = known.of else { return Ok(()) };
    let is_last = known.place() + 1 == of.form.steps.len();
    if turn.is_none() || !is_last || known.draft.state != DraftState::Open {
        return Ok(());
    }
    lay(opened, &mut tx, &mut known, &work.entered, chooser).await?;
    drop(tx);
    refuse(&problems(&known, true)?)?;
    no_look_alikes(ctx, opened, &known).await
}

/// Refuses a change of what whoever began may not change any more.
async fn still_theirs(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    known: &Known<'_>,
) -> Result<(), Error> {
    if known.is_new() || could_begin(ctx, opened, tx, known).await? {
        return Ok(());
    }
    let message = "whoever began this may not change it any more";
    Err(Error::new(Kind::Conflict, message).hint("refuse the draft"))
}

/// Who does something about a draft.
struct Doing<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    by: By<'a>,
    me: EntityId,
    note: &'a str,
}

impl Doing<'_> {
    async fn save(&self, tx: &mut Tx, mut known: Known<'_>, changed: &[Text]) -> Result<(), Error> {
        let step = known.of()?.step(known.place())?.name.clone();
        self.touch(&mut known, step.clone())?;
        save(tx, &known.draft, None).await?;
        tell(self.ctx, tx, &known.draft, self.by, ("saved", &step, "")).await?;
        self.journal(tx, "form.save", &known, json!({ "step": &*step, "fields": names(changed) }))
            .await
    }

    async fn submit(
        &self,
        tx: &mut Tx,
        mut known: Known<'_>,
        changed: &[Text],
    ) -> Result<(), Error> {
        refuse(&problems(&known, true)?)?;
        let of = known.of()?;
        let (place, step) = (known.place(), of.step(known.place())?.name.clone());
        let mut detail = json!({ "step": &*step, "fields": names(changed) });
        tell(self.ctx, tx, &known.draft, self.by, ("submitted", &step, "")).await?;
        if let Some(next) = of.form.steps.get(place + 1) {
            self.touch(&mut known, next.name.clone())?;
            let turns = turn::next(self.ctx, self.opened, tx, &known, place + 1).await?;
            self.put_to(tx, &known, &turns).await?;
        } else {
            still_theirs(self.ctx, self.opened, tx, &known).await?;
            let done = enter(self.ctx, self.opened, tx, &known).await?;
            detail = json!({ "step": &*step, "fields": names(changed), "entered": &*done.key });
            known.draft.entity = Some(done.entity);
            self.over(tx, &mut known, DraftState::Entered).await?;
            tell(self.ctx, tx, &known.draft, By::default(), ("entered", &step, &done.key)).await?;
        }
        self.journal(tx, "form.submit", &known, detail).await
    }

    async fn give_back(
        &self,
        tx: &mut Tx,
        mut known: Known<'_>,
        to: Option<&str>,
    ) -> Result<(), Error> {
        let of = known.of()?;
        let (place, step) = (known.place(), of.step(known.place())?.name.clone());
        let before = of.form.steps.get(..place).unwrap_or_default();
        let back = match to {
            Some(name) => before.iter().position(|step| *step.name == *name),
            None => place.checked_sub(1),
        };
        let Some((back, target)) = back.and_then(|back| Some((back, before.get(back)?))) else {
            let known: Vec<&str> = before.iter().map(|step| &*step.name).collect();
            let error = Error::invalid("a draft is given back to a step before this one");
            return Err(error.hint(format!("those are: {}", known.join(", "))));
        };
        let target = target.name.clone();
        self.touch(&mut known, target.clone())?;
        let turns = turn::next(self.ctx, self.opened, tx, &known, back).await?;
        self.put_to(tx, &known, &turns).await?;
        tell(self.ctx, tx, &known.draft, self.by, ("returned", &step, self.note)).await?;
        let detail = json!({ "step": &*step, "to": &*target, "note": self.note });
        self.journal(tx, "form.return", &known, detail).await
    }

    /// Refused or withdrawn.
    async fn end(&self, tx: &mut Tx, mut known: Known<'_>, state: DraftState) -> Result<(), Error> {
        let step = known.draft.step.clone();
        self.over(tx, &mut known, state).await?;
        tell(self.ctx, tx, &known.draft, self.by, (state.word(), &step, self.note)).await?;
        let action = if state == DraftState::Refused { "form.refuse" } else { "form.withdraw" };
        self.journal(tx, action, &known, json!({ "step": &*step, "note": self.note })).await
    }

    /// What was entered is forgotten; whoever began is told, unless they did it.
    async fn over(
        &self,
        tx: &mut Tx,
        known: &mut Known<'_>,
        state: DraftState,
    ) -> Result<(), Error> {
        known.draft.state = state;
        known.draft.entered = kept(&Entered::new());
        known.draft.changed_at = self.ctx.now();
        known.draft.ends_at = None;
        save(tx, &known.draft, Some(&[])).await?;
        let told: BTreeSet<EntityId> =
            [known.draft.starter].into_iter().filter(|starter| *starter != self.me).collect();
        notify(self.ctx, self.opened, tx, (known.draft.id, OVER), &told).await
    }

    /// Moves a draft to a step, with what was entered.
    fn touch(&self, known: &mut Known<'_>, step: Text) -> Result<(), Error> {
        let now = self.ctx.now();
        known.draft.entered = kept(&known.entered);
        known.draft.step = step;
        known.draft.changed_at = now;
        known.draft.ends_at = Some(ends_at(known.of()?.form, now));
        Ok(())
    }

    async fn put_to(
        &self,
        tx: &mut Tx,
        known: &Known<'_>,
        turns: &[RequestApprover],
    ) -> Result<(), Error> {
        save(tx, &known.draft, Some(turns)).await?;
        let mut people = assigned_people(self.opened, tx, turns).await?;
        people.remove(&self.me);
        notify(self.ctx, self.opened, tx, (known.draft.id, TURN), &people).await
    }

    async fn journal(
        &self,
        tx: &mut Tx,
        action: &str,
        known: &Known<'_>,
        detail: Json,
    ) -> Result<(), Error> {
        journal(self.ctx, tx, self.by, (action, &known.draft), detail).await
    }
}

fn names(changed: &[Text]) -> Vec<&str> {
    changed.iter().map(|name| &**name).collect()
}
