//! The people of the sample company, made from the tables in `company` and `names`.
//!
//! Access is not decided here; see `rules`.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date};

use crate::{
    company::{DEPARTMENTS, Department, FIGURES, Fate, Figure, SITES, Site},
    names::{around, ascii},
    random::Random,
};

/// A person as the HR file knows them, and what `muster` will make of them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The employee number.
    pub(crate) number: usize,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    /// The sign-in name that is generated from the name.
    pub(crate) user_name: String,
    /// The account name on the ledger that is generated from the name.
    pub(crate) ledger_name: String,
    pub(crate) title: &'static str,
    pub(crate) grade: u8,
    pub(crate) department: &'static Department,
    pub(crate) site: &'static Site,
    /// Employee number of the manager.
    pub(crate) manager: Option<usize>,
    pub(crate) contract: &'static str,
    pub(crate) weekly_hours: &'static str,
    pub(crate) start: Date,
    pub(crate) end: Option<Date>,
    /// First day in the present department.
    pub(crate) since: Date,
    pub(crate) phones: Vec<String>,
    pub(crate) certificates: BTreeSet<&'static str>,
    pub(crate) functions: Vec<&'static str>,
    pub(crate) licence_until: Option<Date>,
    pub(crate) uuid: String,
    pub(crate) fate: Fate,
}

impl Person {
    /// The name as people write it.
    pub(crate) fn display(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// The mail address.
    pub(crate) fn mail(&self) -> String {
        format!("{}@tern.example", self.user_name)
    }
}

/// Makes the 240 people in the order of their employee numbers.
pub(crate) fn people(today: Date) -> Vec<Person> {
    let mut random = Random::new(0x7e12_1065);
    let mut people = Vec::new();
    let mut figures: Vec<&'static Figure> = FIGURES.iter().collect();
    let mut names: BTreeSet<(&str, &str)> =
        FIGURES.iter().map(|figure| (figure.given, figure.family)).collect();
    for department in &DEPARTMENTS {
        for &(title, grade, count) in department.jobs {
            for _ in 0..count {
                let figure = figures
                    .iter()
                    .position(|figure| figure.title == title)
                    .map(|place| figures.remove(place));
                let job = Job { department, title, grade };
                people.push(person(&job, figure, &mut names, &mut random, today));
            }
        }
    }
    number(&mut people, &mut random);
    name_accounts(&mut people);
    people
}

/// A job to fill.
struct Job {
    department: &'static Department,
    title: &'static str,
    grade: u8,
}

/// Fills a job with the figure or with somebody new.
fn person(
    job: &Job,
    figure: Option<&Figure>,
    names: &mut BTreeSet<(&'static str, &'static str)>,
    random: &mut Random,
    today: Date,
) -> Person {
    let site = match figure {
        Some(figure) => site_named(figure.site),
        None => any_site(random),
    };
    let (given, family) = match figure {
        Some(figure) => (figure.given, figure.family),
        None => new_name(site, names, random),
    };
    let fate = figure.map_or(Fate::Works, |figure| figure.fate);
    let (start, end, since) = dates(fate, random, today);
    let contract = contract(job, figure.is_some(), random);
    let end = end.or_else(|| {
        // Contracts with an end, none of them soon.
        let has_end = matches!(contract, "fixed-term" | "contractor");
        (has_end && fate == Fate::Works).then(|| later(today, 60 + random.below(500)))
    });
    Person {
        number: 0,
        given,
        family,
        user_name: String::new(),
        ledger_name: String::new(),
        title: job.title,
        grade: job.grade,
        department: job.department,
        site,
        manager: None,
        contract,
        weekly_hours: if job.grade < 4 && random.chance(12) { "18.5" } else { "38.5" },
        start,
        end,
        since,
        phones: phones(site, job.grade, random),
        certificates: BTreeSet::new(),
        functions: figure.map_or_else(Vec::new, |figure| figure.functions.to_vec()),
        licence_until: (job.title == "Driver").then(|| later(today, 90 + random.below(1400))),
        uuid: uuid(random),
        fate,
    }
}

fn site_named(code: &str) -> &'static Site {
    SITES.iter().find(|site| site.code == code).unwrap_or(&SITES[0])
}

fn any_site(random: &mut Random) -> &'static Site {
    let mut place = random.below(100);
    for site in &SITES {
        if place < site.share {
            return site;
        }
        place -= site.share;
    }
    &SITES[0]
}

