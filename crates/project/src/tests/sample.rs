//! Whole projects that load.

use insta::assert_snapshot;

use crate::{
    format,
    tests::support::{BASE, loaded, said},
};

const SAMPLE: &str = include_str!("sample.yaml");

#[test]
fn a_small_project_has_no_problems() {
    assert_snapshot!(said(&[("muster.yaml", BASE)]), @"no problems in 1 file");
}

#[test]
fn a_project_that_says_everything_has_no_problems() {
    assert_snapshot!(said(&[("muster.yaml", SAMPLE)]), @"no problems in 1 file");
    let model = loaded(&[("muster.yaml", SAMPLE)]).model.unwrap();
    let counts = [model.systems.len(), model.roles.len(), model.duties.len(), model.tests.len()];
    assert_eq!(counts, [3, 4, 2, 1]);
    assert!(model.types.iter().any(|behaviour| behaviour.absent.is_some()));
    assert!(model.systems.iter().any(|system| system.chaos.is_some()));
}

#[test]
fn a_formatted_project_loads_as_before() {
    let formatted = format(SAMPLE).unwrap();
    assert_ne!(formatted, SAMPLE, "there is something to format");
    let before = loaded(&[("muster.yaml", SAMPLE)]).model.unwrap();
    let after = loaded(&[("muster.yaml", &formatted)]).model.unwrap();
    assert_eq!(before.schema, after.schema);
    assert_eq!(before.roles.len(), after.roles.len());
    assert_eq!(format(&formatted).unwrap(), formatted);
}

#[test]
fn files_are_put_together_in_any_order() {
    let parts: Vec<&str> = SAMPLE.split("---\n").collect();
    let names = ["d.yaml", "c.yaml", "b.yaml", "a.yaml"];
    let files: Vec<(&str, &str)> = names.into_iter().zip(parts).collect();
    assert_snapshot!(said(&files), @"no problems in 4 files");
}
