//! From a name as it was typed to the identity, and to the one form under which its tries are counted.

use muster_app::{Error, Opened};
use muster_model::{EntityId, Text};
use muster_store::{ReadTx, hex};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// Letters of a name at most.
const LONGEST: usize = 256;

/// The identity that has this name; `None` when nobody has. It asks as much of the repository either way.
pub(crate) async fn find(
    tx: &mut ReadTx,
    opened: &Opened,
    name: &str,
) -> Result<Option<EntityId>, Error> {
    if name.chars().nth(LONGEST).is_some() || name.contains('\0') {
        return Ok(None);
    }
    let as_typed: Text = name.trim().to_lowercase().into();
    let folded: Text = fold(name).into();
    let forms = [as_typed, folded];
    let keys = keys(name);
    let mut found = None;
    for (index, of) in opened.model.types.iter().enumerate() {
        let Some(names) = opened.names.types.get(index) else { continue };
        let key = opened.model.schema.types.get(index).map(|of| of.key);
        for slot in &of.sign_in.names {
            let Some(number) = names.attributes.get(slot.index()) else { continue };
            let holders = if Some(*slot) == key {
                tx.entity_ids_by_key(names.no, &keys).await?
            } else {
                tx.unique_value_holders(names.no, *number, &forms).await?
            };
            found = found.or_else(|| holders.into_iter().flatten().next());
        }
    }
    Ok(found)
}

/// What a name may stand for as a key. Keys are kept as they were written, not folded, so a name is also tried in small and in
/// capital letters. There are as many for every name, so that each takes as long.
fn keys(name: &str) -> [Text; 4] {
    let typed = composed(name);
    let typed = typed.trim();
    [name.trim().into(), typed.into(), typed.to_lowercase().into(), typed.to_uppercase().into()]
}

/// Under which key tries are counted: the identity, whichever of its names was typed. Of a name that nobody has, a short hash:
/// people type passwords there, and what is kept of them must not give them away.
pub(crate) fn name_key(found: Option<EntityId>, name: &str) -> String {
    if let Some(identity) = found {
        return format!("entity {identity}");
    }
    let hash = Sha256::digest(fold(name));
    format!("name {}", hex(hash.get(..4).unwrap_or_default()))
}

/// A name without what does not tell people apart: forms of letters, case, space around.
fn fold(name: &str) -> String {
    composed(name).trim().to_lowercase()
}

fn composed(name: &str) -> String {
    name.chars().take(LONGEST).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writings_of_one_name_are_one_key() {
        let key = |name| name_key(None, name);
        for other in ["ADA", " ada ", "ａｄａ", "Ada\u{a0}"] {
            assert_eq!(key(other), key("ada"), "{other}");
        }
        assert_ne!(key("ada"), key("eve"));
        assert!(!key("hunter2").contains("hunter2"));
        assert_eq!(name_key(Some(EntityId(7)), "ada"), "entity 7");
    }
}
