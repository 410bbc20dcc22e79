//! Promises about changes to one account.

use muster_model::{Change, Value};

use super::{
    Outcome, Subject, Verdict,
    steps::{ensure, field},
};
use crate::ConnectorError;

/// A created object is found by name and by the id that the connector told, with the values it was given.
pub async fn created_objects_can_be_fetched(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    subject.expect_none("ada").await?;
    let applied = subject.done(subject.create("ada", ["Countess", ""])).await?;
    let found = subject.expect("ada", ["Countess", ""]).await?;
    if let Some(id) = applied.id {
        ensure(found.id == id, || format!("create told id `{id}`, get tells `{}`", found.id))?;
        let mut by_id = subject.object("ada");
        by_id.id = id;
        let again = subject.fetch(&by_id).await?;
        ensure(again.as_ref() == Some(&found), || format!("by id it is {again:?}"))?;
    }
    subject.expect_none("bob").await?;
    Ok(Verdict::Kept)
}

/// Creating an object that is there is refused, and the first one is untouched.
pub async fn create_is_not_upsert(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", "London"])).await?;
    let again = subject.apply(subject.create("ada", ["Impostor", "Paris"])).await;
    ensure(matches!(again, Err(ConnectorError::AlreadyExists { .. })), || {
        format!("a second create answered {again:?} and not AlreadyExists")
    })?;
    subject.expect("ada", ["Countess", "London"]).await?;
    Ok(Verdict::Kept)
}

/// An update sets a value that was empty, replaces one, clears one, and leaves the others alone.
pub async fn update_sets_and_clears(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["", "London"])).await?;
    let text = |text: &str| Value::text(text);
    subject.done(subject.update("ada", Value::Null, text("Countess"))).await?;
    subject.expect("ada", ["Countess", "London"]).await?;
    subject.done(subject.update("ada", text("Countess"), text("Lady"))).await?;
    subject.expect("ada", ["Lady", "London"]).await?;
    subject.done(subject.update("ada", text("Lady"), Value::Null)).await?;
    subject.expect("ada", ["", "London"]).await?;
    Ok(Verdict::Kept)
}

/// Doing an update again, also one that clears, is the same as doing it once.
pub async fn update_twice_is_once(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", "London"])).await?;
    for _ in 0..2 {
        let lady = subject.update("ada", Value::text("Countess"), Value::text("Lady"));
        subject.done(lady).await?;
        subject.expect("ada", ["Lady", "London"]).await?;
    }
    for _ in 0..2 {
        subject.done(subject.update("ada", Value::text("Lady"), Value::Null)).await?;
        subject.expect("ada", ["", "London"]).await?;
    }
    Ok(Verdict::Kept)
}

/// An attribute with several values holds exactly the values last given, whatever their order.
pub async fn several_values_are_kept_as_a_set(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    let Some(many) = &subject.many else { return Ok(Verdict::NotClaimed) };
    if !(capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    let list = |items: &[&str]| Value::set(items.iter().map(|item| Value::text(*item)).collect());
    let object = subject.object("ada");
    subject.done(subject.create("ada", ["", ""])).await?;
    let steps: [&[&str]; 5] = [&["b", "a", "c|d"], &["a", "e"], &["a", "e"], &["only"], &[]];
    let mut old = Value::Null;
    for items in steps {
        let new = list(items);
        let values = vec![(many.clone(), old, new.clone())];
        subject.done(Change::Update { object: object.clone(), values }).await?;
        let found = subject.connector.get(&object, &[field(many, true)]).await;
        let found = found.map_err(|error| format!("get failed: {error}"))?;
        let held = found.and_then(|object| object.values.into_iter().next()).unwrap_or_default();
        let held = Value::set(held.items().to_vec());
        ensure(held == new, || format!("it holds {held:?} and should hold {new:?}"))?;
        old = new;
    }
    Ok(Verdict::Kept)
}

/// A renamed object is found under its new name only, with its values; renaming again is the same.
pub async fn rename_keeps_the_values(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.rename) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", "London"])).await?;
    let before = subject.expect("ada", ["Countess", "London"]).await?;
    let mut object = subject.object("ada");
    object.id = before.id;
    for _ in 0..2 {
        let to = (subject.name)("ada2");
        let applied = subject.done(Change::Rename { object: object.clone(), to }).await?;
        let after = subject.expect("ada2", ["Countess", "London"]).await?;
        ensure(applied.id.as_ref().is_none_or(|id| *id == after.id), || {
            format!("rename told id {:?}, get tells `{}`", applied.id, after.id)
        })?;
        let ghost = subject.fetch(&subject.object("ada")).await?;
        ensure(ghost.is_none(), || "the old name still leads to it".to_owned())?;
    }
    Ok(Verdict::Kept)
}

