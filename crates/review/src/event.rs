//! Notes what happened, in the transaction in which it did, for reviews that open after it. What is noted is looked at by
//! `occasion`, once.

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_model::{AccountId, EntityId, Row, Text, TypeId};
use muster_policy::AccessReview;
use muster_store::{Drift, DriftWhat, ReviewEvent, Sequence, Tx};

use crate::{held::shown, terms::before};

/// An attribute changed by which the model says that somebody moved.
pub(crate) const MOVED: &str = "moved";
/// Somebody got something outside of Muster.
pub(crate) const OUTSIDE: &str = "outside";
/// An account was not used for long.
pub(crate) const DORMANT: &str = "dormant";

/// Notes who moved: identities of a type as they were and as they are. Nobody moves by being new.
///
/// # Errors
///
/// Those of the repository.
pub async fn note_moves(
    tx: &mut Tx,
    opened: &Opened,
    type_id: TypeId,
    changed: &[(Option<&Row>, &Row)],
    now: Timestamp,
) -> Result<(), Error> {
    let mut events = Vec::new();
    let Some(entity_type) = opened.model.schema.get(type_id) else { return Ok(()) };
    for review in &opened.model.access_reviews {
        if review.type_id != type_id || review.open.moved.is_empty() {
            continue;
        }
        for (was, is) in changed.iter().filter_map(|(was, is)| Some(((*was)?, *is))) {
            let of = |slot| entity_type.attributes.iter().find(|of| of.slot == slot);
            let differs = review.open.moved.iter().filter(|slot| was.get(**slot) != is.get(**slot));
            let names: Vec<&str> = differs.filter_map(|slot| Some(&*of(*slot)?.name)).collect();
            if !names.is_empty() {
                let note = format!("{} changed on {}", names.join(", "), now.strftime("%F"));
                events.push(event((review, MOVED), is.id, (None, "".into()), note, now));
            }
        }
    }
    insert(tx, events).await
}

/// Notes what was given outside of Muster.
///
/// # Errors
///
/// Those of the repository.
pub async fn note_outside(
    tx: &mut Tx,
    opened: &Opened,
    drift: &[Drift],
    now: Timestamp,
) -> Result<(), Error> {
    let mut events = Vec::new();
    for review in opened.model.access_reviews.iter().filter(|review| review.open.outside) {
        for one in drift {
            let Some(entity) = one.entity else { continue };
            let (thing, what) = match one.what {
                DriftWhat::Appeared => ("".into(), format!("account {} appeared", one.name)),
                DriftWhat::Entitlement if one.is_given() => {
                    let Some(thing) = thing(opened, one) else { continue };
                    let what = format!("{thing} was given");
                    (thing, what)
                }
                DriftWhat::Entitlement
                | DriftWhat::Attribute
                | DriftWhat::Enabled
                | DriftWhat::Name
                | DriftWhat::Gone => continue,
            };
            let note = format!("{what} outside of Muster, seen on {}", now.strftime("%F"));
            let about = (Some(one.account), thing);
            events.push(event((review, OUTSIDE), entity, about, note, now));
        }
    }
    insert(tx, events).await
}

/// The entitlement of a drift, as items name it.
fn thing(opened: &Opened, drift: &Drift) -> Option<Text> {
    let systems = opened.model.systems.iter().zip(&opened.names.systems);
    let (system, names) = systems.into_iter().find(|(_, names)| names.no == drift.system_no)?;
    let kind = names.kinds.iter().position(|kind| Some(*kind) == drift.kind_no)?;
    Some(shown(opened, &(system.id, kind, drift.item.clone())))
}

/// Notes accounts that a read tells about for the first time and that were not used for long even then. Those that get
/// there with time are found by their time.
///
/// # Errors
///
/// Those of the repository.
pub async fn note_dormant(
    tx: &mut Tx,
    opened: &Opened,
    uses: &[(EntityId, AccountId, Timestamp)],
    now: Timestamp,
) -> Result<(), Error> {
    let mut events = Vec::new();
    for review in opened.model.access_reviews.iter().filter(|review| review.open.dormant) {
        let Some(time) = review.scope.unused_for else { continue };
        for (entity, account, at) in uses.iter().filter(|(.., at)| *at <= before(now, time)) {
            let about = (Some(*account), "".into());
            events.push(event((review, DORMANT), *entity, about, unused(*at), now));
        }
    }
    insert(tx, events).await
}

/// What is said of an account that nobody uses.
pub(crate) fn unused(since: Timestamp) -> String {
    format!("not used since {}", since.strftime("%F"))
}

/// Something that happened, without its number.
pub(crate) fn event(
    (review, cause): (&AccessReview, &str),
    entity: EntityId,
    (account, thing): (Option<AccountId>, Text),
    note: String,
    at: Timestamp,
) -> ReviewEvent {
    let (review, cause) = (review.name.clone(), cause.into());
    ReviewEvent { id: 0, review, cause, entity, account, thing, note: note.into(), at }
}

/// Writes down what happened, with new numbers.
pub(crate) async fn insert(tx: &mut Tx, mut events: Vec<ReviewEvent>) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::ReviewEvent, events.len()).await?;
    for (id, event) in (first..).zip(&mut events) {
        event.id = id;
    }
    tx.insert_review_events(&events).await?;
    Ok(())
}
