//! Promises about reading.

use std::collections::BTreeSet;

use muster_model::{Change, Text, Value, name_key};

use super::{
    Outcome, Subject, Verdict,
    steps::{Gathered, ensure, field, refusal},
};
use crate::ReadRequest;

/// A read yields every object once, with the values of the asked attributes in the asked order.
pub async fn a_read_yields_everything(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().read {
        return Ok(Verdict::NotClaimed);
    }
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    let nothing = subject.read(subject.text_fields(), 100, None).await?;
    ensure(nothing.1.complete && nothing.0.objects.is_empty(), || {
        format!("an empty system yields {nothing:?}")
    })?;
    subject.done(subject.create("ada", ["Countess", "London"])).await?;
    subject.done(subject.create("bob", ["", "Paris"])).await?;
    let [first, second] = &subject.texts;
    for (fields, ada, bob) in [
        (vec![first, second], vec!["Countess", "London"], vec!["", "Paris"]),
        (vec![second, first], vec!["London", "Countess"], vec!["Paris", ""]),
        (vec![second], vec!["London"], vec!["Paris"]),
        (vec![], vec![], vec![]),
    ] {
        let fields = fields.into_iter().map(|name| field(name, false)).collect();
        let (gathered, end) = subject.read(fields, 100, None).await?;
        ensure(end.complete && !end.incremental && gathered.bad.is_empty(), || {
            format!("the read ends with {end:?}, bad objects {:?}", gathered.bad)
        })?;
        let yielded = keyed(subject, &gathered);
        let wanted = [("ada", ada), ("bob", bob)].map(|(word, texts)| {
            let value = |text: &str| {
                if text.is_empty() { Value::Null } else { Value::text(text) }
            };
            (key(subject, &(subject.name)(word)), texts.into_iter().map(value).collect())
        });
        ensure(yielded == BTreeSet::from(wanted.clone()), || {
            format!("it yields {yielded:?} and should yield {wanted:?}")
        })?;
        ensure(gathered.objects.len() == 2, || "an object came twice".to_owned())?;
    }
    Ok(Verdict::Kept)
}

/// No batch is larger than asked, and none is empty; together they hold everything.
pub async fn batches_are_not_larger_than_asked(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    create_many(subject, 25).await?;
    for batch in [1, 10, 1000] {
        let (gathered, end) = subject.read(subject.text_fields(), batch, None).await?;
        ensure(end.complete && gathered.objects.len() == 25, || {
            format!("batches of {batch}: {} objects, {end:?}", gathered.objects.len())
        })?;
        let sizes = &gathered.batches;
        ensure(sizes.iter().all(|size| (1..=batch).contains(size)), || {
            format!("batches of {batch} came as {sizes:?}")
        })?;
    }
    Ok(Verdict::Kept)
}

/// When the sink refuses, the read stops and answers with the sink's error.
pub async fn a_refusing_sink_stops_the_read(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    create_many(subject, 25).await?;
    let mut gathered = Gathered { refuse_from: Some(2), ..Gathered::default() };
    let (class, fields) = (subject.class.clone(), subject.text_fields());
    let request = ReadRequest { class, fields, since: None, batch: 5 };
    let answer = subject.connector.read(&request, &mut gathered).await;
    ensure(answer.as_ref().err() == Some(&refusal()), || format!("it answers {answer:?}"))?;
    ensure(gathered.batches.len() == 2, || {
        format!("{} batches came after the refusal", gathered.batches.len() - 2)
    })?;
    Ok(Verdict::Kept)
}

/// A read that breaks off half way is an error or says that it is not complete, and why.
pub async fn a_cut_read_is_incomplete(subject: &Subject) -> Outcome {
    let Some(cut) = &subject.cut else { return Ok(Verdict::NotClaimed) };
    if subject.connector.capabilities().create {
        create_many(subject, 25).await?;
    }
    cut();
    let mut gathered = Gathered::default();
    let (class, fields) = (subject.class.clone(), subject.text_fields());
    let request = ReadRequest { class, fields, since: None, batch: 5 };
    if let Ok(end) = subject.connector.read(&request, &mut gathered).await {
        ensure(!end.complete, || {
            format!("it says it is complete after {} objects", gathered.objects.len())
        })?;
        ensure(end.problem.is_some(), || "it does not say why".to_owned())?;
        ensure(end.cursor.is_none(), || "it gives a cursor, which would skip the rest".to_owned())?;
    }
    Ok(Verdict::Kept)
}

/// A read with a cursor yields what changed since, and the ids of what was deleted.
pub async fn incremental_reads_yield_what_changed(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !(capabilities.incremental && capabilities.create && capabilities.update) {
        return Ok(Verdict::NotClaimed);
    }
    for word in ["ada", "bob", "cy"] {
        subject.done(subject.create(word, ["", ""])).await?;
    }
    let cy = subject.expect("cy", ["", ""]).await?;
    let (_, end) = subject.read(subject.text_fields(), 10, None).await?;
    let cursor = end.cursor.ok_or_else(|| "a full read gives no cursor".to_owned())?;
    subject.done(subject.update("bob", Value::Null, Value::text("Builder"))).await?;
    if capabilities.delete {
        subject.done(Change::Delete { object: subject.object("cy") }).await?;
    }
    let (gathered, end) = subject.read(subject.text_fields(), 10, Some(cursor)).await?;
    ensure(end.complete && end.incremental, || format!("it ends with {end:?}"))?;
    let names: Vec<String> =
        gathered.objects.iter().map(|object| key(subject, &object.name)).collect();
    ensure(names == [key(subject, &(subject.name)("bob"))], || format!("it yields {names:?}"))?;
    ensure(!capabilities.delete || end.deleted == [cy.id.clone()], || {
        format!("it says {:?} are deleted, and not `{}`", end.deleted, cy.id)
    })?;
    Ok(Verdict::Kept)
}

async fn create_many(subject: &Subject, n: usize) -> Result<(), String> {
    let changes: Vec<Change> =
        (0..n).map(|i| subject.create(&format!("user{i}"), ["x", ""])).collect();
    let answers = subject.connector.apply(&changes).await;
    match answers.into_iter().find_map(Result::err) {
        Some(error) => Err(format!("a create failed: {error}")),
        None => Ok(()),
    }
}

fn key(subject: &Subject, name: &Text) -> String {
    name_key(subject.connector.capabilities().names, name)
}

fn keyed(subject: &Subject, gathered: &Gathered) -> BTreeSet<(String, Vec<Value>)> {
    let objects = gathered.objects.iter();
    objects.map(|object| (key(subject, &object.name), object.values.clone())).collect()
}
