//! Forms: from `forms:` to fields that are attributes and steps that somebody does.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_lang::{Env, Variable, VariableType};
use muster_model::{AttributeKind, EntityType, Schema, Span, ValueType};
use muster_policy::{Form, FormBy, FormField, FormStep};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{attribute_type, condition, entity_variable, exact_rule},
    names,
    roles::{RoleNames, find_role},
    suggest::known_names,
    types::{find_type, identity_link, unknown_attribute},
    yaml::{Entry, Node},
};

/// A form that says too little, or what cannot be.
const CODE: &str = "E0809";
/// Steps of one form at most.
const STEPS: usize = 8;
/// Fields of one form at most.
const FIELDS: usize = 60;
const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Builds the forms in order of name.
pub(crate) fn forms(context: &mut Context<'_>, entries: &[&Entry], roles: &RoleNames) -> Vec<Form> {
    let schema = Arc::clone(&context.schema);
    entries.iter().filter_map(|entry| form(context, entry, &schema, roles)).collect()
}

/// What the parts of one form are built from.
struct Ground<'a> {
    schema: &'a Arc<Schema>,
    roles: &'a RoleNames,
    of: &'a EntityType,
    people: &'a EntityType,
}

fn form(
    context: &mut Context<'_>,
    entry: &Entry,
    schema: &Arc<Schema>,
    roles: &RoleNames,
) -> Option<Form> {
    names::part(context, &entry.key, entry.key_span, "a form");
    let node = &entry.value;
    let named = node.get("for")?;
    let of = find_type(context, schema, named.text()?, named.span)?;
    let people = people(context, entry, schema)?;
    let ground = Ground { schema, roles, of, people };
    let about = match node.get("about") {
        // A condition with problems must not become a form for something new.
        Some(about) => Some(condition(context, about, &ground.env(Some(of)))?),
        None => None,
    };
    let fields = ground.fields(context, node);
    let steps = ground.steps(context, node, &fields);
    let form = Form {
        name: entry.key.clone(),
        title: node.get_text("title").unwrap_or(&entry.key).clone(),
        description: node.get_text("description").cloned(),
        type_id: of.id,
        people: people.id,
        about,
        fields,
        steps,
        keep: node.get_text("keep").and_then(|text| parse_duration(text)).unwrap_or(KEEP),
        at: context.location(entry.key_span),
    };
    sizes(context, entry, &form);
    everything_is_entered(context, entry, &form, of);
    Some(form)
}

/// The type of those who fill a form in.
fn people<'s>(
    context: &mut Context<'_>,
    entry: &Entry,
    schema: &'s Arc<Schema>,
) -> Option<&'s EntityType> {
    if let Some(node) = entry.value.get("filled_by") {
        let found = find_type(context, schema, node.text()?, node.span)?;
        if !found.identity {
            let message = format!("a `{}` fills in no form", found.name);
            context.error(CODE, node.span, message, "name an identity type");
            return None;
        }
        return Some(found);
    }
    let mut identities = schema.types.iter().filter(|of| of.identity);
    let (first, second) = (identities.next()?, identities.next());
    if second.is_some() {
        let message = format!("form `{}` has to say who fills it in", entry.key);
        let help = format!("for example `filled_by: {}`", first.name);
        context.error(CODE, entry.key_span, message, help);
        return None;
    }
    Some(first)
}

fn sizes(context: &mut Context<'_>, entry: &Entry, form: &Form) {
    let counts = [("fields", form.fields.len(), FIELDS), ("steps", form.steps.len(), STEPS)];
    for (key, n, most) in counts {
        // What was left out for a problem of its own was reported.
        let written = entry.value.get(key).map_or(0, |node| node.entries().len());
        if written == 0 || n > most {
            let message = format!("a form has 1 to {most} {key}");
            let help = "write a second form for the rest";
            context.error(CODE, entry.key_span, message, help);
        }
    }
    if form.keep.is_zero()
        && let Some(at) = entry.value.get("keep")
    {
        let help = "write a length of time such as `30d`";
        context.error(CODE, at.span, "`keep` is no time at all", help);
    }
}

