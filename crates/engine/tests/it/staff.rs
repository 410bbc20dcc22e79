//! A city's staff list at two dates, and the directory that follows from it, worked out without the engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
};

use crate::server::{Contents, Server};

pub(crate) const HEADER: &str = "emp_id,last_name,given_names,job_title,department,full_or_part_time,salary_or_hourly,typical_hours";

/// The project as an engineer of the city would write it, for this server; `extra` goes into the directory's system.
pub(crate) fn model(server: &Server, extra: &str) -> String {
    MODEL.replace("SETTINGS", &server.settings()).replace("EXTRA", extra)
}

const MODEL: &str = r#"
muster: 1
timezone: America/Chicago
---
types:
  employee:
    identity: true
    key: employeeId
    display: givenNames + ' ' + lastName
    attributes:
      employeeId: { type: string, unique: true, required: true }
      lastName: { type: string, required: true }
      givenNames: { type: string, required: true }
      jobTitle: { type: string }
      department: { type: string }
      time: { type: string, choices: [F, P] }
      pay: { type: string, choices: [SALARY, HOURLY] }
      hours: { type: int }
      userName:
        type: string
        unique: true
        generate:
          - "slug(first(split(givenNames, ' '))) + '.' + slug(lastName)"
          - "slug(first(split(givenNames, ' '))) + '.' + slug(lastName) + string(n + 1)"
      mail: { type: string, compute: "userName + '@city.example'" }
    lifecycle:
      leaver: { when: "false" }
      active: { when: "true" }
---
systems:
  hr:
    connector: csv
    settings: { path: data/staff.csv, key: emp_id }
    reads:
      employee:
        owns:
          employeeId: record.emp_id
          lastName: record.last_name
          givenNames: record.given_names
          jobTitle: record.job_title
          department: record.department
          time: record.full_or_part_time
          pay: record.salary_or_hourly
          hours: record.typical_hours
        absent: { keep: 0d, state: leaver }
  directory:
    connector: ldap
    mode: enforce
    settings: SETTINGS
    EXTRA
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "employeeNumber == employee.employeeId" }]
        name: dn("uid", employee.userName, "ou=people")
        set:
          uid: employee.userName
          cn: employee.display
          sn: employee.lastName
          givenName: employee.givenNames
          title: employee.jobTitle
          departmentNumber: employee.department
          employeeNumber: employee.employeeId
          mail: employee.mail
          description: "string(employee.hours) + ' hours a week'"
          employeeType: "employee.pay == 'SALARY' ? 'salaried' : null"
        states:
          active: {}
          leaver: { enabled: false, entitlements: none, delete_after: 30d }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")', create: true }
---
roles:
  staff:
    description: Everybody who works for the city
    when: employee.lifecycle == 'active'
    grants: [directory.user, { directory.group: { each: "employee.department" } }]
  full-time:
    when: employee.lifecycle == 'active' && employee.time == 'F'
    grants: [{ directory.group: full-time }]
  part-time:
    when: employee.lifecycle == 'active' && employee.time == 'P'
    grants: [{ directory.group: part-time }]
  hourly:
    when: employee.lifecycle == 'active' && employee.pay == 'HOURLY'
    values: { directory.user.employeeType: "'hourly'" }
"#;

/// The directory that follows from the files read so far.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The user name of everybody who ever was in a file, by employee number. They are never given away again.
    names: BTreeMap<String, String>,
    contents: Contents,
}

