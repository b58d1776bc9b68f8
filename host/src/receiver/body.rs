//! Reading request bodies: bounded in bytes each and together, and in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Request bodies of one receiver in memory at a time, from the first byte until the answer, in
/// bytes, compressed and decompressed ones alike. Above it requests are refused as retryable.
pub(super) const MAX_IN_FLIGHT_BYTES: usize = 512 << 20;

/// A body that makes no progress for so long is given up, whatever the settings allow for the whole.
pub(super) const MAX_STALL: Duration = Duration::from_secs(60);

/// Bodies reserve no more than this on the strength of a length that the sender merely claims.
const MAX_TRUSTED_LEN: usize = 1 << 20;

/// What is still read of a body that is too large before the answer: a client that is writing it sees
/// the answer then, and not just a closed connection.
const MAX_DRAINED_BYTES: usize = 1 << 20;
const MAX_DRAIN_TIME: Duration = Duration::from_secs(1);

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("request body too large")]
    TooLarge,
    #[error("too many request bytes in flight")]
    NoRoom,
    #[error("timeout reading the request body")]
    Stalled,
    #[error("the request body ended early")]
    Broken,
}

/// Counts the bytes of all requests that a receiver holds.
#[derive(Debug)]
pub(super) struct InFlight {
    bytes: AtomicUsize,
    limit: usize,
}

impl InFlight {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), limit })
    }

    /// A share that starts empty.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share { of: Arc::clone(self), bytes: 0 }
    }
}

/// What one request holds; given back on drop.
#[derive(Debug)]
pub(super) struct Share {
    of: Arc<InFlight>,
    bytes: usize,
}

impl Share {
    pub(super) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.of.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), BodyError> {
        self.bytes += bytes;
        let before = self.of.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.of.limit {
            return Err(BodyError::NoRoom);
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The next piece of a body; `None` at its end.
pub(super) async fn next_data<B>(
    body: &mut B,
    share: &mut Share,
) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    loop {
        let frame = timeout(MAX_STALL, body.frame()).await.map_err(|_| BodyError::Stalled)?;
        let Some(frame) = frame else { return Ok(None) };
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if !data.is_empty() {
            share.grow(data.len())?;
            return Ok(Some(data));
        }
    }
}

/// Reads a whole body of at most `limit` bytes. One that comes in a single piece is not copied.
pub(super) async fn read<B>(
    mut body: B,
    claimed_len: usize,
    limit: usize,
    share: &mut Share,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if claimed_len > limit {
        return Err(BodyError::TooLarge);
    }
    let Some(first) = next_data(&mut body, share).await? else { return Ok(Bytes::new()) };
    let Some(second) = next_within(&mut body, first.len(), limit, share).await? else {
        return Ok(first);
    };
    let mut whole =
        BytesMut::with_capacity(claimed_len.min(MAX_TRUSTED_LEN).max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    drop((first, second));
    while let Some(data) = next_within(&mut body, whole.len(), limit, share).await? {
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Reads and forgets what is left of a body, up to [`MAX_DRAINED_BYTES`] and for [`MAX_DRAIN_TIME`].
pub(super) async fn drain<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut room = MAX_DRAINED_BYTES;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            match room.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(left) => room = left,
                None => return,
            }
        }
    };
    // Whether it came to its end changes nothing.
    let _ = timeout(MAX_DRAIN_TIME, rest).await;
}

/// The next piece, where with the `len` bytes before it there are no more than `limit`.
async fn next_within<B>(
    body: &mut B,
    len: usize,
    limit: usize,
    share: &mut Share,
) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if len > limit {
        return Err(BodyError::TooLarge);
    }
    let data = next_data(body, share).await?;
    match &data {
        Some(data) if len + data.len() > limit => Err(BodyError::TooLarge),
        _ => Ok(data),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Empty, Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    fn pieces(
        pieces: Vec<&'static [u8]>,
    ) -> impl Body<Data = Bytes, Error = std::io::Error> + Unpin {
        let mut pieces = pieces.into_iter();
        let next = move |_: &mut std::task::Context<'_>| {
            std::task::Poll::Ready(
                pieces.next().map(|p| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(p)))),
            )
        };
        StreamBody::new(Pieces(next))
    }

    struct Pieces<F>(F);

    impl<F, T> futures_util::Stream for Pieces<F>
    where
        F: FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>> + Unpin,
    {
        type Item = T;

        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<T>> {
            (self.0)(cx)
        }
    }

    #[tokio::test]
    async fn a_body_of_one_piece_is_not_copied() {
        let bytes = Bytes::from(vec![7; 100]);
        let share = &mut InFlight::new(100).share();
        let read = read(Full::new(bytes.clone()), 100, 100, share).await.unwrap();
        assert_eq!(read.as_ptr(), bytes.as_ptr());
        assert_eq!(super::read(Empty::new(), 0, 0, share).await, Ok(Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn draining_ends_at_its_bounds() {
        const PIECE: &[u8] = &[0; 64 << 10];
        for (count, left) in [(3, 0), (16, 0), (17, 0), (18, 1)] {
            let mut body = pieces(vec![PIECE; count]);
            drain(&mut body).await;
            assert_eq!(body.collect().await.unwrap().to_bytes().len(), left * PIECE.len());
        }
        let start = tokio::time::Instant::now();
        let never = futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>();
        drain(&mut StreamBody::new(never)).await;
        assert_eq!(start.elapsed(), MAX_DRAIN_TIME);
    }

    #[tokio::test]
    async fn pieces_are_put_together_up_to_the_limit_and_no_further() {
        let body = || pieces(vec![b"ab", b"", b"cd", b"ef"]);
        let in_flight = InFlight::new(100);
        let read =
            async |limit, claimed| read(body(), claimed, limit, &mut in_flight.share()).await;
        assert_eq!(read(6, 0).await, Ok(Bytes::from_static(b"abcdef")));
        for limit in 0..6 {
            assert_eq!(read(limit, 0).await, Err(BodyError::TooLarge), "{limit}");
        }
        assert_eq!(read(6, 7).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded_and_what_ended_makes_room() {
        let in_flight = InFlight::new(6);
        let mut first = in_flight.share();
        let body = || pieces(vec![b"ab", b"cd"]);
        read(body(), 0, 10, &mut first).await.unwrap();
        let mut second = in_flight.share();
        assert_eq!(read(body(), 0, 10, &mut second).await, Err(BodyError::NoRoom));
        drop((first, second));
        assert!(read(body(), 0, 10, &mut in_flight.share()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        let stalled = StreamBody::new(Pieces(|_: &mut std::task::Context<'_>| {
            std::task::Poll::<Option<Result<Frame<Bytes>, std::io::Error>>>::Pending
        }));
        let error = read(stalled, 0, 10, &mut InFlight::new(10).share()).await;
        assert_eq!(error, Err(BodyError::Stalled));
    }
}
