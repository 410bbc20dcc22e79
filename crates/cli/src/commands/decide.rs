//! `muster decide`.

use muster_app::{AccessAnswer, AccessQuestion, Detail, Properties, Until, decide, json};
use muster_model::{Text, Value};

use crate::{
    Exit, Result,
    error::CommandError,
    shell::Shell,
    ui::{Paint, Report},
    when::{When, parse_when},
};

/// Say whether somebody may do something in an application, and which rule decides
///
/// Asks what an application would ask over HTTP. A denial names what would have been needed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  muster decide maya.okafor edit cms.document:4711
  muster decide maya.okafor edit document:4711 --app cms --property level=3 --env ip=10.0.0.7")]
pub(crate) struct Args {
    /// The subject, by key or another unique attribute
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// The action
    #[arg(value_name = "ACTION")]
    action: String,
    /// The resource: its type, and its id after `:`
    #[arg(value_name = "RESOURCE")]
    resource: String,
    /// The application, where the type of the resource does not say it
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// As if it were this day or instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: Option<When>,
    /// What is said of the circumstances; may be given again
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    environment: Vec<(Text, Text)>,
    /// What is said of the resource; may be given again
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    properties: Vec<(Text, Text)>,
    /// What the application says of the subject; may be given again
    #[arg(long = "subject-property", value_name = "NAME=VALUE", value_parser = pair)]
    subject_properties: Vec<(Text, Text)>,
}

fn pair(text: &str) -> Result<(Text, Text), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

/// A name that is given several times has several values.
fn properties(pairs: Vec<(Text, Text)>) -> Properties {
    let mut properties = Properties::new();
    for (name, text) in pairs {
        let value = Value::Text(text);
        let value = match properties.remove(&name) {
            Some(before) => Value::List(before.items().iter().cloned().chain([value]).collect()),
            None => value,
        };
        properties.insert(name, value);
    }
    properties
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let now = Shell::instant(&opened, args.at).unwrap_or_else(|| ctx.now());
    let (type_name, id) = args.resource.split_once(':').unwrap_or((&args.resource, ""));
    let question = AccessQuestion {
        subject_type: "".into(),
        subject: args.subject.as_str().into(),
        subject_properties: properties(args.subject_properties),
        action: args.action.as_str().into(),
        resource_type: match &args.app {
            Some(app) => format!("{app}.{type_name}").into(),
            None => type_name.into(),
        },
        resource: id.into(),
        resource_properties: properties(args.properties),
        environment: properties(args.environment),
    };
    let answers =
        decide(&opened, now, std::slice::from_ref(&question), Until::Done, Detail::Values).await?;
    let Some(answer) = answers.into_iter().next() else {
        return Err(CommandError::new(Exit::Failed, "there is no answer"));
    };
    let report = report(&answer, &question, shell.ui.paint());
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn report(answer: &AccessAnswer, question: &AccessQuestion, paint: Paint) -> Report {
    let word = if answer.allowed { paint.green("allow") } else { paint.red("deny") };
    let AccessQuestion { subject, action, resource_type, resource, .. } = question;
    let mut text = format!("{word}  {subject} {action} {resource_type}");
    if !resource.is_empty() {
        put!(text, ":{resource}");
    }
    put!(text, "\n  {}", answer.why);
    if let Some(rule) = &answer.rule {
        put!(text, "  ({})", rule.at);
        if let Some(reason) = &rule.reason {
            put!(text, "\n  {reason}");
        }
    }
    for condition in &answer.conditions {
        let holds = match (condition.decided, condition.holds) {
            (false, _) => "missing",
            (true, true) => "holds",
            (true, false) => "fails",
        };
        let reads = condition.reads.iter().map(|(name, value)| format!("{name} = {value}"));
        let reads: Vec<String> = reads.collect();
        put!(text, "\n    {holds:<7}  {}", condition.source);
        if !reads.is_empty() {
            put!(text, "   {}", reads.join(", "));
        }
    }
    for needed in &answer.needed {
        let lacks = needed.lacks.join("; ");
        put!(text, "\n  needed for `{}`  {lacks}  ({})", needed.rule.name, needed.rule.at);
    }
    text.push('\n');
    let rule = answer.rule.as_ref().map_or_else(String::new, |rule| rule.name.to_string());
    let fields = vec![
        ("decision", if answer.allowed { "allow" } else { "deny" }.to_owned()),
        ("why", answer.why.clone()),
        ("rule", rule),
    ];
    Report::one(fields, json::access_answer(answer)).text(text)
}
