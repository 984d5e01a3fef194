//! Copying everything from one store into another, empty one.

use super::{
    Kind, PAGE_ROWS, Phase, Source, Survey, Target, TransferError, Watch,
    survey::{Reading, survey},
};
use futures::join;

/// Copies, reads what was written, and compares. The target then holds the same as the source, and is to be finished: until
/// then it is no instance, and can be dropped.
///
/// The next page is read while one is written; no more than two are in memory.
///
/// # Errors
/// [`TransferError`]; the target then is not to be finished.
pub async fn copy(
    source: &mut dyn Source,
    target: &mut dyn Target,
    watch: &mut Watch<'_>,
) -> Result<Survey, TransferError> {
    let head = source.head().await.map_err(TransferError::Read)?;
    let mut kinds = Vec::with_capacity(Kind::ALL.len());
    for &kind in Kind::ALL {
        let mut reading = Reading::new(kind, head);
        let mut page = source.page(kind, None, PAGE_ROWS).await.map_err(TransferError::Read)?;
        while !page.is_empty() {
            let after = reading.add(&page)?;
            let count = page.len() as u64;
            let next = async {
                match after.as_deref() {
                    Some(after) => source.page(kind, Some(after), PAGE_ROWS).await,
                    None => Ok(Vec::new()),
                }
            };
            let (loaded, next) = join!(target.load(kind, page), next);
            loaded.map_err(TransferError::Write)?;
            page = next.map_err(TransferError::Read)?;
            watch(Phase::Copying, count);
        }
        kinds.push(reading.finish()?);
    }
    let copied = Survey { kinds, head };
    target.settle(head).await.map_err(TransferError::Write)?;
    copied.must_equal(&survey(target, watch).await?)?;
    Ok(copied)
}
