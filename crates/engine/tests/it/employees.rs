//! Seventeen years of a company in a few minutes: its HR file on several days, and the directory after each of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan as _, civil::Date};

use crate::{
    server::{Contents, Server, assert_same},
    staff::{Dice, line, rows, sample},
    support::Rig,
};

const MODEL: &str = r#"
muster: 1
types:
  department: { key: code, display: name, attributes: { code: { type: string, unique: true }, name: { type: string } } }
  employee:
    identity: true
    key: number
    display: givenName + ' ' + familyName
    attributes:
      number: { type: string, unique: true, required: true }
      givenName: { type: string, required: true }
      familyName: { type: string, required: true }
      title: { type: string }
      leaving: { type: date }
      department: { type: link, to: department, inverse: members }
      userName:
        type: string
        unique: true
        generate: ["slug(givenName + ' ' + familyName)", "slug(givenName + ' ' + familyName) + '-' + string(n + 1)"]
    lifecycle:
      leaver: { when: "leaving != null && now >= start_of(leaving)" }
      active: { when: "true" }
systems:
  departments:
    connector: csv
    settings: { path: data/departments.csv, key: dept_no }
    reads: { department: { owns: { code: record.dept_no, name: record.dept_name } } }
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: emp_no }
    reads:
      employee:
        owns:
          number: record.emp_no
          givenName: record.first_name
          familyName: record.last_name
          title: record.title
          leaving: record.leaving
          department: link("department", record.dept_no)
        absent: { keep: 0d, state: leaver }
  directory:
    connector: ldap
    mode: enforce
    settings: SETTINGS
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "employeeNumber == employee.number" }]
        name: dn("uid", employee.userName, "ou=people")
        set:
          uid: employee.userName
          cn: employee.display
          sn: employee.familyName
          givenName: employee.givenName
          title: employee.title
          ou: employee.department.name
          employeeNumber: employee.number
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 90d } }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")', create: true }
roles:
  staff:
    when: employee.lifecycle == 'active'
    grants:
      - directory.user
      - directory.group: all-staff
      - directory.group: { each: "slug(employee.department.name)" }
  engineers:
    when: employee.lifecycle == 'active' && employee.title in ['Engineer', 'Senior Engineer', 'Assistant Engineer']
    grants: [{ directory.group: engineers }]
"#;

/// Part of somebody's time with the company: where, or as what, from when, and until when if that is known.
struct Spell {
    what: String,
    from: Date,
    to: Date,
}

/// What the personnel office knows.
struct Company {
    departments: String,
    /// Given and family name by number.
    people: BTreeMap<String, (String, String)>,
    placements: BTreeMap<String, Vec<Spell>>,
    titles: BTreeMap<String, Vec<Spell>>,
}

impl Company {
    fn read(departments: String, employees: &str, placements: &str, titles: &str) -> Self {
        let people = rows(employees).into_iter();
        let people = people.map(|row| (row[0].clone(), (row[2].clone(), row[3].clone()))).collect();
        Self { departments, people, placements: spells(placements), titles: spells(titles) }
    }

    /// The HR file of `day`: who works there or has left within a year.
    fn file(&self, day: Date) -> String {
        let mut file = "emp_no,first_name,last_name,dept_no,title,leaving\n".to_owned();
        for (number, (given, family)) in &self.people {
            let Some(placement) = latest(&self.placements, number, day) else { continue };
            if placement.to.checked_add(1.year()).is_ok_and(|end| end < day) {
                continue;
            }
            let title = latest(&self.titles, number, day).map_or("", |spell| &spell.what);
            let leaving =
                if placement.to.year() == 9999 { String::new() } else { placement.to.to_string() };
            file += &line(&[number, given, family, &placement.what, title, &leaving]);
        }
        file
    }
}

fn spells(file: &str) -> BTreeMap<String, Vec<Spell>> {
    let mut spells: BTreeMap<String, Vec<Spell>> = BTreeMap::new();
    for row in rows(file) {
        let (from, to) = (row[2].parse().unwrap(), row[3].parse().unwrap());
        spells.entry(row[0].clone()).or_default().push(Spell { what: row[1].clone(), from, to });
    }
    for spells in spells.values_mut() {
        spells.sort_by_key(|spell| spell.from);
    }
    spells
}