/// A rename to the name of another object is refused, and both stay as they were.
pub async fn rename_onto_another_is_refused(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.rename) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", ""])).await?;
    subject.done(subject.create("bob", ["Builder", ""])).await?;
    let rename = Change::Rename { object: subject.object("ada"), to: (subject.name)("bob") };
    let answer = subject.apply(rename).await;
    ensure(matches!(answer, Err(ConnectorError::AlreadyExists { .. })), || {
        format!("it answered {answer:?} and not AlreadyExists")
    })?;
    subject.expect("ada", ["Countess", ""]).await?;
    subject.expect("bob", ["Builder", ""]).await?;
    Ok(Verdict::Kept)
}

/// An account that was enabled or disabled, once or twice, says so; values stay.
pub async fn enabling_and_disabling_is_seen(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.enable) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", ""])).await?;
    let created = subject.expect("ada", ["Countess", ""]).await?;
    ensure(created.enabled == Some(true), || format!("created as {:?}", created.enabled))?;
    for enabled in [false, false, true, true] {
        subject.done(Change::SetEnabled { object: subject.object("ada"), enabled }).await?;
        let found = subject.expect("ada", ["Countess", ""]).await?;
        ensure(found.enabled == Some(enabled), || {
            format!("it says {:?} after setting {enabled}", found.enabled)
        })?;
    }
    let mut off = subject.create("bob", ["", ""]);
    if let Change::Create { enabled, .. } = &mut off {
        *enabled = Some(false);
    }
    subject.done(off).await?;
    let found = subject.expect("bob", ["", ""]).await?;
    ensure(found.enabled == Some(false), || "an account created disabled is not".to_owned())?;
    Ok(Verdict::Kept)
}

/// A deleted object is gone; deleting it again, or one that never was, is done already.
pub async fn delete_twice_is_fine(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.delete) {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["", ""])).await?;
    subject.done(subject.create("bob", ["Builder", ""])).await?;
    for _ in 0..2 {
        subject.done(Change::Delete { object: subject.object("ada") }).await?;
        subject.expect_none("ada").await?;
    }
    subject.done(Change::Delete { object: subject.object("nobody") }).await?;
    subject.expect("bob", ["Builder", ""]).await?;
    subject.done(subject.create("ada", ["Again", ""])).await?;
    subject.expect("ada", ["Again", ""]).await?;
    Ok(Verdict::Kept)
}

/// Each change of a batch has its own answer, in order; one that fails does not stop those after it.
pub async fn a_failing_change_does_not_stop_the_others(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    let changes = [
        subject.create("ada", ["Countess", ""]),
        subject.create("ada", ["Impostor", ""]),
        subject.update("nobody", Value::Null, Value::text("x")),
        subject.create("bob", ["Builder", ""]),
    ];
    let answers = subject.connector.apply(&changes).await;
    ensure(
        matches!(
            answers.as_slice(),
            [
                Ok(_),
                Err(ConnectorError::AlreadyExists { .. }),
                Err(ConnectorError::NotFound { .. }),
                Ok(_)
            ]
        ),
        || format!("the answers are {answers:?}"),
    )?;
    subject.expect("ada", ["Countess", ""]).await?;
    subject.expect("bob", ["Builder", ""]).await?;
    Ok(Verdict::Kept)
}

/// Changes of a batch that concern one object are done in their order.
pub async fn changes_to_one_object_happen_in_order(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    let text = |text: &str| Value::text(text);
    let mut changes = vec![
        subject.create("ada", ["One", ""]),
        subject.update("ada", text("One"), text("Two")),
        subject.update("ada", text("Two"), text("Three")),
    ];
    if capabilities.delete {
        changes.push(Change::Delete { object: subject.object("ada") });
        changes.push(subject.create("ada", ["Four", ""]));
    }
    let answers = subject.connector.apply(&changes).await;
    ensure(answers.len() == changes.len() && answers.iter().all(Result::is_ok), || {
        format!("the answers are {answers:?}")
    })?;
    let last = if capabilities.delete { "Four" } else { "Three" };
    subject.expect("ada", [last, ""]).await?;
    Ok(Verdict::Kept)
}
