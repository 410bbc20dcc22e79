//! Functions on text. Positions and lengths are in characters.

use deunicode::deunicode_with_tofu;
use muster_model::{Value, ValueType};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::{Args, Function, Kind, MAX_TEXT, Returns, count, listed, made};

const TEXT: Returns = Returns::Value(ValueType::Text);
const BOOL: Returns = Returns::Value(ValueType::Bool);

pub(super) const TABLE: &[Function] = &[
    Function::new("lower", &[Kind::Text], TEXT, |a| made(a.text(0)?.to_lowercase())),
    Function::new("upper", &[Kind::Text], TEXT, |a| made(a.text(0)?.to_uppercase())),
    Function::new("trim", &[Kind::Text], TEXT, |a| made(a.text(0)?.trim().to_owned())),
    Function::new("ascii", &[Kind::Text], TEXT, |a| made(ascii(a.text(0)?))),
    Function::new("capitalize", &[Kind::Text], TEXT, |a| made(capitalize(a.text(0)?))),
    Function::new("replace", &[Kind::Text, Kind::Text, Kind::Text], TEXT, replace),
    Function::new("substring", &[Kind::Text, Kind::Int, Kind::Int], TEXT, substring).optional(1),
    Function::new("pad_left", &[Kind::Text, Kind::Int, Kind::Text], TEXT, |a| {
        let text = a.text(0)?;
        made(padding(text, a.int(1)?, a.text(2)?)? + text)
    }),
    Function::new("pad_right", &[Kind::Text, Kind::Int, Kind::Text], TEXT, |a| {
        let text = a.text(0)?;
        made(text.to_owned() + &padding(text, a.int(1)?, a.text(2)?)?)
    }),
    Function::new("digits", &[Kind::Text], TEXT, |a| {
        made(a.text(0)?.chars().filter(char::is_ascii_digit).collect())
    }),
    Function::new("slug", &[Kind::Text], TEXT, |a| made(slug(a.text(0)?))),
    Function::new("initials", &[Kind::Text], TEXT, |a| {
        let words = a.text(0)?.split(|c: char| c.is_whitespace() || c == '-');
        made(words.filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect())
    }),
    Function::new("split", &[Kind::Text, Kind::Text], Returns::Texts, split),
    Function::new("contains", &[Kind::Text, Kind::Text], BOOL, |a| {
        Some(Value::Bool(a.text(0)?.contains(a.text(1)?)))
    }),
    Function::new("startsWith", &[Kind::Text, Kind::Text], BOOL, |a| {
        Some(Value::Bool(a.text(0)?.starts_with(a.text(1)?)))
    }),
    Function::new("endsWith", &[Kind::Text, Kind::Text], BOOL, |a| {
        Some(Value::Bool(a.text(0)?.ends_with(a.text(1)?)))
    }),
    Function::new("size", &[Kind::Sized], Returns::Value(ValueType::Int), |a| {
        Some(count(a.text(0)?.chars().count()))
    }),
    Function::new("hash", &[Kind::Text, Kind::Int], TEXT, hash).optional(1),
];

/// Letters of other alphabets in plain a to z; German umlauts become two letters, as people write them.
fn ascii(text: &str) -> String {
    let composed: String = text.nfc().collect();
    let mut chars = composed.chars().peekable();
    let mut german = String::with_capacity(composed.len());
    while let Some(c) = chars.next() {
        let letters = match c {
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'ẞ' => "SS",
            'Ä' | 'Ö' | 'Ü' => {
                german.push(match c {
                    'Ä' => 'A',
                    'Ö' => 'O',
                    _ => 'U',
                });
                if chars.peek().is_some_and(|next| next.is_uppercase()) { "E" } else { "e" }
            }
            other => {
                german.push(other);
                ""
            }
        };
        german.push_str(letters);
    }
    if german.is_ascii() { german } else { deunicode_with_tofu(&german, "") }
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn replace(args: &Args<'_>) -> Option<Value> {
    let (text, from, to) = (args.text(0)?, args.text(1)?, args.text(2)?);
    if from.is_empty() {
        return made(text.to_owned());
    }
    let found = text.matches(from).count();
    let length = text.len() - found * from.len() + found.checked_mul(to.len())?;
    if length > MAX_TEXT { None } else { made(text.replace(from, to)) }
}

fn substring(args: &Args<'_>) -> Option<Value> {
    let text = args.text(0)?;
    let start = usize::try_from(args.int(1)?).ok()?;
    let length = match args.get(2) {
        None => usize::MAX,
        Some(_) => usize::try_from(args.int(2)?).ok()?.saturating_sub(start),
    };
    made(text.chars().skip(start).take(length).collect())
}

/// What is missing to `width` characters, from repetitions of `fill`.
fn padding(text: &str, width: i64, fill: &str) -> Option<String> {
    let width = usize::try_from(width).ok().filter(|width| *width <= MAX_TEXT)?;
    let missing = width.saturating_sub(text.chars().count());
    if missing > 0 && fill.is_empty() {
        return None;
    }
    Some(fill.chars().cycle().take(missing).collect())
}

/// Words of a-z and 0-9 with a `-` between, as `slug(text)` makes them: equal for texts that look alike.
pub fn slug(text: &str) -> String {
    let plain = ascii(text).to_lowercase();
    let words: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn split(args: &Args<'_>) -> Option<Value> {
    let (text, separator) = (args.text(0)?, args.text(1)?);
    if separator.is_empty() {
        return listed(text.chars().map(|c| Value::text(c.to_string())).collect());
    }
    listed(text.split(separator).map(Value::text).collect())
}

/// SHA-256 as hexadecimal digits, or the first so many of them.
fn hash(args: &Args<'_>) -> Option<Value> {
    let digest = Sha256::digest(args.text(0)?.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest {
        for half in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(half), 16));
        }
    }
    if args.get(1).is_some() {
        hex.truncate(usize::try_from(args.int(1)?).ok()?);
    }
    made(hex)
}
