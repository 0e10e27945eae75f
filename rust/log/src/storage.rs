//! The seam to the disk: segments of bytes by stream and number, with writes
//! that are not durable before a sync.

use daicho_types::{Code, Height};

/// One of the two sequences of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Blocks, bodies, agreement records and commit certificates.
    Log,
    /// Certified results.
    Results,
}

impl Stream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Log, Self::Results];

    /// Its number in stored bytes.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Results => 2,
        }
    }

    /// The folder its segments lie in.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Results => "results",
        }
    }
}

/// The file of a segment, below the node's home: `log/00000000.seg`.
#[must_use]
pub fn file_name(stream: Stream, segment: u32) -> String {
    format!("{}/{segment:08}.seg", stream.folder())
}

/// A segment that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its number.
    pub number: u32,
    /// Its length.
    pub bytes: u64,
}

/// Bytes to write at an offset; always the end of the segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The stream.
    pub stream: Stream,
    /// The segment; offset 0 creates it.
    pub segment: u32,
    /// Where the bytes go.
    pub offset: u64,
    /// One group of records.
    pub bytes: Vec<u8>,
}

/// The disk failed. A node whose log does not write or sync ends its process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to {operation} {file}: {reason}")]
pub struct StorageError {
    /// What was tried.
    pub operation: &'static str,
    /// On which file.
    pub file: String,
    /// What the system said.
    pub reason: String,
}

/// Stored bytes that are not what was stored (code `DAMAGED`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} is damaged at {offset}: {what}")]
pub struct Damage {
    /// The file, below the node's home.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// The height concerned, when it can be told.
    pub height: Option<Height>,
    /// What is wrong.
    pub what: &'static str,
}

impl Damage {
    /// The code it is reported under.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::Damaged
    }
}

/// Why something stored was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The disk failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The bytes are not what was stored.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The segments are of another chain (code `WRONG_CHAIN`).
    #[error("{0} belongs to another chain")]
    WrongChain(String),
}

/// Segments of bytes. Files in production; in the simulator memory that
/// forgets what was not synced.
pub trait Storage {
    /// The segments of a stream, in rising order of number.
    ///
    /// # Errors
    /// [`StorageError`] when they cannot be listed.
    fn segments(&self, stream: Stream) -> Result<Vec<SegmentInfo>, StorageError>;

    /// Exactly `length` bytes of a segment from `offset` on.
    ///
    /// # Errors
    /// [`StorageError`] when fewer are there.
    fn read(
        &self,
        stream: Stream,
        segment: u32,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, StorageError>;

    /// Writes at the end of a segment; durable only after a sync.
    ///
    /// # Errors
    /// [`StorageError`] when the disk fails.
    fn write(&mut self, write: &Write) -> Result<(), StorageError>;

    /// Makes a segment durable, its existence included.
    ///
    /// # Errors
    /// [`StorageError`] when the disk fails; there is no second try.
    fn sync(&mut self, stream: Stream, segment: u32) -> Result<(), StorageError>;

    /// Cuts a segment to `bytes`, durably.
    ///
    /// # Errors
    /// [`StorageError`] when the disk fails.
    fn truncate(&mut self, stream: Stream, segment: u32, bytes: u64) -> Result<(), StorageError>;
}

/// Performs the writes of a group and makes them durable. A segment is synced
/// before the next one of its stream is begun, so that only the last segment
/// can ever be torn; otherwise one sync per stream.
///
/// # Errors
/// [`StorageError`] when the disk fails: nothing of the group counts then.
pub fn persist(storage: &mut impl Storage, writes: &[Write]) -> Result<(), StorageError> {
    for (place, write) in writes.iter().enumerate() {
        storage.write(write)?;
        let next = writes[place + 1..]
            .iter()
            .find(|w| w.stream == write.stream);
        if next.is_none_or(|next| next.segment != write.segment) {
            storage.sync(write.stream, write.segment)?;
        }
    }
    Ok(())
}
