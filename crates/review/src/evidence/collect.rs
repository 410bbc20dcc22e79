//! What is in a pack.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened, export_journal_part};
use muster_store::{Campaign, JournalEntry, JournalFilter, ReadTx};
use serde_json::{Value as Json, json as object};

use super::{CAMPAIGN, FILES, ITEMS, JOURNAL, README, REPORT, TABLE, shown, zip::File};
use crate::{
    json,
    terms::{Terms, after},
    view::{campaign_view, item_views},
};

/// Items that are read together.
const BATCH: usize = 500;
/// Entries of the journal that are read together.
const ENTRIES: usize = 1000;
/// Entries of one use case may stand so much later in the journal than their time.
const LATE: SignedDuration = SignedDuration::from_hours(6);

/// The files of a pack up to its manifest.
pub(crate) async fn files(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    campaign: &Campaign,
) -> Result<Vec<File>, Error> {
    let view = campaign_view(ctx, opened, tx, campaign.clone()).await?;
    let revision = tx.revision_as_of(campaign.opened_at).await?.map(|revision| revision.head);
    let mut whole = json::campaign(&view);
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("made_at".into(), object!(ctx.now().to_string()));
        fields.insert("made_by".into(), object!(&*ctx.actor));
        fields.insert("opened_by".into(), object!(&*campaign.opened_by));
        fields.insert("terms".into(), serde_json::from_str(&campaign.terms).unwrap_or_default());
        let of = revision.map(|of| {
            object!({ "number": of.number, "hash": &*of.hash, "made_at": of.made_at.to_string() })
        });
        fields.insert("model_revision".into(), of.unwrap_or_default());
    }
    let mut report = shown::Report::begin(&view, ctx.now());
    let (mut lines, mut table) = (String::new(), shown::heads());
    let mut place = 0;
    loop {
        let items = tx.review_items(campaign.id, None, place, BATCH).await?;
        let Some(last) = items.last() else { break };
        place = last.id;
        for item in item_views(ctx, opened, tx, items, true).await? {
            lines.push_str(&json::item(&item).to_string());
            lines.push('\n');
            table.push_str(&shown::row(&item));
            report.add(&item);
        }
    }
    let journal = journal(tx, campaign).await?;
    let whole = format!("{}\n", serde_json::to_string_pretty(&whole).unwrap_or_default());
    let file = |name: &str, content: String| (name.to_owned(), content.into_bytes());
    Ok(vec![
        file(README, shown::readme(&view, &FILES)),
        file(REPORT, report.end()),
        file(TABLE, table),
        file(CAMPAIGN, whole),
        file(ITEMS, lines),
        (JOURNAL.to_owned(), journal),
    ])
}

/// The part of the journal that the campaign is in. Entries about other things are there as the chain needs them, without
/// what they say.
async fn journal(tx: &mut ReadTx, campaign: &Campaign) -> Result<Vec<u8>, Error> {
    let filter = JournalFilter {
        subject: Some(format!("campaign {}", campaign.id).into()),
        action: Some("campaign.open".into()),
        ..JournalFilter::default()
    };
    let first = tx.search_journal(&filter, None, 1).await?;
    let first = first.first().ok_or_else(|| {
        Error::new(Kind::Conflict, "the journal does not tell any more how this campaign began")
            .hint(
                "somebody named in it was erased; the items are still listed: muster reviews items",
            )
    })?;
    let (from, until) = (first.seq, last_moment(campaign));
    let (mut last, mut place) = (from, from - 1);
    'entries: loop {
        let entries = tx.scan_journal(Some(place), ENTRIES).await?;
        let Some(end) = entries.last() else { break };
        place = end.seq;
        for entry in &entries {
            if until.is_some_and(|until| entry.entry.at > until) {
                break 'entries;
            }
            if is_about(entry, campaign.id) {
                last = entry.seq;
            }
        }
    }
    let signed = tx.scan_checkpoints(last - 1, 1).await?;
    let to = signed.first().ok_or_else(|| Error::bug("the journal has no checkpoint"))?.seq;
    let id = campaign.id;
    export_journal_part(tx, (from, to), &move |entry| is_about(entry, id)).await
}

/// Nothing about a campaign is written after this.
fn last_moment(campaign: &Campaign) -> Option<Timestamp> {
    let grace = Terms::read(&campaign.terms).grace;
    campaign.closed_at.map(|at| after(after(at, grace), LATE))
}

/// Whether an entry is about a campaign or its items.
pub(crate) fn is_about(entry: &JournalEntry, campaign: i64) -> bool {
    let entry = &entry.entry;
    if entry.action.starts_with("campaign.") {
        return *entry.subject == *format!("campaign {campaign}");
    }
    entry.action.starts_with("review.") && {
        let detail: Json = serde_json::from_str(&entry.detail).unwrap_or_default();
        detail.get("campaign").and_then(Json::as_i64) == Some(campaign)
    }
}
