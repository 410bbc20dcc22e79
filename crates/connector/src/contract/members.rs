//! The promise about groups.

use std::collections::BTreeSet;

use muster_model::{Change, ObjectRef, Text, Value, name_key};

use super::{
    Outcome, Subject, Verdict,
    steps::{ensure, field},
};

/// Members are added and removed in one call; one that is a member already, or is none, is done.
pub async fn members_are_added_and_removed(subject: &Subject) -> Outcome {
    let capabilities = subject.connector.capabilities();
    let Some(group) = &subject.group else { return Ok(Verdict::NotClaimed) };
    if !(capabilities.create && capabilities.members) {
        return Ok(Verdict::NotClaimed);
    }
    for word in ["ada", "bob", "cy", "dee"] {
        subject.done(subject.create(word, ["", ""])).await?;
    }
    let staff =
        ObjectRef { class: group.class.clone(), id: "".into(), name: (group.name)("staff") };
    let values = (group.required)("staff");
    subject.done(Change::Create { object: staff.clone(), values, enabled: None }).await?;
    let steps: [(&[&str], &[&str], &[&str]); 7] = [
        (&["ada", "bob"], &[], &["ada", "bob"]),
        (&["ada", "bob"], &[], &["ada", "bob"]),
        (&["bob", "cy"], &["ada"], &["bob", "cy"]),
        (&[], &["ada"], &["bob", "cy"]),
        (&["dee"], &["ada", "cy"], &["bob", "dee"]),
        (&[], &["bob", "dee"], &[]),
        (&["cy"], &["dee"], &["cy"]),
    ];
    for (add, remove, wanted) in steps {
        let names = |words: &[&str]| -> Vec<Text> {
            words.iter().map(|word| (subject.name)(word)).collect()
        };
        subject
            .done(Change::Members {
                object: staff.clone(),
                attribute: group.members.clone(),
                add: names(add),
                remove: names(remove),
            })
            .await?;
        let held = held_members(subject, &staff, &group.members).await?;
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        ensure(held == wanted, || {
            format!(
                "after adding {add:?} and removing {remove:?} it holds {held:?}, not {wanted:?}"
            )
        })?;
    }
    Ok(Verdict::Kept)
}

/// Which of the four accounts the group holds; other members, such as a placeholder, do not count.
async fn held_members<'w>(
    subject: &Subject,
    group: &ObjectRef,
    attribute: &Text,
) -> Result<BTreeSet<&'w str>, String> {
    let rule = subject.connector.capabilities().names;
    let found = subject.connector.get(group, &[field(attribute, true)]).await;
    let found = found.map_err(|error| format!("get of the group failed: {error}"))?;
    let found = found.ok_or_else(|| "the group is not there".to_owned())?;
    let held = found.values.first().cloned().unwrap_or_default();
    let keys: BTreeSet<String> =
        held.items().iter().filter_map(Value::as_text).map(|name| name_key(rule, name)).collect();
    Ok(["ada", "bob", "cy", "dee"]
        .into_iter()
        .filter(|word| keys.contains(&name_key(rule, &(subject.name)(word))))
        .collect())
}
