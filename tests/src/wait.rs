//! Waiting for conditions, never for time.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks again and again until `condition` holds; an error after `patience` says what was waited for.
pub async fn until<F>(what: &str, patience: Duration, mut condition: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<bool>>,
{
    let begun = Instant::now();
    let mut last = None;
    while begun.elapsed() < patience {
        match condition().await {
            Ok(true) => return Ok(()),
            Ok(false) => last = None,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    match last {
        Some(error) => Err(error.context(format!("waited {patience:?} for {what}"))),
        None => bail!("waited {patience:?} in vain for {what}"),
    }
}
