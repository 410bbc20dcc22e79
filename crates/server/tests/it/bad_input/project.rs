//! Projects that are empty, foreign, hostile, or not even files.

use super::support::Place;

fn with_file(text: &str) -> Place {
    let place = Place::new();
    place.write("more.yaml", text);
    place
}

fn rule(expression: &str) -> String {
    format!("roles:\n  x: {{ for: person, when: \"{expression}\", grants: [] }}\n")
}

#[test]
fn an_empty_or_foreign_project_file_says_what_is_missing() {
    let place = Place::new();
    place.write("muster.yaml", "");
    place.run("check").says(3, &["E0204", "put `muster: 1`"]);
    place.run("plan").says(3, &["E0204"]);
    place.write("muster.yaml", [0u8, 159, 146, 150, 255, 1, 2]);
    place.run("check").says(3, &["`muster.yaml` is not UTF-8", "save it as UTF-8"]);
    std::fs::remove_file(place.dir.join("muster.yaml")).unwrap();
    place.run("check").says(1, &["there is no project", "muster init"]);
    std::fs::create_dir(place.dir.join("muster.yaml")).unwrap();
    place.run("check").says(3, &["is a folder and must be a file"]);
}

#[test]
fn a_project_of_a_newer_muster_is_refused_by_name() {
    let place = Place::settled();
    let text = place.text("muster.yaml");
    place.write("muster.yaml", text.replace("muster: 1", "muster: 2"));
    for command in ["check", "sync", "plan", "apply", "users"] {
        place.run(command).says(3, &["E0205", "muster.yaml:1:9", "newer Muster"]);
    }
    place.write("muster.yaml", text);
    place.recovers();
}

#[test]
fn bombs_of_aliases_and_brackets_are_refused_at_once() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    with_file(bomb).run("check").says(3, &["E0103", "anchors are not used", "more.yaml:1:4"]);
    let deep = format!("roles: {}", "[".repeat(100_000));
    with_file(&deep).run("check").says(3, &["E0101", "more.yaml:1:"]);
    let large = format!("# {}\n", "x".repeat(5 << 20));
    with_file(&large).run("check").says(3, &["more.yaml", "the limit is 4194304"]);
}

#[test]
fn deeply_nested_expressions_are_refused_with_their_place() {
    for expression in [
        "(".repeat(4000) + "true" + &")".repeat(4000),
        "!".repeat(8000) + "true",
        "[".repeat(4000) + &"]".repeat(4000) + " == []",
        "true ? true : ".repeat(500) + "true",
        "1+".repeat(4000) + "1 == 1",
        format!("person{} == null", ".boss".repeat(1000)),
        "true && ".repeat(50_000) + "true",
    ] {
        let answer = with_file(&rule(&expression)).run("check");
        answer.says(3, &["E0302", "more.yaml:2:", "move parts of it into a computed attribute"]);
        assert!(answer.all().len() < 2000, "the answer must fit on a screen");
    }
    with_file(&rule("((")).run("check").says(3, &["`(` is not closed"]);
}

#[test]
fn a_secret_in_the_project_is_refused_and_not_repeated() {
    let text = "systems:\n  ldap:\n    connector: ldap\n    settings: { url: \"ldap://127.0.0.1:1\", base: \"dc=x\", \
                bind_dn: \"cn=a\", password: hunter2 }\n    mode: observe\n    accounts: { user: { for: person, object: \
                inetOrgPerson, match: [{ on: \"uid == person.login\" }], name: 'dn(\"uid\", person.login)', set: { uid: \
                person.login } } }\n";
    let place = with_file(text);
    for command in ["check", "plan", "check -o json"] {
        let answer = place.run(command);
        answer.says(3, &["is a secret", "{ env: NAME }"]);
        assert!(!answer.all().contains("hunter2"), "{}", answer.all());
    }
    place.write(
        "more.yaml",
        text.replace("password: hunter2", "password: { env: MUSTER_TEST_NOT_SET }"),
    );
    place.run("sync").says(5, &["`MUSTER_TEST_NOT_SET` is not set"]);
}

#[test]
fn loops_and_loose_ends_of_links_in_the_folder_do_no_harm() {
    let place = Place::settled();
    std::os::unix::fs::symlink(".", place.dir.join("again")).unwrap();
    place.run("check").says(0, &["no problems"]);
    std::os::unix::fs::symlink("loop.yaml", place.dir.join("loop.yaml")).unwrap();
    place
        .run("check")
        .says(3, &["cannot read the model file `loop.yaml`", "repair, rename or remove it"]);
    std::fs::remove_file(place.dir.join("loop.yaml")).unwrap();
    place.recovers();
}

#[test]
fn very_long_names_are_shown_short_or_refused() {
    let name = "n".repeat(64 << 10);
    let place = Place::settled();
    place
        .feed(|line, text| if line == 5 { text.replace("First4", &name) } else { text.to_owned() });
    let answer = place.run("sync");
    assert!([0, 12].contains(&answer.code), "{}", answer.all());
    assert!(answer.all().len() < 4000);
    assert!(place.run("plan").all().len() < 8000);
    let answer = place.args(&["explain", &name]);
    answer.says(1, &["there is no identity"]);
    assert!(answer.all().len() < 1000);
    place.recovers();
}
