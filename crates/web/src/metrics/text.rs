//! The text form of `OpenMetrics` 1.0.

use std::fmt::{Display, Write as _};

/// A page of figures.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

/// Names and values.
pub(super) type Labels<'a> = [(&'a str, &'a str)];

impl Page {
    /// Begins a family of figures; `kind` is `gauge`, `counter` or `histogram`.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let unit = if name.ends_with("_seconds") {
            format!("# UNIT {name} seconds\n")
        } else {
            String::new()
        };
        // Writing into a String cannot fail.
        _ = writeln!(self.text, "# TYPE {name} {kind}\n{unit}# HELP {name} {}", escaped(help));
    }

    /// One figure.
    pub(super) fn sample(&mut self, name: &str, labels: &Labels<'_>, value: impl Display) {
        _ = writeln!(self.text, "{name}{} {value}", listed(labels));
    }

    /// Durations in classes: `counts` has one more item than there are `ends`.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        labels: &Labels<'_>,
        ends: &[f64],
        counts: &[u64],
        sum: f64,
    ) {
        let mut so_far = 0;
        let ends = ends.iter().map(|end| format!("{end:?}")).chain(["+Inf".to_owned()]);
        for (end, count) in ends.zip(counts) {
            so_far += count;
            let labels: Vec<(&str, &str)> = labels.iter().copied().chain([("le", &*end)]).collect();
            self.sample(&format!("{name}_bucket"), &labels, so_far);
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, so_far);
    }

    /// The whole page.
    pub(super) fn end(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

fn listed(labels: &Labels<'_>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let listed: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", listed.join(","))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_their_kind_before_them_and_the_page_an_end() {
        let mut page = Page::default();
        page.family("a_seconds", "histogram", "How \"long\".");
        page.histogram("a_seconds", &[("route", "/x\\\"\n")], &[0.1, 1.0], &[1, 0, 2], 7.5);
        page.family("b", "counter", "Some.");
        page.sample("b_total", &[], 3);
        let expected = r#"# TYPE a_seconds histogram
# UNIT a_seconds seconds
# HELP a_seconds How \"long\".
a_seconds_bucket{route="/x\\\"\n",le="0.1"} 1
a_seconds_bucket{route="/x\\\"\n",le="1.0"} 1
a_seconds_bucket{route="/x\\\"\n",le="+Inf"} 3
a_seconds_sum{route="/x\\\"\n"} 7.5
a_seconds_count{route="/x\\\"\n"} 3
# TYPE b counter
# HELP b Some.
b_total 3
# EOF
"#;
        assert_eq!(page.end(), expected);
    }
}
