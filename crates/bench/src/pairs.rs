//! Two sides of one comparison on a machine that may be busy: bare, ours, bare, ours, and so on.

use std::time::Instant;

use anyhow::Result;
use serde_json::{Value as Json, json};

/// Fewer pairs say nothing.
const FEWEST: usize = 5;

/// Runs both sides in turn, each `n_pairs` times with the number of the pair, and answers the figures. A side answers the
/// seconds that it took for `n` objects.
///
/// The best of each side is the one that was disturbed least; the median of the ratios says whether that was luck.
pub(crate) async fn compare(
    n_pairs: usize,
    n: usize,
    mut bare: impl AsyncFnMut(usize) -> Result<f64>,
    mut ours: impl AsyncFnMut(usize) -> Result<f64>,
) -> Result<Json> {
    let mut best = [f64::INFINITY; 2];
    let mut ratios = Vec::new();
    for pair in 0..n_pairs.max(FEWEST) {
        let took = [bare(pair).await?, ours(pair).await?];
        best = [best[0].min(took[0]), best[1].min(took[1])];
        ratios.push(took[0] / took[1].max(f64::EPSILON));
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = |seconds: f64| (n as f64 / seconds).round();
    let rounded = |ratio: f64| (ratio * 100.0).round() / 100.0;
    Ok(json!({
        "bare_per_second": rate(best[0]),
        "connector_per_second": rate(best[1]),
        "ratio": rounded(best[0] / best[1]),
        "median_ratio": rounded(median),
    }))
}

/// The seconds that `work` takes.
pub(crate) async fn timed(work: impl Future<Output = Result<()>>) -> Result<f64> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed().as_secs_f64())
}
