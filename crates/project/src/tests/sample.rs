//! Whole projects that load.

use crate::tests::support::{BASE, said};

#[test]
fn a_small_project_has_no_problems() {
    insta::assert_snapshot!(said(&[("muster.yaml", BASE)]), @"no problems in 1 file");
}