/// Each field is entered in some step, and what the type requires is among them.
fn everything_is_entered(context: &mut Context<'_>, entry: &Entry, form: &Form, of: &EntityType) {
    let fields = entry.value.get("fields").map_or(&[][..], Node::entries);
    for written in fields {
        let at = form.fields.iter().position(|field| {
            of.attribute(field.slot).is_some_and(|attribute| attribute.name == written.key)
        });
        if let Some(at) = at
            && !form.steps.iter().any(|step| step.fields.contains(&at))
        {
            let message = format!("nobody enters `{}`", written.key);
            let help = "name it in the `fields` of a step, or leave it out";
            context.error(CODE, written.key_span, message, help);
        }
    }
    let is_there = |slot| form.fields.iter().any(|field| field.slot == slot);
    for attribute in of.attributes.iter().filter(|_| form.about.is_none()) {
        let needed = attribute.required || attribute.slot == of.key;
        if needed && attribute.kind == AttributeKind::Stored && !is_there(attribute.slot) {
            let message =
                format!("a `{}` needs `{}`, and no field asks for it", of.name, attribute.name);
            let help = format!("add `{}: {{}}` to the fields", attribute.name);
            context.error(CODE, entry.key_span, message, help);
        }
    }
}

impl Ground<'_> {
    /// What reads `me`, and before it another entity.
    fn env(&self, other: Option<&EntityType>) -> Env {
        let me = Variable { name: "me".into(), ty: VariableType::Entity(self.people.id) };
        Env {
            schema: Arc::clone(self.schema),
            variables: other.map(entity_variable).into_iter().chain([me]).collect(),
            implicit: None,
            now: true,
        }
    }

    fn fields(&self, context: &mut Context<'_>, node: &Node) -> Vec<FormField> {
        let entries = node.get("fields").map_or(&[][..], Node::entries);
        entries.iter().filter_map(|entry| self.field(context, entry)).collect()
    }

    fn field(&self, context: &mut Context<'_>, entry: &Entry) -> Option<FormField> {
        let (name, at, node) = (&entry.key, entry.key_span, &entry.value);
        let Some(attribute) = self.of.attribute_named(name) else {
            unknown_attribute(context, at, name, &self.of.name, &self.of.attributes);
            return None;
        };
        if !attribute.kind.is_kept() || attribute.value_type == ValueType::Binary {
            let message = format!("`{name}` cannot be entered in a form");
            context.error(CODE, at, message, "name an attribute that is kept and can be typed");
            return None;
        }
        let default = node.get("default").and_then(|default| {
            exact_rule(context, default, &self.env(None), &attribute_type(attribute))
        });
        let among = match (node.get("among"), attribute.value_type) {
            (Some(among), ValueType::Link(to)) => {
                let to = self.schema.get(to)?;
                // A condition with problems must not become one that hides or shows everybody.
                Some(condition(context, among, &self.env(Some(to)))?)
            }
            (Some(among), _) => {
                let help = "write `choices` at the attribute to say which values there are";
                context.error(CODE, among.span, format!("`{name}` is no link"), help);
                None
            }
            (None, _) => None,
        };
        Some(FormField {
            slot: attribute.slot,
            label: node.get_text("label").unwrap_or(name).clone(),
            help: node.get_text("help").cloned(),
            default,
            among,
        })
    }

    fn steps(&self, context: &mut Context<'_>, node: &Node, fields: &[FormField]) -> Vec<FormStep> {
        let mut steps: Vec<FormStep> = Vec::new();
        let entries = node.get("steps").map_or(&[][..], Node::entries);
        for (place, entry) in entries.iter().enumerate() {
            names::part(context, &entry.key, entry.key_span, "a step");
            let node = &entry.value;
            let Some(by) = self.by(context, entry, place == 0, (fields, &steps)) else { continue };
            let entered = self.named(context, node.get("fields"), fields);
            let required = self.named(context, node.get("required"), fields);
            if let Some(at) = node.get("required")
                && required.iter().any(|field| !entered.contains(field))
            {
                let help = "name it in the `fields` of the same step too";
                context.error(CODE, at.span, "a step requires what is not entered in it", help);
            }
            let before = steps.iter().flat_map(|step| &step.fields).copied();
            let shows = match node.get("shows") {
                Some(shows) => self.named(context, Some(shows), fields),
                None => before.collect(),
            };
            let mut shows: Vec<usize> =
                shows.into_iter().filter(|field| !entered.contains(field)).collect();
            shows.sort_unstable();
            shows.dedup();
            steps.push(FormStep {
                name: entry.key.clone(),
                title: node.get_text("title").unwrap_or(&entry.key).clone(),
                by,
                other: node.flag("other"),
                fields: entered,
                required,
                shows,
            });
        }
        self.require(fields, &mut steps);
        steps
    }

    /// What the type requires has to have a value when the last step that enters it is over.
    fn require(&self, fields: &[FormField], steps: &mut [FormStep]) {
        for (at, field) in fields.iter().enumerate() {
            let attribute = self.of.attribute(field.slot);
            let needed = attribute.is_some_and(|attribute| {
                let is_key = attribute.slot == self.of.key;
                (attribute.required || is_key) && attribute.kind == AttributeKind::Stored
            });
            let last = steps.iter_mut().rev().find(|step| step.fields.contains(&at));
            if let Some(step) = last.filter(|step| needed && !step.required.contains(&at)) {
                step.required.push(at);
            }
        }
    }

    /// The positions of the fields that a list names.
    fn named(
        &self,
        context: &mut Context<'_>,
        list: Option<&Node>,
        fields: &[FormField],
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for item in list.map(Node::several).unwrap_or_default() {
            let Some(name) = item.text() else { continue };
            found.extend(self.find(context, name, item.span, fields));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn find(
        &self,
        context: &mut Context<'_>,
        name: &str,
        at: Span,
        fields: &[FormField],
    ) -> Option<usize> {
        let attribute = |field: &FormField| self.of.attribute(field.slot);
        let is = |field: &FormField| attribute(field).is_some_and(|of| *of.name == *name);
        let found = fields.iter().position(is);
        if found.is_none() {
            let known = fields.iter().filter_map(attribute).map(|of| &*of.name);
            let help = known_names(name, "fields", known);
            context.error(CODE, at, format!("unknown field `{name}`"), help);
        }
        found
    }

    fn by(
        &self,
        context: &mut Context<'_>,
        entry: &Entry,
        is_first: bool,
        (fields, before): (&[FormField], &[FormStep]),
    ) -> Option<FormBy> {
        let ways = ["who", "role", "person", "by"];
        let given: Vec<(&str, &Node)> =
            ways.iter().filter_map(|key| Some((*key, entry.value.get(key)?))).collect();
        let &[(key, said)] = given.as_slice() else {
            let help = "write exactly one of `who`, `role`, `person` and `by`";
            context.error(CODE, entry.key_span, "it is not clear who does this step", help);
            return None;
        };
        let text = said.text()?;
        match key {
            "role" => find_role(context, self.roles, said).map(FormBy::Role),
            "person" => Some(FormBy::Person(text.clone())),
            "who" if is_first => condition(context, said, &self.env(None)).map(FormBy::Who),
            "who" => {
                let help = "name a `role`, a `person`, or say `by`";
                context.error(CODE, said.span, "`who` is for the first step", help);
                None
            }
            _ if is_first => {
                let help = "say `who` may begin, or name a `role` or a `person`";
                context.error(CODE, said.span, "nobody has begun before the first step", help);
                None
            }
            _ => self.relation(context, text, said.span, (fields, before)),
        }
    }

    /// `starter`, `starter.manager`, or a field that names somebody.
    fn relation(
        &self,
        context: &mut Context<'_>,
        text: &str,
        at: Span,
        (fields, before): (&[FormField], &[FormStep]),
    ) -> Option<FormBy> {
        if text == "starter" {
            return Some(FormBy::Starter);
        }
        if let Some(link) = text.strip_prefix("starter.") {
            let found = identity_link(self.schema, self.people, link);
            if found.is_none() {
                let message = format!("`{link}` of a `{}` leads to no person", self.people.name);
                context.error(CODE, at, message, "name a link to an identity type");
            }
            return found.map(FormBy::LinkOfStarter);
        }
        let field = self.find(context, text, at, fields)?;
        let is_person = self.leads_to_people(fields, field);
        let is_known = before.iter().any(|step| step.fields.contains(&field));
        if !is_person || !is_known {
            let message = format!("`{text}` does not say who does this step");
            let help = "name a link to one identity that is entered in a step before";
            context.error(CODE, at, message, help);
            return None;
        }
        Some(FormBy::Field(field))
    }

    fn leads_to_people(&self, fields: &[FormField], field: usize) -> bool {
        let attribute = fields.get(field).and_then(|field| self.of.attribute(field.slot));
        let name = attribute.map_or("", |attribute| &*attribute.name);
        identity_link(self.schema, self.of, name).is_some()
    }
}
