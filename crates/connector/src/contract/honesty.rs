//! Promises that a connector tells the truth: about what it can do, what is not there, and what it was given.

use muster_model::{Change, NameRule, Value};

use super::{Outcome, Subject, Verdict, steps::ensure};
use crate::ConnectorError;

/// Texts that careless code spoils.
pub(super) const SPECIAL: [&str; 14] = [
    "a,b;c|d\te",
    "say \"hi\" and ''bye''",
    "\"",
    "Zoë Öhm-Größe",
    "日本語 😀 ł",
    " leading space",
    "trailing space ",
    "two\nlines",
    "back\\slash \\, \\2c",
    "#hash =1+1",
    "<x> & (y=*) %41",
    "null",
    "007",
    "NO",
];

/// `test` and `discover` succeed and change nothing.
pub async fn testing_changes_nothing(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if capabilities.create {
        subject.done(subject.create("ada", ["Countess", ""])).await?;
    }
    let told = subject.connector.test().await.map_err(|error| format!("test failed: {error}"))?;
    ensure(!told.is_empty() && !told.contains('\n'), || format!("test says {told:?}"))?;
    let found = subject.connector.discover().await;
    found.map_err(|error| format!("discover failed: {error}"))?;
    if capabilities.create {
        subject.expect("ada", ["Countess", ""]).await?;
    }
    Ok(Verdict::Kept)
}

/// Changing an object that is not there is `NotFound`; fetching it is nothing, not an error.
pub async fn unknown_objects_are_not_found(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if capabilities.create {
        // So that there is something in which the unknown object could be looked for.
        subject.done(subject.create("ada", ["", ""])).await?;
    }
    subject.expect_none("nobody").await?;
    let object = subject.object("nobody");
    let mut changes = Vec::new();
    if capabilities.update {
        changes.push(subject.update("nobody", Value::Null, Value::text("x")));
        changes.push(subject.update("nobody", Value::text("x"), Value::Null));
    }
    if capabilities.rename {
        let to = (subject.name)("somebody");
        changes.push(Change::Rename { object: object.clone(), to });
    }
    if capabilities.enable {
        changes.push(Change::SetEnabled { object: object.clone(), enabled: false });
    }
    if let (Some(group), true) = (&subject.group, capabilities.members) {
        let mut object = object;
        object.class = group.class.clone();
        object.name = (group.name)("nobody");
        let add = vec![(subject.name)("ada")];
        let attribute = group.members.clone();
        changes.push(Change::Members { object, attribute, add, remove: Vec::new() });
    }
    for change in changes {
        let shown = format!("{change:?}");
        let answer = subject.apply(change).await;
        ensure(matches!(answer, Err(ConnectorError::NotFound { .. })), || {
            format!("{shown} answered {answer:?} and not NotFound")
        })?;
    }
    subject.expect_none("nobody").await?;
    Ok(Verdict::Kept)
}

/// Names that the claimed rule calls equal lead to one object, others do not.
pub async fn names_compare_as_claimed(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    if !capabilities.create {
        return Ok(Verdict::NotClaimed);
    }
    subject.done(subject.create("ada", ["Countess", ""])).await?;
    let found = subject.fetch(&subject.object("ADA")).await?;
    let is_same = match capabilities.names {
        NameRule::Exact => false,
        NameRule::CaseInsensitive | NameRule::DistinguishedName => true,
    };
    ensure(found.is_some() == is_same, || {
        format!("names are {:?}, and another case leads to {found:?}", capabilities.names)
    })?;
    Ok(Verdict::Kept)
}

/// Commas, quotes, umlauts, spaces at the ends, line ends and the like come back as they were given.
pub async fn special_characters_survive(subject: &Subject) -> Outcome {
    if !subject.connector.capabilities().create {
        return Ok(Verdict::NotClaimed);
    }
    for (number, text) in SPECIAL.into_iter().enumerate() {
        let word = format!("user{number}");
        match subject.apply(subject.create(&word, [text, "Here"])).await {
            Err(ConnectorError::Invalid(_)) if subject.may_refuse_texts => continue,
            Err(error) => return Err(format!("{text:?} was refused: {error}")),
            Ok(_) => {}
        }
        subject.expect(&word, [text, "Here"]).await?;
        if subject.connector.capabilities().update {
            let other = format!("{text}!");
            subject.done(subject.update(&word, Value::text(text), Value::text(&*other))).await?;
            subject.expect(&word, [&other, "Here"]).await?;
        }
    }
    for word in ["O'Brien, Ada \"A\"", "Jörg Öhm", "a+b=c"] {
        subject.done(subject.create(word, ["Odd", ""])).await?;
        subject.expect(word, ["Odd", ""]).await?;
    }
    Ok(Verdict::Kept)
}

/// A change that the connector does not claim is refused as `Invalid`, and nothing happens.
pub async fn what_is_not_claimed_is_refused(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    let object = subject.object("ada");
    let mut create = subject.create("ada", ["", ""]);
    if capabilities.create {
        subject.done(create.clone()).await?;
    }
    let members = Change::Members {
        object: object.clone(),
        attribute: "member".into(),
        add: vec![(subject.name)("bob")],
        remove: Vec::new(),
    };
    let rename = Change::Rename { object: object.clone(), to: (subject.name)("eve") };
    let update = subject.update("ada", Value::Null, Value::text("x"));
    let mut unclaimed = vec![
        (capabilities.create, create.clone()),
        (capabilities.update, update),
        (capabilities.rename, rename),
        (capabilities.members, members),
        (capabilities.delete, Change::Delete { object: object.clone() }),
        (capabilities.enable, Change::SetEnabled { object, enabled: false }),
    ];
    if let Change::Create { object, enabled, .. } = &mut create {
        object.name = (subject.name)("bob");
        *enabled = Some(true);
    }
    unclaimed.push((capabilities.create && capabilities.enable, create));
    unclaimed.retain(|(is_claimed, _)| !is_claimed);
    if unclaimed.is_empty() {
        return Ok(Verdict::NotClaimed);
    }
    for (_, change) in unclaimed {
        let shown = format!("{change:?}");
        let answer = subject.apply(change).await;
        ensure(matches!(answer, Err(ConnectorError::Invalid(_))), || {
            format!("{shown} is not claimed and answered {answer:?}, not Invalid")
        })?;
    }
    if capabilities.create {
        subject.expect("ada", ["", ""]).await?;
    }
    Ok(Verdict::Kept)
}