impl Expected {
    /// Everybody in `file` has an account with exactly these values and groups; everybody else is locked without groups.
    pub(crate) fn follow(&mut self, file: &str) {
        for members in self.contents.groups.values_mut() {
            members.clear();
        }
        let mut present = BTreeSet::new();
        for row in rows(file) {
            let [number, last, given, title, department, time, pay, hours] = row.as_slice() else {
                panic!("{row:?}")
            };
            let uid = self.user_name(number, given, last);
            present.insert(uid.clone());
            let mut values = BTreeMap::new();
            let mut set = |name: &str, value: String| {
                if !value.is_empty() {
                    values.insert(name.to_owned(), value);
                }
            };
            set("uid", uid.clone());
            set("cn", format!("{given} {last}"));
            set("sn", last.clone());
            set("givenname", given.clone());
            set("title", title.clone());
            set("departmentnumber", department.clone());
            set("employeenumber", number.clone());
            set("mail", format!("{uid}@city.example"));
            set(
                "description",
                if hours.is_empty() { String::new() } else { format!("{hours} hours a week") },
            );
            let kind = match pay.as_str() {
                "SALARY" => "salaried",
                "HOURLY" => "hourly",
                _ => "",
            };
            set("employeetype", kind.to_owned());
            self.contents.people.insert(uid.clone(), values);
            let mut groups = vec![department.as_str()];
            match time.as_str() {
                "F" => groups.push("full-time"),
                "P" => groups.push("part-time"),
                _ => {}
            }
            for group in groups {
                self.contents.groups.entry(group.to_owned()).or_default().insert(uid.clone());
            }
        }
        for (uid, values) in &mut self.contents.people {
            if !present.contains(uid) {
                values.insert("locked".to_owned(), "yes".to_owned());
            }
        }
    }