fn latest<'s>(
    spells: &'s BTreeMap<String, Vec<Spell>>,
    number: &str,
    day: Date,
) -> Option<&'s Spell> {
    spells.get(number)?.iter().rfind(|spell| spell.from <= day)
}

/// The directory as it has to be, worked out day by day from the spells.
#[derive(Default)]
struct Expected {
    names: BTreeMap<String, String>,
    /// Since when somebody is not in the file.
    gone: BTreeMap<String, Date>,
    contents: Contents,
    /// How often somebody joined, changed places, left, and was deleted.
    events: [usize; 4],
}

impl Expected {
    fn follow(&mut self, company: &Company, day: Date) {
        let departments: BTreeMap<String, String> = rows(&company.departments)
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect();
        self.contents.groups.values_mut().for_each(BTreeSet::clear);
        for (number, (given, family)) in &company.people {
            let Some(placement) = latest(&company.placements, number, day) else { continue };
            let in_file = placement.to.checked_add(1.year()).is_ok_and(|end| end >= day)
                || placement.to.year() == 9999;
            if !in_file && !self.names.contains_key(number) {
                continue;
            }
            let uid = self.user_name(number, given, family);
            if placement.to <= day {
                // Who is not in the file any more has left on the day on which that was found.
                let left = if in_file {
                    placement.to
                } else {
                    *self.gone.entry(uid.clone()).or_insert(day)
                };
                self.leave(&uid, left, day);
                continue;
            }
            self.gone.remove(&uid);
            let department = &departments[&placement.what];
            let mut values = BTreeMap::from([
                ("uid".to_owned(), uid.clone()),
                ("cn".to_owned(), format!("{given} {family}")),
                ("sn".to_owned(), family.clone()),
                ("givenname".to_owned(), given.clone()),
                ("ou".to_owned(), department.clone()),
                ("employeenumber".to_owned(), number.clone()),
            ]);
            let title = latest(&company.titles, number, day).map(|spell| spell.what.clone());
            let mut groups =
                vec!["all-staff".to_owned(), department.to_lowercase().replace(' ', "-")];
            if let Some(title) = title {
                if title.ends_with("Engineer") {
                    groups.push("engineers".to_owned());
                }
                values.insert("title".to_owned(), title);
            }
            for group in groups {
                self.contents.groups.entry(group).or_default().insert(uid.clone());
            }
            match self.contents.people.insert(uid, values.clone()) {
                None => self.events[0] += 1,
                Some(before) if before.get("ou") != values.get("ou") => self.events[1] += 1,
                Some(_) => {}
            }
        }
    }

    /// Locked from the day of leaving on, deleted 90 days after it.
    fn leave(&mut self, uid: &str, left: Date, day: Date) {
        let Some(values) = self.contents.people.get_mut(uid) else { return };
        if left.checked_add(90.days()).unwrap() <= day {
            self.contents.people.remove(uid);
            self.events[3] += 1;
        } else if values.insert("locked".to_owned(), "yes".to_owned()).is_none() {
            self.events[2] += 1;
        }
    }

    fn user_name(&mut self, number: &str, given: &str, family: &str) -> String {
        if let Some(name) = self.names.get(number) {
            return name.clone();
        }
        let base = format!("{given}-{family}").to_lowercase();
        let taken = |name: &String| self.names.values().any(|taken| taken == name);
        let name = (2..).map(|n| format!("{base}-{n}"));
        let name = std::iter::once(base.clone()).chain(name).find(|name| !taken(name)).unwrap();
        self.names.insert(number.to_owned(), name.clone());
        name
    }
}

async fn replay(server: &Server, company: &Company, days: &[&str]) {
    let model = MODEL.replace("SETTINGS", &server.settings());
    let rig = Rig::new(&[("muster.yaml", &model), ("data/departments.csv", &company.departments)]);
    let mut expected = Expected::default();
    for day in days {
        let day: Date = day.parse().unwrap();
        rig.at(&format!("{day}T12:00:00Z"));
        rig.write("data/hr.csv", &company.file(day));
        rig.release().await;
        let made = rig.plan().await;
        rig.apply_whole(&made).await;
        expected.follow(company, day);
        assert_same(&server.contents(), &expected.contents);
        // The same file read again asks for nothing.
        rig.sync_all().await;
        assert_eq!(rig.plan().await.plan.operations, []);
    }
    assert!(expected.events.iter().all(|n| *n > 0), "{:?}", expected.events);
}

