//! Accounts that nobody uses: how it is told when one was last used, and what becomes of it.

use muster_lang::Env;
use muster_model::ValueType;
use muster_policy::{Idle, LastUsed};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{declared_columns, exact_rule, expression_type, record_variable, used_columns},
    systems::{Ability, Ground},
    yaml::Node,
};

/// How it is told from an object when the account was last used. All its attributes are text.
pub(super) fn last_used(
    context: &mut Context<'_>,
    account: &Node,
    ground: &Ground<'_>,
) -> Option<LastUsed> {
    let columns = declared_columns(None);
    let env = Env {
        schema: ground.schema.clone(),
        variables: vec![record_variable("account", &columns)],
        implicit: Some(0),
        now: false,
    };
    let instant = expression_type(ValueType::DateTime, false);
    let rule = exact_rule(context, account.get("last_used")?, &env, &instant)?;
    Some(LastUsed { rule, columns: used_columns(&columns) })
}

/// When an account that nobody uses is disabled.
pub(super) fn idle(context: &mut Context<'_>, account: &Node, ability: Ability) -> Option<Idle> {
    let entry = account.entry("idle")?;
    let node = &entry.value;
    let help = "leave `idle` out";
    ability.need_to_write(context, |can| can.enable, entry.key_span, "disable accounts", help);
    if account.get("last_used").is_none() {
        context.error(
            "E0516",
            entry.key_span,
            "nothing says when an account was last used",
            "add `last_used: datetime(…)` with the attribute of the account that tells it",
        );
    }
    let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let (after, warn) = (length("after")?, length("warn"));
    if let Some(place) = node.entry("warn").filter(|_| warn.is_some_and(|warn| warn >= after)) {
        context.error(
            "E0516",
            place.key_span,
            "the warning comes before the account was last used",
            "make `warn` shorter than `after`",
        );
    }
    Some(Idle { after, warn, at: context.location(entry.key_span) })
}
