//! Reads the bytes of a file, or of a member of an archive, into a buffer that every file reuses. Allocating a buffer for each of
//! 200,000 files takes longer than reading them.

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flate2::read::DeflateDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipArchiveEntryWayfinder, ZipEntry, ZipVerification, crc32};

use crate::collect::files::{self, FileError};

use super::error::{AdvisoriesError, LONGEST_FILE, LONGEST_RECORD};

/// The most room that is made for a file before it is read, and that is kept for the next one.
const ROOM: u64 = 1024 * 1024;

/// Room for each thread that asks.
#[derive(Default)]
pub(super) struct Rooms(Mutex<Vec<Room>>);

/// Room for the bytes of one file.
pub(super) struct Room {
    bytes: Vec<u8>,
    compressed: Vec<u8>,
    inflater: Decompress,
}

impl Rooms {
    /// Calls `work` with a buffer that no other thread uses meanwhile.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Room) -> R) -> R {
        let room = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = room.unwrap_or_else(|| Room {
            bytes: Vec::new(),
            compressed: Vec::new(),
            inflater: Decompress::new(false),
        });
        let result = work(&mut room);
        if room.bytes.capacity() as u64 <= 2 * ROOM {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        }
        result
    }
}

/// A record in an archive: where it is, and how it is compressed.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) method: CompressionMethod,
    pub(super) at: ZipArchiveEntryWayfinder,
}

impl Room {
    /// Reads everything, up to one byte beyond the limit.
    pub(super) fn read(&mut self, reader: impl Read, longest: u64, stated: u64) -> io::Result<&[u8]> {
        self.bytes.clear();
        self.bytes.reserve(usize::try_from(stated.min(ROOM)).unwrap_or_default() + 1);
        reader.take(longest + 1).read_to_end(&mut self.bytes)?;
        Ok(&self.bytes)
    }

    pub(super) fn file(&mut self, path: &Path) -> Result<&[u8], AdvisoriesError> {
        let unread = |error: FileError| AdvisoriesError::File(path.to_owned(), error);
        let (file, length) = files::open_with_length(path).map_err(unread)?;
        self.read(file, LONGEST_FILE, length).map_err(|error| unread(error.into()))
    }

    /// Reads a member and holds it against its checksum.
    pub(super) fn member(
        &mut self,
        archive: &ZipArchive<FileReader>,
        path: &Path,
        member: &Member,
    ) -> Result<&[u8], AdvisoriesError> {
        let Member { name, method, at } = member;
        let entry = archive.get_entry(*at).map_err(|error| AdvisoriesError::Archive(path.to_owned(), error))?;
        // The declared size only decides the room made at first.
        let stated = at.uncompressed_size_hint();
        let read = match *method {
            CompressionMethod::STORE => self.read(entry.verifying_reader(entry.reader()), LONGEST_RECORD, stated),
            CompressionMethod::DEFLATE if stated.max(at.compressed_size_hint()) <= ROOM => self.inflate(&entry, stated),
            CompressionMethod::DEFLATE => {
                let inflated = DeflateDecoder::new(entry.reader());
                self.read(entry.verifying_reader(inflated), LONGEST_RECORD, stated)
            }
            other => {
                let (archive, method) = (path.to_owned(), format!("{other:?}"));
                return Err(AdvisoriesError::Method { archive, name: name.clone(), method });
            }
        };
        read.map_err(|error| AdvisoriesError::File(path.join(name), error.into()))
    }

    /// Inflates a small member at one go, to the length that it is said to have.
    fn inflate(&mut self, entry: &ZipEntry<'_, FileReader>, stated: u64) -> io::Result<&[u8]> {
        let broken = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        self.compressed.clear();
        entry.reader().read_to_end(&mut self.compressed)?;
        self.bytes.resize(usize::try_from(stated).unwrap_or_default(), 0);
        self.inflater.reset(false);
        let status = self.inflater.decompress(&self.compressed, &mut self.bytes, FlushDecompress::Finish)?;
        if status != Status::StreamEnd {
            return Err(broken("it does not end where it is said to"));
        }
        let found = ZipVerification { crc: crc32(&self.bytes), uncompressed_size: self.inflater.total_out() };
        entry.reader().claim_verifier().valid(found).map_err(|error| broken(&error.to_string()))?;
        Ok(&self.bytes)
    }
}