    /// The time of locked accounts is up.
    pub(crate) fn delete_locked(&mut self) {
        self.contents.people.retain(|_, values| !values.contains_key("locked"));
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    fn user_name(&mut self, number: &str, given: &str, last: &str) -> String {
        if let Some(name) = self.names.get(number) {
            return name.clone();
        }
        let base = format!("{}.{}", slug(given.split(' ').next().unwrap()), slug(last));
        let taken: BTreeSet<&String> = self.names.values().collect();
        let mut name = base.clone();
        let mut n = 1;
        while taken.contains(&name) {
            n += 1;
            name = format!("{base}{n}");
        }
        self.names.insert(number.to_owned(), name.clone());
        name
    }
}

fn slug(text: &str) -> String {
    let plain = text.to_lowercase().replace('á', "a").replace('ü', "ue");
    let plain = plain.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    plain.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// The cells of each row below the header.
pub(crate) fn rows(file: &str) -> Vec<Vec<String>> {
    file.lines().skip(1).map(cells).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

/// A row from cells; those with a comma are quoted.
pub(crate) fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let quoted = |cell: &T| {
        let cell = cell.as_ref();
        if cell.contains(',') { format!("\"{cell}\"") } else { cell.to_owned() }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

/// How many records differ between two files: new, changed and gone.
pub(crate) fn differences(first: &str, second: &str) -> (usize, usize, usize) {
    let by_key = |file: &str| -> BTreeMap<String, Vec<String>> {
        rows(file).into_iter().map(|row| (row[0].clone(), row)).collect()
    };
    let (first, second) = (by_key(first), by_key(second));
    let new = second.keys().filter(|key| !first.contains_key(*key)).count();
    let gone = first.keys().filter(|key| !second.contains_key(*key)).count();
    let changed =
        second.iter().filter(|(key, row)| first.get(*key).is_some_and(|old| old != *row)).count();
    (new, changed, gone)
}

/// A file of the sample data beside the repository, when it is there.
pub(crate) fn sample(path: &str) -> Option<String> {
    let path = format!("{}/../../../shared/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(path).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

/// Numbers from a seed (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const GIVEN: [&str; 24] = [
    "JOSE", "MARIA", "ROBERT", "JASON", "KENNETH", "LISA", "MARY ANN", "JUAN", "EDWARD", "NICOLE",
    "DENISE", "ÁNGEL", "JEFFREY", "RITA", "WAYNE", "TIMOTHY", "D'ANDRE", "LATASHA", "PAUL",
    "REGINALD", "SEAN", "HECTOR", "GREGORY", "FRANK",
];
const LAST: [&str; 30] = [
    "HERNANDEZ",
    "GARCIA",
    "O BRIEN",
    "O'NEILL",
    "SMITH",
    "SMITH JR",
    "MC GUINNESS III",
    "SIMMONS",
    "BAKER",
    "IMPARATO",
    "ST. JOHN",
    "LOPEZ-RUIZ",
    "WILLIAMS",
    "JOHNSON",
    "KOWALSKI",
    "NOWAK",
    "DE LA CRUZ",
    "BROWN",
    "DAVIS",
    "MÜLLER",
    "PATEL",
    "NGUYEN",
    "KELLY",
    "MURPHY",
    "WASHINGTON",
    "RIVERA",
    "TORRES",
    "HALL",
    "YOUNG",
    "KING",
];
const TITLES: [&str; 14] = [
    "POLICE OFFICER",
    "FIREFIGHTER-EMT",
    "SERGEANT",
    "POLICE OFFICER (ASSIGNED AS DETECTIVE)",
    "FIREFIGHTER",
    "SANITATION LABORER",
    "MOTOR TRUCK DRIVER",
    "CROSSING GUARD",
    "PARAMEDIC",
    "FIREFIGHTER/PARAMEDIC",
    "ELECTRICAL MECHANIC-AUTO",
    "LIBRARIAN I",
    "ASST TO THE ALDERMAN",
    "BATTALION CHIEF - EMT",
];

const DEPARTMENTS: usize = 50;

fn department(n: usize) -> String {
    const KNOWN: [&str; 10] = [
        "POLICE",
        "FIRE",
        "STREETS & SAN",
        "MAYOR'S OFFICE",
        "HOUSING, PLANNING",
        "WATER MGMNT",
        "DoIT",
        "LICENSE APPL COMM",
        "BUDGET & MGMT",
        "PARKS+GARDENS",
    ];
    KNOWN.get(n).map_or_else(|| format!("BUREAU {n}"), |known| (*known).to_owned())
}

/// Five years later: nearly every department is called something else, two were merged, some were split.
fn department_later(n: usize, number: usize) -> String {
    match n {
        6 | 8 => "ASSETS, INFORMATION AND SERVICES".to_owned(),
        5 if number.is_multiple_of(3) => "DEPT OF SEWERS".to_owned(),
        20 | 30 if number.is_multiple_of(2) => format!("OFFICE {n} NORTH"),
        // Three kept their names, one of them but for the letters' case.
        40 | 41 => department(n),
        42 => "Bureau 42".to_owned(),
        _ => format!("DEPARTMENT OF {}", department(n)),
    }
}

/// A generated look-alike of the sample data: the same columns and oddities, `n` people at the first date.
pub(crate) fn look_alike(n: usize) -> (String, String) {
    let mut dice = Dice(0x5eed_c17f);
    let (mut first, mut second) = (format!("{HEADER}\n"), format!("{HEADER}\n"));
    for number in 0..n + n / 16 {
        let is_new = number >= n;
        let is_gone = !is_new && dice.below(100) < 15;
        let place =
            dice.below(DEPARTMENTS).min(dice.below(DEPARTMENTS)).min(dice.below(DEPARTMENTS));
        let middle = dice.pick(&["", "", " K", " M", " J"]);
        let given = format!("{}{middle}", dice.pick(&GIVEN));
        let last = dice.pick(&LAST);
        let title = dice.pick(&TITLES);
        let time = if dice.below(100) < 6 { "P" } else { "F" };
        let hourly = time == "P" || dice.below(5) == 0;
        let (pay, hours) = match (hourly, time) {
            (true, "P") => ("HOURLY", "20"),
            (true, _) => ("HOURLY", "40"),
            (false, _) => ("SALARY", ""),
        };
        let id = (100_016 + 61 * number).to_string();
        if !is_new {
            let cells = [&id, last, &given, title, &department(place), time, pay, hours];
            first.push_str(&line(&cells));
        }
        if !is_gone {
            let title = if dice.below(8) == 0 { dice.pick(&TITLES) } else { title };
            // One row has no value where every other one has.
            let time = if number == 33 { "" } else { time };
            let cells =
                [&id, last, &given, title, &department_later(place, number), time, pay, hours];
            second.push_str(&line(&cells));
        }
    }
    (first, second)
}
