//! From the text of CSV files to the text of a project, which always passes `check`.

use insta::assert_snapshot;
use muster_model::{Capabilities, SettingProblem, Settings, Severity};
use muster_project::{Catalogue, File, Loaded};
use proptest::prelude::*;

use super::*;

struct Csv;

impl Catalogue for Csv {
    fn connectors(&self) -> Vec<&'static str> {
        muster_connector_file::KINDS.to_vec()
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        muster_connector_file::capabilities(connector, settings)
    }
}

fn input(name: &str, bytes: impl AsRef<[u8]>) -> Input {
    Input { name: name.to_owned(), inside: None, bytes: bytes.as_ref().to_vec() }
}

fn load(proposal: &Proposal) -> Loaded {
    let files = proposal
        .files
        .iter()
        .filter(|file| !file.path.starts_with("data/") && !file.path.starts_with('.'));
    let files = files.filter_map(|file| match &file.content {
        Content::Text(text) => {
            Some(File { path: file.path.as_str().into(), text: text.as_str().into() })
        }
        Content::Copy(_) => None,
    });
    muster_project::load(files.collect(), &Csv)
}

/// What `check` says about the project; nothing when it is content.
fn problems(proposal: &Proposal) -> String {
    let loaded = load(proposal);
    if loaded.diagnostics.is_empty() {
        return String::new();
    }
    muster_project::render(&loaded.diagnostics, &loaded.sources, false)
}

/// The findings, one a line, then the notes.
fn found(inputs: &[Input]) -> String {
    let proposal = propose(inputs).unwrap();
    assert_eq!(problems(&proposal), "");
    let mut text = String::new();
    for finding in &proposal.findings {
        let attribute = finding.attribute.as_deref().unwrap_or("-");
        put!(
            text,
            "{} <- {}: {} ({})\n",
            attribute,
            finding.column,
            finding.what,
            finding.confidence.words()
        );
    }
    for note in &proposal.notes {
        put!(text, "note: {note}\n");
    }
    text
}

/// Everything that is written, with the names of the files.
fn written(inputs: &[Input]) -> String {
    let proposal = propose(inputs).unwrap();
    assert_eq!(problems(&proposal), "");
    let mut text = String::new();
    for file in &proposal.files {
        match &file.content {
            Content::Text(content) => put!(text, "=== {}\n{content}", file.path),
            Content::Copy(index) => put!(text, "=== {} (copy of input {index})\n", file.path),
        }
    }
    text
}

const CITY: &str = "\
emp_id,last_name,given_names,job_title,department,full_or_part_time,typical_hours
100016,BAKER,BERNARD Y,SIGN HANGER,TRANSPORTN,F,40
100071,IMPARATO,ANTHONY E,BATTALION CHIEF - EMT,FIRE,F,
100115,SIMMONS,ERIK E,POLICE OFFICER,POLICE,P,20
";

#[test]
fn a_staff_list_becomes_a_project() {
    assert_snapshot!(written(&[input("people.csv", CITY)]));
}

#[test]
fn a_project_without_files_passes_check() {
    assert_snapshot!(written(&[]));
}

