//! `reviews:`: whom and what they are about, when they open, who decides.

use insta::assert_snapshot;
use muster_policy::{Approver, Reviewer, Silence};

use crate::tests::support::{BASE, loaded, said_of};

#[test]
fn a_review_that_nobody_could_decide_is_refused() {
    assert_snapshot!(said_of(r"reviews:
  a: { stages: [sponsor], fallback: staff }
  b: { stages: [{ by: owner, role: staff }], fallback: staff }
  c: { stages: [], fallback: staff }
  d: { stages: [{ role: desk }] }
"), @"");
}

#[test]
fn times_of_a_review_have_to_fit_together() {
    assert_snapshot!(said_of(r#"reviews:
  a: { due: 7d, remind: 7d, stages: [owner], fallback: staff }
  b: { due: 0d, stages: [owner], fallback: staff }
  c: { open: { dormant: true }, stages: [owner], fallback: staff }
  d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
"#), @"");
}

#[test]
fn a_review_that_says_little_asks_for_what_needs_judgement_and_takes_nothing_by_silence() {
    let part = "reviews:\n  all: { stages: [self], fallback: ada.lovelace }\n";
    let model = loaded(&[("muster.yaml", BASE), ("part.yaml", part)]).model.unwrap();
    let [review] = model.access_reviews.as_slice() else { panic!("one review") };
    assert_eq!(review.silence, Silence::Keep);
    assert!(review.set_aside.by_rule && review.set_aside.unchanged);
    assert_eq!(review.stages[0].by, Reviewer::Own);
    assert_eq!(review.fallback, Approver::Person("ada.lovelace".into()));
    assert!(review.scope.people.is_none() && review.open.at.is_none());
}
