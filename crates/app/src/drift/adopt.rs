//! Adopts drift: what somebody did outside becomes what is wanted.
//!
//! An entitlement that exactly one role explains becomes an assignment. Everything else becomes a proposal for the
//! model files, which a person reviews: the model is never edited here.

use muster_model::{AssignmentId, EntityId, Text, Value};
use muster_policy::{Access, Deducer, Grant};
use muster_store::{
    Assignment, Decided, Drift, DriftDecision, DriftWhat, Entry, ItemState, ReviewEvent,
    ReviewItem, Sequence, Tx,
};
use serde_json::json;

use super::{
    DriftView, decide::write, list::drift_seen, list::drift_view, list::no_drift, place, value,
};
use crate::{
    Ctx, Error, IdentityFacts, Kind, Opened, facts::type_of_number, load_identities, load_world,
    subject_of,
};

/// What came of adopting drift.
#[derive(Debug, Clone)]
pub enum Adopted {
    /// A role was assigned.
    Assigned {
        /// The drift as it is now.
        drift: Box<DriftView>,
        /// The role.
        role: Text,
        /// The assignment.
        assignment: AssignmentId,
        /// What the role grants beyond what is there: `group staff`.
        missing: Vec<String>,
    },
    /// The model would have to change; the text is what could stand in a model file.
    Proposed {
        /// The drift as it is now.
        drift: Box<DriftView>,
        /// The proposal.
        text: String,
        /// Why it is not an assignment.
        why: String,
    },
}

/// Adopts one item of drift, with a comment that becomes the reason.
pub async fn adopt_drift(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    remark: &str,
) -> Result<Adopted, Error> {
    if remark.trim().is_empty() {
        return Err(Error::invalid("what is adopted needs a comment").hint("--comment \"…\""));
    }
    let mut tx = opened.store.begin().await?;
    let adopted = adopt_in(ctx, opened, &mut tx, id, remark).await?;
    tx.commit().await?;
    Ok(adopted)
}

/// As [`adopt_drift`], as part of a transaction.
pub(super) async fn adopt_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    id: i64,
    remark: &str,
) -> Result<Adopted, Error> {
    let drift = drift_seen(ctx, opened, tx, id).await?;
    if drift.closed_at.is_some() {
        return Err(Error::new(Kind::Conflict, format!("drift {id} is over: {}", drift.remark)));
    }
    let gained = match drift.what {
        DriftWhat::Entitlement => value(&drift.after) == Value::Bool(true),
        DriftWhat::Appeared => true,
        DriftWhat::Attribute => false,
        DriftWhat::Gone | DriftWhat::Enabled | DriftWhat::Name => {
            return Err(Error::invalid(format!(
                "an account that is {} outside cannot become what is wanted",
                match drift.what {
                    DriftWhat::Gone => "deleted",
                    DriftWhat::Enabled => "enabled or disabled",
                    DriftWhat::Name
                    | DriftWhat::Attribute
                    | DriftWhat::Entitlement
                    | DriftWhat::Appeared => "renamed",
                }
            ))
            .hint(format!("muster drift accept {id} --until DATE lets it be for a time"))
            .hint(format!("muster drift revert {id} puts it right")));
        }
    };
    let explained = if gained { explain(ctx, opened, tx, &drift).await? } else { None };
    let decided = Decided {
        decision: DriftDecision::Adopt,
        until: None,
        by: Some(&ctx.actor),
        remark,
        at: ctx.now(),
    };
    write(tx, ctx, &ctx.actor, std::slice::from_ref(&drift), &decided, "drift.adopt").await?;
    Ok(match explained {
        Some(Explained { facts, role: Ok((role, missing)) }) => {
            let assignment = assign(ctx, opened, tx, (&facts, &role), &drift, remark).await?;
            ask_anew(ctx, opened, tx, &drift, &role).await?;
            let drift = view(opened, tx, &drift).await?;
            Adopted::Assigned { drift, role, assignment, missing }
        }
        Some(Explained { role: Err(why), .. }) => {
            let text = proposal(opened, &drift);
            Adopted::Proposed { drift: view(opened, tx, &drift).await?, text, why }
        }
        None => {
            let text = proposal(opened, &drift);
            let why = "only the model says what this should be".to_owned();
            Adopted::Proposed { drift: view(opened, tx, &drift).await?, text, why }
        }
    })
}

