//! Templates of mail: they can be read, and use only names that there are.

use minijinja::Environment;

use super::{Of, report};
use crate::{context::Context, suggest::known_names, yaml::Node};

/// Checks a template: its form, and the names that it uses.
pub(super) fn check(context: &mut Context<'_>, node: &Node, of: &Of<'_>, kind: &str) {
    let Some(text) = node.text() else { return };
    if matches!(kind, "alarm" | "note" | "fail") {
        return;
    }
    let environment = Environment::new();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => {
            let detail = error.detail().unwrap_or("it cannot be read").to_owned();
            let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
            let help = "values stand between `{{` and `}}`, as in `{{ person.display }}`";
            report(
                context,
                node.span,
                format!("the template is wrong{line}: {detail}"),
                help.into(),
            );
            return;
        }
    };
    let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    used.sort_unstable();
    for name in used {
        let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
        if first == of.type_name() && !rest.is_empty() {
            let (attribute, more) = rest.split_once('.').unwrap_or((rest, ""));
            if !more.is_empty() {
                let help = "make an attribute with `compute:` and use that";
                let message = format!("a template follows no links: `{name}`");
                report(context, node.span, message, help.to_owned());
                continue;
            }
            if of.attribute_names().all(|known| known != attribute) {
                let help = known_names(attribute, "attributes", of.attribute_names());
                report(context, node.span, format!("unknown attribute `{attribute}`"), help);
            }
        } else if !(matches!(first, "workflow" | "now") || first == "pass" && kind == "pass")
            && first != of.type_name()
        {
            let known = [of.type_name(), "workflow", "now"];
            let help = known_names(first, "names", known);
            report(context, node.span, format!("unknown name `{first}` in a template"), help);
        }
    }
}
