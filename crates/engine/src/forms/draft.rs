//! A draft with its form, as every use case needs it.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{Attribute, EntityId, EntityType, Text};
use muster_policy::{Form, FormField, FormStep};
use muster_store::{FormDraft, ReadTx};

use super::turn;

/// What was entered: text by the name of the attribute; several values are lines.
pub(super) type Entered = BTreeMap<Text, Text>;

/// The form of a draft with its type.
#[derive(Clone, Copy)]
pub(super) struct Of<'o> {
    pub(super) form: &'o Form,
    pub(super) of: &'o EntityType,
}

/// A draft as it is read.
pub(super) struct Known<'o> {
    pub(super) draft: FormDraft,
    /// `None` when the model has no such form any more.
    pub(super) of: Option<Of<'o>>,
    pub(super) entered: Entered,
    /// What an entity that is changed holds now.
    pub(super) present: Entered,
}

impl<'o> Of<'o> {
    /// The form of this name.
    pub(super) fn named(opened: &'o Opened, name: &str) -> Option<Self> {
        let form = opened.model.forms.iter().find(|form| &*form.name == name)?;
        Some(Self { form, of: opened.model.schema.get(form.type_id)? })
    }

    /// The attribute of a field.
    pub(super) fn attribute(&self, field: &FormField) -> Option<&'o Attribute> {
        self.of.attribute(field.slot)
    }

    /// The fields with their attributes.
    pub(super) fn fields(&self) -> impl Iterator<Item = (usize, &'o FormField, &'o Attribute)> {
        let (form, of) = (self.form, self.of);
        let fields = form.fields.iter().enumerate();
        fields.filter_map(move |(at, field)| Some((at, field, of.attribute(field.slot)?)))
    }

    /// The step at a place.
    pub(super) fn step(&self, place: usize) -> Result<&'o FormStep, Error> {
        self.form.steps.get(place).ok_or_else(|| Error::bug("a form has no such step"))
    }
}

/// A draft that is not there, or of which somebody does not know.
pub(super) fn no_draft(id: i64) -> Error {
    Error::not_found(format!("there is no draft {id}")).hint("muster forms drafts lists yours")
}

impl<'o> Known<'o> {
    /// Reads a draft. Whether somebody may know of it is asked elsewhere.
    pub(super) async fn load(
        opened: &'o Opened,
        tx: &mut ReadTx,
        draft: FormDraft,
    ) -> Result<Self, Error> {
        let of = Of::named(opened, &draft.form);
        let entered: Entered = serde_json::from_str::<BTreeMap<String, String>>(&draft.entered)
            .map_err(|error| Error::bug("a draft cannot be read").caused_by(error))?
            .into_iter()
            .map(|(name, text)| (name.into(), text.into()))
            .collect();
        let mut known = Self { draft, of, entered, present: Entered::new() };
        if let (Some(of), Some(entity)) = (of, known.draft.entity)
            && of.form.about.is_some()
        {
            known.present = super::entered::present(opened, tx, of, entity).await?;
        }
        Ok(known)
    }

    /// As [`Known::load`], for somebody who takes part in it, or whose turn it is.
    pub(super) async fn for_somebody(
        ctx: &Ctx,
        opened: &'o Opened,
        tx: &mut ReadTx,
        me: EntityId,
        id: i64,
    ) -> Result<(Self, Option<turn::Turn>), Error> {
        let draft = tx.form_draft(id).await?.ok_or_else(|| no_draft(id))?;
        let known = Self::load(opened, tx, draft).await?;
        let turn = turn::turn(ctx, opened, tx, &known, me).await?;
        if turn.is_none() && !turn::takes_part(tx, &known.draft, me).await? {
            return Err(no_draft(id));
        }
        Ok((known, turn))
    }

    /// The form, which has to be there.
    pub(super) fn of(&self) -> Result<Of<'o>, Error> {
        self.of.ok_or_else(|| {
            let message = format!("there is no form `{}` any more", self.draft.form);
            Error::new(Kind::Conflict, message).hint("whoever began can withdraw the draft")
        })
    }

    /// The place of the step at which it is.
    pub(super) fn place(&self) -> usize {
        self.of.map_or(0, |of| of.form.place(&self.draft.step))
    }

    /// What stands in a field.
    pub(super) fn text(&self, name: &str) -> &str {
        self.entered.get(name).or_else(|| self.present.get(name)).map_or("", |text| text)
    }
}
