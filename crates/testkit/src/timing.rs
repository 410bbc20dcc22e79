//! Whether some kinds of work take as long as others, as far as a busy machine lets one tell.

use std::time::{Duration, Instant};

/// How often each kind is tried before the times are compared.
const TRIES: usize = 5;
/// How often all is tried again when it looks as if they differ.
const ROUNDS: usize = 8;

/// True when no kind of work takes less than half as long as another one. They are tried in turn, so that a busy moment meets
/// all of them, and the shortest time of each counts; what looks different is tried again. So what skips something that takes long
/// is found, and nothing else is.
pub async fn take_alike(n_kinds: usize, mut work: impl AsyncFnMut(usize)) -> bool {
    for _ in 0..ROUNDS {
        let mut least = vec![Duration::MAX; n_kinds];
        for _ in 0..TRIES {
            for (kind, least) in least.iter_mut().enumerate() {
                let begun = Instant::now();
                work(kind).await;
                *least = begun.elapsed().min(*least);
            }
        }
        let (fastest, slowest) = (least.iter().min(), least.iter().max());
        if fastest.zip(slowest).is_none_or(|(fastest, slowest)| *fastest * 2 > *slowest) {
            return true;
        }
    }
    false
}
