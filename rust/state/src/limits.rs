//! Bounds that only this crate needs. Units stand last in the name.

/// Chunks of one compartment in one block: more than one only where a block
/// changes more of a compartment than a chunk holds.
pub const CHUNK_PARTS_MAX: u16 = 64;
/// Rows in one change chunk.
pub const CHUNK_ROWS_MAX: usize = 1 << 20;
/// Padded plaintext of one chunk: the largest power of two that still fits
/// [`daicho_types::limits::CHUNK_BYTES_MAX`] with its tag.
pub const CHUNK_PLAIN_BYTES_MAX: usize = daicho_types::limits::CHUNK_BYTES_MAX / 2;
/// Events in one event chunk.
pub const CHUNK_EVENTS_MAX: usize = 1 << 20;
/// Leaves of the smallest top tree: fewer compartments look like this many.
pub const TOP_LEAVES_MIN: u64 = 16;
/// Levels of a tree that a proof may climb. Priorities are secret and
/// uniform: a million rows stay below a quarter of this.
pub const PROOF_DEPTH_MAX: usize = 256;
/// Nodes shown by one range proof.
pub const PROOF_NODES_MAX: usize = 1 << 18;
/// Changes of one block, in a journal record or snapshot.
pub const BLOCK_CHANGES_MAX: usize = 1 << 22;
/// Bytes of what the executor stores beside the changes of a block.
pub const ATTACHMENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of one sealed journal record.
pub const RECORD_BYTES_MAX: usize = 1 << 30;
/// Blocks in one snapshot.
pub const SNAPSHOT_BLOCKS_MAX: usize = 1 << 28;
