//! What nobody is asked about, for those who are asked about the rest.

use std::collections::BTreeSet;

use muster_app::{Error, Opened};
use muster_model::Text;

use crate::ItemView;

/// What a campaign set aside for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// What the campaign is called.
    pub title: Text,
    /// Why: `by_rule` or `unchanged`.
    pub cause: Text,
    /// How much.
    pub n: i64,
}

/// What the campaigns of these items set aside. Whoever was shown an item may know that.
///
/// # Errors
///
/// When the repository cannot be read.
pub async fn set_aside_beside(opened: &Opened, items: &[ItemView]) -> Result<Vec<Aside>, Error> {
    let campaigns: BTreeSet<(i64, &Text)> =
        items.iter().map(|item| (item.campaign, &item.title)).collect();
    let mut tx = opened.store.read().await?;
    let mut all = Vec::new();
    for (campaign, title) in campaigns {
        let aside = tx.campaign_aside(campaign).await?;
        all.extend(aside.into_iter().map(|of| Aside {
            title: title.clone(),
            cause: of.cause,
            n: of.n,
        }));
    }
    Ok(all)
}
