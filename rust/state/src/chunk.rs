//! Result bodies: per touched compartment one sealed chunk of changes, per
//! addressee one of events, in parts where one chunk would be too large. A
//! holder finds its chunk by tag, and whoever holds every key finds them all
//! by the directory (design §7).
//!
//! What a body tells everybody else: how many compartments were touched, and
//! each chunk's size as a power of two. Tags and ciphertexts are random.

use std::collections::BTreeMap;

use daicho_crypto::{open_once, pad, seal_once, unpad};
use daicho_types::codec::{Blob, CodecError, Decode, Encode, List};
use daicho_types::ledger::{Change, Compartment};
use daicho_types::limits::{CHUNK_CLASS_BYTES_MIN, TOUCHED_COMPARTMENTS_MAX};
use daicho_types::result::{Event, SealedChunk};
use daicho_types::{Digest, Height, wire_struct, wire_tag};

use crate::limits::{CHUNK_EVENTS_MAX, CHUNK_PARTS_MAX, CHUNK_PLAIN_BYTES_MAX, CHUNK_ROWS_MAX};
use crate::stored::StoredRow;
use crate::{ChunkError, CompartmentKey, KeyRing};

wire_tag! {
    /// What a chunk holds; part of its tag and of its key.
    pub enum ChunkKind {
        /// Rows set and removed.
        Changes = 1,
        /// Events for the compartment's holder.
        Events = 2,
        /// The compartments that the block touched, for who holds every key.
        Directory = 3,
    }
}

wire_struct! {
    /// An event with where it came from and whom it is for.
    pub struct AddressedEvent {
        /// The compartment whose holder reads it, as
        /// [`Compartment::to_bytes`].
        pub addressee: [u8; 17],
        /// The item of the block that emitted it; from the count of items on, the
        /// timers that the block ran.
        pub index: u32,
        /// The event.
        pub event: Event,
    }
}

/// Bytes that padding adds in front.
const PAD_LENGTH_BYTES: usize = 4;
/// Bytes of the number of parts.
const PARTS_BYTES: usize = 2;
/// The most that one part carries.
const PIECE_BYTES: usize = CHUNK_PLAIN_BYTES_MAX - PAD_LENGTH_BYTES - PARTS_BYTES;

type Rows = List<StoredRow, CHUNK_ROWS_MAX>;
type Events = List<AddressedEvent, CHUNK_EVENTS_MAX>;
type Directory = List<[u8; 17], TOUCHED_COMPARTMENTS_MAX>;

/// Seals a block's changes: one chunk per touched compartment and one
/// directory of them, in rising order of tag. No changes, no chunks.
///
/// # Errors
/// [`ChunkError::TooLarge`] above the bounds of a result body,
/// [`ChunkError::Duplicate`] when a row stands twice.
pub fn seal_changes(
    keys: &KeyRing,
    block: &Digest,
    height: Height,
    changes: &[Change],
) -> Result<Vec<SealedChunk>, ChunkError> {
    let mut books: BTreeMap<Compartment, BTreeMap<&[u8], &Change>> = BTreeMap::new();
    for change in changes {
        let book = books.entry(change.compartment).or_default();
        if book.insert(&change.key, change).is_some() {
            return Err(ChunkError::Duplicate);
        }
    }
    let mut chunks = Vec::with_capacity(books.len() + 1);
    for (compartment, rows) in &books {
        let rows: Result<Vec<_>, _> = rows.values().map(|change| StoredRow::of(change)).collect();
        let rows = rows.map_err(|_| ChunkError::TooLarge)?;
        let plain = list::<_, CHUNK_ROWS_MAX>(rows)?;
        let key = keys.compartment(*compartment);
        chunks.extend(seal(&key, block, height, ChunkKind::Changes, &plain)?);
    }
    if !books.is_empty() {
        let names = books.keys().map(|compartment| compartment.to_bytes());
        let plain = list::<_, TOUCHED_COMPARTMENTS_MAX>(names.collect())?;
        let key = keys.directory();
        chunks.extend(seal(&key, block, height, ChunkKind::Directory, &plain)?);
    }
    sorted(chunks)
}

