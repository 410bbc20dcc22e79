//! What the next page says of what was done: a word that the browser keeps for a minute.

use axum::http::{HeaderMap, header};

use crate::texts::Texts;

/// The cookie that holds the word.
const COOKIE: &str = "muster_said";

macro_rules! said {
    ($($name:ident = $word:literal;)*) => {
        /// Something that was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Said { $($name),* }

        impl Said {
            const ALL: &[Self] = &[$(Self::$name),*];

            fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

said! {
    Retried = "retried";
    Cancelled = "cancelled";
    Approved = "approved";
    Refused = "refused";
    Paused = "paused";
    Resumed = "resumed";
    Decided = "decided";
    Given = "given";
    Ended = "ended";
    Made = "made";
    Nothing = "nothing";
    Applied = "applied";
    Running = "running";
    Released = "released";
    Rejected = "rejected";
    Asked = "asked";
    Answered = "answered";
    TakenBack = "taken-back";
    Invited = "invited";
    Published = "published";
    Assigned = "assigned";
    Changed = "changed";
    Withdrawn = "withdrawn";
    Agreed = "agreed";
    Declined = "declined";
    Delegated = "delegated";
    Begun = "begun";
    Saved = "saved";
    Chosen = "chosen";
    Submitted = "submitted";
    Returned = "returned";
    TakenBackDraft = "taken-back-draft";
    WorkflowRan = "workflow-ran";
    Lifecycle = "lifecycle";
    Linked = "linked";
    Adopted = "adopted";
}

impl Said {
    /// The text for it.
    pub(crate) fn text(self, texts: &Texts) -> &'static str {
        let said = &texts.said;
        match self {
            Self::Retried => said.retried,
            Self::Cancelled => said.cancelled,
            Self::Approved => said.approved,
            Self::Refused => said.refused,
            Self::Paused => said.paused,
            Self::Resumed => said.resumed,
            Self::Decided => said.decided,
            Self::Given => said.given,
            Self::Ended => said.ended,
            Self::Made => said.made,
            Self::Nothing => said.nothing,
            Self::Applied => said.applied,
            Self::Running => said.running,
            Self::Released => said.released,
            Self::Rejected => said.rejected,
            Self::Asked => said.asked,
            Self::Answered => said.answered,
            Self::TakenBack => said.taken_back,
            Self::Invited => said.invited,
            Self::Published => said.published,
            Self::Assigned => said.assigned,
            Self::Changed => said.changed,
            Self::Withdrawn => said.withdrawn,
            Self::Agreed => said.agreed,
            Self::Declined => said.declined,
            Self::Delegated => said.delegated,
            Self::Begun => said.begun,
            Self::Saved => said.saved,
            Self::Chosen => said.chosen,
            Self::Submitted => said.submitted,
            Self::Returned => said.returned,
            Self::TakenBackDraft => said.draft_taken_back,
            Self::WorkflowRan => said.workflow_ran,
            Self::Lifecycle => said.lifecycle,
            Self::Linked => said.linked,
            Self::Adopted => said.adopted,
        }
    }

    /// What the browser is told to keep.
    pub(crate) fn keep(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax", self.word())
    }

    /// What the browser is told when it was shown.
    pub(crate) fn forget() -> String {
        format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    }

    /// What the browser kept.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, word) = pairs.find(|(name, _)| *name == COOKIE)?;
        Self::ALL.iter().copied().find(|said| said.word() == word)
    }
}