async fn view(opened: &Opened, tx: &mut Tx, drift: &Drift) -> Result<Box<DriftView>, Error> {
    let now = tx.drift(drift.id).await?.ok_or_else(|| no_drift(drift.id.0))?;
    Ok(Box::new(drift_view(tx, opened, now).await?))
}

/// The role that explains drift, with what is missing of it; or why there is none.
struct Explained {
    facts: IdentityFacts,
    role: Result<(Text, Vec<String>), String>,
}

async fn explain(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    drift: &Drift,
) -> Result<Option<Explained>, Error> {
    let (Some(entity), Some((account, _))) = (drift.entity, place(opened, drift)) else {
        return Ok(None);
    };
    let Some(facts) = identity(ctx, opened, tx, entity).await? else { return Ok(None) };
    let access = match drift.kind_no {
        Some(no) => {
            let names = opened.names.systems.get(account.system.index());
            let kind = names.and_then(|names| names.kinds.iter().position(|kind| *kind == no));
            let Some(kind) = kind else { return Ok(None) };
            Access::Entitlement(account, kind, drift.item.clone())
        }
        None => Access::Account(account),
    };
    let world = load_world(tx, opened, ctx.now(), None).await?;
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, ctx.now());
    let held = std::slice::from_ref(&access);
    let deduction = Deducer::new(&opened.evaluator).deduce(&evaluation, held, &world, ctx.now());
    let name = |role: &usize| {
        opened.model.roles.get(*role).map_or_else(String::new, |role| role.name.to_string())
    };
    let role = match (deduction.deduced.as_slice(), deduction.ambiguous.first()) {
        ([one], _) => {
            let missing = one.missing.iter().map(|access| shown(opened, access)).collect();
            let role = opened.model.roles.get(one.role).map(|role| role.name.clone());
            Ok((role.ok_or_else(|| Error::bug("a role is missing"))?, missing))
        }
        (_, Some((_, roles))) => {
            let names: Vec<String> = roles.iter().map(name).collect();
            Err(format!("several roles grant it: {}", names.join(", ")))
        }
        _ => match deduction.by_rule.first() {
            Some((_, roles)) => {
                let names: Vec<String> = roles.iter().map(name).collect();
                Err(format!("only roles by rule grant it: {}", names.join(", ")))
            }
            None => Err("no role grants it".to_owned()),
        },
    };
    Ok(Some(Explained { facts, role }))
}

async fn identity(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    id: EntityId,
) -> Result<Option<IdentityFacts>, Error> {
    let Some(entity) = tx.entity(id).await? else { return Ok(None) };
    let Some(type_id) = type_of_number(&opened.names, entity.type_no) else { return Ok(None) };
    Ok(load_identities(tx, opened, type_id, &[id], ctx.now()).await?.into_iter().next())
}

/// An access in words: `directory.group: sales`.
pub(crate) fn shown(opened: &Opened, access: &Access) -> String {
    let (Access::Account(account) | Access::Entitlement(account, ..)) = access;
    let Some(system) = opened.model.systems.get(account.system.index()) else {
        return "?".to_owned();
    };
    match access {
        Access::Account(account) => {
            let name = system.accounts.get(account.account).map_or("?", |account| &*account.name);
            format!("{}.{name}", system.name)
        }
        Access::Entitlement(_, kind, name) => {
            let kind = system.entitlements.get(*kind).map_or("?", |kind| &*kind.name);
            format!("{}.{kind}: {name}", system.name)
        }
    }
}