/// A name that nobody has yet.
fn new_name(
    site: &Site,
    taken: &mut BTreeSet<(&'static str, &'static str)>,
    random: &mut Random,
) -> (&'static str, &'static str) {
    loop {
        let given = around(if random.chance(72) { site.code } else { "" });
        let family = around(if random.chance(72) { site.code } else { "" });
        let name = (random.pick(given.given), random.pick(family.family));
        if taken.insert(name) {
            return name;
        }
    }
}

/// The first day, the last day and the first day in the present department.
fn dates(fate: Fate, random: &mut Random, today: Date) -> (Date, Option<Date>, Date) {
    let start = earlier(today, 200 + random.below(4200));
    match fate {
        Fate::Works | Fate::OnLeave => (start, None, start),
        Fate::Starts(days) => {
            let start = today.saturating_add(days.days());
            (start, None, start)
        }
        Fate::Left(days) | Fate::LeftUnnoticed(days) => {
            (start, Some(today.saturating_sub(days.days())), start)
        }
        Fate::Moved { days, .. } => (start, None, today.saturating_sub(days.days())),
    }
}

fn later(today: Date, days: usize) -> Date {
    today.saturating_add(i32::try_from(days).unwrap_or(0).days())
}

fn earlier(today: Date, days: usize) -> Date {
    today.saturating_sub(i32::try_from(days).unwrap_or(0).days())
}

fn contract(job: &Job, is_figure: bool, random: &mut Random) -> &'static str {
    let roll = random.below(100);
    match roll {
        _ if is_figure || job.grade >= 5 => "permanent",
        0..8 => "contractor",
        8..17 => "fixed-term",
        17..24 if job.grade <= 2 => "apprentice",
        _ => "permanent",
    }
}

/// A desk number of the site and, further up, a mobile one.
fn phones(site: &Site, grade: u8, random: &mut Random) -> Vec<String> {
    let mut phones = vec![format!("{}{:03}", site.phone, random.below(1000))];
    if grade >= 4 {
        phones.push(format!("+49 176 040690{:02}", random.below(100)));
    }
    // Several values are a set: sorted everywhere.
    phones.sort();
    phones
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// Hands out employee numbers without regard to department, and sets managers.
fn number(people: &mut [Person], random: &mut Random) {
    let mut numbers: Vec<usize> = (0..people.len()).map(|place| 10_003 + place * 7).collect();
    random.shuffle(&mut numbers);
    for (person, number) in people.iter_mut().zip(numbers) {
        person.number = number;
    }
    let heads: Vec<(&str, usize)> = DEPARTMENTS
        .iter()
        .filter_map(|department| {
            let head = people.iter().find(|person| person.department.code == department.code)?;
            Some((department.code, head.number))
        })
        .collect();
    let head_of = |code: &str| heads.iter().find(|(head, _)| *head == code).map(|(_, n)| *n);
    let leads: Vec<(&str, usize)> = people
        .iter()
        .filter(|person| matches!(person.title, "Team lead" | "Shift lead"))
        .map(|lead| (lead.department.code, lead.number))
        .collect();
    for person in people.iter_mut() {
        let own_head = head_of(person.department.code);
        let own_leads: Vec<usize> = leads
            .iter()
            .filter(|(code, _)| *code == person.department.code && person.grade < 4)
            .map(|(_, number)| *number)
            .collect();
        person.manager = if own_head == Some(person.number) {
            head_of(person.department.parent)
        } else if own_leads.is_empty() {
            own_head
        } else {
            Some(random.pick(&own_leads))
        };
    }
    people.sort_by_key(|person| person.number);
}

/// Sets the names that `generate:` in `schema/person.yaml` will find: the first person in the file gets the plain one.
fn name_accounts(people: &mut [Person]) {
    let mut user_names = BTreeSet::new();
    let mut ledger_names = BTreeSet::new();
    for person in people {
        let given = ascii(person.given);
        let family = ascii(person.family);
        let user_name = format!("{given}.{family}").to_lowercase();
        person.user_name = first_free(&mut user_names, &user_name);
        let initial: String = given.chars().take(1).collect();
        let ledger_name = format!("{initial}.{family}").to_uppercase();
        person.ledger_name = first_free(&mut ledger_names, &ledger_name);
    }
}

/// The name itself, or with the least number from 1 that makes it free.
fn first_free(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut free = name.to_owned();
    let mut n = 0;
    while !taken.insert(free.clone()) {
        n += 1;
        free = format!("{name}{n}");
    }
    free
}
