//! How a role is asked for: who may ask, who decides, for how long.

use jiff::SignedDuration;
use muster_model::{Location, Slot, Text, TypeId};

use crate::Rule;

/// How long a stage waits where the model does not say.
const WAIT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One policy of `request:` of a role.
#[derive(Debug, Clone)]
pub struct RequestPolicy {
    /// Who may ask, and for whom: a condition whose first variable is the person who would get the role, named like their
    /// type, and whose second is `me`; once for each type of `me` for which it makes sense, and nobody of another type may
    /// ask. `None`: everybody for everybody.
    pub who: Option<Vec<(TypeId, Rule)>>,
    /// On which terms.
    pub terms: RequestTerms,
    /// Where it is written.
    pub at: Location,
}

/// On which terms a role is given to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTerms {
    /// Who has to agree, one after the other; nobody when empty.
    pub stages: Vec<ApprovalStage>,
    /// How long it is given at most; `None` for good.
    pub longest: Option<SignedDuration>,
    /// How long it is asked for when nothing is said; `None` for as long as it can be.
    pub usual: Option<SignedDuration>,
    /// Whether a reason has to be given.
    pub reason: bool,
    /// What has to be answered.
    pub questions: Vec<Text>,
    /// How long a stage waits for an answer before the request is over.
    pub timeout: SignedDuration,
    /// How long it waits before those who have to answer are reminded.
    pub remind: Option<SignedDuration>,
    /// How long it waits before others may answer too.
    pub escalate: Option<SignedDuration>,
    /// Whether more time needs no approval.
    pub extend: bool,
    /// When somebody looks again at what was given.
    pub review: Option<ReviewTerms>,
}

/// When and how somebody looks again at what was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReviewTerms {
    /// How long after it was given, and again and again.
    pub every: SignedDuration,
    /// The review of the model that says who decides and what silence does.
    pub name: Text,
}

impl Default for RequestTerms {
    fn default() -> Self {
        Self {
            stages: Vec::new(),
            longest: None,
            usual: None,
            reason: true,
            questions: Vec::new(),
            timeout: WAIT,
            remind: None,
            escalate: None,
            extend: false,
            review: None,
        }
    }
}

/// One stage of an approval: one of those who may has to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalStage {
    /// What it is called: `manager`, `owner`, `role security-desk`.
    pub name: Text,
    /// Who may decide.
    pub by: Approver,
    /// The role, by position, whose members decide when there is nobody else or nobody answers.
    pub fallback: Option<usize>,
}

/// Who may decide about a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// Whoever this link of the person who would get the role leads to.
    Link(Slot),
    /// The person with this key or unique value.
    Person(Text),
    /// Whoever has this role, by position.
    Role(usize),
}

impl RequestTerms {
    /// The terms when all of these hold: of each part the strictest. Every stage that any of them asks for has to be
    /// passed, each once, in the order in which they are written.
    pub fn strictest<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let together = all.into_iter().cloned().reduce(|mut terms, other| {
            for stage in other.stages {
                if !terms.stages.iter().any(|known| known.by == stage.by) {
                    terms.stages.push(stage);
                }
            }
            for question in other.questions {
                if !terms.questions.contains(&question) {
                    terms.questions.push(question);
                }
            }
            terms.longest = shorter(terms.longest, other.longest);
            terms.usual = shorter(terms.usual, other.usual);
            terms.reason |= other.reason;
            terms.timeout = terms.timeout.min(other.timeout);
            terms.remind = shorter(terms.remind, other.remind);
            terms.escalate = shorter(terms.escalate, other.escalate);
            terms.extend &= other.extend;
            terms.review = terms.review.take().into_iter().chain(other.review).min();
            terms
        });
        together.map(|terms| {
            // What one policy calls usual may be more than another one allows.
            let usual = terms.usual.and_then(|usual| shorter(Some(usual), terms.longest));
            Self { usual, ..terms }
        })
    }
}

fn shorter(one: Option<SignedDuration>, other: Option<SignedDuration>) -> Option<SignedDuration> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(role: usize) -> ApprovalStage {
        let by = Approver::Role(role);
        ApprovalStage { name: format!("role {role}").into(), by, fallback: None }
    }

    fn days(n: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * n)
    }

    #[test]
    fn of_several_policies_the_strictest_wins_in_each_part() {
        let easy = RequestTerms {
            stages: vec![stage(1)],
            longest: None,
            reason: false,
            questions: vec!["why now".into()],
            extend: true,
            review: Some(ReviewTerms { every: days(180), name: "calm".into() }),
            ..RequestTerms::default()
        };
        let often = ReviewTerms { every: days(90), name: "often".into() };
        let strict = RequestTerms {
            review: Some(often.clone()),
            stages: vec![stage(1), stage(2)],
            longest: Some(days(90)),
            usual: Some(days(30)),
            timeout: days(3),
            questions: vec!["why now".into(), "which ticket".into()],
            ..RequestTerms::default()
        };
        let both = RequestTerms::strictest([&easy, &strict]).unwrap();
        assert_eq!(both, RequestTerms::strictest([&strict, &easy]).unwrap());
        assert_eq!(both.stages, [stage(1), stage(2)]);
        assert_eq!((both.longest, both.usual), (Some(days(90)), Some(days(30))));
        assert_eq!(both.timeout, days(3));
        assert!(both.reason && !both.extend);
        assert_eq!(both.review, Some(often));
        assert_eq!(both.questions.len(), 2);
    }

    #[test]
    fn what_is_usual_by_one_policy_is_no_more_than_another_one_allows() {
        let usual = RequestTerms { usual: Some(days(30)), ..RequestTerms::default() };
        let longest = RequestTerms { longest: Some(days(7)), ..RequestTerms::default() };
        let both = RequestTerms::strictest([&usual, &longest]).unwrap();
        assert_eq!((both.usual, both.longest), (Some(days(7)), Some(days(7))));
    }

    #[test]
    fn without_a_policy_there_are_no_terms() {
        assert_eq!(RequestTerms::strictest([]), None);
    }
}
