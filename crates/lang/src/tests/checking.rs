//! What is refused before anything runs, and how it is said.

use insta::assert_snapshot;
use muster_model::ValueType;

use super::support::{DEPARTMENT, PERSON, check, check_in, env, print};
use crate::{Type, VariableType, compile, compile_condition, compile_match};

#[test]
fn types_are_known() {
    assert_snapshot!(check("person.title"), @"string");
    assert_snapshot!(check("title + 'x' == 'y'"), @"bool");
    assert_snapshot!(check("person.department"), @"department");
    assert_snapshot!(check("positions"), @"list of position");
    assert_snapshot!(check("positions.map(p, p.until)"), @"list of date");
    assert_snapshot!(check("level + 1.5"), @"float");
    assert_snapshot!(check("[]"), @"list of null");
    assert_snapshot!(check("null"), @"null");
    assert_snapshot!(check("onLeave ? null : startDate"), @"date");
    assert_snapshot!(check("first(positions.filter(p, p.title == 'x')).holder"), @"person");
    assert_snapshot!(check("link('person', record.emp_no)"), @"person");
    assert_snapshot!(check("default(endDate, startDate)"), @"date");
}

#[test]
fn unknown_names_are_named_with_the_nearest_known_one() {
    assert_snapshot!(check("person.departmnt.code"), @"E0412 at `departmnt`: `person` has no attribute `departmnt` (did you mean `department`?)");
    assert_snapshot!(check("person.department.cod == 'x'"), @"E0412 at `cod`: `department` has no attribute `cod` (did you mean `code`?)");
    assert_snapshot!(check("persn.title"), @"E0401 at `persn`: nothing is called `persn` here (did you mean `person`?)");
    assert_snapshot!(check("givenNme"), @"E0401 at `givenNme`: nothing is called `givenNme` here (did you mean `givenName`?)");
    assert_snapshot!(check("zzz"), @"E0401 at `zzz`: nothing is called `zzz` here (known here: `person`, `record`, `n`)");
    assert_snapshot!(check("record.emp_nr"), @"E0412 at `emp_nr`: there is no column `emp_nr` (did you mean `emp_no`?)");
    assert_snapshot!(check("lowr(title)"), @"E0402 at `lowr`: there is no function `lowr` (did you mean `lower`?)");
    assert_snapshot!(check("title.toLowerCase()"), @"E0402 at `toLowerCase`: there is no function `toLowerCase` (it is called `lower` here)");
    assert_snapshot!(check("positions.exists(p, p.titel == 'x')"), @"E0412 at `titel`: `position` has no attribute `titel` (did you mean `title`?)");
    assert_snapshot!(check("link('departmen', 'x')"), @"E0404 at `'departmen'`: there is no entity type `departmen` (did you mean `department`?)");
    assert_snapshot!(check("status == 'activ'"), @"E0409 at `'activ'`: `status` is never `activ` (did you mean `active`?)");
    assert_snapshot!(check("status in ['active', 'gone']"), @"E0409 at `['active', 'gone']`: `status` is never `gone` (choices: `active`, `terminated`)");
}

#[test]
fn an_attribute_without_its_variable_is_recognised() {
    let mut explicit = env();
    explicit.implicit = None;
    assert_snapshot!(check_in("title == 'x'", &explicit, None), @"E0401 at `title`: nothing is called `title` here (did you mean `person.title`?)");
}

