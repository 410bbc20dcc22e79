//! Functions on dates and instants. Days start and end in the zone of the frame.

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    fmt::strtime,
    tz::TimeZone,
};
use muster_model::{Value, ValueType};

use super::{Args, Function, Kind, Returns, made};

const DATE: Returns = Returns::Value(ValueType::Date);
const DATETIME: Returns = Returns::Value(ValueType::DateTime);
const INT: Returns = Returns::Value(ValueType::Int);

pub(super) const TABLE: &[Function] = &[
    Function::new("date", &[Kind::Text, Kind::Text], DATE, date).optional(1).reads(),
    Function::new("datetime", &[Kind::Text, Kind::Text], DATETIME, datetime)
        .optional(1)
        .zoned()
        .reads(),
    Function::new("format", &[Kind::Time, Kind::Text], Returns::Value(ValueType::Text), format)
        .zoned(),
    Function::new("start_of", &[Kind::Date], DATETIME, |a| midnight(a.date(0)?, a.timezone))
        .zoned(),
    Function::new("end_of", &[Kind::Date], DATETIME, |a| {
        midnight(a.date(0)?.tomorrow().ok()?, a.timezone)
    })
    .zoned(),
    Function::new("day", &[Kind::DateTime], DATE, |a| a.day(0).map(Value::Date)).zoned(),
    Function::new("add_days", &[Kind::Time, Kind::Int], Returns::First, |a| {
        add(a, Span::new().try_days(a.int(1)?).ok()?)
    })
    .zoned(),
    Function::new("add_months", &[Kind::Time, Kind::Int], Returns::First, |a| {
        add(a, Span::new().try_months(a.int(1)?).ok()?)
    })
    .zoned(),
    Function::new("add_years", &[Kind::Time, Kind::Int], Returns::First, |a| {
        add(a, Span::new().try_years(a.int(1)?).ok()?)
    })
    .zoned(),
    Function::new("days_between", &[Kind::Time, Kind::Time], INT, |a| {
        let days = a.day(0)?.until(a.day(1)?).ok()?.get_days();
        Some(Value::Int(i64::from(days)))
    })
    .zoned(),
    Function::new("year", &[Kind::Time], INT, |a| part(a, Date::year)).zoned(),
    Function::new("month", &[Kind::Time], INT, |a| part(a, |day| day.month().into())).zoned(),
    Function::new("day_of_month", &[Kind::Time], INT, |a| part(a, |day| day.day().into())).zoned(),
    Function::new("day_of_week", &[Kind::Time], INT, |a| {
        part(a, |day| day.weekday().to_monday_one_offset().into())
    })
    .zoned(),
    Function::new("day_of_year", &[Kind::Time], INT, |a| part(a, Date::day_of_year)).zoned(),
];

fn part(args: &Args<'_>, part: fn(Date) -> i16) -> Option<Value> {
    Some(Value::Int(i64::from(part(args.day(0)?))))
}

/// The first instant of a day.
fn midnight(date: Date, timezone: &TimeZone) -> Option<Value> {
    instant(date.at(0, 0, 0, 0), timezone)
}

fn instant(at: DateTime, timezone: &TimeZone) -> Option<Value> {
    timezone.to_ambiguous_timestamp(at).compatible().ok().map(Value::DateTime)
}

fn date(args: &Args<'_>) -> Option<Value> {
    let text = args.text(0)?.trim();
    let found = match args.get(1) {
        None => text.parse().ok()?,
        Some(_) => Date::strptime(args.text(1)?, text).ok()?,
    };
    Some(Value::Date(found))
}

/// Reads an instant. With a format that says nothing of a zone, it is in the zone of the frame.
fn datetime(args: &Args<'_>) -> Option<Value> {
    let text = args.text(0)?.trim();
    if args.get(1).is_none() {
        return text.parse::<Timestamp>().ok().map(Value::DateTime);
    }
    let parts = strtime::parse(args.text(1)?, text).ok()?;
    match parts.to_timestamp() {
        Ok(at) => Some(Value::DateTime(at)),
        Err(_) => instant(parts.to_datetime().ok()?, args.timezone),
    }
}

fn format(args: &Args<'_>) -> Option<Value> {
    let wanted = args.text(1)?;
    let text = match args.date(0) {
        Some(date) => strtime::format(wanted, date),
        None => strtime::format(wanted, &args.instant(0)?.to_zoned(args.timezone.clone())),
    };
    made(text.ok()?)
}

/// The problem with a format for reading or writing, if it has one.
pub(crate) fn format_problem(function: &str, wanted: &str) -> Option<String> {
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let error = match (strtime::format(wanted, &sample), function) {
        (Err(error), _) => Some(error),
        (Ok(_), "format") => None,
        (Ok(text), "date") => Date::strptime(wanted, text).err(),
        (Ok(text), _) => DateTime::strptime(wanted, text).err(),
    };
    error.map(|error| error.to_string())
}

fn add(args: &Args<'_>, span: Span) -> Option<Value> {
    if let Some(date) = args.date(0) {
        return date.checked_add(span).ok().map(Value::Date);
    }
    let moved = args.timezone.to_datetime(args.instant(0)?).checked_add(span).ok()?;
    instant(moved, args.timezone)
}
