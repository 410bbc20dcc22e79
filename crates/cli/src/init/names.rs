//! What a column is called, and what its name hints at.

use std::collections::BTreeSet;

/// Attributes that most organisations have, and the names columns have for them, without case and separators.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "employeeId",
        &[
            "employeeid",
            "employeeno",
            "employeenumber",
            "empid",
            "empno",
            "empnumber",
            "emplid",
            "personid",
            "personno",
            "personnelnumber",
            "personnelno",
            "personnelid",
            "staffid",
            "staffno",
            "staffnumber",
            "workerid",
            "hrid",
            "personalnr",
            "personalnummer",
            "persnr",
            "pernr",
            "mitarbeiternr",
            "mitarbeiternummer",
            "matricule",
            "id",
            "number",
            "nr",
            "no",
        ],
    ),
    (
        "givenName",
        &[
            "givenname",
            "givennames",
            "firstname",
            "fname",
            "forename",
            "vorname",
            "prenom",
            "nombre",
        ],
    ),
    (
        "familyName",
        &[
            "familyname",
            "lastname",
            "lname",
            "surname",
            "nachname",
            "familienname",
            "nom",
            "apellido",
            "apellidos",
        ],
    ),
    ("fullName", &["name", "fullname", "displayname", "employeename", "personname"]),
    (
        "userName",
        &[
            "username",
            "login",
            "loginid",
            "loginname",
            "userid",
            "uid",
            "account",
            "samaccountname",
            "benutzername",
            "kuerzel",
        ],
    ),
    (
        "mail",
        &[
            "mail",
            "email",
            "emailaddress",
            "workemail",
            "emailadresse",
            "mailadresse",
            "businessemail",
        ],
    ),
    (
        "title",
        &[
            "title",
            "jobtitle",
            "job",
            "jobname",
            "position",
            "positiontitle",
            "stelle",
            "funktion",
            "beruf",
        ],
    ),
    (
        "department",
        &[
            "department",
            "departmentname",
            "departmentid",
            "departmentno",
            "departmentcode",
            "dept",
            "deptname",
            "deptid",
            "deptno",
            "deptcode",
            "abteilung",
            "abteilungsnr",
            "abt",
            "orgunit",
            "organisationunit",
            "organizationunit",
            "unit",
            "bereich",
            "service",
        ],
    ),
    (
        "manager",
        &[
            "manager",
            "managerid",
            "managerno",
            "managernumber",
            "mgr",
            "mgrid",
            "boss",
            "bossid",
            "bossno",
            "supervisor",
            "supervisorid",
            "reportsto",
            "linemanager",
            "linemanagerid",
            "vorgesetzter",
            "vorgesetzte",
            "vorgesetztenr",
            "leiter",
            "chef",
            "teamlead",
        ],
    ),
    (
        "startDate",
        &[
            "startdate",
            "start",
            "startdt",
            "hiredate",
            "hired",
            "hiredt",
            "entrydate",
            "entry",
            "joindate",
            "joined",
            "eintritt",
            "eintrittsdatum",
            "begin",
            "begindate",
            "dateofhire",
            "employmentstart",
            "contractstart",
            "fromdate",
            "validfrom",
            "firstday",
        ],
    ),
    (
        "endDate",
        &[
            "enddate",
            "end",
            "enddt",
            "lastday",
            "lastworkingday",
            "leavedate",
            "left",
            "leavingdate",
            "exitdate",
            "terminationdate",
            "termdate",
            "austritt",
            "austrittsdatum",
            "contractend",
            "employmentend",
            "todate",
            "validto",
            "validuntil",
            "expires",
            "expirydate",
        ],
    ),
    ("status", &["status", "employmentstatus", "employeestatus", "empstatus", "hrstatus"]),
    (
        "phone",
        &["phone", "phonenumber", "telephone", "tel", "telefon", "telefonnummer", "workphone"],
    ),
    ("mobile", &["mobile", "mobilephone", "cell", "cellphone", "handy", "mobil"]),
    ("location", &["location", "site", "standort", "office", "workplace", "arbeitsort"]),
    ("costCenter", &["costcenter", "costcentre", "kostenstelle", "kst"]),
];

/// Words that expressions and models use for something else.
const TAKEN: &[&str] = &[
    "display",
    "lifecycle",
    "now",
    "n",
    "record",
    "person",
    "name",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// The attribute that most organisations have under this column name.
pub(super) fn known(column: &str) -> Option<&'static str> {
    let plain = plain(column);
    KNOWN.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(attribute, _)| *attribute)
}

/// How well a name is a name for the key: the place in the list of names for it.
pub(super) fn key_rank(column: &str) -> usize {
    let plain = plain(column);
    let names = KNOWN.first().map_or(&[][..], |(_, names)| names);
    match names.iter().position(|name| *name == plain) {
        Some(place) => place,
        None if ["id", "no", "nr", "code", "number", "key"]
            .iter()
            .any(|end| plain.ends_with(end)) =>
        {
            names.len()
        }
        None => names.len() + 1,
    }
}

/// The name in ASCII letters and digits only, lower case: `Größe (cm)` is `groessecm`.
pub(super) fn plain(column: &str) -> String {
    words(column).concat()
}

/// The words of a name: `Emp No`, `emp_no` and `empNo` are the same two.
pub(super) fn words(column: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for c in ascii(column).chars() {
        if c.is_ascii_uppercase() && before_lower && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        before_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn ascii(text: &str) -> String {
    let german =
        [('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('Ä', "Ae"), ('Ö', "Oe"), ('Ü', "Ue"), ('ß', "ss")];
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match german.iter().find(|(letter, _)| *letter == c) {
            Some((_, ascii)) => out.push_str(ascii),
            None => out.push_str(deunicode::deunicode_char(c).unwrap_or(" ")),
        }
    }
    out
}

/// A name for an attribute or type: `Cost Center` is `costCenter`.
pub(super) fn camel(column: &str) -> String {
    let mut name = String::new();
    for word in words(column) {
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if !name.is_empty() => {
                name.push(first.to_ascii_uppercase());
                name.push_str(chars.as_str());
            }
            Some(_) => name.push_str(&word),
            None => {}
        }
    }
    if name.is_empty() {
        "column".clone_into(&mut name);
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'x');
    }
    name
}

/// A name that is not used yet, and remembers it: `phone`, `phone2`.
pub(super) fn free(wanted: &str, used: &mut BTreeSet<String>) -> String {
    let base = if TAKEN.contains(&wanted) { format!("{wanted}Value") } else { wanted.to_owned() };
    let mut name = base.clone();
    let mut n = 2;
    while !used.insert(name.clone()) {
        name = format!("{base}{n}");
        n += 1;
    }
    name
}

/// One of many: `departments.csv` tells of a `department`.
pub(super) fn singular(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or(file);
    let name = camel(stem);
    match name.strip_suffix("ies") {
        Some(stem) if stem.len() > 1 => format!("{stem}y"),
        _ => match name.strip_suffix('s') {
            Some(stem) if !stem.ends_with(['s', 'u', 'i']) && stem.len() > 2 => stem.to_owned(),
            _ => name,
        },
    }
}
