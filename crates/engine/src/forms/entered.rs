//! What is entered in the fields of a form: from text to what it means, and what is wrong with it.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use muster_app::{Error, Kind, Opened, decode_facts};
use muster_model::{Attribute, EntityId, Text, Value, ValueType, parse_value};
use muster_store::ReadTx;

use super::{
    draft::{Entered, Known, Of},
    link::Chooser,
};

/// Characters of one field at most.
const LONGEST: usize = 2000;

/// What is wrong with what stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldProblem {
    /// Nothing stands there, and something has to.
    Missing,
    /// It is not of this type.
    Malformed(&'static str),
    /// It is none of what can be chosen.
    NoChoice,
    /// It is too long.
    TooLong,
    /// What stands against it, in words.
    Said(String),
}

impl std::fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("a value is needed"),
            Self::Malformed(wanted) => write!(f, "{wanted} is needed"),
            Self::NoChoice => f.write_str("it is none of what can be chosen"),
            Self::TooLong => write!(f, "it is longer than {LONGEST} characters"),
            Self::Said(text) => f.write_str(text),
        }
    }
}

/// Problems by the name of the attribute.
pub(super) type Problems = BTreeMap<Text, FieldProblem>;

/// The values in the text of a field.
pub(super) fn items<'t>(attribute: &Attribute, text: &'t str) -> Vec<&'t str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if attribute.many {
        lines.collect()
    } else {
        Some(text).filter(|t| !t.is_empty()).into_iter().collect()
    }
}

/// What a field gives to the record; `None` for nothing.
pub(super) fn value(attribute: &Attribute, text: &str) -> Option<Value> {
    let items = items(attribute, text);
    if attribute.many {
        return (!items.is_empty())
            .then(|| Value::set(items.into_iter().map(Value::text).collect()));
    }
    items.first().map(|text| Value::text(*text))
}

/// What the fields of a form hold of an entity.
pub(super) async fn present(
    opened: &Opened,
    tx: &mut ReadTx,
    of: Of<'_>,
    entity: EntityId,
) -> Result<Entered, Error> {
    let Some(stored) = tx.entity(entity).await? else { return Ok(Entered::new()) };
    let row = decode_facts(&opened.model, &opened.names, entity, of.form.type_id, &stored.facts)?;
    let mut present = Entered::new();
    for (_, field, attribute) in of.fields() {
        let text = text_of(tx, row.get(field.slot)).await?;
        if !text.is_empty() {
            present.insert(attribute.name.clone(), text);
        }
    }
    Ok(present)
}

/// A value as it stands in a field: links as keys, several as lines.
pub(super) async fn text_of(tx: &mut ReadTx, value: &Value) -> Result<Text, Error> {
    let mut lines: Vec<String> = Vec::new();
    for item in value.items() {
        match item.as_link() {
            Some(id) => lines.extend(tx.entity(id).await?.map(|end| end.key.to_string())),
            None => lines.extend(item.to_wire_text().as_text().map(ToString::to_string)),
        }
    }
    Ok(lines.join("\n").into())
}

