//! The repository's numbers for the names of the model, by the model's positions.

use std::collections::HashMap;

use muster_connector::Field;
use muster_model::{AttributeNumbers, Slot, Text, TypeId, ValueType};
use muster_policy::{AccountType, Held, Model, System};
use muster_store::{NameKind, Number, ReadTx, StoreError, Tx};

/// All numbers of a model.
#[derive(Debug, Default)]
pub struct Names {
    /// By entity type.
    pub types: Vec<TypeNames>,
    /// By system.
    pub systems: Vec<SystemNames>,
    /// Of the built-in source.
    pub local: SystemNames,
}

/// The numbers of an entity type.
#[derive(Debug)]
pub struct TypeNames {
    /// The type's.
    pub no: Number,
    /// Its attributes', for the codec.
    pub numbers: AttributeNumbers,
    /// Its attributes' by slot.
    pub attributes: Vec<Number>,
    /// Its lifecycle states'.
    pub states: Vec<Number>,
}

/// The numbers of a system.
#[derive(Debug, Default)]
pub struct SystemNames {
    /// The system's.
    pub no: Number,
    /// Its account types'.
    pub accounts: Vec<AccountNames>,
    /// Its entitlement kinds'.
    pub kinds: Vec<Number>,
    /// Its reads'.
    pub reads: Vec<ReadNames>,
}

/// The numbers of an account type, and how its accounts are read.
#[derive(Debug)]
pub struct AccountNames {
    /// The account type's.
    pub no: Number,
    /// What is read of an account.
    pub layout: Layout,
}

/// What is read and kept of an account: first the attributes that are set, then those that only correlation reads,
/// then those that hold entitlements.
#[derive(Debug)]
pub struct Layout {
    /// The fields in order.
    pub fields: Vec<Field>,
    /// Their numbers, for the codec.
    pub numbers: AttributeNumbers,
    /// How many of them are `AccountType::set`.
    pub n_set: usize,
    /// The field of each column that correlation reads.
    pub match_columns: Vec<usize>,
    /// Entitlement kinds that are held on the account: position of the kind, field.
    pub on_account: Vec<(usize, usize)>,
}

/// The numbers of a read.
#[derive(Debug)]
pub struct ReadNames {
    /// The read's.
    pub no: Number,
    /// Its columns', for the codec.
    pub numbers: AttributeNumbers,
}

impl Names {
    /// Looks the numbers up; `None` when a name has none yet.
    pub async fn find(tx: &mut ReadTx, model: &Model) -> Result<Option<Self>, StoreError> {
        Ok(Known::load(tx).await?.names(model))
    }

    /// Looks the numbers up for a model that is only tried out: a name without a number gets one that nothing stored has.
    pub async fn suppose(tx: &mut ReadTx, model: &Model) -> Result<Self, StoreError> {
        let mut known = Known::load(tx).await?;
        known.unused = Some(Number::from(u32::MAX));
        Ok(known.names(model).unwrap_or_default())
    }

    /// Gives every name of the model a number.
    pub async fn make(tx: &mut Tx, model: &Model) -> Result<(), StoreError> {
        for (entity_type, behaviour) in model.schema.types.iter().zip(&model.types) {
            let no = number(tx, NameKind::EntityType, 0, &entity_type.name).await?;
            let attributes: Vec<Text> =
                entity_type.attributes.iter().map(|attribute| attribute.name.clone()).collect();
            tx.numbers(NameKind::Attribute, no, &attributes).await?;
            let states: Vec<Text> =
                behaviour.lifecycle.iter().map(|state| state.name.clone()).collect();
            tx.numbers(NameKind::State, no, &states).await?;
        }
        for system in &model.systems {
            let no = number(tx, NameKind::System, 0, &system.name).await?;
            let kinds: Vec<Text> =
                system.entitlements.iter().map(|kind| kind.name.clone()).collect();
            tx.numbers(NameKind::EntitlementKind, no, &kinds).await?;
            for account in &system.accounts {
                let account_no = number(tx, NameKind::AccountType, no, &account.name).await?;
                let columns: Vec<Text> =
                    fields(system, account).0.into_iter().map(|field| field.name).collect();
                tx.numbers(NameKind::Column, account_no, &columns).await?;
            }
            for read in &system.reads {
                let name = read_name(model, read.type_id);
                let read_no = number(tx, NameKind::Read, no, &name).await?;
                let columns: Vec<Text> =
                    read.columns.iter().map(|(name, ..)| name.clone()).collect();
                // Columns of reads and of account types share one dictionary; a read's parent is its negative number.
                tx.numbers(NameKind::Column, -read_no, &columns).await?;
            }
        }
        let no = number(tx, NameKind::System, 0, &model.local.name).await?;
        for read in &model.local.reads {
            number(tx, NameKind::Read, no, &read_name(model, read.type_id)).await?;
        }
        Ok(())
    }

    /// The numbers of an entity type.
    pub fn type_names(&self, type_id: TypeId) -> Option<&TypeNames> {
        self.types.get(type_id.index())
    }

    /// The number of an attribute.
    pub fn attribute_no(&self, type_id: TypeId, slot: Slot) -> Option<Number> {
        self.type_names(type_id)?.attributes.get(slot.index()).copied()
    }
}

async fn number(
    tx: &mut Tx,
    kind: NameKind,
    parent: Number,
    name: &Text,
) -> Result<Number, StoreError> {
    let numbers = tx.numbers(kind, parent, std::slice::from_ref(name)).await?;
    Ok(numbers.first().copied().unwrap_or_default())
}

