//! What a policy says about when somebody looks again at what it gave: what whoever asks reads, and the note that makes it
//! happen. The crate `review` asks when its time is there.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::Text;
use muster_policy::{RequestTerms, ReviewTerms};
use muster_store::{Assignment, ReviewEvent, Sequence, Tx};

/// The cause of campaigns about what requests gave.
pub const REQUEST: &str = "request";

/// When and by whom something will be reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// How often.
    pub every: SignedDuration,
    /// The review of the model.
    pub review: Text,
    /// Who decides, stage by stage.
    pub stages: Vec<Text>,
}

/// When and by whom what these terms give will be reviewed.
pub(crate) fn reviewed(opened: &Opened, terms: &RequestTerms) -> Option<Reviewed> {
    let ReviewTerms { every, name } = terms.review.as_ref()?;
    let review = opened.model.access_reviews.iter().find(|review| review.name == *name)?;
    let stages = review.stages.iter().map(|stage| stage.name.clone()).collect();
    Some(Reviewed { every: *every, review: name.clone(), stages })
}

/// Notes that what a request gave is to be reviewed, unless that is noted.
pub(crate) async fn note_review(
    tx: &mut Tx,
    terms: &RequestTerms,
    given: &Assignment,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(ReviewTerms { every, name }) = &terms.review else { return Ok(()) };
    let known = tx.review_events_about(given.entity).await?;
    let is_same =
        |of: &ReviewEvent| of.review == *name && &*of.cause == REQUEST && of.thing == given.role;
    if known.iter().any(is_same) {
        return Ok(());
    }
    let from = given.valid_from.unwrap_or(now);
    let note = format!("{} gave it on {}", given.origin, now.strftime("%F"));
    let event = ReviewEvent {
        id: tx.take_ids(Sequence::ReviewEvent, 1).await?,
        review: name.clone(),
        cause: REQUEST.into(),
        entity: given.entity,
        account: None,
        thing: given.role.clone(),
        note: note.into(),
        at: from.checked_add(*every).unwrap_or(Timestamp::MAX),
    };
    tx.insert_review_events(&[event]).await?;
    Ok(())
}
