//! Compression of what is sent. The compressors' working memory (some 300 KiB each) is kept per thread.

use std::cell::RefCell;
use std::io;

use bytes::Bytes;
use flate2::{Compress, FlushCompress, Status};

use super::settings::Compression;

/// The middle of the range, as with the Collector's default.
const DEFLATE_LEVEL: flate2::Compression = flate2::Compression::new(6);
/// zlib's largest window, 32 KiB.
const WINDOW_BITS: u8 = 15;
const ZSTD_LEVEL: i32 = 3;

thread_local! {
    static GZIP: RefCell<Compress> = RefCell::new(Compress::new_gzip(DEFLATE_LEVEL, WINDOW_BITS));
    static ZLIB: RefCell<Compress> = RefCell::new(Compress::new(DEFLATE_LEVEL, true));
    static ZSTD: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

impl Compression {
    /// The name of the encoding in `Content-Encoding` and `grpc-encoding`.
    pub(super) fn encoding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Deflate => Some("deflate"),
        }
    }
}

/// The compressed payload after `headroom` zero bytes, for a prefix that need not be copied before.
pub(super) fn compress(
    compression: Compression,
    payload: &Bytes,
    headroom: usize,
) -> io::Result<Vec<u8>> {
    match compression {
        Compression::None => {
            let mut out = vec![0; headroom];
            out.extend_from_slice(payload);
            Ok(out)
        }
        Compression::Gzip => GZIP.with_borrow_mut(|gzip| deflate(gzip, payload, headroom)),
        Compression::Deflate => ZLIB.with_borrow_mut(|zlib| deflate(zlib, payload, headroom)),
        Compression::Zstd => zstd(payload, headroom),
    }
}

fn deflate(compress: &mut Compress, payload: &[u8], headroom: usize) -> io::Result<Vec<u8>> {
    compress.reset();
    // Telemetry shrinks to a fifth or less; grows where it does not.
    let mut out = Vec::with_capacity(headroom + payload.len() / 4 + 64);
    out.resize(headroom, 0);
    loop {
        // The payload is in memory, so its length and what was read of it fit a usize.
        let read = usize::try_from(compress.total_in()).unwrap_or(payload.len());
        match compress.compress_vec(&payload[read..], &mut out, FlushCompress::Finish)? {
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError => out.reserve(out.len()),
        }
    }
}

fn zstd(payload: &[u8], headroom: usize) -> io::Result<Vec<u8>> {
    ZSTD.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(zstd::bulk::Compressor::new(ZSTD_LEVEL)?),
        };
        let mut out = vec![0; headroom + zstd::zstd_safe::compress_bound(payload.len())];
        let written = compressor.compress_to_buffer(payload, &mut out[headroom..])?;
        out.truncate(headroom + written);
        Ok(out)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decompress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match compression {
            Compression::None => out.extend_from_slice(bytes),
            Compression::Gzip => {
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
            }
            Compression::Deflate => {
                flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out).unwrap();
            }
            Compression::Zstd => out = zstd::decode_all(bytes).unwrap(),
        }
        out
    }

    #[test]
    fn every_encoding_gives_the_very_same_bytes_back() {
        let mut random = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..300_000).map(|_| random.u8(..)).collect();
        for payload in [vec![], vec![1], vec![7; 1 << 20], noise] {
            let payload = Bytes::from(payload);
            for compression in
                [Compression::None, Compression::Gzip, Compression::Deflate, Compression::Zstd]
            {
                let out = compress(compression, &payload, 5).unwrap();
                assert_eq!(out[..5], [0; 5]);
                assert_eq!(decompress(compression, &out[5..]), payload, "{compression:?}");
            }
        }
    }
}
