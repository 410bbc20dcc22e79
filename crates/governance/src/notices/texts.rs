//! The words of what people are told: those of the model, or Muster's own.

use jiff::{Timestamp, tz::TimeZone};
use muster_app::{Opened, fill_template};
use muster_model::Language;
use muster_policy::NoticeText;
use serde_json::Value as Json;

use super::{Facts, one_line};

/// Characters of a subject at most.
const LONGEST: usize = 300;

/// Values that are moments: a teller gives them as RFC 3339 has them, and they are said in the reader's words and zone.
const MOMENTS: [&str; 3] = ["until", "due", "link_ends"];

/// In which words something is said.
#[derive(Debug)]
pub(super) struct Voice<'a> {
    pub(super) language: Language,
    /// In which zone a moment is said.
    pub(super) zone: &'a TimeZone,
}

impl Voice<'_> {
    fn moment(&self, at: Timestamp) -> String {
        let form = match self.language {
            Language::English => "%-d %B %Y, %H:%M %Z",
            Language::German => "%-d.%-m.%Y, %H:%M Uhr %Z",
        };
        at.to_zoned(self.zone.clone()).strftime(form).to_string()
    }
}

/// A subject and a text, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
}

/// Muster's own words: a first line that is the subject, and the text.
const fn own(text: NoticeText, language: Language) -> &'static str {
    use Language::{English, German};
    use NoticeText::{Form, Gathered, Guest, Request, Review};
    match (text, language) {
        (Request, English) => include_str!("texts/request.en.txt"),
        (Request, German) => include_str!("texts/request.de.txt"),
        (Review, English) => include_str!("texts/review.en.txt"),
        (Review, German) => include_str!("texts/review.de.txt"),
        (Form, English) => include_str!("texts/form.en.txt"),
        (Form, German) => include_str!("texts/form.de.txt"),
        (Guest, English) => include_str!("texts/guest.en.txt"),
        (Guest, German) => include_str!("texts/guest.de.txt"),
        (Gathered, English) => include_str!("texts/gathered.en.txt"),
        (Gathered, German) => include_str!("texts/gathered.de.txt"),
    }
}

/// The template by which something is told now, its subject and its text, and whether they are the model's.
pub fn notice_text(
    opened: &Opened,
    text: NoticeText,
    language: Language,
) -> (String, String, bool) {
    if let Some(of) = opened.model.notices.texts.get(&(text, language)) {
        return (of.subject.to_string(), of.text.to_string(), true);
    }
    let (subject, text) = own(text, language).split_once('\n').unwrap_or_default();
    (subject.to_owned(), text.to_owned(), false)
}

/// The subject and the text of something that is said to nobody whose language is known.
pub fn notice_words(opened: &Opened, text: NoticeText, facts: Facts) -> Option<(String, String)> {
    let (language, zone) = (opened.model.notices.language, &opened.model.timezone);
    let words = words(opened, text, &Voice { language, zone }, facts)?;
    Some((words.subject, words.text))
}

/// Fills the words of the model; where those cannot be filled, Muster's own, for nobody must go without what they wait for.
/// `None` where nothing can be filled, which is said in the log: it holds up nothing else.
pub(super) fn words(
    opened: &Opened,
    text: NoticeText,
    voice: &Voice<'_>,
    mut values: Facts,
) -> Option<Words> {
    let language = voice.language;
    for name in text.values() {
        let value = values.entry(*name).or_insert(Json::Null);
        let at = value.as_str().filter(|_| MOMENTS.contains(name));
        if let Some(at) = at.and_then(|at| at.parse::<Timestamp>().ok()) {
            *value = voice.moment(at).into();
        }
        if value.is_null() {
            *value = Json::from("");
        }
    }
    let values = Json::Object(values);
    let (subject, body, is_own) = notice_text(opened, text, language);
    match fill((&subject, &body), &values) {
        Ok(words) => Some(words),
        Err(problem) => {
            let (of, tag) = (text.word(), language.tag());
            tracing::warn!(problem, text = of, language = tag, "a text cannot be filled");
            let usual = own(text, language).split_once('\n').unwrap_or_default();
            fill(usual, &values).ok().filter(|_| is_own)
        }
    }
}

fn fill((subject, text): (&str, &str), values: &Json) -> Result<Words, String> {
    let fill = |template| fill_template(template, false, values).map_err(|error| error.problem);
    let subject = one_line(&fill(subject)?).chars().take(LONGEST).collect();
    Ok(Words { subject, text: fill(text)?.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A value as it could be: lists of what their texts read of them.
    fn value(name: &str) -> Json {
        match name {
            "answers" => json!([{ "question": "<question>", "answer": "<answer>" }]),
            "items" => json!([{ "subject": "<subject>", "page": "", "command": "<command>" }]),
            name => format!("<{name}>").into(),
        }
    }

    #[test]
    fn every_text_can_be_filled_with_what_is_there_and_with_nothing() {
        for (text, language) in
            NoticeText::ALL.iter().flat_map(|text| Language::ALL.map(|language| (*text, language)))
        {
            let usual = own(text, language).split_once('\n').unwrap();
            for of in [|_: &str| Json::from(""), value] {
                let values: Facts =
                    text.values().iter().map(|name| ((*name).to_owned(), of(name))).collect();
                let filled = fill(usual, &Json::Object(values)).unwrap();
                assert!(!filled.subject.is_empty(), "{text:?} {language:?}");
                assert!(!filled.text.contains("\n\n\n"), "{text:?} {language:?}: {}", filled.text);
            }
        }
    }
}
