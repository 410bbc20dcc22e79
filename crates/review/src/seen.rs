//! What was seen of an item when its campaign opened, as it is kept.

use jiff::Timestamp;
use muster_model::EntityId;
use serde_json::{Value as Json, json};

/// What was seen of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How it came.
    pub(crate) why: String,
    /// Equal as long as nothing changed.
    pub(crate) mark: String,
    pub(crate) until: Option<Timestamp>,
    pub(crate) risk: Option<u8>,
    pub(crate) last_used: Option<Timestamp>,
    /// How many of how many peers have it.
    pub(crate) peers: (u64, u64),
    /// Against the decision before: `new`, `changed`, `same`.
    pub(crate) change: String,
    pub(crate) recommend: String,
    pub(crate) recommend_why: String,
    /// Who is asked, stage by stage.
    pub(crate) asked: Vec<EntityId>,
    /// By which rule each of them was found.
    pub(crate) rules: Vec<String>,
    /// Who is asked where a stage has nobody.
    pub(crate) fallback: EntityId,
    /// What happened after which it is asked; empty when it is asked as all else.
    pub(crate) cause: String,
}

impl Seen {
    pub(crate) fn to_json(&self) -> String {
        let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
        json!({
            "why": self.why, "mark": self.mark, "until": at(self.until), "risk": self.risk,
            "last_used": at(self.last_used), "peers": [self.peers.0, self.peers.1],
            "change": self.change, "recommend": self.recommend,
            "recommend_why": self.recommend_why,
            "asked": self.asked.iter().map(|id| id.0).collect::<Vec<_>>(),
            "fallback": self.fallback.0, "cause": self.cause,
            "rules": self.rules,
        })
        .to_string()
    }

    pub(crate) fn read(text: &str) -> Self {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let at = |key: &str| json.get(key).and_then(|at| at.as_str()?.parse().ok());
        let n = |at: usize| json.get("peers").and_then(|of| of.get(at)?.as_u64()).unwrap_or(0);
        let list =
            |key: &str| json.get(key).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        Self {
            why: word("why"),
            mark: word("mark"),
            until: at("until"),
            risk: json.get("risk").and_then(|risk| risk.as_u64()?.try_into().ok()),
            last_used: at("last_used"),
            peers: (n(0), n(1)),
            change: word("change"),
            recommend: word("recommend"),
            recommend_why: word("recommend_why"),
            asked: list("asked").iter().filter_map(Json::as_i64).map(EntityId).collect(),
            fallback: EntityId(json.get("fallback").and_then(Json::as_i64).unwrap_or(0)),
            cause: word("cause"),
            rules: list("rules").iter().filter_map(|of| Some(of.as_str()?.to_owned())).collect(),
        }
    }
}
