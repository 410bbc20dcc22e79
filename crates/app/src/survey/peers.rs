//! Which roles the peers of somebody have, and who has a role: by the last look at everybody.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use super::{
    found::{Alike, PEERS},
    kept::Look,
};
use crate::{Error, Opened};

/// Of fewer peers nothing is told: it would tell of one of them.
const FEW: usize = 5;

/// Peers who are alike in one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerGroup {
    /// The attribute: `department`, `title`, `manager`.
    pub attribute: &'static str,
    /// What they have in common.
    pub value: PeerValue,
}

/// What peers have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerValue {
    /// The entity to which a link leads.
    Entity(EntityId),
    /// A text.
    Text(Text),
}

/// How many of somebody's peers have a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRole {
    /// The role, by position.
    pub role: usize,
    /// Which peers.
    pub group: PeerGroup,
    /// How many of them have it.
    pub have: usize,
    /// How many they are; never fewer than five.
    pub of: usize,
}

/// How many of the peers of somebody have each role, in no order. Whoever left counts nowhere.
pub async fn count_peer_roles(
    opened: &Opened,
    id: EntityId,
    now: Timestamp,
) -> Result<Vec<PeerRole>, Error> {
    let look = opened.survey.look(opened, now).await?;
    let mut counted = Vec::new();
    let Some(own) = look.everybody.get(id) else { return Ok(counted) };
    for (place, (attribute, value)) in PEERS.into_iter().zip(&own.alike).enumerate() {
        let Some(value) = value else { continue };
        let mut have: BTreeMap<usize, usize> = BTreeMap::new();
        let mut of = 0;
        for found in look.everybody.iter() {
            let is_alike = found.alike.get(place).and_then(Option::as_ref) == Some(value);
            if is_alike && found.id != id && !found.is_gone {
                of += 1;
                found.roles().for_each(|role| *have.entry(role).or_default() += 1);
            }
        }
        if of < FEW {
            continue;
        }
        let value = match value {
            Alike::Entity(id) => PeerValue::Entity(*id),
            Alike::Text(text) => PeerValue::Text(text.clone()),
        };
        let group = PeerGroup { attribute, value };
        let counts = have.into_iter();
        counted.extend(counts.map(|(role, have)| PeerRole {
            role,
            group: group.clone(),
            have,
            of,
        }));
    }
    Ok(counted)
}

/// Who has which role, by the last look at everybody. It says whom to look at; whoever matters is evaluated as they are now.
#[derive(Debug, Clone)]
pub struct Holders(Arc<Look>);

impl Holders {
    /// Looks, or takes the last look where it is right still. It reads the repository: not within a transaction that writes.
    pub async fn look(opened: &Opened, now: Timestamp) -> Result<Self, Error> {
        Ok(Self(opened.survey.look(opened, now).await?))
    }

    /// Those who have a role, by position, in order of id.
    pub fn of(&self, role: usize) -> impl Iterator<Item = EntityId> {
        let found = self.0.everybody.iter();
        found.filter(move |found| found.holds(role) && !found.is_gone).map(|found| found.id)
    }
}
