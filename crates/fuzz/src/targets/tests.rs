//! What was found once is tried from then on, and every example is good.

use super::*;
use crate::seeds;

/// With the stack that a worker of the server has.
fn in_a_small_stack(run: fn(&[u8]), input: Vec<u8>) {
    let worker = std::thread::Builder::new().stack_size(2 << 20);
    worker.spawn(move || run(&input)).unwrap().join().unwrap();
}

#[test]
fn no_input_that_was_found_ends_the_process_again() {
    for target in ALL {
        for input in seeds::corpus(*target).unwrap() {
            in_a_small_stack(target.run, input);
        }
    }
}

#[test]
fn every_folder_of_findings_belongs_to_a_target() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || ALL.iter().any(|target| target.name == name), "{name}");
    }
}

#[test]
fn the_examples_reach_what_is_behind_the_parser() {
    let of = |name: &str| ALL.iter().find(|target| target.name == name).unwrap().examples;
    assert!(of("scim-filter").iter().all(|text| parse_filter(text).is_ok()));
    assert!(of("scim-path").iter().all(|text| parse_path(text).is_ok()));
    for example in of("scim-patch") {
        assert!(Patch::from_json(&serde_json::from_str(example).unwrap()).is_ok(), "{example}");
    }
    for example in of("ldap-message") {
        assert!(next_message(&mut latin(example.as_bytes()), 1 << 16).unwrap().is_some());
    }
    let file = File { path: "muster.yaml".into(), text: of("model")[0].into() };
    let loaded = muster_project::load(vec![file], &NoConnectors);
    assert!(loaded.model.is_some(), "{:?}", loaded.diagnostics);
}
