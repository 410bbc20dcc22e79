//! `directory:`, and what clients would stumble over.

use insta::assert_snapshot;
use muster_policy::Holds;

use crate::tests::support::{loaded, said};

const MODEL: &str = r#"muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      user: { type: string, unique: true }
      name: { type: string }
      team: { type: link, to: team, inverse: people }
  team: { key: code, attributes: { code: { type: string, unique: true } } }
roles: { sales: {}, staff: { when: "true" } }
"#;

#[test]
fn entries_have_the_classes_above_and_the_usual_names() {
    let text = r#"
directory:
  base: dc=tern,dc=example
  everyone: [CN]
  entries:
    people:
      type: person
      name: userid
      classes: [inetOrgPerson]
      attributes: { userid: person.user, commonName: lower(name), surname: name, employeeNumber: id }
    teams: { type: team, classes: groupOfNames, attributes: { cn: code }, members: people }
    groups: { roles: "*", classes: groupOfNames, numbers: { sales: 5001 } }
"#;
    let model = loaded(&[("base.yaml", MODEL), ("part.yaml", text)]).model.unwrap();
    let directory = model.directory.unwrap();
    assert_eq!(directory.everyone, ["cn".into()]);
    let [groups, people, teams] = directory.containers.as_slice() else { panic!("three") };
    assert_eq!((&*people.under, &*people.naming), ("ou=people", "userid"));
    let classes: Vec<&str> = people.classes.iter().map(|class| &**class).collect();
    assert_eq!(classes, ["inetOrgPerson", "organizationalPerson", "person", "top"]);
    let Holds::Entities(of) = &people.holds else { panic!("entities") };
    let attributes: Vec<(&str, bool)> =
        of.attributes.iter().map(|a| (&*a.name, a.unique.is_some())).collect();
    assert_eq!(attributes, [("uid", true), ("cn", false), ("sn", false), ("employeeNumber", true)]);
    let Holds::Roles(roles) = &groups.holds else { panic!("roles") };
    assert_eq!(roles.values().copied().collect::<Vec<_>>(), [Some(5001), None]);
    let Holds::Entities(of) = &teams.holds else { panic!("entities") };
    assert_eq!(of.members.len(), 1);
}

#[test]
fn what_clients_would_stumble_over_is_told() {
    let text = r"directory:
  base: tern.example
  listen: localhost
  entries:
    both: { type: person, roles: [sales], classes: top }
    people:
      type: person
      name: cn
      classes: [inetOrgPersn, posixAccount]
      attributes: { cn: name, memberOf: name, commonName: user }
    staff: { roles: [staf], classes: groupOfNames, numbers: { sales: 1 } }
    teams: { type: team, under: ou=people, classes: top, attributes: { cn: code }, members: [code, nobody] }
";
    let said = said(&[("base.yaml", MODEL), ("part.yaml", text)]);
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert_snapshot!(errors.join("\n"), @r"
    error[E0960]: `tern.example` is no distinguished name
    error[E0909]: `localhost` is no address with a port
    error[E0960]: the entries are neither entities nor groups of a role
    error[E0961]: the object class `posixAccount` needs the attribute `uid`
    error[E0961]: the object class `posixAccount` needs the attribute `uidNumber`
    error[E0961]: the object class `posixAccount` needs the attribute `gidNumber`
    error[E0961]: the object class `posixAccount` needs the attribute `homeDirectory`
    error[E0962]: two entries could have one name: `cn` is not unique
    error[E0961]: unknown object class `inetOrgPersn`
    error[E0961]: `memberOf` cannot be given a value here
    error[E0961]: `cn` is given twice, by two of its names
    error[E0601]: unknown role `staf`
    error[E0601]: `sales` is none of the roles of the container
    error[E0960]: `teams` and `people` have one name
    error[E0960]: `code` does not lead to members
    error[E0412]: unknown attribute `nobody`
    ");
}
