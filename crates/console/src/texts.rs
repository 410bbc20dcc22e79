//! What the pages say, in the languages there are. A text that a language lacks does not compile.

mod access;
mod asking;
mod desk;
mod form;
mod frame;
mod home;
mod notice;
mod person;
mod report;
mod review;
mod system;
mod work;

use muster_model::Language;

pub(crate) use self::{
    access::AccessTexts,
    asking::AskingTexts,
    desk::DeskTexts,
    form::FormTexts,
    frame::{FrameTexts, ProblemTexts, SaidTexts},
    home::HomeTexts,
    notice::NoticeTexts,
    person::PersonTexts,
    report::ReportTexts,
    review::ReviewTexts,
    system::SystemTexts,
    work::WorkTexts,
};

/// Texts by name, each in every language.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $english:literal, $german:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name { $(pub(crate) $field: &'static str),* }

        impl $name {
            pub(crate) const ENGLISH: Self = Self { $($field: $english),* };
            pub(crate) const GERMAN: Self = Self { $($field: $german),* };
        }
    };
}
use texts;

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) language: &'static str,
    pub(crate) frame: FrameTexts,
    pub(crate) said: SaidTexts,
    pub(crate) problem: ProblemTexts,
    pub(crate) home: HomeTexts,
    pub(crate) person: PersonTexts,
    pub(crate) access: AccessTexts,
    pub(crate) asking: AskingTexts,
    pub(crate) desk: DeskTexts,
    pub(crate) form: FormTexts,
    pub(crate) notice: NoticeTexts,
    pub(crate) report: ReportTexts,
    pub(crate) review: ReviewTexts,
    pub(crate) system: SystemTexts,
    pub(crate) work: WorkTexts,
}

const ENGLISH: Texts = Texts {
    language: Language::English.tag(),
    frame: FrameTexts::ENGLISH,
    said: SaidTexts::ENGLISH,
    problem: ProblemTexts::ENGLISH,
    home: HomeTexts::ENGLISH,
    person: PersonTexts::ENGLISH,
    access: AccessTexts::ENGLISH,
    asking: AskingTexts::ENGLISH,
    desk: DeskTexts::ENGLISH,
    form: FormTexts::ENGLISH,
    notice: NoticeTexts::ENGLISH,
    report: ReportTexts::ENGLISH,
    review: ReviewTexts::ENGLISH,
    system: SystemTexts::ENGLISH,
    work: WorkTexts::ENGLISH,
};

const GERMAN: Texts = Texts {
    language: Language::German.tag(),
    frame: FrameTexts::GERMAN,
    said: SaidTexts::GERMAN,
    problem: ProblemTexts::GERMAN,
    home: HomeTexts::GERMAN,
    person: PersonTexts::GERMAN,
    access: AccessTexts::GERMAN,
    asking: AskingTexts::GERMAN,
    desk: DeskTexts::GERMAN,
    form: FormTexts::GERMAN,
    notice: NoticeTexts::GERMAN,
    report: ReportTexts::GERMAN,
    review: ReviewTexts::GERMAN,
    system: SystemTexts::GERMAN,
    work: WorkTexts::GERMAN,
};

impl Texts {
    /// The texts in a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}

/// A text with values in the place of their names in braces. A value is never looked into.
pub(crate) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(
            values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value),
        );
        rest = after;
    }
    out + rest
}

/// A number with the text for one or for many, in which `{n}` stands for it.
pub(crate) fn counted(one: &str, many: &str, n: u64) -> String {
    filled(if n == 1 { one } else { many }, &[("n", &n.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_where_its_name_stood() {
        let values = [("who", "{n}"), ("n", "2")];
        assert_eq!(filled("{who} has {n} of {other}.", &values), "{n} has 2 of .");
        assert_eq!(counted("one", "{n} of them", 1), "one");
        assert_eq!(counted("one", "{n} of them", 0), "0 of them");
    }
}