/// Lays what was sent over what a draft holds. Fields of other steps are refused; links are followed to whom they may lead.
///
/// # Errors
///
/// `Denied` for what is not entered at this step, `Invalid` for a link to what is not there or may not be chosen.
pub(super) async fn lay(
    opened: &Opened,
    tx: &mut ReadTx,
    known: &mut Known<'_>,
    sent: &BTreeMap<String, String>,
    chooser: &Chooser<'_>,
) -> Result<Vec<Text>, Error> {
    let of = known.of()?;
    let step = of.step(known.place())?;
    let mut changed = Vec::new();
    for (name, text) in sent {
        let found = of
            .fields()
            .find(|(at, _, attribute)| *attribute.name == **name && step.fields.contains(at));
        let Some((_, field, attribute)) = found else {
            let shown: String = name.chars().take(100).collect();
            let message = format!("`{shown}` is not entered at this step");
            return Err(Error::new(Kind::Denied, message).about(shown));
        };
        let mut text = text.replace("\r\n", "\n").trim().to_owned();
        if text == known.text(name) {
            continue;
        }
        if let ValueType::Link(to) = attribute.value_type {
            let mut keys = Vec::new();
            for item in items(attribute, &text) {
                let key = chooser.key(opened, tx, (field, to), item).await?;
                keys.push(key.ok_or_else(|| no_such(opened, to, item).about(name.as_str()))?);
            }
            text = keys.iter().map(|key| &**key).collect::<Vec<_>>().join("\n");
        }
        if attribute.value_type == ValueType::DateTime {
            text = instant(opened, text);
        }
        // Nobody keeps what is far beyond every limit.
        let text: String = text.chars().take(LONGEST + 1).collect();
        changed.push(attribute.name.clone());
        if text.is_empty() && !known.present.contains_key(name.as_str()) {
            known.entered.remove(name.as_str());
        } else {
            known.entered.insert(attribute.name.clone(), text.into());
        }
    }
    Ok(changed)
}

fn no_such(opened: &Opened, to: muster_model::TypeId, item: &str) -> Error {
    let of = opened.model.schema.get(to).map_or("entity", |of| &*of.name);
    let shown: String = item.chars().take(100).collect();
    Error::invalid(format!("there is no `{of}` with the key `{shown}` that could be chosen"))
}

/// A time without a zone, as fields for times write it, is meant in the zone of the project.
fn instant(opened: &Opened, text: String) -> String {
    let civil = text.parse::<DateTime>().ok().filter(|_| text.parse::<jiff::Timestamp>().is_err());
    let zoned = civil.and_then(|civil| civil.to_zoned(opened.model.timezone.clone()).ok());
    zoned.map_or(text, |zoned| zoned.timestamp().to_string())
}

/// What is wrong with the fields of the step at which a draft is; what is missing only where it is about to be submitted.
pub(super) fn problems(known: &Known<'_>, submits: bool) -> Result<Problems, Error> {
    let of = known.of()?;
    let step = of.step(known.place())?;
    let is_last = known.place() + 1 == of.form.steps.len();
    let mut problems = Problems::new();
    for (at, _, attribute) in of.fields() {
        // What the model changed meanwhile about fields of other steps shows at the end.
        let is_asked = step.fields.contains(&at) || (is_last && submits);
        if !is_asked {
            continue;
        }
        let text = known.text(&attribute.name);
        let is_needed = step.required.contains(&at)
            || (is_last && of.form.steps.iter().any(|step| step.required.contains(&at)));
        let problem = if items(attribute, text).is_empty() {
            (submits && is_needed).then_some(FieldProblem::Missing)
        } else {
            problem(attribute, text)
        };
        problems.extend(problem.map(|problem| (attribute.name.clone(), problem)));
    }
    Ok(problems)
}

fn problem(attribute: &Attribute, text: &str) -> Option<FieldProblem> {
    if text.chars().count() > LONGEST {
        return Some(FieldProblem::TooLong);
    }
    let wanted = attribute.value_type;
    items(attribute, text).into_iter().find_map(|item| {
        if item.chars().any(char::is_control) || parse_value(item, wanted).is_err() {
            return Some(FieldProblem::Malformed(wanted.name()));
        }
        let is_choice = attribute.choices.is_empty()
            || attribute.choices.iter().any(|choice| **choice == *item);
        (!is_choice).then_some(FieldProblem::NoChoice)
    })
}

/// The error for the first of some problems, which names them all.
pub(super) fn refuse(problems: &Problems) -> Result<(), Error> {
    let Some((first, _)) = problems.first_key_value() else { return Ok(()) };
    let all: Vec<String> =
        problems.iter().map(|(name, problem)| format!("`{name}`: {problem}")).collect();
    Err(Error::invalid(all.join("; ")).about(&**first))
}
