//! Mail addresses that clients say and no attribute holds: written down beside them, so that a search finds their holders.

use muster_app::{Error, Opened};
use muster_model::{EntityId, Text};
use serde_json::{Map, Value as Json};

/// Resources of which the addresses are written down in one transaction.
const CHUNK: usize = 500;

/// The addresses in what is kept beside an entity, folded.
pub(crate) fn mails(extras: &Map<String, Json>) -> Vec<Text> {
    let all = extras.get("emails").and_then(Json::as_array);
    let values =
        all.into_iter().flatten().filter_map(|mail| mail.get("value").unwrap_or(mail).as_str());
    values.map(folded).collect()
}

/// The form in which addresses are compared.
pub(crate) fn folded(mail: &str) -> Text {
    mail.to_lowercase().into()
}

/// Writes down the addresses in resources that were kept before anybody did so.
pub(crate) async fn catch_up(opened: &Opened) -> Result<(), Error> {
    loop {
        let kept = opened.store.read().await?.scim_resources_without_mails(CHUNK).await?;
        if kept.is_empty() {
            return Ok(());
        }
        let of = |body: &str| serde_json::from_str(body).map(|extras| mails(&extras));
        let found: Vec<(EntityId, Vec<Text>)> =
            kept.iter().map(|kept| (kept.entity, of(&kept.body).unwrap_or_default())).collect();
        let mut tx = opened.store.begin().await?;
        tx.note_scim_mails(&found).await?;
        tx.commit().await?;
    }
}