#[test]
fn all_problems_are_found_at_once() {
    assert_snapshot!(check("titl == 'x' && lowr(person.x) == 'y' && level == 'z'"), @r"
    E0401 at `titl`: nothing is called `titl` here (did you mean `title`?)
    E0402 at `lowr`: there is no function `lowr` (did you mean `lower`?)
    E0412 at `x`: `person` has no attribute `x`
    E0409 at `==`: int and string are never equal (write `int('z')`)
    ");
}

#[test]
fn what_can_never_be_equal_is_refused() {
    assert_snapshot!(check("level == '7'"), @"E0409 at `==`: int and string are never equal (write `int('7')`)");
    assert_snapshot!(check("startDate == '2026-01-01'"), @"E0409 at `==`: date and string are never equal (write `date('2026-01-01')`)");
    assert_snapshot!(check("department == 'D007'"), @"E0409 at `==`: department and string are never equal (compare an attribute of the entity, like `….code`)");
    assert_snapshot!(check("department == person"), @"E0409 at `==`: department and person are never equal");
    assert_snapshot!(check("phones == 'x'"), @"E0409 at `==`: list of string and string are never equal (ask for an item with `… in …`)");
    assert_snapshot!(check("level in ['a']"), @"E0409 at `in`: int and string are never equal (write `int('a')`)");
    assert_snapshot!(check("startDate == lastSeen"), @"E0409 at `==`: date and datetime are never equal (a date is a whole day; take `start_of(…)` or `end_of(…)` of it)");
    assert_snapshot!(check("record == null"), @"E0409 at `==`: record and null are never equal");
}

#[test]
fn operators_need_types_that_fit() {
    assert_snapshot!(check("'a' + 1"), @"E0404 at `+`: string and int cannot be combined (make it text with `string(…)`)");
    assert_snapshot!(check("startDate + 1"), @"E0404 at `+`: date and int cannot be combined (use `add_days`, `add_months` or `days_between`)");
    assert_snapshot!(check("title && true"), @"E0404 at `title`: a condition is needed here, this is string (compare it, or read it as a truth value with `bool(…)`)");
    assert_snapshot!(check("!department"), @"E0404 at `department`: a condition is needed here, this is department (write `… != null` to ask whether there is a value)");
    assert_snapshot!(check("onLeave < true"), @"E0404 at `<`: values of type bool have no order");
    assert_snapshot!(check("level < 'x'"), @"E0404 at `<`: int cannot be ordered against string (write `int('x')`)");
    assert_snapshot!(check("-title"), @"E0404 at `title`: `-` needs a number, this is string");
    assert_snapshot!(check("'a' in title"), @"E0404 at `title`: `in` needs a list, this is string (ask for a part of a text with `contains(text, part)`)");
    assert_snapshot!(check("onLeave ? 1 : 'x'"), @"E0404 at `'x'`: one side gives int, the other string");
    assert_snapshot!(check("[1, 'x']"), @"E0404 at `'x'`: the list holds int, this is string");
    assert_snapshot!(check("phones['x']"), @"E0404 at `'x'`: the position in a list is int, this is string");
    assert_snapshot!(check("title[0]"), @"E0404 at `title[0]`: string has no items (take a part of a text with `substring(text, 0, 1)`)");
    assert_snapshot!(check("title.code"), @"E0404 at `code`: string has no `code` (only entities and records have attributes)");
    assert_snapshot!(check("positions.title"), @"E0404 at `title`: list of position has no `title` (ask for one with `positions.exists(x, x.title == …)` or collect with `positions.map(x, x.title)`)");
    assert_snapshot!(check("link('department', 'x').code"), @"E0404 at `code`: what `link(…)` names cannot be read (read it through a link attribute)");
    assert_snapshot!(check("record"), @"E0404 at `record`: `record` has no value of its own (name a column: `record.…`)");
    assert_snapshot!(check("record[title]"), @"E0408 at `title`: the name must be written out (write `record[\"Emp No\"]`)");
}

#[test]
fn functions_need_arguments_that_fit() {
    assert_snapshot!(check("lower()"), @"E0403 at `lower`: `lower` takes 1 argument, not 0");
    assert_snapshot!(check("substring(title)"), @"E0403 at `substring`: `substring` takes 2 to 3 arguments, not 1");
    assert_snapshot!(check("dn('uid')"), @"E0403 at `dn`: `dn` takes at least 2 arguments, not 1");
    assert_snapshot!(check("lower(level)"), @"E0404 at `level`: `lower` takes string here, this is int (make it text with `string(…)`)");
    assert_snapshot!(check("start_of('2026-01-01')"), @"E0404 at `'2026-01-01'`: `start_of` takes date here, this is string (read it with `date(…)`)");
    assert_snapshot!(check("lower(department)"), @"E0404 at `department`: `lower` takes string here, this is department (take an attribute of the entity)");
    assert_snapshot!(check("string(phones)"), @"E0404 at `phones`: `string` takes a single value here, this is list of string (make it one with `join(…, ',')` or `first(…)`)");
    assert_snapshot!(check("default(title, 1)"), @"E0404 at `1`: the value in place of string is int");
    assert_snapshot!(check("max(1, 'a')"), @"E0404 at `'a'`: int and string have no order between them");
    assert_snapshot!(check("matches(title, familyName)"), @"E0404 at `familyName`: the regular expression must be written out");
    assert_snapshot!(check("has(title + 'x')"), @"E0404 at `title + 'x'`: `has` asks for an attribute (write `has(person.title)`, or compare with `!= null`)");
    assert_snapshot!(check("exists(phones, p, true)"), @"E0403 at `exists`: `exists` stands after a list (write `list.exists(x, …)`)");
    assert_snapshot!(check("title.exists(p, true)"), @"E0404 at `title`: `exists` needs a list, this is string");
    assert_snapshot!(check("phones.exists(1, true)"), @"E0404 at `1`: the first argument names the element (write `exists(x, …)`)");
    assert!(check("date(title, '%K')").starts_with("E0404 at `'%K'`: the format cannot be used: "));
    assert!(
        check("format(startDate, '%')").starts_with("E0404 at `'%'`: the format cannot be used: ")
    );
}

#[test]
fn conversions_of_what_is_written_out_are_tried() {
    assert_snapshot!(check("startDate > date('31.01.2026')"), @"E0409 at `date('31.01.2026')`: `date` cannot read this (write the day as `date('2026-01-31')`)");
    assert_snapshot!(check("lastSeen > datetime('2026-01-31')"), @"E0409 at `datetime('2026-01-31')`: `datetime` cannot read this (write the instant as `datetime('2026-01-31T08:00:00Z')`)");
    assert_snapshot!(check("level == int('x')"), @"E0409 at `int('x')`: `int` cannot read this (the result would always be `null`)");
    assert_snapshot!(check("date('31.01.', '%d.%m.')").split(':').next().unwrap(), @"E0404 at `'%d.%m.'`");
    assert_snapshot!(check("date(null)"), @"date");
}

#[test]
fn parentheses_belong_to_what_they_enclose() {
    assert_snapshot!(check("lower((level + 1) * 2)"), @"E0404 at `(level + 1) * 2`: `lower` takes string here, this is int (make it text with `string(…)`)");
    assert_snapshot!(check("lower(((level)))"), @"E0404 at `level`: `lower` takes string here, this is int (make it text with `string(…)`)");
    assert_snapshot!(check("lower(1 + ((level)))"), @"E0404 at `1 + ((level))`: `lower` takes string here, this is int (make it text with `string(…)`)");
    assert_snapshot!(check("(phones)[0] + 1"), @"E0404 at `+`: string and int cannot be combined (make it text with `string(…)`)");
    assert_snapshot!(check("lower(-1)"), @"E0404 at `-1`: `lower` takes string here, this is int (make it text with `string(…)`)");
    assert_snapshot!(check("lower(level in ([1, 2]))"), @"E0404 at `level in ([1, 2])`: `lower` takes string here, this is bool (make it text with `string(…)`)");
}

#[test]
fn syntax_problems_stand_where_the_text_goes_wrong() {
    assert_snapshot!(check(""), @"E0301 at ``: the expression is empty");
    assert_snapshot!(check("title = 'x'"), @"E0301 at `=`: `=` is not known here (compare with `==`)");
    assert_snapshot!(check("title == 'x' and onLeave"), @"E0301 at `and`: `and` is not expected here (write `&&` for and)");
    assert_snapshot!(check("title ==\n  "), @"E0301 at ``: the expression ends too early");
    assert_snapshot!(check("title == 'x"), @"E0301 at `'x`: the text is not closed (add the closing quote)");
    assert_snapshot!(check("lower(title"), @"E0301 at `(`: `(` is not closed");
    assert_snapshot!(check("title)"), @"E0301 at `)`: `)` closes nothing");
    assert_snapshot!(check("lower(title]"), @"E0301 at `]`: `(` is closed by `]`");
    assert_snapshot!(check("größe == 1"), @"E0301 at `ö`: `ö` is not known here (names have only a to z, digits and `_`; write others as `record[\"Größe\"]`)");
    assert_snapshot!(check("'ä' == title title"), @"E0301 at `title`: `title` is not expected here");
    assert_snapshot!(check("99999999999999999999"), @"E0301 at `99999999999999999999`: `99999999999999999999` is not expected here (numbers have at most 64 bits)");
}

#[test]
fn what_cel_has_beyond_this_language_is_refused() {
    assert_snapshot!(check("1u == level"), @"E0408 at `1u`: an unsigned number cannot be used here (write it without the `u`)");
    assert_snapshot!(check("b'x'"), @"E0408 at `b'x'`: a bytes literal cannot be used here (write text without the `b`)");
    assert_snapshot!(check("{'a': 1}"), @"E0408 at `{`: a map cannot be used here (values are scalars and lists)");
    assert_snapshot!(check("Person{name: 'x'}"), @"E0408 at `{`: a message cannot be used here (values are scalars and lists)");
    assert_snapshot!(check(".title"), @"E0408 at `title`: a leading `.` cannot be used here (name the variable without it)");
}

#[test]
fn positions_are_bytes_also_after_other_letters() {
    let source = "'äöü€' == titl";
    let problems = compile(source, &env(), None).unwrap_err();
    assert_eq!(
        print(source, &problems),
        "E0401 at `titl`: nothing is called `titl` here (did you mean `title`?)"
    );
}

#[test]
fn a_result_must_fit_what_is_wanted() {
    let fits = |source: &str, wanted: &Type| check_in(source, &env(), Some(wanted));
    let scalar = Type::Scalar;
    let list = |item: Type| Type::List(Box::new(item));
    assert_eq!(fits("title", &scalar(ValueType::Date)), "string");
    assert_eq!(fits("title", &scalar(ValueType::Link(DEPARTMENT))), "string");
    assert_eq!(fits("null", &Type::Entity(PERSON)), "null");
    assert_eq!(fits("department", &scalar(ValueType::Link(DEPARTMENT))), "department");
    assert_eq!(fits("department", &Type::Entity(DEPARTMENT)), "department");
    assert_eq!(fits("title", &list(Type::TEXT)), "string");
    assert_eq!(fits("phones", &list(Type::TEXT)), "list of string");
    assert_eq!(fits("[]", &list(Type::TEXT)), "list of null");
    assert_eq!(fits("level", &scalar(ValueType::Float)), "float");
    assert_snapshot!(fits("department", &Type::Entity(PERSON)), @"E0407 at `department`: person is needed here, this is department (name the entity by its key: `link('person', …)`)");
    assert_snapshot!(fits("department", &Type::TEXT), @"E0407 at `department`: string is needed here, this is department (take an attribute of the entity)");
    assert_snapshot!(fits("level", &Type::TEXT), @"E0407 at `level`: string is needed here, this is int (make it text with `string(…)`)");
    assert_snapshot!(fits("phones", &Type::TEXT), @"E0407 at `phones`: string is needed here, this is list of string (take one with `first(…)`, or `join(…, ',')`)");
    assert_snapshot!(fits("level", &Type::BOOL), @"E0407 at `level`: bool is needed here, this is int (compare it with something)");
}

#[test]
fn a_condition_is_not_text() {
    assert!(compile_condition("title == 'x'", &env()).is_ok());
    assert!(compile_condition("true", &env()).is_ok());
    let problems = compile_condition("title", &env()).unwrap_err();
    assert_eq!(
        print("title", &problems),
        "E0407 at `title`: a condition is needed here, this is string (compare it with something)"
    );
}

#[test]
fn open_records_number_their_columns_in_order_of_use() {
    let open = env();
    let VariableType::Record(columns) = &open.variables[1].ty else { panic!("no record") };
    columns.0.borrow_mut().closed = false;
    for source in ["record.emp_no + record.town", "record[\"First Name\"] + record.town"] {
        compile(source, &open, None).unwrap();
    }
    let names: Vec<String> =
        columns.0.borrow().columns.iter().map(|(name, _, _)| name.to_string()).collect();
    assert_eq!(names, ["emp_no", "Emp No", "tags", "town", "First Name"]);
}

#[test]
fn columns_of_an_implicit_record_need_no_prefix() {
    let mut account = env();
    account.implicit = Some(1);
    let program = compile("uid == person.title", &account, None);
    assert_eq!(print("uid", &program.unwrap_err()), "E0412 at `uid`: there is no column `uid`");
    let program = compile("emp_no == person.title", &account, None).unwrap();
    assert_eq!(&*program.paths()[0].text, "record.emp_no");
    let VariableType::Record(columns) = &account.variables[1].ty else { panic!("no record") };
    columns.0.borrow_mut().closed = false;
    assert_snapshot!(check_in("uid == persn.title", &account, None), @"E0404 at `title`: string has no `title` (did you mean `person`?) (only entities and records have attributes)");
}

/// The two sides of a matching rule, or its problems.
fn matching(source: &str) -> String {
    match compile_match(source, &env(), 1, 0) {
        Ok((left, right)) => {
            let show = |programs: &[crate::Program]| {
                programs
                    .iter()
                    .map(|program| {
                        format!("{} {}", program.source(), program.ty().describe(&env().schema))
                    })
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            format!("{} | {}", show(&left), show(&right))
        }
        Err(problems) => print(source, &problems),
    }
}

#[test]
fn a_matching_rule_is_taken_apart() {
    assert_snapshot!(matching("employeeId == record.emp_no"), @"record.emp_no string | employeeId string");
    assert_snapshot!(matching("lower(record.emp_no) == lower(title) && givenName == record[\"Emp No\"]"), @r#"lower(record.emp_no) string, record["Emp No"] string | lower(title) string, givenName string"#);
    assert_snapshot!(matching("level == record.emp_no"), @"record.emp_no int | level int");
    assert_snapshot!(matching("title > record.emp_no"), @"E0410 at `title > record.emp_no`: a matching rule has only `==` and `&&` (write `… == …` with one side from `record` and the other from `person`)");
    assert_snapshot!(matching("title == givenName"), @"E0410 at `title == givenName`: each side of a match reads one of the two (write `… == …` with one side from `record` and the other from `person`)");
    assert_snapshot!(matching("title == record.emp_no && record.emp_no == 'x'"), @"E0410 at `record.emp_no == 'x'`: each side of a match reads one of the two (write `… == …` with one side from `record` and the other from `person`)");
    assert_snapshot!(matching("department == record.emp_no"), @"E0409 at `==`: string and department are never equal");
    assert_snapshot!(matching("department == link('department', record.emp_no)"), @"E0410 at `department == link('department', record.emp_no)`: entities are matched by their keys (compare an attribute of the entity)");
    assert_snapshot!(matching("titl == record.emp_n"), @r"
    E0401 at `titl`: nothing is called `titl` here (did you mean `title`?)
    E0412 at `emp_n`: there is no column `emp_n` (did you mean `emp_no`?)
    ");
}
