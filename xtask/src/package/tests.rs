//! The package, unpacked into a folder, and what else is delivered beside it.

use std::{fs, process::Command};

use super::*;

/// Answers every question of the packager with the question.
const STAND_IN: &str = "#!/bin/sh\necho \"$@\"\n";

#[test]
fn the_package_puts_every_part_in_its_place() {
    let repo = Repo::find().unwrap();
    let folder = repo.path("target/package-test");
    let binary = folder.join("stand-in");
    write(&binary, STAND_IN.as_bytes()).unwrap();
    executable(&binary).unwrap();
    let package = make(&repo, &binary, &folder).unwrap();
    let installed = folder.join("installed");
    drop(fs::remove_dir_all(&installed));
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&package).arg(&installed);
    command::run(unpack).unwrap();
    let read = |path: &str| fs::read_to_string(installed.join(path)).unwrap();
    assert_eq!(read("usr/bin/muster"), STAND_IN);
    assert_eq!(read("usr/share/zsh/vendor-completions/_muster"), "completion zsh\n");
    assert_eq!(read("usr/share/man/man1/muster-plan.1"), "man plan\n");
    assert_eq!(read("usr/share/man/man1/muster.1"), "man\n");
    assert!(read("usr/lib/systemd/system/muster.service").contains("ProtectSystem=strict"));
    let mut info = Command::new("dpkg-deb");
    info.arg("--field").arg(&package);
    let info = command::output(info).unwrap();
    assert!(info.contains("Package: muster") && info.contains("Installed-Size: "), "{info}");
}

#[test]
fn the_service_runs_without_rights() {
    let unit = Repo::find().unwrap().read("packaging/systemd/muster.service").unwrap();
    let settings = [
        "User=muster",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "UMask=0077",
        "SystemCallFilter=@system-service",
    ];
    for setting in settings {
        assert!(unit.lines().any(|line| line == setting), "{setting}");
    }
}

#[test]
fn the_service_manager_understands_the_unit_and_finds_little_exposed() {
    let repo = Repo::find().unwrap();
    let unit = repo.read("packaging/systemd/muster.service").unwrap();
    let path = repo.path("target/unit-test/muster.service");
    // The program and the user are not there where this runs.
    let without = ["ExecStart=", "User=", "Group="];
    let mut kept: Vec<&str> = unit.lines().collect();
    kept.retain(|line| !without.iter().any(|key| line.starts_with(key)));
    let text = kept.join("\n");
    let text = text.replace("[Service]\n", "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n");
    write(&path, text.as_bytes()).unwrap();
    for arguments in
        [["verify", "--man=no"].as_slice(), &["security", "--offline=true", "--threshold=20"]]
    {
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(arguments).arg(&path);
        command::output(analyze).unwrap();
    }
}

#[test]
fn every_value_that_the_chart_uses_has_a_default() {
    let repo = Repo::find().unwrap();
    let values = repo.read("packaging/helm/muster/values.yaml").unwrap();
    for template in ["deployment", "service"] {
        let text = repo.read(&format!("packaging/helm/muster/templates/{template}.yaml")).unwrap();
        assert_eq!(text.matches("{{").count(), text.matches("}}").count());
        for used in text.split(".Values.").skip(1) {
            let name: String = used.chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(values.lines().any(|line| line.starts_with(&format!("{name}:"))), "{name}");
        }
        for probe in ["/livez", "/readyz", "runAsNonRoot: true"] {
            assert!(template != "deployment" || text.contains(probe), "{probe}");
        }
    }
}
