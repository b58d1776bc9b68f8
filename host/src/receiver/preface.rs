//! The bytes with which every HTTP/2 client begins, read before hyper gets the connection: hyper waits
//! for them without a bound, and does not stop while it waits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads the preface; `None` where something else comes.
pub(super) async fn read<S: AsyncRead + Unpin>(mut stream: S) -> Option<Greeted<S>> {
    let mut first = [0; PREFACE.len()];
    stream.read_exact(&mut first).await.ok()?;
    (first == *PREFACE).then_some(Greeted { preface: PREFACE, stream })
}

/// A connection whose preface has been seen and is read once more.
pub(super) struct Greeted<S> {
    /// What of it is still to be read.
    preface: &'static [u8],
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.preface.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let (now, later) = self.preface.split_at(self.preface.len().min(buf.remaining()));
        buf.put_slice(now);
        self.preface = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_preface_is_read_again_and_what_follows_it_once() {
        let bytes = [PREFACE.as_slice(), b"frames"].concat();
        let mut greeted = read(bytes.as_slice()).await.unwrap();
        let mut first = [0; 5];
        greeted.read_exact(&mut first).await.unwrap();
        let mut rest = Vec::new();
        greeted.read_to_end(&mut rest).await.unwrap();
        assert_eq!([first.as_slice(), &rest].concat(), bytes);
    }

    #[tokio::test]
    async fn nothing_else_is_taken_for_it() {
        for other in [&b""[..], &PREFACE[..23], b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
            assert!(read(other).await.is_none());
        }
    }
}
