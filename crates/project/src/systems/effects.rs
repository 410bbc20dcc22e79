//! What lifecycle states mean for accounts.

use jiff::SignedDuration;
use muster_model::EntityType;
use muster_policy::StateEffect;

use crate::{
    context::Context,
    duration::parse_duration,
    systems::{Ability, Ground, reads::find_state},
    yaml::{Entry, Node},
};

/// How long an account that nobody is entitled to is kept, disabled.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The effects by position of the lifecycle state.
pub(super) fn states(
    context: &mut Context<'_>,
    account: &Node,
    entity_type: &EntityType,
    ground: &Ground<'_>,
    ability: Ability,
) -> Vec<Option<StateEffect>> {
    let states = ground.lifecycles.get(entity_type.id.index()).copied().unwrap_or(&[]);
    let mut effects = vec![None; states.len()];
    for entry in account.get("states").map_or(&[][..], Node::entries) {
        let found = find_state(context, states, &entry.key, entry.key_span, entity_type);
        let unassigned =
            StateEffect { prepare: None, enabled: true, entitlements: true, delete_after: None };
        let effect = effect(context, entry, unassigned, ability);
        if let Some(place) = found.and_then(|index| effects.get_mut(index)) {
            *place = Some(effect);
        }
    }
    effects
}

/// What happens to an account that no role grants any more.
pub(super) fn unassigned(
    context: &mut Context<'_>,
    account: &Node,
    ability: Ability,
) -> StateEffect {
    let can_disable = ability.can(|can| can.enable);
    let can_delete = ability.can(|can| can.delete);
    let written = account.entry("unassigned");
    let delete_after = match (written, can_delete, can_disable) {
        (Some(_), _, _) | (None, false, _) => None,
        (None, true, true) => Some(KEPT),
        (None, true, false) => Some(SignedDuration::ZERO),
    };
    // What cannot be disabled and is deleted at once is not to be used either.
    let enabled = !can_disable && delete_after.is_none();
    let default = StateEffect { prepare: None, enabled, entitlements: false, delete_after };
    written.map_or(default, |entry| effect(context, entry, default, ability))
}

fn effect(
    context: &mut Context<'_>,
    entry: &Entry,
    default: StateEffect,
    ability: Ability,
) -> StateEffect {
    let node = &entry.value;
    let duration = |key| node.get_text(key).and_then(|text| parse_duration(text));
    let enabled = node.get_text("enabled").map(|text| &**text == "true");
    let entitlements = node.get_text("entitlements").map(|text| &**text == "keep");
    let effect = StateEffect {
        prepare: duration("prepare").or(default.prepare),
        enabled: enabled.unwrap_or(default.enabled),
        entitlements: entitlements.unwrap_or(default.entitlements),
        delete_after: duration("delete_after").or(default.delete_after),
    };
    let at_once = effect.delete_after == Some(SignedDuration::ZERO);
    if let Some(place) = node.entry("enabled").filter(|_| enabled == Some(false) && !at_once) {
        ability.need_to_write(
            context,
            |can| can.enable,
            place.key_span,
            "disable accounts",
            "leave `enabled` out, or delete the account with `delete_after: 0d`",
        );
    }
    if let Some(place) = node.entry("delete_after") {
        ability.need_to_write(
            context,
            |can| can.delete,
            place.key_span,
            "delete accounts",
            "leave `delete_after` out",
        );
    }
    effect
}
