//! Decompressing what comes over the network without ever holding more than the limit.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Gzip,
    Zstd,
    /// What HTTP calls `deflate`, and Go also `zlib`.
    Zlib,
}

/// Why a body could not be decompressed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecompressError {
    #[error("larger than the limit")]
    TooLarge,
    #[error("{0}")]
    Corrupt(#[from] io::Error),
}

/// What a zstd frame may ask for as its window, as a power of two: 8 MiB, the highest that decoders
/// must support.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Inflates `body` to at most `limit` bytes. More memory than that, and a buffer, is never held.
pub(crate) fn decompress(
    encoding: Encoding,
    body: &[u8],
    limit: usize,
) -> Result<Bytes, DecompressError> {
    match encoding {
        Encoding::Gzip => read_to_limit(MultiGzDecoder::new(body), body.len(), limit),
        Encoding::Zlib => read_to_limit(ZlibDecoder::new(body), body.len(), limit),
        Encoding::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(body)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            read_to_limit(decoder, body.len(), limit)
        }
    }
}

fn read_to_limit(
    decoder: impl Read,
    compressed: usize,
    limit: usize,
) -> Result<Bytes, DecompressError> {
    // Telemetry shrinks to a quarter or less.
    let guess = compressed.saturating_mul(4).min(limit);
    let mut bytes = Vec::with_capacity(guess);
    // One byte more than the limit tells a body at the limit from one above it.
    decoder.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(DecompressError::TooLarge);
    }
    Ok(bytes.into())
}

#[cfg(test)]
pub(crate) fn compress(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    use flate2::Compression;
    use flate2::bufread::{GzEncoder, ZlibEncoder};
    let mut out = Vec::new();
    match encoding {
        Encoding::Gzip => GzEncoder::new(bytes, Compression::default()).read_to_end(&mut out),
        Encoding::Zlib => ZlibEncoder::new(bytes, Compression::default()).read_to_end(&mut out),
        Encoding::Zstd => zstd::Encoder::new(&mut out, 3)
            .and_then(|mut encoder| {
                io::Write::write_all(&mut encoder, bytes)?;
                encoder.finish()
            })
            .map(|_| 0),
    }
    .unwrap();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Gzip, Encoding::Zstd, Encoding::Zlib];

    #[test]
    fn a_body_at_the_limit_passes_and_one_above_it_does_not() {
        let text = b"telemetry ".repeat(1000);
        for encoding in ALL {
            let body = compress(encoding, &text);
            assert_eq!(decompress(encoding, &body, text.len()).unwrap(), text);
            let error = decompress(encoding, &body, text.len() - 1).unwrap_err();
            assert!(matches!(error, DecompressError::TooLarge), "{encoding:?}: {error}");
        }
    }

    #[test]
    fn a_bomb_is_given_up_at_the_limit() {
        for encoding in ALL {
            let bomb = compress(encoding, &vec![0; 8 << 20]);
            let error = decompress(encoding, &bomb, 1 << 20).unwrap_err();
            assert!(matches!(error, DecompressError::TooLarge), "{encoding:?}: {error}");
        }
    }

    #[test]
    fn a_damaged_or_cut_body_is_an_error() {
        for encoding in ALL {
            let body = compress(encoding, &b"telemetry ".repeat(1000));
            for bad in [&b"neither"[..], &body[..body.len() / 2]] {
                let error = decompress(encoding, bad, 1 << 20).unwrap_err();
                assert!(matches!(error, DecompressError::Corrupt(_)), "{encoding:?}: {error}");
            }
        }
    }
}
