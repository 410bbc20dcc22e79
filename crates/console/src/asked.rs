//! Requests and their terms, as people read them.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use muster_app::DeliveryView;
use muster_governance::{EventView, RequestView, Reviewed, Suggestion};
use muster_policy::RequestTerms;
use muster_store::RequestState;

use crate::{
    moment::Moment,
    texts::{AskingTexts, counted, filled},
    visit::Visit,
};

/// `30 days`, in hours where it is less than a day.
pub(crate) fn duration(texts: &AskingTexts, time: SignedDuration) -> String {
    let hours = u64::try_from(time.as_hours()).unwrap_or(0);
    match hours / 24 {
        0 => counted(texts.hours_one, texts.hours_many, hours),
        days => counted(texts.days_one, texts.days_many, days),
    }
}

/// As [`duration`]; without one it has no end.
pub(crate) fn length(texts: &AskingTexts, time: Option<SignedDuration>) -> String {
    time.map_or_else(|| texts.for_good.to_owned(), |time| duration(texts, time))
}

/// `80 of 100`.
pub(crate) fn risk(texts: &AskingTexts, risk: Option<u8>) -> String {
    let said = |risk: u8| filled(texts.risk_of, &[("n", &risk.to_string())]);
    risk.map_or_else(|| texts.risk_unknown.to_owned(), said)
}

/// The name of a stage: who decides at it.
pub(crate) fn stage(texts: &AskingTexts, name: &str) -> String {
    match name {
        "manager" => texts.manager.to_owned(),
        "owner" => texts.role_owner.to_owned(),
        "sponsor" => texts.sponsor.to_owned(),
        other => match other.split_once(' ') {
            Some(("role", role)) => filled(texts.whoever_has, &[("role", role)]),
            Some(("conflict", conflict)) => filled(texts.about_conflict, &[("conflict", conflict)]),
            _ => other.to_owned(),
        },
    }
}

/// `manager, then owner`.
pub(crate) fn stages(texts: &AskingTexts, terms: &RequestTerms) -> String {
    if terms.stages.is_empty() {
        return texts.nobody.to_owned();
    }
    let named: Vec<String> = terms.stages.iter().map(|of| stage(texts, &of.name)).collect();
    named.join(&format!(", {} ", texts.then))
}

/// `every 90 days, by: manager`.
pub(crate) fn reviewed(texts: &AskingTexts, of: &Reviewed) -> String {
    let hours = u64::try_from(of.every.as_hours()).unwrap_or(0);
    let every = match hours / 24 {
        0 => counted(texts.every_hour, texts.every_hours, hours),
        days => counted(texts.every_day, texts.every_days, days),
    };
    let named = of.stages.iter().map(|name| match &**name {
        "self" => texts.oneself.to_owned(),
        name => stage(texts, name),
    });
    let who = named.collect::<Vec<_>>().join(&format!(", {} ", texts.then));
    filled(texts.reviewed_by, &[("every", &every), ("who", &who)])
}

/// `waits on Tunde Abara (manager)`, or what became of it.
pub(crate) fn status(texts: &AskingTexts, view: &RequestView) -> String {
    let at = view.stage.as_deref().map(|name| stage(texts, name)).unwrap_or_default();
    match (view.state, view.waits_on.as_slice()) {
        (RequestState::Waiting, []) => filled(texts.waits_on_nobody, &[("stage", &at)]),
        (RequestState::Waiting, who) => {
            let who = who.join(&format!(" {} ", texts.or));
            filled(texts.waits_on, &[("who", &who), ("stage", &at)])
        }
        (RequestState::Approved, _) => texts.approved.to_owned(),
        (RequestState::Refused, _) => texts.refused.to_owned(),
        (RequestState::Withdrawn, _) => texts.withdrawn.to_owned(),
        (RequestState::Expired, _) => texts.expired.to_owned(),
    }
}

/// `at once, until 2026-12-20 13:00`.
pub(crate) fn span(visit: &Visit, from: Option<Timestamp>, until: Option<Timestamp>) -> String {
    span_in(&visit.texts.asking, &visit.opened.model.timezone, (from, until))
}

/// As [`span`], for somebody of whom only the language is known.
pub(crate) fn span_in(
    texts: &AskingTexts,
    zone: &TimeZone,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
) -> String {
    let moment = |at: Option<Timestamp>| at.map(|at| Moment::new(at, zone));
    let (from, until) = (moment(from), moment(until));
    let from = from.as_ref().map_or(texts.at_once, Moment::shown);
    match &until {
        Some(until) => filled(texts.from_until, &[("from", from), ("until", until.shown())]),
        None => format!("{from}, {}", texts.no_end),
    }
}

/// `partial: 3 of 4`.
pub(crate) fn delivery(texts: &AskingTexts, view: &DeliveryView) -> String {
    let text = match (view.takes_away, view.is_whole()) {
        (false, true) => texts.whole,
        (false, false) => texts.partial,
        (true, true) => texts.gone_whole,
        (true, false) => texts.gone_partly,
    };
    let (done, all) = (view.n_done().to_string(), view.items.len().to_string());
    filled(text, &[("done", &done), ("all", &all)])
}

/// `9 of 11 in Fleet have it`.
pub(crate) fn peers(texts: &AskingTexts, one: &Suggestion) -> String {
    let text = match one.peers {
        "title" => texts.peers_title,
        "manager" => texts.peers_manager,
        _ => texts.peers_department,
    };
    let (have, of) = (one.have.to_string(), one.of.to_string());
    filled(text, &[("have", &have), ("of", &of), ("group", &one.group)])
}

/// What happened to a request.
pub(crate) fn event(texts: &AskingTexts, event: &EventView) -> String {
    let what = match &*event.what {
        "made" => texts.event_made,
        "changed" => texts.event_changed,
        "approved" => texts.approved,
        "refused" => texts.refused,
        "withdrawn" => texts.withdrawn,
        "reminded" => texts.event_reminded,
        "escalated" => texts.event_escalated,
        "expired" => texts.expired,
        "given" => texts.event_given,
        "shortened" => texts.event_shortened,
        other => other,
    };
    match &event.stage {
        Some(at) => format!("{what} ({})", stage(texts, at)),
        None => what.to_owned(),
    }
}
