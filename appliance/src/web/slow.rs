//! A body that takes too long to arrive is cut off: whoever sends a form a byte at a time is let go.

use std::io;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::Instant;

/// From the head of a request to the last byte of its body. A form is a few hundred bytes, the largest upload 100 KiB.
pub(super) const BODY_WITHIN: Duration = Duration::from_secs(20);

/// Has the request's body end in time.
pub(super) fn in_time(request: &mut ServiceRequest) {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return;
    }
    let until = Instant::now() + BODY_WITHIN;
    request.set_payload(Payload::Stream { payload: Box::pin(ending(payload, until)) });
}

fn ending(
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static,
    until: Instant,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let ending = stream::unfold(Some(payload), move |payload| async move {
        let mut payload = payload?;
        match tokio::time::timeout_at(until, payload.next()).await {
            Ok(piece) => Some((piece?, Some(payload))),
            Err(_) => {
                let late = io::Error::new(io::ErrorKind::TimedOut, "the body did not come in time");
                Some((Err(PayloadError::Incomplete(Some(late))), None))
            }
        }
    });
    // Some readers ask once more after the end.
    ending.fuse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_trickles_ends_with_an_error_and_one_in_time_is_whole() {
        let piece = || Ok(Bytes::from_static(b"x"));
        // What is there already is taken, however late it is.
        let whole: Vec<_> = ending(stream::iter([piece(), piece()]), Instant::now()).collect().await;
        assert_eq!(whole.iter().filter(|piece| piece.is_ok()).count(), 2);
        let trickles = stream::iter([piece()]).chain(stream::pending());
        let cut: Vec<_> = ending(trickles, Instant::now()).collect().await;
        assert!(matches!(cut.as_slice(), [Ok(_), Err(PayloadError::Incomplete(Some(_)))]), "{cut:?}");
    }
}
