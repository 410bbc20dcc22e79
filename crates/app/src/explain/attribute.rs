//! Where the value of an attribute comes from and where it goes.

use muster_model::{EntityId, Row, Slot, Text, TypeId, decode_row};
use muster_policy::{AttributeReason, Want};
use muster_store::{ReadTx, Record};

use super::{
    answer::{AttributeExplained, Origin},
    question::{Question, When, ask},
};
use crate::{Ctx, Error, Opened, opened::similar, subject_of};

/// Explains one attribute of an identity.
pub async fn explain_attribute(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    attribute: &str,
    when: When,
) -> Result<AttributeExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let type_id = question.facts.row.type_id;
    let entity_type =
        opened.model.schema.get(type_id).ok_or_else(|| Error::bug("a type is missing"))?;
    let Some(found) = entity_type.attribute_named(attribute) else {
        let error =
            Error::not_found(format!("`{}` has no attribute `{attribute}`", entity_type.name));
        let names = || entity_type.attributes.iter().map(|attribute| &attribute.name);
        return Err(error.hint(similar(attribute, names()).map_or_else(
            || {
                let names: Vec<&str> = names().map(|name| &**name).collect();
                format!("the attributes are: {}", names.join(", "))
            },
            |near| format!("did you mean `{near}`?"),
        )));
    };
    let origin = origin(&mut tx, opened, &question, found.slot).await?;
    Ok(AttributeExplained {
        subject: subject_of(&opened.model, &question.facts.row, &question.facts.key),
        attribute: found.name.clone(),
        value: question.evaluation.row.get(found.slot).clone(),
        origin,
        used_by: used_by(opened, &question, found.slot),
    })
}

/// The account attributes that are computed from an attribute of the identity.
fn used_by(opened: &Opened, question: &Question, slot: Slot) -> Vec<(Text, Text, AttributeReason)> {
    let type_id = question.facts.row.type_id;
    let mut used_by = Vec::new();
    for desired in
        question.evaluation.accounts.iter().filter(|desired| desired.want == Want::Present)
    {
        let Some(system) = opened.model.systems.get(desired.account.system.index()) else {
            continue;
        };
        let Some(account_type) = system.accounts.get(desired.account.account) else { continue };
        for (position, mapping) in account_type.set.iter().enumerate() {
            let reads = mapping.value.as_ref().is_some_and(|rule| {
                rule.program.paths().iter().any(|path| path.steps.first() == Some(&(type_id, slot)))
            });
            let reason = opened.evaluator.attribute_reason(
                &question.evaluation,
                desired.account,
                position,
                &question.world,
                question.now,
            );
            if let Some(reason) = reason.filter(|_| reads) {
                used_by.push((system.name.clone(), mapping.attribute.clone(), reason));
            }
        }
    }
    used_by
}

async fn origin(
    tx: &mut ReadTx,
    opened: &Opened,
    question: &Question,
    slot: Slot,
) -> Result<Origin, Error> {
    let type_id = question.facts.row.type_id;
    let Some(behaviour) = opened.model.types.get(type_id.index()) else {
        return Ok(Origin::Nothing);
    };
    if opened.model.schema.get(type_id).and_then(|t| t.lifecycle()).is_some_and(|a| a.slot == slot)
    {
        return Ok(Origin::Lifecycle(question.state(opened)));
    }
    if let Some((_, rule)) = behaviour.computed.iter().find(|(computed, _)| *computed == slot) {
        return Ok(Origin::Computed {
            expression: rule.program.source().clone(),
            at: rule.at.clone(),
        });
    }
    let records = tx.records_of(question.facts.row.id).await?;
    let generated = behaviour.generated.iter().find(|(generated, _)| *generated == slot);
    if let Some(rule) = generated.and_then(|(_, rules)| rules.first()) {
        if is_entered(opened, type_id, &records, slot) {
            return Ok(Origin::Entered);
        }
        return Ok(Origin::Generated { at: rule.at.clone() });
    }
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        for (read, read_names) in system.reads.iter().zip(&names.reads) {
            let Some((_, rule)) =
                read.owns.iter().find(|(owned, _)| *owned == slot && read.type_id == type_id)
            else {
                continue;
            };
            if let Some(record) = records.iter().find(|record| record.read_no == read_names.no) {
                return Ok(Origin::Source {
                    system: system.name.clone(),
                    record: record.key.clone(),
                    line: record.line,
                    expression: rule.program.source().clone(),
                    at: rule.at.clone(),
                });
            }
        }
    }
    let entered = is_entered(opened, type_id, &records, slot);
    Ok(if entered { Origin::Entered } else { Origin::Nothing })
}

/// Whether what was entered by hand says anything of an attribute.
fn is_entered(opened: &Opened, type_id: TypeId, records: &[Record], slot: Slot) -> bool {
    let Some(names) = opened.names.local.reads.get(type_id.index()) else { return false };
    let present = records.iter().filter(|record| record.absent_since.is_none());
    present.filter(|record| record.read_no == names.no).any(|record| {
        let width = opened.model.schema.get(type_id).map_or(0, |of| of.attributes.len());
        let mut row = Row::empty(EntityId(0), type_id, width);
        decode_row(&record.content, &names.numbers, &mut row).is_ok() && !row.get(slot).is_null()
    })
}
