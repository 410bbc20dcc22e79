//! Templates: values between `{{` and `}}`; strict about names, with an end to work and size.

use crate::DeliverError;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Steps one template may take.
const FUEL: u64 = 50_000;
/// The most bytes one template may give.
const MOST: usize = 256 * 1024;

/// Fills a template. With `html`, values are escaped. Names that are not there, endless work and huge results are errors.
pub fn fill_template(
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_filled_and_html_is_escaped() {
        let values = json!({ "person": { "givenName": "<b>Ada & Bob</b>" } });
        let text = fill_template("Hello {{ person.givenName }}", false, &values).unwrap();
        assert_eq!(text, "Hello <b>Ada & Bob</b>");
        let html = fill_template("<p>{{ person.givenName }}</p>", true, &values).unwrap();
        assert_eq!(html, "<p>&lt;b&gt;Ada &amp; Bob&lt;&#x2f;b&gt;</p>");
    }

    #[test]
    fn a_name_that_is_not_there_and_endless_work_are_errors_that_show_no_value() {
        let values = json!({ "person": { "secret": "canary" } });
        for template in [
            "{{ person.nothing }}",
            "{{ person.secret.more.and }}",
            "{{ person.secret + 1 }}",
            "{% for a in range(1000000) %}{% for b in range(1000000) %}x{% endfor %}{% endfor %}",
            "{{ 'x' * 900000 }}",
            "{% include 'other' %}",
        ] {
            let error = fill_template(template, false, &values).unwrap_err();
            assert!(!error.later && !error.problem.contains("canary"), "{template}: {error}");
        }
    }
}