const DAYS: [&str; 5] = ["1986-01-01", "1990-06-01", "1995-01-01", "2000-01-01", "2002-08-01"];

/// A generated company: people join over fifteen years, some change places or titles, some leave, a few come back.
fn look_alike() -> Company {
    let mut dice = Dice(0x0c0_ffee);
    let departments =
        ["Marketing", "Finance", "Human Resources", "Production", "Development", "Sales"];
    let given = ["Georgi", "Bezalel", "Parto", "Chirstian", "Kyoichi", "Anneke", "Tzvetan"];
    let family = ["Facello", "Simmel", "Bamford", "Koblick", "Maliniak", "Preusig", "Zielinski"];
    let titles = ["Engineer", "Staff", "Assistant Engineer", "Technique Leader"];
    let later = ["Senior Engineer", "Senior Staff", "Engineer", "Technique Leader"];
    let mut files = [
        "emp_no,birth_date,first_name,last_name,gender,hire_date\n".to_owned(),
        "emp_no,dept_no,from_date,to_date\n".to_owned(),
        "emp_no,title,from_date,to_date\n".to_owned(),
    ];
    let after =
        |day: Date, days: usize| day.checked_add(i64::try_from(days).unwrap().days()).unwrap();
    for number in 0..200 {
        let id = (10_001 + number).to_string();
        let joined = after(Date::constant(1985, 2, 1), dice.below(5_400));
        files[0] += &line(&[
            &id,
            "1960-01-01",
            dice.pick(&given),
            dice.pick(&family),
            "F",
            &joined.to_string(),
        ]);
        let end = "9999-01-01".to_owned();
        let place = dice.below(departments.len());
        let changed = after(joined, 200 + dice.below(2_500));
        let code = |place: usize| format!("d{:03}", place % departments.len() + 1);
        let placements = match dice.below(5) {
            0 => vec![(place, joined, changed.to_string()), (place + 1, changed, end.clone())],
            1 => vec![(place, joined, changed.to_string())],
            2 => {
                let back = after(changed, 30 + dice.below(1_500));
                vec![(place, joined, changed.to_string()), (place, back, end.clone())]
            }
            _ => vec![(place, joined, end.clone())],
        };
        for (place, from, to) in placements {
            files[1] += &line(&[&id, &code(place), &from.to_string(), &to]);
        }
        let title = dice.below(titles.len());
        let promoted = after(joined, 100 + dice.below(3_000)).to_string();
        files[2] += &line(&[&id, titles[title], &joined.to_string(), &promoted]);
        files[2] += &line(&[&id, later[title], &promoted, &end]);
    }
    let rows = (1..).zip(departments).map(|(n, name)| format!("d{n:03},{name}\n"));
    let departments = "dept_no,dept_name\n".to_owned() + &rows.collect::<String>();
    Company::read(departments, &files[0], &files[1], &files[2])
}

#[tokio::test]
async fn joiners_movers_and_leavers_of_many_years_are_followed_day_by_day() {
    replay(&Server::openldap(), &look_alike(), &DAYS).await;
}

#[tokio::test]
async fn they_are_followed_in_a_389_directory_too() {
    replay(&Server::dirsrv(), &look_alike(), &DAYS[1..]).await;
}

#[tokio::test]
async fn the_years_of_the_sample_company_are_followed_where_it_is_at_hand() {
    let file = |name: &str| sample(&format!("employees-sample/{name}.csv.gz"));
    let (Some(departments), Some(employees), Some(placements), Some(titles)) =
        (file("department"), file("employee"), file("dept_emp"), file("title"))
    else {
        return;
    };
    let company = Company::read(departments, &employees, &placements, &titles);
    replay(&Server::openldap(), &company, &DAYS).await;
}
