//! The terms of a campaign: what its review said when it opened, so that another model changes nothing about it.

use jiff::{SignedDuration, Timestamp};
use muster_policy::{AccessReview, Limit, ReasonFor, Reviewer, Silence};
use serde_json::{Value as Json, json};

/// What holds for a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The stages: their names, and whether whoever has the access decides there.
    pub(crate) stages: Vec<(String, bool)>,
    pub(crate) description: String,
    pub(crate) due: SignedDuration,
    pub(crate) remind: Option<SignedDuration>,
    pub(crate) silence: Silence,
    pub(crate) guard: Limit,
    pub(crate) grace: SignedDuration,
    pub(crate) withhold: SignedDuration,
    pub(crate) reason: ReasonFor,
}

impl Terms {
    pub(crate) fn of(review: &AccessReview) -> Self {
        let stages = review.stages.iter();
        Self {
            stages: stages.map(|of| (of.name.to_string(), of.by == Reviewer::Own)).collect(),
            description: review.description.as_deref().unwrap_or("").to_owned(),
            due: review.due,
            remind: review.remind,
            silence: review.silence,
            guard: review.guard,
            grace: review.grace,
            withhold: review.withhold,
            reason: review.reason,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let stages = self.stages.iter();
        json!({
            "stages": stages.map(|(name, own)| json!([name, own])).collect::<Vec<_>>(),
            "description": self.description,
            "due": self.due.as_secs(), "remind": self.remind.map(|time| time.as_secs()),
            "silence": self.silence.word(),
            "guard": [self.guard.max, self.guard.percent], "grace": self.grace.as_secs(),
            "withhold": self.withhold.as_secs(), "reason": self.reason.word(),
        })
        .to_string()
    }

    /// The terms as they were kept. What is not there is as strict as it can be.
    pub(crate) fn read(text: &str) -> Self {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default();
        let time = |key: &str| Some(SignedDuration::from_secs(json.get(key)?.as_i64()?));
        let guard = |at: usize| json.get("guard").and_then(|guard| guard.get(at)?.as_u64());
        let stages = json.get("stages").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        Self {
            stages: stages
                .iter()
                .filter_map(|of| Some((of.get(0)?.as_str()?.to_owned(), of.get(1)?.as_bool()?)))
                .collect(),
            description: word("description").to_owned(),
            due: time("due").unwrap_or_default(),
            remind: time("remind"),
            silence: match word("silence") {
                "revoke" => Silence::Revoke,
                "ask" => Silence::Ask,
                _ => Silence::Keep,
            },
            guard: Limit {
                max: guard(0).unwrap_or(0),
                percent: guard(1).and_then(|n| n.try_into().ok()).unwrap_or(0),
            },
            grace: time("grace").unwrap_or_default(),
            withhold: time("withhold").unwrap_or_default(),
            reason: match word("reason") {
                "none" => ReasonFor::Nothing,
                "changes" => ReasonFor::Changes,
                _ => ReasonFor::All,
            },
        }
    }

    /// The name of a stage.
    pub(crate) fn stage(&self, place: i64) -> &str {
        let at = usize::try_from(place).unwrap_or(usize::MAX);
        self.stages.get(at).map_or("fallback", |(name, _)| name)
    }

    /// Whether whoever has the access may decide at a stage.
    pub(crate) fn is_own(&self, place: i64) -> bool {
        let at = usize::try_from(place).unwrap_or(usize::MAX);
        self.stages.get(at).is_some_and(|(_, own)| *own)
    }
}

/// So much later.
pub(crate) fn after(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// So much earlier.
pub(crate) fn before(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.checked_sub(time).unwrap_or(Timestamp::MIN)
}