async fn assign(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (facts, role): (&IdentityFacts, &Text),
    drift: &Drift,
    remark: &str,
) -> Result<AssignmentId, Error> {
    let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
    tx.insert_assignments(&[Assignment {
        id,
        entity: facts.row.id,
        role: role.clone(),
        origin: "adopted".into(),
        reason: remark.trim().into(),
        valid_from: None,
        valid_until: None,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    }])
    .await?;
    let detail =
        json!({ "assignment": id.0, "role": &**role, "reason": remark, "drift": drift.id.0 });
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "assignment.create".into(),
        subject: subject_of(&opened.model, &facts.row, &facts.key),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(id)
}

/// Where a reviewer is asked about what was given outside, asks about the role that it is now: the item finds nothing any more.
async fn ask_anew(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    drift: &Drift,
    role: &Text,
) -> Result<(), Error> {
    let (Some(entity), Some((account, Some(kind)))) = (drift.entity, place(opened, drift)) else {
        return Ok(());
    };
    let Some(system) = opened.model.systems.get(account.system.index()) else { return Ok(()) };
    let thing: Text = format!("{}.{kind}:{}", system.name, drift.item).into();
    let is_asked = |item: &ReviewItem| {
        item.state == ItemState::Waiting
            && item.account == Some(drift.account)
            && item.thing == thing
    };
    for review in &opened.model.access_reviews {
        let items = tx.review_items_of(&review.name, &[entity]).await?;
        if !items.iter().any(is_asked) {
            continue;
        }
        let day = ctx.now().strftime("%F");
        let note = format!("{thing} was given outside of Muster, and became role {role} on {day}");
        let event = ReviewEvent {
            id: tx.take_ids(Sequence::ReviewEvent, 1).await?,
            review: review.name.clone(),
            cause: "outside".into(),
            entity,
            account: Some(drift.account),
            thing: thing.clone(),
            note: note.into(),
            at: ctx.now(),
        };
        tx.insert_review_events(&[event]).await?;
    }
    Ok(())
}

/// What could stand in a model file so that the drift is wanted.
fn proposal(opened: &Opened, drift: &Drift) -> String {
    let Some((account, kind)) = place(opened, drift) else { return String::new() };
    let Some(system) = opened.model.systems.get(account.system.index()) else {
        return String::new();
    };
    let account_type = system.accounts.get(account.account).map_or("?", |account| &*account.name);
    let n = drift.id.0;
    let head = format!(
        "# Proposed for drift {n}: account {} on {}.\n# Review it, give the role a better name and say who has it.\nroles:\n  from-drift-{n}:\n",
        drift.name, system.name
    );
    let was_held = value(&drift.before) == Value::Bool(true);
    match (drift.what, kind) {
        (DriftWhat::Entitlement, Some(kind)) if was_held => {
            let granting: Vec<String> = opened
                .model
                .roles
                .iter()
                .filter(|role| role.grants.iter().any(|grant| matches!(grant,
                    Grant::Entitlement { system: of, name: muster_policy::GrantName::Literal(name), .. }
                        if *of == system.id && *name == drift.item)))
                .map(|role| format!("# - {}, at {}\n", role.name, role.at))
                .collect();
            format!(
                "# Proposed for drift {n}: {kind} {} was taken from account {} on {}.\n# These roles grant it; take it out of one of them or narrow its rule:\n{}",
                drift.item,
                drift.name,
                system.name,
                granting.concat()
            )
        }
        (DriftWhat::Entitlement, Some(kind)) => {
            format!("{head}    grants: [{{ {}.{kind}: {} }}]\n", system.name, quoted(&drift.item))
        }
        (DriftWhat::Attribute, _) => {
            let after = value(&drift.after).to_string().replace('\\', "\\\\").replace('\'', "\\'");
            let of = format!("{}.{account_type}.{}", system.name, drift.item);
            format!("{head}    values: {{ {of}: {} }}\n", quoted(&format!("'{after}'")))
        }
        _ => format!("{head}    grants: [{}.{account_type}]\n", system.name),
    }
}

/// Text as YAML takes it for text, whatever is in it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
