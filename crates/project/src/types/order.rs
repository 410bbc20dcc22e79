//! The order of computed attributes: each after what it reads, across links too; cycles are reported by name.

use std::collections::{BTreeMap, BTreeSet};

use muster_lang::Program;
use muster_model::{Diagnostic, Schema, Slot, Span, TypeId};
use muster_policy::TypeModel;

use crate::{
    context::Context,
    types::{attributes, behaviour::lifecycle_slot},
    yaml::Entry,
};

/// An attribute of a type, whichever entity it is read from.
type Place = (TypeId, Slot);

/// What each attribute that is worked out reads of other such attributes.
#[derive(Default)]
struct Graph {
    reads: BTreeMap<Place, BTreeSet<Place>>,
}

/// How far the walk has come with a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Done,
}

/// Sorts the computed attributes of every type and splits them at the lifecycle.
pub(super) fn arrange(
    context: &mut Context<'_>,
    types: &[&Entry],
    schema: &Schema,
    models: &mut [TypeModel],
) {
    let graph = graph(schema, models);
    let (order, cycles) = graph.walk();
    for cycle in cycles {
        report(context, types, schema, &cycle);
    }
    let position: BTreeMap<Place, usize> =
        order.iter().enumerate().map(|(index, place)| (*place, index)).collect();
    for (model, entity_type) in models.iter_mut().zip(&schema.types) {
        let lifecycle = lifecycle_slot(entity_type).map(|slot| (entity_type.id, slot));
        let after = |slot: Slot| {
            lifecycle.is_some_and(|lifecycle| graph.reaches((entity_type.id, slot), lifecycle))
        };
        model.computed.sort_by_key(|(slot, _)| {
            (after(*slot), position.get(&(entity_type.id, *slot)).copied(), *slot)
        });
        model.before_lifecycle = model.computed.iter().filter(|(slot, _)| !after(*slot)).count();
    }
}

fn graph(schema: &Schema, models: &[TypeModel]) -> Graph {
    let mut graph = Graph::default();
    for (model, entity_type) in models.iter().zip(&schema.types) {
        for (slot, rule) in &model.computed {
            graph.add((entity_type.id, *slot), &rule.program);
        }
        for (slot, candidates) in &model.generated {
            for rule in candidates {
                graph.add((entity_type.id, *slot), &rule.program);
            }
        }
        let Some(slot) = lifecycle_slot(entity_type) else { continue };
        for state in &model.lifecycle {
            graph.add((entity_type.id, slot), &state.when.program);
        }
    }
    graph
}

impl Graph {
    fn add(&mut self, place: Place, program: &Program) {
        let reads = self.reads.entry(place).or_default();
        reads.extend(program.paths().iter().flat_map(|path| path.steps.iter().copied()));
    }

    /// All places, each after what it reads, and the cycles that were met.
    fn walk(&self) -> (Vec<Place>, Vec<Vec<Place>>) {
        let mut marks: BTreeMap<Place, Mark> = BTreeMap::new();
        let mut order = Vec::new();
        let mut cycles = Vec::new();
        for root in self.reads.keys() {
            // A stack of its own: each place with those of its inputs that are still to be visited.
            let mut stack: Vec<(Place, Vec<Place>)> = Vec::new();
            self.enter(*root, &mut marks, &mut stack);
            while let Some((place, inputs)) = stack.last_mut() {
                let place = *place;
                let Some(next) = inputs.pop() else {
                    marks.insert(place, Mark::Done);
                    order.push(place);
                    stack.pop();
                    continue;
                };
                if marks.get(&next) == Some(&Mark::Open) {
                    let path = stack.iter().map(|(place, _)| *place);
                    cycles.push(path.skip_while(|place| *place != next).collect());
                } else {
                    self.enter(next, &mut marks, &mut stack);
                }
            }
        }
        (order, cycles)
    }

    fn enter(
        &self,
        place: Place,
        marks: &mut BTreeMap<Place, Mark>,
        stack: &mut Vec<(Place, Vec<Place>)>,
    ) {
        let Some(reads) = self.reads.get(&place) else { return };
        if marks.contains_key(&place) {
            return;
        }
        marks.insert(place, Mark::Open);
        stack.push((place, reads.iter().rev().copied().collect()));
    }

    /// True when working out `from` needs `to`.
    fn reaches(&self, from: Place, to: Place) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(place) = open.pop() {
            for next in self.reads.get(&place).into_iter().flatten() {
                if *next == to {
                    return true;
                }
                if self.reads.contains_key(next) && seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        false
    }
}

fn report(context: &mut Context<'_>, types: &[&Entry], schema: &Schema, cycle: &[Place]) {
    let name = |(type_id, slot): &Place| {
        let type_name = schema.get(*type_id).map_or("?", |entity_type| &*entity_type.name);
        let attribute = schema.attribute(*type_id, *slot).map_or("?", |a| &*a.name);
        format!("{type_name}.{attribute}")
    };
    let Some(first) = cycle.first() else { return };
    let mut names: Vec<String> = cycle.iter().map(name).collect();
    names.push(name(first));
    let message = format!("attributes are computed from each other: {}", names.join(" → "));
    let mut diagnostic = Diagnostic::error("E0218", place_of(types, *first), message)
        .help("keep one of them (leave `compute` out), or read something else in it");
    for place in cycle.iter().skip(1) {
        diagnostic = diagnostic.related(place_of(types, *place), format!("`{}`", name(place)));
    }
    context.report(diagnostic);
}

/// Where an attribute is written; `display` and `lifecycle` stand beside the attributes.
fn place_of(types: &[&Entry], (type_id, slot): Place) -> Span {
    let Some(entry) = types.get(type_id.index()) else { return Span { file: 0, start: 0, end: 0 } };
    let written = attributes::entries(entry);
    let built_in = if slot.index() == written.len() { "display" } else { "lifecycle" };
    written
        .get(slot.index())
        .or_else(|| entry.value.entry(built_in))
        .map_or(entry.key_span, |attribute| attribute.key_span)
}
