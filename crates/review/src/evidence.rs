//! Evidence of a campaign: one file that tells for years what was asked, answered and done, and that was not changed since.
//!
//! `collect` reads what is in it, `shown` makes the forms for people, `manifest` and `zip` make the file, `check` checks one
//! without a project. It is signed with the key that signs the checkpoints of the journal, and holds the part of the journal
//! that the campaign is in, up to a checkpoint.

mod check;
mod collect;
mod manifest;
mod shown;
mod zip;

use muster_app::{Ctx, Error, Kind, Opened, make_checkpoint, signing_key};

use crate::{list::campaign_named, open::need_everybody};
use manifest::{Signature, manifest, signed_text};

pub use check::{Checked, check_evidence};

/// The files of a pack, in their order.
const FILES: [&str; 8] = [README, REPORT, TABLE, CAMPAIGN, ITEMS, JOURNAL, MANIFEST, SIGNATURE];
const README: &str = "README.txt";
const REPORT: &str = "report.html";
const TABLE: &str = "items.csv";
const CAMPAIGN: &str = "campaign.json";
const ITEMS: &str = "items.jsonl";
const JOURNAL: &str = "journal.jsonl";
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "signature.json";

/// Items of a campaign of which a server makes evidence, at most: it is made in memory.
const SENT: i64 = 50_000;

/// As [`campaign_evidence`], as a file that a server sends.
///
/// # Errors
///
/// As there, and `Invalid` for a campaign of more than 50,000 items.
pub async fn evidence_to_send(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
) -> Result<(String, Vec<u8>), Error> {
    need_everybody(ctx)?;
    let campaign = campaign_named(&mut opened.store.read().await?, name).await?;
    if campaign.n_items > SENT {
        let (id, n) = (campaign.id, campaign.n_items);
        let message = format!("campaign {id} has {n} items, and a server makes evidence of {SENT}");
        return Err(Error::invalid(message).hint(format!(
            "make it on the machine of the project: muster reviews evidence {id} --to evidence.zip"
        )));
    }
    campaign_evidence(ctx, opened, name).await
}

/// The evidence of a campaign as it is now, as a file.
///
/// # Errors
///
/// `NotFound` without such a campaign, `Denied` for whoever reaches some people only, `Conflict` when there is no key to
/// sign with.
pub async fn campaign_evidence(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
) -> Result<(String, Vec<u8>), Error> {
    need_everybody(ctx)?;
    campaign_named(&mut opened.store.read().await?, name).await?;
    // What is in the journal now is covered by a checkpoint.
    make_checkpoint(ctx, opened).await?;
    let mut tx = opened.store.read().await?;
    let Some((key, signer)) = signing_key(opened, &mut tx).await? else {
        let message = "there is no key to sign evidence with";
        return Err(Error::new(Kind::Conflict, message)
            .hint("write `audit: { key: FILE }` into the model, and then: muster keys init"));
    };
    let campaign = campaign_named(&mut tx, name).await?;
    let mut files = collect::files(ctx, opened, &mut tx, &campaign).await?;
    let listed = manifest(&files);
    let signature = Signature {
        key,
        public_key: signer.public_key().to_vec(),
        bytes: signer.sign(&signed_text(&listed)),
    };
    files.push((MANIFEST.to_owned(), listed));
    files.push((SIGNATURE.to_owned(), signature.to_bytes()));
    Ok((format!("campaign-{}-evidence.zip", campaign.id), zip::write(&files)?))
}