/// Seals a block's events: one chunk per addressee, in rising order of tag;
/// inside a chunk events keep the order in which they were emitted.
///
/// # Errors
/// [`ChunkError::TooLarge`] above the bounds of a result body,
/// [`ChunkError::Malformed`] when an addressee is no compartment.
pub fn seal_events(
    keys: &KeyRing,
    block: &Digest,
    height: Height,
    events: &[AddressedEvent],
) -> Result<Vec<SealedChunk>, ChunkError> {
    let mut boxes: BTreeMap<Compartment, Vec<AddressedEvent>> = BTreeMap::new();
    for event in events {
        let addressee = compartment(&event.addressee)?;
        boxes.entry(addressee).or_default().push(event.clone());
    }
    let mut chunks = Vec::with_capacity(boxes.len());
    for (addressee, events) in boxes {
        let plain = list::<_, CHUNK_EVENTS_MAX>(events)?;
        let key = keys.compartment(addressee);
        chunks.extend(seal(&key, block, height, ChunkKind::Events, &plain)?);
    }
    sorted(chunks)
}

/// The changes of one compartment; `None` when the block did not touch it.
///
/// # Errors
/// [`ChunkError`] when the chunk is there and not what was sealed.
pub fn open_changes(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    chunks: &[SealedChunk],
) -> Result<Option<Vec<Change>>, ChunkError> {
    let opened = open_changes_counted(key, block, height, chunks)?;
    Ok(opened.map(|(changes, _)| changes))
}

/// As [`open_changes`], with the number of chunks that they took.
pub(crate) fn open_changes_counted(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    chunks: &[SealedChunk],
) -> Result<Option<(Vec<Change>, usize)>, ChunkError> {
    let Some((plain, parts)) = find(key, block, height, ChunkKind::Changes, chunks)? else {
        return Ok(None);
    };
    let rows = Rows::from_bytes(&plain)?;
    let rising = rows.windows(2).all(|pair| pair[0].key < pair[1].key);
    if !rising || rows.is_empty() {
        return Err(CodecError::Inconsistent("rows rise by key").into());
    }
    let rows = rows.into_inner().into_iter();
    let changes = rows.map(|row| row.into_change(key.compartment()));
    Ok(Some((changes.collect(), parts)))
}

/// The events for one compartment's holder, in order of emission; empty when
/// there are none.
///
/// # Errors
/// [`ChunkError`] when the chunk is there and not what was sealed.
pub fn open_events(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    chunks: &[SealedChunk],
) -> Result<Vec<AddressedEvent>, ChunkError> {
    let Some((plain, _)) = find(key, block, height, ChunkKind::Events, chunks)? else {
        return Ok(Vec::new());
    };
    let events = Events::from_bytes(&plain)?.into_inner();
    let addressee = key.compartment().to_bytes();
    if events.iter().any(|event| event.addressee != addressee) {
        return Err(CodecError::Inconsistent("an event for somebody else").into());
    }
    Ok(events)
}

/// The compartments that a block touched, in order; empty when none.
///
/// # Errors
/// [`ChunkError`] when the directory is there and not what was sealed.
pub fn open_directory(
    keys: &KeyRing,
    block: &Digest,
    height: Height,
    chunks: &[SealedChunk],
) -> Result<Vec<Compartment>, ChunkError> {
    let key = keys.directory();
    let opened = find(&key, block, height, ChunkKind::Directory, chunks)?;
    let Some((plain, _)) = opened else {
        return Ok(Vec::new());
    };
    let names = Directory::from_bytes(&plain)?;
    if names.is_empty() || !names.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(CodecError::Inconsistent("compartments rise").into());
    }
    names.iter().map(compartment).collect()
}

fn compartment(bytes: &[u8; 17]) -> Result<Compartment, ChunkError> {
    let unknown = CodecError::Inconsistent("no such compartment");
    Compartment::from_bytes(bytes).ok_or(unknown.into())
}

fn list<T: Encode, const MAX: usize>(values: Vec<T>) -> Result<Vec<u8>, ChunkError> {
    let list = List::<T, MAX>::new(values).map_err(|_| ChunkError::TooLarge)?;
    Ok(list.to_bytes())
}

