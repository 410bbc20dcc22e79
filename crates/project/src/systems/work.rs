//! How a system is worked with: `rate`, `delivery`, `every`, `at`, `complete_every`, `leaver_alarm`.

use jiff::{SignedDuration, tz::TimeZone};
use muster_policy::{Delivery, Rate, Schedule, Work};

use crate::{context::Context, duration::parse_duration, load, yaml::Node};

/// Where nothing is written.
const LEAVER_ALARM: SignedDuration = SignedDuration::from_mins(5);

/// Reads the keys of one system.
pub(super) fn work(context: &mut Context<'_>, node: &Node) -> Work {
    let duration = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let delivery = match node.get_text("delivery").map(|text| &**text) {
        Some("background") => Delivery::Background,
        Some(_) | None => Delivery::Blocking,
    };
    for key in ["every", "complete_every"] {
        let Some(written) = node.get(key).filter(|_| duration(key) == Some(SignedDuration::ZERO))
        else {
            continue;
        };
        context.error(
            "E0533",
            written.span,
            format!("`{key}` cannot be nothing"),
            "write a length of time such as `5m`; without the key nothing is read by itself",
        );
    }
    let rate = node.get("rate").and_then(|written| {
        let rate = written.text().and_then(|text| parse_rate(text));
        if rate.is_none() {
            context.error(
                "E0532",
                written.span,
                "this is no rate",
                "write a count and a unit of time: `50/s`, `600/m`, `1000/h`",
            );
        }
        rate
    });
    Work {
        rate,
        delivery,
        every: duration("every"),
        at: schedule(context, node),
        complete_every: duration("complete_every"),
        leaver_alarm: duration("leaver_alarm").unwrap_or(LEAVER_ALARM),
    }
}

/// The times of `at:`, in the zone of the system or of the project.
fn schedule(context: &mut Context<'_>, node: &Node) -> Option<(Schedule, TimeZone)> {
    let zone = match node.get("timezone") {
        Some(written) => load::timezone(context, written)?,
        None => context.timezone.clone(),
    };
    let written = node.get("at")?;
    match Schedule::parse(written.text()?) {
        Ok(schedule) => Some((schedule, zone)),
        Err(problem) => {
            let help = "write minute, hour, day, month and day of the week: `0 6 * * 1-5`";
            context.error("E0534", written.span, format!("this is no schedule: {problem}"), help);
            None
        }
    }
}

/// `50/s`, `600/m`, `1000/h`.
fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, unit) = text.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let calls: u32 = calls.trim().parse().ok()?;
    (calls > 0).then(|| Rate { calls, within: SignedDuration::from_secs(seconds) })
}
