//! What of a batch may be done now: nothing that waits for something else of the plan.

use std::borrow::Cow;

use muster_model::Text;
use muster_plan::Kind;

use super::{
    gates::Answer,
    system::{Block, State, SystemRun, Todo},
};

/// A batch parted by what is to become of it now.
pub(super) struct Sifted<'a> {
    /// In the order of the plan; positions of `held` and `left` are in here, after what may be called for.
    pub(super) batch: Cow<'a, [Todo]>,
    /// How many at the beginning may be called for.
    pub(super) n_go: usize,
    /// What waits for something that failed.
    pub(super) held: Vec<(usize, Text)>,
    /// What waits for something that is left for later.
    pub(super) left: Vec<(usize, Text)>,
}

impl SystemRun {
    /// Parts a batch. What waits for something that is still to be done in this run is put aside.
    pub(super) fn sift<'a>(
        &self,
        state: &mut State,
        batch: &'a [Todo],
        postponed: &mut Vec<Todo>,
    ) -> Sifted<'a> {
        if state.blocked.is_empty() && batch.iter().all(|todo| todo.after.is_empty()) {
            let (held, left) = (Vec::new(), Vec::new());
            return Sifted { batch: Cow::Borrowed(batch), n_go: batch.len(), held, left };
        }
        let (mut go, mut held, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for todo in batch {
            let answer = match state.blocked.get(&todo.account()) {
                Some(Block::Wait) => Answer::Wait,
                Some(Block::Hold(why)) => Answer::Hold(why.clone()),
                Some(Block::Leave(why)) => Answer::Leave(why.clone()),
                // The account is not there; whoever makes the calls finds that out and says so.
                Some(Block::Failed) | None => self.gates.ask(&todo.after),
            };
            match answer {
                Answer::Go => go.push(todo.clone()),
                Answer::Wait => {
                    block(state, todo, Block::Wait);
                    postponed.push(todo.clone());
                }
                Answer::Hold(why) => {
                    block(state, todo, Block::Hold(why.clone()));
                    held.push((todo.clone(), why));
                }
                Answer::Leave(why) => {
                    block(state, todo, Block::Leave(why.clone()));
                    left.push((todo.clone(), why));
                }
            }
        }
        let n_go = go.len();
        let mut place = |(todo, why): (Todo, Text)| {
            go.push(todo);
            (go.len() - 1, why)
        };
        let held = held.into_iter().map(&mut place).collect();
        let left = left.into_iter().map(&mut place).collect();
        Sifted { batch: Cow::Owned(go), n_go, held, left }
    }
}

/// What comes after on an account that is not as this operation would have made it cannot be done either.
pub(super) fn block(state: &mut State, todo: &Todo, block: Block) {
    if matches!(todo.operation.kind, Kind::Create { .. } | Kind::Rename { .. }) {
        state.blocked.insert(todo.account(), block);
    }
}