/// A read is named after the type it is about.
fn read_name(model: &Model, type_id: TypeId) -> Text {
    model.schema.get(type_id).map_or_else(|| "?".into(), |entity_type| entity_type.name.clone())
}

/// The numbers that the repository knows.
#[derive(Default)]
struct Known {
    numbers: HashMap<(NameKind, Number, Text), Number>,
    /// The next number to give to a name without one, where that is wanted.
    unused: Option<Number>,
}

impl Known {
    async fn load(tx: &mut ReadTx) -> Result<Self, StoreError> {
        let mut known = Self::default();
        for kind in NameKind::ALL {
            for name in tx.names(*kind).await? {
                known.numbers.insert((*kind, name.parent, name.name), name.number);
            }
        }
        Ok(known)
    }

    fn get(&mut self, kind: NameKind, parent: Number, name: &Text) -> Option<Number> {
        let key = (kind, parent, name.clone());
        let known = self.numbers.get(&key).copied();
        known.or_else(|| {
            let unused = self.unused?;
            self.unused = Some(unused - 1);
            self.numbers.insert(key, unused);
            Some(unused)
        })
    }

    fn all<'a>(
        &mut self,
        kind: NameKind,
        parent: Number,
        names: impl IntoIterator<Item = &'a Text>,
    ) -> Option<Vec<Number>> {
        names.into_iter().map(|name| self.get(kind, parent, name)).collect()
    }

    fn names(&mut self, model: &Model) -> Option<Names> {
        let mut names = Names::default();
        for (entity_type, behaviour) in model.schema.types.iter().zip(&model.types) {
            let no = self.get(NameKind::EntityType, 0, &entity_type.name)?;
            let attributes =
                self.all(NameKind::Attribute, no, entity_type.attributes.iter().map(|a| &a.name))?;
            let states =
                self.all(NameKind::State, no, behaviour.lifecycle.iter().map(|state| &state.name))?;
            names.types.push(TypeNames {
                no,
                numbers: codec_numbers(&attributes),
                attributes,
                states,
            });
        }
        for system in &model.systems {
            names.systems.push(self.system(model, system)?);
        }
        names.local = self.local(model, &names)?;
        Some(names)
    }

    /// The columns of what is entered by hand are the attributes, and have their numbers.
    fn local(&mut self, model: &Model, names: &Names) -> Option<SystemNames> {
        let no = self.get(NameKind::System, 0, &model.local.name)?;
        let mut local = SystemNames { no, ..SystemNames::default() };
        for read in &model.local.reads {
            let numbers = names.type_names(read.type_id)?.numbers.clone();
            let no = self.get(NameKind::Read, no, &read_name(model, read.type_id))?;
            local.reads.push(ReadNames { no, numbers });
        }
        Some(local)
    }

    fn system(&mut self, model: &Model, system: &System) -> Option<SystemNames> {
        let no = self.get(NameKind::System, 0, &system.name)?;
        let kinds = self.all(
            NameKind::EntitlementKind,
            no,
            system.entitlements.iter().map(|kind| &kind.name),
        )?;
        let mut accounts = Vec::new();
        for account in &system.accounts {
            let account_no = self.get(NameKind::AccountType, no, &account.name)?;
            let (fields, match_columns, on_account) = fields(system, account);
            let numbers =
                self.all(NameKind::Column, account_no, fields.iter().map(|field| &field.name))?;
            let numbers = codec_numbers(&numbers);
            let layout =
                Layout { fields, numbers, n_set: account.set.len(), match_columns, on_account };
            accounts.push(AccountNames { no: account_no, layout });
        }
        let mut reads = Vec::new();
        for read in &system.reads {
            let read_no = self.get(NameKind::Read, no, &read_name(model, read.type_id))?;
            let columns =
                self.all(NameKind::Column, -read_no, read.columns.iter().map(|(name, ..)| name))?;
            reads.push(ReadNames { no: read_no, numbers: codec_numbers(&columns) });
        }
        Some(SystemNames { no, accounts, kinds, reads })
    }
}

fn codec_numbers(numbers: &[Number]) -> AttributeNumbers {
    AttributeNumbers::new(
        numbers.iter().map(|number| u32::try_from(*number).unwrap_or(u32::MAX)).collect(),
    )
}

/// The fields of an account, the field of each match column, the fields that hold entitlements.
fn fields(system: &System, account: &AccountType) -> (Vec<Field>, Vec<usize>, Vec<(usize, usize)>) {
    let set = account.set.iter();
    let mut fields: Vec<Field> = set
        .map(|m| Field { name: m.attribute.clone(), value_type: m.value_type, many: m.many })
        .collect();
    let place = |fields: &mut Vec<Field>, name: &Text, value_type: ValueType, many: bool| {
        fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
            fields.push(Field { name: name.clone(), value_type, many });
            fields.len() - 1
        })
    };
    let columns = account.columns.iter();
    let match_columns = columns
        .map(|(name, value_type, many)| place(&mut fields, name, *value_type, *many))
        .collect();
    let held = |position: usize| {
        system.accounts.get(position).is_some_and(|holder| holder.name == account.name)
    };
    let kinds = system.entitlements.iter().enumerate().filter(|(_, kind)| held(kind.account));
    let on_account = kinds
        .filter_map(|(position, kind)| match &kind.held {
            Held::OnAccount(attribute) => {
                Some((position, place(&mut fields, attribute, ValueType::Text, true)))
            }
            Held::OnGroup(_) => None,
        })
        .collect();
    (fields, match_columns, on_account)
}
