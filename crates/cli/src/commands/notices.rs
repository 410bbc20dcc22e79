//! `muster notices`.

use muster_governance::{
    NoticeChange, NoticeSettings, change_notice_settings, json, notice_text, see_notice_settings,
};
use muster_model::Language;
use muster_policy::{NoticeText, Topic};
use serde_json::json;

use super::requests::acting;
use crate::{Exit, Result, shell::Shell, ui::Report};

/// Choose how you are told what waits for you
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Who is told, by key or another unique attribute [default: the user of this machine]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Show how you are told
    Show,
    /// Change how you are told; `usual` takes a choice back, so that the project says
    Set(Set),
    /// Show the words in which something is told, as `notices: { texts: … }` of the model could say them
    Text(Text),
}

#[derive(clap::Args, Debug)]
struct Set {
    /// Requests that wait for your decision: at-once, daily, never or usual
    #[arg(long, value_name = "WHEN")]
    approvals: Option<String>,
    /// What becomes of what you asked for, and that something ends
    #[arg(long, value_name = "WHEN")]
    requests: Option<String>,
    /// Access reviews that wait for your decision
    #[arg(long, value_name = "WHEN")]
    reviews: Option<String>,
    /// Drafts that wait for you or that you began
    #[arg(long, value_name = "WHEN")]
    forms: Option<String>,
    /// Guests for whom you answer
    #[arg(long, value_name = "WHEN")]
    guests: Option<String>,
    /// By mail, chat or usual
    #[arg(long, value_name = "WAY")]
    by: Option<String>,
    /// In en, de or usual
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
}

#[derive(clap::Args, Debug)]
struct Text {
    /// What is told: request, review, form, guest or gathered
    #[arg(value_name = "TEXT", value_parser = clap::builder::PossibleValuesParser::new(NoticeText::WORDS))]
    text: String,
    /// In which language
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "de"])]
    language: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let who = args.who.as_deref();
    let report = match args.command {
        Command::Show => {
            let me = acting(&ctx, &opened, who).await?;
            shown(&see_notice_settings(&ctx, &opened, me).await?)
        }
        Command::Set(set) => {
            let me = acting(&ctx, &opened, who).await?;
            let change = set.change()?;
            shown(&change_notice_settings(&ctx, &opened, me, &change).await?)
        }
        Command::Text(Text { text, language }) => {
            let text = NoticeText::of(&text).unwrap_or(NoticeText::Request);
            let language = Language::of_tag(&language).unwrap_or_default();
            let (subject, body, is_own) = notice_text(&opened, text, language);
            let from = if is_own { "the model" } else { "Muster" };
            let json = json!({
                "text": text.word(), "language": language.tag(), "from": from,
                "subject": &subject, "body": &body, "values": text.values(),
            });
            let values = text.values().join(", ");
            let fields = vec![("from", from.to_owned()), ("subject", subject.clone())];
            Report::one(fields, json)
                .text(format!("subject ({from}): {subject}\n\n{body}\nvalues: {values}\n"))
        }
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

impl Set {
    fn change(&self) -> std::result::Result<NoticeChange, muster_app::Error> {
        let words = [
            (Topic::Approvals.word(), &self.approvals),
            (Topic::Requests.word(), &self.requests),
            (Topic::Reviews.word(), &self.reviews),
            (Topic::Forms.word(), &self.forms),
            (Topic::Guests.word(), &self.guests),
            ("by", &self.by),
            ("language", &self.language),
        ];
        let words = words.iter().filter_map(|(name, word)| Some((*name, word.as_deref()?)));
        NoticeChange::read(words)
    }
}

fn shown(settings: &NoticeSettings) -> Report {
    let mut fields = Vec::new();
    for one in &settings.topics {
        let from = if one.chosen.is_some() { "chosen" } else { "as the project says" };
        fields.push((one.topic.word(), format!("{} ({from})", one.told.word())));
    }
    let reached = settings.has_mail || settings.has_chat;
    let by = if reached { settings.by.word() } else { "nothing: there is no address" };
    fields.push(("by", by.to_owned()));
    fields.push(("language", settings.language.tag().to_owned()));
    fields.push(("daily at", settings.gathered_at.clone()));
    Report::one(fields, json::notice_settings(settings))
}
