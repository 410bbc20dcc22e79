//! `muster:` of a role: what its holders may do in Muster itself, and for whom.

use std::sync::Arc;

use muster_lang::{Variable, VariableType};
use muster_model::{EntityType, Schema};
use muster_policy::{Administration, Right};

use crate::{
    context::Context,
    expression::{about_identity, condition},
    yaml::Node,
};

/// What a role allows in Muster.
pub(super) fn administration(
    context: &mut Context<'_>,
    role: &Node,
    schema: &Arc<Schema>,
    entity_type: &EntityType,
) -> Option<Administration> {
    let node = role.get("muster")?;
    let over = node.get("over");
    let mut may = Vec::new();
    for item in node.get("may").map_or(&[][..], Node::items) {
        let Some(right) = item.text().and_then(|word| Right::from_word(word)) else { continue };
        if over.is_some() && !right.is_about_people() {
            let people: Vec<&str> =
                Right::WORDS.into_iter().filter(|word| is_about_people(word)).collect();
            context.error(
                "E0612",
                item.span,
                format!("`{}` is not about people, so `over` cannot narrow it", right.word()),
                format!("give it in a role without `over`; it narrows {}", people.join(", ")),
            );
        }
        may.push(right);
    }
    let mut env = about_identity(schema, entity_type);
    env.variables.push(Variable { name: "me".into(), ty: VariableType::Entity(entity_type.id) });
    let over = match over {
        // A condition with problems must not become one that holds for everybody.
        Some(over) => Some(condition(context, over, &env)?),
        None => None,
    };
    Some(Administration { may, over })
}

fn is_about_people(word: &str) -> bool {
    Right::from_word(word).is_some_and(Right::is_about_people)
}
