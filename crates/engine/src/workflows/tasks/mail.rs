//! `mail`: a mail from templates.

use muster_app::{Deliver, Error, Mail, fill_template};
use muster_model::{Text, Value};

use super::{At, Outcome, failed, nobody_sends};

pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    Ok(mail(at, deliver.as_ref(), None).await)
}

/// Fills the templates of the task and sends the mail; `pass` goes into it as `{{ pass }}`.
pub(super) async fn mail(at: &At<'_>, deliver: &dyn Deliver, pass: Option<&str>) -> Outcome {
    let Some(server) = &at.opened.model.mail else {
        let problem = "the project does not say how mail is sent".to_owned();
        return Outcome::Failed { problem, later: false };
    };
    let to = recipients(&at.value("to"));
    if to.is_empty() {
        return Outcome::Skipped("there is no address".to_owned());
    }
    let mut values = at.template_values();
    if let Some(pass) = pass {
        values.insert("pass".to_owned(), pass.into());
    }
    let values = serde_json::Value::Object(values);
    let fill = |key: &str| {
        let html = key == "html";
        at.task.text(key).map(|template| fill_template(template, html, &values)).transpose()
    };
    let filled = (|| Ok((fill("subject")?, fill("text")?, fill("html")?)))();
    let (subject, text, html) = match filled {
        Ok(filled) => filled,
        Err(error) => return failed(error),
    };
    let n = to.len();
    let mail = Mail {
        to,
        subject: subject.unwrap_or_default(),
        text: text.unwrap_or_default(),
        html,
        id: at.id(),
    };
    match deliver.mail(server, &mail).await {
        Ok(()) => Outcome::Done(format!("sent to {n}")),
        Err(error) => failed(error),
    }
}

fn recipients(value: &Value) -> Vec<Text> {
    let texts = value.items().iter().filter_map(Value::as_text);
    texts.filter(|text| !text.trim().is_empty()).cloned().collect()
}
