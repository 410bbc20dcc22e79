//! The built-in source `local`: what people, programs and SCIM clients enter is a record of it, for every entity type.

use std::collections::BTreeMap;

use muster_model::{EntityType, Location, NameRule, Schema, Settings, Span, SystemId, Text};
use muster_policy::{Classify, Guards, Mode, Read, Suggest, System, Work};

use crate::{context::Context, systems::reads::COMPLETE_EVERY, yaml::Entry};

/// The name of the built-in source.
const NAME: &str = "local";

/// Reports a system that has the name of the built-in source.
pub(super) fn reserved(context: &mut Context<'_>, entry: &Entry) {
    if &*entry.key == NAME {
        context.error(
            "E0207",
            entry.key_span,
            "`local` cannot be the name of a system: it is the source of what is entered by hand",
            "choose another name",
        );
    }
}

/// The built-in source, at the position after the `n_systems` of the model.
pub(crate) fn by_hand(schema: &Schema, n_systems: usize) -> System {
    let at = Location { file: "".into(), line: 0, column: 0 };
    let name: Text = NAME.into();
    System {
        id: SystemId(u16::try_from(n_systems).unwrap_or(u16::MAX)),
        connector: name.clone(),
        name,
        settings: Settings { entries: BTreeMap::new(), span: Span { file: 0, start: 0, end: 0 } },
        agent: None,
        chaos: None,
        mode: Mode::Observe,
        reads: schema.types.iter().map(|of| read(of, &at)).collect(),
        accounts: Vec::new(),
        classify: Classify::default(),
        entitlements: Vec::new(),
        guards: Guards { limits: BTreeMap::new() },
        reviews: Vec::new(),
        decline_after: None,
        text_only: false,
        names: NameRule::Exact,
        parallel: 1,
        readable: false,
        after: Vec::new(),
        work: Work::default(),
        at,
    }
}

fn read(of: &EntityType, at: &Location) -> Read {
    let attributes = of.attributes.iter();
    Read {
        type_id: of.id,
        class: "".into(),
        columns: attributes.map(|a| (a.name.clone(), a.value_type, a.many)).collect(),
        matches: Vec::new(),
        by_hand: true,
        owns: Vec::new(),
        guards: Guards { limits: BTreeMap::new() },
        absent: false,
        incremental: false,
        complete_every: COMPLETE_EVERY,
        suggest: Suggest::Best,
        at: at.clone(),
    }
}
