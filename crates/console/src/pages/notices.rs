//! `/notices`: when and how somebody is told what waits for them.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_governance::{
    NoticeChange, NoticeSettings, TopicSetting, USUAL, change_notice_settings, see_notice_settings,
};
use muster_model::{EntityId, Language};
use muster_policy::{By, Told, Topic};
use muster_web::Problem;

use crate::{
    flash::Said,
    frame::{Frame, done, page},
    texts::NoticeTexts,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "notices.html")]
struct Page<'v> {
    frame: Frame<'v>,
    fields: Vec<Field>,
    /// Whether there is an address under which they can be told.
    reached: bool,
}

struct Field {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

struct Choice {
    value: &'static str,
    label: String,
    is_chosen: bool,
}

/// What whoever looks has chosen.
pub(crate) async fn show(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let settings = see_notice_settings(&ctx, &visit.opened, me).await?;
    let reached = settings.has_mail || settings.has_chat;
    let template = Page { frame: Frame::of(&visit), fields: fields(&visit, &settings), reached };
    page(&visit, &template)
}

/// Changes it.
pub(crate) async fn change(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let names = NoticeChange::names();
    let change = NoticeChange::read(names.map(|name| (name, visit.given.text(name))))?;
    change_notice_settings(&ctx, &visit.opened, me, &change).await?;
    Ok(done(Said::Chosen, "/notices"))
}

fn fields(visit: &Visit, settings: &NoticeSettings) -> Vec<Field> {
    let texts = &visit.texts.notice;
    let told = |told| told_text(texts, told, &settings.gathered_at);
    let topic = |one: &TopicSetting| {
        let all = Told::ALL.iter().map(|of| (of.word(), told(*of)));
        let name = (one.topic.word(), topic_text(texts, one.topic));
        field(texts, name, &told(one.usual), one.chosen.map(Told::word), all)
    };
    let mut fields: Vec<Field> = settings.topics.iter().map(topic).collect();
    if settings.has_chat && settings.has_mail {
        let ways = [(By::Mail, texts.mail), (By::Chat, texts.chat)];
        let all = ways.map(|(by, label)| (by.word(), label.to_owned()));
        let chosen = settings.chosen_by.map(By::word);
        fields.push(field(texts, ("by", texts.by), texts.mail, chosen, all));
    }
    let label = |language| match language {
        Language::English => texts.english,
        Language::German => texts.german,
    };
    let all = Language::ALL.map(|language| (language.tag(), label(language).to_owned()));
    let usual = label(visit.opened.model.notices.language);
    let chosen = settings.chosen_language.map(Language::tag);
    fields.push(field(texts, ("language", texts.language), usual, chosen, all));
    fields
}

fn field(
    texts: &NoticeTexts,
    (name, label): (&'static str, &'static str),
    usual: &str,
    chosen: Option<&str>,
    all: impl IntoIterator<Item = (&'static str, String)>,
) -> Field {
    let first = Choice {
        value: USUAL,
        label: texts.usual.replace("{what}", usual),
        is_chosen: chosen.is_none(),
    };
    let all = all.into_iter();
    let rest = all.map(|(value, label)| Choice { value, label, is_chosen: chosen == Some(value) });
    Field { name, label, options: std::iter::once(first).chain(rest).collect() }
}

fn topic_text(texts: &NoticeTexts, topic: Topic) -> &'static str {
    match topic {
        Topic::Approvals => texts.approvals,
        Topic::Requests => texts.requests,
        Topic::Reviews => texts.reviews,
        Topic::Forms => texts.forms,
        Topic::Guests => texts.guests,
    }
}

fn told_text(texts: &NoticeTexts, told: Told, time: &str) -> String {
    match told {
        Told::AtOnce => texts.at_once.to_owned(),
        Told::Daily => texts.daily.replace("{time}", time),
        Told::Never => texts.never.to_owned(),
    }
}
