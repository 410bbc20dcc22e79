//! "Did you mean": the known name nearest to a mistyped one.

/// The name of `known` that is nearest to `typed`, if one is near enough to be what was meant.
pub(crate) fn nearest<'n>(
    typed: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let lower = typed.to_lowercase();
    let length = lower.chars().count();
    let allowed = (typed.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        // No more can be near, and comparing costs the product of both lengths.
        .filter(|name| name.to_lowercase().chars().count().abs_diff(length) <= allowed)
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// Help text that names the nearest known name.
pub(crate) fn did_you_mean<'n>(
    typed: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    nearest(typed, known).map(|name| format!("did you mean `{name}`?"))
}

/// Help text that names the nearest known name, or all of them when they are few.
pub(crate) fn known_names<'n>(
    typed: &str,
    what: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(help) = did_you_mean(typed, known.iter().copied()) {
        return help;
    }
    if known.is_empty() {
        return format!("the project has no {what} yet");
    }
    let shown: Vec<String> = known.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > shown.len() { ", …" } else { "" };
    format!("known {what}: {}{more}", shown.join(", "))
}
