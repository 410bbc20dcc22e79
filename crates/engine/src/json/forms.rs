//! Forms and drafts.

use muster_app::SupposedChange;
use serde_json::{Value as Json, json};

use super::at;
use crate::{DraftEventView, DraftPreview, DraftView, FieldView, FormView, LinkFound};

/// A form that somebody may begin.
pub fn form(view: &FormView) -> Json {
    json!({
        "form": &*view.name, "title": &*view.title, "description": view.description.as_deref(),
        "type": &*view.type_name, "about": view.about,
    })
}

/// A draft; its fields are empty in lists.
pub fn draft(view: &DraftView) -> Json {
    json!({
        "id": view.id, "form": &*view.form, "title": &*view.title, "state": view.state.word(),
        "version": view.version, "starter": &*view.starter, "about": view.about.as_deref(),
        "step": &*view.step,
        "steps": view.steps.iter().map(|(name, title)| {
            json!({ "step": &**name, "title": &**title })
        }).collect::<Vec<_>>(),
        "waits_on": view.waits_on.iter().map(|who| &**who).collect::<Vec<_>>(),
        "my_turn": view.my_turn, "in_place_of": view.in_place_of.as_deref(),
        "may_withdraw": view.may_withdraw, "made_at": view.made_at.to_string(),
        "changed_at": view.changed_at.to_string(), "ends_at": at(view.ends_at),
        "fields": view.fields.iter().map(field).collect::<Vec<_>>(),
        "preview": view.preview.as_ref().and_then(|seen| seen.as_ref().ok()).map(preview),
        "trouble": view.preview.as_ref().and_then(|seen| seen.as_ref().err()).map(|(of, said)| {
            json!({ "field": of, "problem": said })
        }),
        "history": view.history.iter().map(event).collect::<Vec<_>>(),
    })
}

fn field(view: &FieldView) -> Json {
    json!({
        "field": &*view.name, "label": &*view.label, "help": view.help.as_deref(),
        "type": view.value_type.name(), "many": view.many, "required": view.required,
        "editable": view.editable,
        "choices": view.choices.iter().map(|choice| &**choice).collect::<Vec<_>>(),
        "entered": &*view.text, "ends": view.ends.iter().map(link_found).collect::<Vec<_>>(),
        "problem": view.problem.as_ref().map(ToString::to_string),
    })
}

/// Somebody or something to whom a link can lead.
pub fn link_found(found: &LinkFound) -> Json {
    json!({ "key": &*found.key, "display": &*found.display })
}

fn preview(preview: &DraftPreview) -> Json {
    let change = |change: &SupposedChange| {
        json!({
            "system": &*change.system, "account": &*change.account, "what": change.what,
            "blocked": change.blocked.as_deref(),
        })
    };
    json!({
        "key": &*preview.key, "name": &*preview.subject, "lifecycle": preview.lifecycle.as_deref(),
        "roles": preview.roles.iter().map(|role| &**role).collect::<Vec<_>>(),
        "plan": preview.plan.iter().map(change).collect::<Vec<_>>(),
    })
}

fn event(event: &DraftEventView) -> Json {
    json!({
        "at": event.at.to_string(), "what": &*event.what, "by": event.by.as_deref(),
        "in_place_of": event.in_place_of.as_deref(), "step": &*event.step, "note": &*event.note,
    })
}
