//! Compressed archives: gzip and zstd, by how the file begins. The input is untrusted, so both decoders are in Rust
//! alone.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// The longest of the beginnings, in bytes.
pub(super) const MAGIC: usize = 4;

impl Compression {
    /// Returns how a file is compressed that begins so, if it is.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(&[0x1f, 0x8b]) {
            return Some(Self::Gzip);
        }
        first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]).then_some(Self::Zstd)
    }

    /// Reads the file as it was before.
    pub(super) fn decoder(self, file: File) -> Box<dyn Read> {
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(file))),
            Self::Zstd => Box::new(Frames::Next(Some(BufReader::new(file)))),
        }
    }
}

/// The most of what was read before that a frame may refer to, in bytes: four times what `zstd -19` asks for.
const LARGEST_WINDOW: u64 = 32 * 1024 * 1024;

/// RFC 8878 §3: "Zstandard compressed data is made up of one or more frames. Each frame is independent".
enum Frames {
    In(Box<StreamingDecoder<BufReader<File>, FrameDecoder>>),
    /// Between two frames; at the end without a file.
    Next(Option<BufReader<File>>),
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Next(None) => return Ok(0),
                Self::Next(file) => {
                    let Some(mut rest) = file.take() else { return Ok(0) };
                    if rest.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new_with_max_window_size(rest, LARGEST_WINDOW);
                    *self = Self::In(Box::new(decoder.map_err(io::Error::other)?));
                }
                Self::In(decoder) => {
                    let read = decoder.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                    let Self::In(ended) = std::mem::replace(self, Self::Next(None)) else { return Ok(0) };
                    let (rest, frame) = ended.into_parts();
                    // RFC 8878 §3.1.1: the checksum is optional.
                    if frame
                        .get_checksum_from_data()
                        .is_some_and(|stated| frame.get_calculated_checksum() != Some(stated))
                    {
                        return Err(io::Error::other("the checksum of a zstd frame is wrong"));
                    }
                    *self = Self::Next(Some(rest));
                }
            }
        }
    }
}
