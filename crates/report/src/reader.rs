//! Reads a report: its head first, then its rows part by part, all in one transaction.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, resolve_person, subject_of};
use muster_model::Language;
use muster_store::{Entry, ReadTx};
use serde_json::json;

use crate::{
    Filter, Head, Part, Report,
    catalogue::Of,
    sources::{access, conflicts, leavers, orphans, privileged, reviews, subject},
};

/// What a report is asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Only what happened at or after this.
    pub since: Option<Timestamp>,
    /// As it was recorded at this instant.
    pub as_of: Option<Timestamp>,
    /// Only roles of at least this risk.
    pub risk: Option<u8>,
    /// Only this system.
    pub system: Option<String>,
    /// Only this person, by key or another unique attribute.
    pub person: Option<String>,
    /// The language of fixed words in tables and files; English when nobody says. JSON is the same in all.
    pub language: Option<Language>,
}

/// A report that is being read.
#[derive(Debug)]
pub struct Reader {
    pub(crate) look: Look,
    head: Head,
    source: Source,
}

/// What every source reads from.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) tx: ReadTx,
}

/// Where rows come from.
#[derive(Debug)]
enum Source {
    Leavers(leavers::Leavers),
    Orphans(orphans::Orphans),
    Conflicts(conflicts::Conflicts),
    Reviews(reviews::Reviews),
    Privileged(privileged::Privileged),
    Access(Box<access::Access>),
    Subject(subject::Subject),
}

/// True when the caller may read a report: some are about nobody, and so about everybody.
pub fn may_read(ctx: &Ctx, report: &Report) -> bool {
    !matches!(report.of, Of::Orphans | Of::Reviews) || ctx.reach.is_everybody()
}

impl Reader {
    /// Begins to read a report. That somebody reads one about one person stands in the journal, with each part of it that they fetch.
    ///
    /// # Errors
    ///
    /// `Invalid` for a filter that the report does not have and without one that it needs, `NotFound` for what a filter names, `Denied`
    /// where it is about everybody and the caller sees some people only.
    pub async fn open(
        ctx: &Ctx,
        opened: &Opened,
        report: &'static Report,
        question: &Question,
    ) -> Result<Self, Error> {
        let filter = question.filter(report)?;
        if !may_read(ctx, report) {
            let message = format!("the report `{}` is about everybody", report.name);
            return Err(Error::new(Kind::Denied, message)
                .hint("a role whose `over` names some people only does not show it"));
        }
        if let Some(person) = &question.person {
            note(ctx, opened, report, person).await?;
        }
        let opened = match question.as_of {
            Some(at) => opened.as_of(at).await?,
            None => opened.clone(),
        };
        let head = Head {
            report,
            language: question.language.unwrap_or(Language::English),
            made_at: ctx.now(),
            made_by: ctx.actor.clone(),
            revision: opened.revision,
            filter,
            totals: Vec::new(),
            chart: None,
        };
        let (ctx, head_of) = (ctx.clone(), head);
        let (look, source, totals, chart) = match report.of {
            Of::Leavers => leavers::open(ctx, opened, question).await?.with(Source::Leavers),
            Of::Orphans => orphans::open(ctx, opened, question).await?.with(Source::Orphans),
            Of::Conflicts => conflicts::open(ctx, opened).await?.with(Source::Conflicts),
            Of::Reviews => reviews::open(ctx, opened, question).await?.with(Source::Reviews),
            Of::Privileged => {
                privileged::open(ctx, opened, question).await?.with(Source::Privileged)
            }
            Of::Access => {
                access::open(ctx, opened, question).await?.with(|of| Source::Access(Box::new(of)))
            }
            Of::Subject => subject::open(ctx, opened, question).await?.with(Source::Subject),
        };
        Ok(Self { look, head: Head { totals, chart, ..head_of }, source })
    }

    /// What stands above the rows.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Some rows after a place: about `limit`, since what belongs to one person is not parted.
    ///
    /// # Errors
    ///
    /// When the repository cannot be read.
    pub async fn rows(&mut self, after: Option<i64>, limit: usize) -> Result<Part, Error> {
        let (look, after, limit) = (&mut self.look, after.unwrap_or(0), limit.max(1));
        match &mut self.source {
            Source::Leavers(source) => Ok(source.rows(after, limit)),
            Source::Orphans(source) => source.rows(look, after, limit).await,
            Source::Conflicts(source) => source.rows(look, after, limit).await,
            Source::Reviews(source) => source.rows(look, after, limit).await,
            Source::Privileged(source) => source.rows(look, after, limit).await,
            Source::Access(source) => source.rows(look, after, limit).await,
            Source::Subject(source) => Ok(source.rows(after, limit)),
        }
    }
}

/// Writes down who reads what about whom, before anything is read.
async fn note(ctx: &Ctx, opened: &Opened, report: &Report, person: &str) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "report.person".into(),
        subject: subject_of(&opened.model, &found.row, &found.key),
        detail: json!({ "report": report.name }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    Ok(())
}

impl Question {
    /// The filters as they are told, once each of them fits the report.
    fn filter(&self, report: &Report) -> Result<Vec<(&'static str, String)>, Error> {
        let given = [
            (Filter::Since, self.since.map(|at| at.to_string())),
            (Filter::AsOf, self.as_of.map(|at| at.to_string())),
            (Filter::Risk, self.risk.map(|risk| risk.to_string())),
            (Filter::System, self.system.clone()),
            (Filter::Person, self.person.clone()),
        ];
        let mut told = Vec::new();
        for (filter, value) in given {
            let Some(value) = value else { continue };
            if !report.filters.contains(&filter) {
                let names: Vec<&str> = report.filters.iter().map(|filter| filter.word()).collect();
                let message =
                    format!("the report `{}` has no filter `{}`", report.name, filter.word());
                let hint = if names.is_empty() {
                    "it has no filters".to_owned()
                } else {
                    format!("its filters are: {}", names.join(", "))
                };
                return Err(Error::invalid(message).hint(hint));
            }
            told.push((filter.word(), value));
        }
        Ok(told)
    }
}

/// A source with what is known of the whole.
pub(crate) struct Opening<S> {
    pub(crate) look: Look,
    pub(crate) source: S,
    pub(crate) totals: Vec<crate::Total>,
    pub(crate) chart: Option<crate::Chart>,
}

impl<S> Opening<S> {
    fn with(
        self,
        of: impl FnOnce(S) -> Source,
    ) -> (Look, Source, Vec<crate::Total>, Option<crate::Chart>) {
        (self.look, of(self.source), self.totals, self.chart)
    }
}
