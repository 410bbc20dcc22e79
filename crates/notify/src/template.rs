//! Templates: values between `{{` and `}}`; strict about names, with an end to work and size.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use muster_app::DeliverError;

/// Steps one template may take.
const FUEL: u64 = 50_000;
/// The most bytes one template may give.
const MOST: usize = 256 * 1024;

/// Fills a template. With `html`, values are escaped.
pub(crate) fn render(
    template: &str,
    html: bool,
    values: &serde_json::Value,
) -> Result<String, DeliverError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let escape = if html { AutoEscape::Html } else { AutoEscape::None };
    environment.set_auto_escape_callback(move |_| escape);
    // What went wrong may quote values; only what sort of thing it was is said.
    let wrong = |error: &minijinja::Error| {
        let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
        DeliverError::for_good(format!("a template cannot be filled{line}: {}", error.kind()))
    };
    let made = environment.render_str(template, values).map_err(|error| wrong(&error))?;
    if made.len() > MOST {
        return Err(DeliverError::for_good("a template gives more than 256 KiB"));
    }
    Ok(made)
}