/// Seals `plain`, in parts if it is larger than a chunk holds. A part is the
/// number of parts (u16), then its piece; every piece but the last is whole.
fn seal(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    kind: ChunkKind,
    plain: &[u8],
) -> Result<Vec<SealedChunk>, ChunkError> {
    let parts = u16::try_from(plain.len().div_ceil(PIECE_BYTES)).ok();
    let parts = parts.filter(|parts| *parts <= CHUNK_PARTS_MAX);
    let parts = parts.ok_or(ChunkError::TooLarge)?;
    assert!(parts > 0, "a list encodes to at least its length");
    let numbered = (0..).zip(plain.chunks(PIECE_BYTES));
    let sealed = numbered.map(|(part, piece)| {
        let content = [&parts.to_le_bytes()[..], piece].concat();
        seal_part(key, block, height, (kind, part), &content)
    });
    Ok(sealed.collect())
}

fn seal_part(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    (kind, part): (ChunkKind, u16),
    content: &[u8],
) -> SealedChunk {
    let size = (content.len() + PAD_LENGTH_BYTES).next_power_of_two();
    let size = size.max(CHUNK_CLASS_BYTES_MIN);
    assert!(
        size <= CHUNK_PLAIN_BYTES_MAX,
        "a piece leaves room for its frame"
    );
    let tag = key.chunk_tag(height, kind, part);
    let padded = pad(content, size).expect("the size was taken from the content");
    let sealed = seal_once(&key.chunk_key(block, kind, part), &tag, &padded);
    let sealed = Blob::new(sealed).expect("bounded by CHUNK_PLAIN_BYTES_MAX");
    SealedChunk { tag, sealed }
}

fn sorted(mut chunks: Vec<SealedChunk>) -> Result<Vec<SealedChunk>, ChunkError> {
    if chunks.len() > TOUCHED_COMPARTMENTS_MAX {
        return Err(ChunkError::TooLarge);
    }
    chunks.sort_by_key(|chunk| chunk.tag);
    Ok(chunks)
}

/// Finds a chunk with all its parts and opens it: the plaintext and the number
/// of parts. `chunks` are in rising order of tag, as
/// [`daicho_types::result::ResultBody`] keeps them.
fn find(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    kind: ChunkKind,
    chunks: &[SealedChunk],
) -> Result<Option<(Vec<u8>, usize)>, ChunkError> {
    let Some((parts, mut plain)) = find_part(key, block, height, (kind, 0), chunks)? else {
        return Ok(None);
    };
    let mut last = plain.len();
    for part in 1..parts {
        let found = find_part(key, block, height, (kind, part), chunks)?;
        let (total, piece) = found.ok_or(ChunkError::Incomplete)?;
        if total != parts || last != PIECE_BYTES || piece.is_empty() {
            return Err(CodecError::Inconsistent("parts").into());
        }
        last = piece.len();
        plain.extend(piece);
    }
    Ok(Some((plain, usize::from(parts))))
}

/// One part: how many there are, and its piece.
fn find_part(
    key: &CompartmentKey,
    block: &Digest,
    height: Height,
    (kind, part): (ChunkKind, u16),
    chunks: &[SealedChunk],
) -> Result<Option<(u16, Vec<u8>)>, ChunkError> {
    let tag = key.chunk_tag(height, kind, part);
    let Ok(place) = chunks.binary_search_by_key(&tag, |chunk| chunk.tag) else {
        return Ok(None);
    };
    let sealed = &chunks[place].sealed;
    let padded = open_once(&key.chunk_key(block, kind, part), &tag, sealed)?;
    let content = unpad(&padded).ok_or(CodecError::Inconsistent("padding"))?;
    let (parts, piece) = content
        .split_first_chunk()
        .ok_or(CodecError::Inconsistent("parts"))?;
    let parts = u16::from_le_bytes(*parts);
    if !(1..=CHUNK_PARTS_MAX).contains(&parts) || part >= parts || piece.len() > PIECE_BYTES {
        return Err(CodecError::Inconsistent("parts").into());
    }
    Ok(Some((parts, piece.to_vec())))
}
