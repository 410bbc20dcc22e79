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
"), @r#"
    error[E0616]: `person` has no `sponsor` who could decide
     --> part.yaml:2:17
      |
    2 |   a: { stages: [sponsor], fallback: staff }
      |                 ^^^^^^^
      = add an attribute `sponsor: { type: link, to: person }`, or name who decides
    error[E0616]: it is not clear who decides this stage
     --> part.yaml:3:17
      |
    3 |   b: { stages: [{ by: owner, role: staff }], fallback: staff }
      |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^
      = write one of `by`, `person` and `role`
    error[E0616]: a review has one to 3 stages
     --> part.yaml:4:16
      |
    4 |   c: { stages: [], fallback: staff }
      |                ^^
      = for example `stages: [manager, owner]`
    error[E0203]: `fallback` is missing in the access review `d`
     --> part.yaml:5:3
      |
    5 |   d: { stages: [{ role: desk }] }
      |   ^
      = for example `fallback: security-desk`
    error[E0601]: unknown role `desk`
     --> part.yaml:5:25
      |
    5 |   d: { stages: [{ role: desk }] }
      |                         ^^^^
      = known roles: `staff`
    5 errors in 2 files   more: muster help E0616
"#);
}

#[test]
fn times_of_a_review_have_to_fit_together() {
    assert_snapshot!(said_of(r#"reviews:
  a: { due: 7d, remind: 7d, stages: [owner], fallback: staff }
  b: { due: 0d, stages: [owner], fallback: staff }
  c: { open: { dormant: true }, stages: [owner], fallback: staff }
  d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
"#), @r#"
    error[E0617]: `remind` does not come before `due` is over
     --> part.yaml:2:25
      |
    2 |   a: { due: 7d, remind: 7d, stages: [owner], fallback: staff }
      |                         ^^
      = make `remind` shorter or `due` longer
    error[E0617]: `due` is no time at all
     --> part.yaml:3:13
      |
    3 |   b: { due: 0d, stages: [owner], fallback: staff }
      |             ^^
      = write a length of time such as `14d`
    error[E0617]: it is not said when something is dormant
     --> part.yaml:4:14
      |
    4 |   c: { open: { dormant: true }, stages: [owner], fallback: staff }
      |              ^^^^^^^^^^^^^^^^^
      = say `unused_for` in the scope, for example `30d`
    error[E0617]: `soon` is no day
     --> part.yaml:5:24
      |
    5 |   d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
      |                        ^^^^
      = write year, month and day: `2026-11-16`
    error[E0534]: this is no schedule: five fields are needed: minute, hour, day, month, day of the week
     --> part.yaml:5:35
      |
    5 |   d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
      |                                   ^^^^^^^^^
      = write minute, hour, day, month and day of the week: `0 8 1 */3 *`
    error[E0617]: `display` is worked out each time, so nobody can see it change
     --> part.yaml:5:54
      |
    5 |   d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
      |                                                      ^^^^^^^
      = name the attributes that it is worked out from
    error[E0412]: unknown attribute `shoe`
     --> part.yaml:5:63
      |
    5 |   d: { open: { dates: [soon], at: "0 8 1 *", moved: [display, shoe] }, stages: [owner], fallback: staff }
      |                                                               ^^^^ not in type `person`
      = known attributes: `id`, `name`, `status`, `end`, `team`, `display`, `lifecycle`
    7 errors in 2 files   more: muster help E0617
"#);
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

#[test]
fn a_policy_names_a_review_that_can_ask_about_its_role() {
    assert_snapshot!(said_of(r"roles:
  a: { request: { approval: [], review: { name: often, every: 90d } } }
  b: { request: { approval: [], review: { name: oftn, every: 0d } } }
reviews:
  often: { stages: [self], fallback: staff }
"), @r#"
    error[E0618]: unknown review `oftn`
     --> part.yaml:3:49
      |
    3 |   b: { request: { approval: [], review: { name: oftn, every: 0d } } }
      |                                                 ^^^^
      = did you mean `often`?
    error[E0614]: `every` is no time at all
     --> part.yaml:3:62
      |
    3 |   b: { request: { approval: [], review: { name: oftn, every: 0d } } }
      |                                                              ^^
      = write a length of time such as `90d`
    2 errors in 2 files   more: muster help E0618
"#);
}