#[test]
fn other_files_become_types_of_their_own_and_links_to_them() {
    let employees = "emp_no,birth_date,first_name,last_name,gender,hire_date,dept_no,boss_no\n\
                     10001,1953-09-02,Georgi,Facello,M,1986-06-26,d005,\n\
                     10002,1964-06-02,Bezalel,Simmel,F,1985-11-21,d007,10001\n\
                     10003,1959-12-03,Parto,Bamford,M,1986-08-28,d005,10001\n";
    let departments = "dept_no,dept_name\nd005,Development\nd007,Sales\n";
    let spells = "emp_no,dept_no,from_date,to_date\n10001,d005,1986-06-26,9999-01-01\n\
                  10001,d007,1980-01-01,1986-06-26\n10002,d005,1980-01-01,1986-06-26\n";
    let inputs = [
        input("dept_emp.csv", spells),
        input("department.csv", departments),
        input("employee.csv", employees),
    ];
    assert_snapshot!(found(&inputs), @r"
    employeeId <- emp_no: key: unique, never empty (confident)
    birthDate <- birth_date: days as YYYY-MM-DD (confident)
    givenName <- first_name: text, unique (confident)
    familyName <- last_name: text, unique (confident)
    gender <- gender: text, 2 different (likely)
    startDate <- hire_date: days as YYYY-MM-DD (confident)
    department <- dept_no: 100 % lead to a department (confident)
    manager <- boss_no: 100 % lead to a person (confident)
    deptNo <- dept_no: key: unique, never empty (confident)
    deptName <- dept_name: text, unique (likely)
    note: dept_emp.csv is left out: no column is unique, and muster needs one row for each thing
    ");
    let text = written(&inputs);
    assert!(text.contains("link(\"department\", record.dept_no)"), "{text}");
    assert!(text.contains("link(\"person\", record.boss_no)"), "{text}");
}

#[test]
fn a_header_that_cannot_be_used_is_mended_in_a_copy() {
    let ugly = b"Emp No;Gr\xf6\xdfe;Gr\xf6\xdfe;;Stra\xdfe/Nr.;\"name: full # {x}\";class;1st\n\
                 007;1,80;a;b;Weg 1;Ada L;x;2\n008;1,70;a;;Weg 2;Bob M;y;3\n";
    assert_snapshot!(found(&[input("Mitarbeiter Liste.csv", ugly)]), @r"
    employeeId <- Emp No: key: unique, never empty (confident)
    groesse <- Größe: text, unique (likely)
    groesse2 <- Größe 2: text, 1 different (likely)
    column4 <- column 4: text, 1 different (likely)
    strasseNr <- Straße/Nr.: text, unique (likely)
    nameFullX <- name: full # {x}: text, unique (likely)
    class <- class: text, unique (likely)
    x1st <- 1st: whole numbers (likely)
    note: the header of Mitarbeiter Liste.csv has names that are empty, doubled or badly spaced; the copy in data/ has better ones
    ");
    let text = written(&[input("Mitarbeiter Liste.csv", ugly)]);
    assert!(
        text.contains("=== data/mitarbeiter-liste.csv\nEmp No,Größe,Größe 2,column 4"),
        "{text}"
    );
}

#[test]
fn a_file_that_can_stay_as_it_is_is_read_with_its_delimiter_and_encoding() {
    let text = written(&[input("hr.csv", b"nr;name\n1;M\xfcller\n2;B\xf6hm\n")]);
    assert!(
        text.contains("{ path: data/hr.csv, key: nr, delimiter: ';', encoding: windows-1252 }"),
        "{text}"
    );
    assert!(text.contains("=== data/hr.csv (copy of input 0)"), "{text}");
}

#[test]
fn days_are_read_in_the_form_they_are_written_in() {
    let dates = "id,hired,born,seen,compact_date,left\n\
                 1,31.01.2020,12/31/1980,2026-01-31 08:00:00,20200131,\n\
                 2,01.02.2021,01/02/1981,2026-02-01 09:30:00,20210201,31.12.2025\n";
    assert_snapshot!(found(&[input("p.csv", dates)]), @r"
    employeeId <- id: key: unique, never empty (confident)
    startDate <- hired: days as DD.MM.YYYY (confident)
    born <- born: days as MM/DD/YYYY (confident)
    seen <- seen: instants as YYYY-MM-DD hh:mm:ss (likely)
    compactDate <- compact_date: days as YYYYMMDD (confident)
    endDate <- left: days as DD.MM.YYYY (confident)
    ");
}

#[test]
fn days_that_could_be_read_in_two_ways_need_a_look() {
    let text = found(&[input("p.csv", "id,hired\n1,01/02/2020\n2,03/04/2021\n")]);
    assert!(text.contains("could be the other way (needs you)"), "{text}");
}

#[test]
fn a_key_with_faults_is_taken_and_said() {
    let mut rows = "emp_no,name\n".to_owned();
    for n in 0..20 {
        put!(rows, "{n},Somebody {}\n", n % 3);
    }
    let text = found(&[input("p.csv", format!("{rows}7,Again\n,Nobody\n"))]);
    assert!(
        text.contains(
            "employeeId <- emp_no: key, but 1 duplicates and empty in 1 rows (needs you)"
        ),
        "{text}"
    );
}

#[test]
fn login_names_that_repeat_name_nobody() {
    let text = written(&[input(
        "p.csv",
        "id,login,first_name,last_name\n1,ada,Ada,L\n2,bob,Bob,M\n3,ada,Ada,N\n",
    )]);
    assert!(!text.contains("name: person.userName"), "{text}");
    assert!(text.contains("name: person.employeeId"), "{text}");
}

#[test]
fn words_for_having_left_lead_to_the_state_of_leavers() {
    let text =
        written(&[input("p.csv", "id,status\n1,Active\n2,Terminated\n3,active\n4,Retired\n")]);
    assert!(text.contains("|| status in [\"Retired\", \"Terminated\"]"), "{text}");
}

#[test]
fn an_end_that_is_no_day_does_not_decide_who_left() {
    let text = written(&[input("p.csv", "id,end\n1,never\n2,soon\n")]);
    assert!(text.contains("lastDay != null && now >= end_of(lastDay)"), "{text}");
}

#[test]
fn yes_and_no_are_found_in_several_languages() {
    let text = found(&[input(
        "p.csv",
        "id,remote,aktiv,is_lead,flag\n1,yes,Ja,1,true\n2,no,nein,0,false\n3,,ja,1,\n",
    )]);
    assert_snapshot!(text, @r"
    employeeId <- id: key: unique, never empty (confident)
    remote <- remote: yes or no, `yes` is yes (confident)
    aktiv <- aktiv: yes or no, `ja` is yes (confident)
    isLead <- is_lead: yes or no, `1` is yes (confident)
    flag <- flag: true or false (confident)
    ");
}

#[test]
fn a_byte_order_mark_and_tabs_are_understood() {
    let text: Vec<u8> = std::iter::once(0xfeff)
        .chain("id\tname\n1\tAda\n2\tGrace\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let proposal = propose(&[input("p.csv", text)]).unwrap();
    assert_eq!(proposal.summaries, ["p.csv: 2 rows, 2 columns, UTF-8, tabs between"]);
}

#[test]
fn files_that_tell_nothing_are_refused_with_the_reason() {
    let refused = |bytes: &[u8]| propose(&[input("p.csv", bytes)]).unwrap_err().to_string();
    assert_eq!(refused(b""), "`p.csv` is empty: not even a header");
    assert_eq!(refused(b"\n \n"), "`p.csv` is empty: not even a header");
    assert_eq!(refused(b"id,name\n"), "`p.csv` has a header and no rows");
    assert!(refused(b"PK\x03\x04\x00\x00").contains("is not a CSV file"));
    assert!(refused(b"a,b\nx,y\nx,y\nx,y\n").contains("no column of `p.csv` could be a key"));
}

#[test]
fn a_file_in_the_project_is_read_where_it_lies() {
    let mut file = input("people.csv", CITY);
    file.inside = Some("feeds/people.csv".to_owned());
    let text = written(&[file]);
    assert!(text.contains("path: feeds/people.csv"), "{text}");
    assert!(!text.contains("copy of input"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_header_and_the_cells_are_the_project_passes_check(
        key in "emp_no|login|name|first name|end|department|title|ID",
        header in prop::collection::vec("\\PC{0,12}|[a-z]{1,8}|end|status|login|name|manager|dept", 1..8),
        cells in prop::collection::vec("\\PC{0,10}|[0-9]{1,4}|yes|no|31\\.12\\.2020", 8..24),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut head = vec![key];
        head.extend(header.iter().cloned());
        writer.write_record(&head).unwrap();
        for (n, row) in cells.chunks(header.len()).enumerate() {
            let mut record = vec![n.to_string()];
            record.extend(row.iter().cloned());
            record.resize(head.len(), String::new());
            writer.write_record(&record).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        if let Ok(proposal) = propose(&[input("p.csv", &bytes)]) {
            let loaded = load(&proposal);
            let errors = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
            prop_assert!(!errors, "{}", problems(&proposal));
        }
    }
}
