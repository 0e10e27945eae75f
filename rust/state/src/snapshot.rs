//! The canonical bytes of a state: genesis, then every block with its root
//! and what it changed. Two executors that agree have equal snapshots, bit
//! for bit; that is how equality is asserted (design §7).
//!
//! ```text
//! magic "DCHS" | version u16 | length u64 | content | checksum (32)
//! content = chain id | genesis time | blocks: u32 count, StoredBlock…
//! ```
//!
//! The bytes are plaintext: whoever stores them seals them first.

use daicho_crypto::{Domain, hash};
use daicho_types::codec::{CodecError, Decode, Encode, Reader};
use daicho_types::ledger::Change;
use daicho_types::{ChainId, ConsensusTime, Digest};

use crate::limits::SNAPSHOT_BLOCKS_MAX;
use crate::stored::StoredBlock;
use crate::{KeyRing, RebuildError, State};

const MAGIC: [u8; 4] = *b"DCHS";
const VERSION: u16 = 1;

impl State {
    /// The canonical bytes of this state with its whole history.
    ///
    /// # Panics
    /// Above [`SNAPSHOT_BLOCKS_MAX`] blocks.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut content = Vec::new();
        let genesis = &self.blocks[0].0;
        genesis.digest.encode(&mut content);
        genesis.time.encode(&mut content);
        let count = self.blocks.len() - 1;
        assert!(count <= SNAPSHOT_BLOCKS_MAX, "a snapshot keeps its bound");
        u32::try_from(count)
            .expect("bounded below 2^32")
            .encode(&mut content);
        let mut changes = self.changes_by_height();
        for (block, root) in &self.blocks[1..] {
            let place = usize::try_from(block.height.0).expect("blocks fit memory");
            let changed = core::mem::take(&mut changes[place]);
            let stored = StoredBlock::of(block, *root, &changed);
            stored
                .expect("rows in the state are bounded")
                .encode(&mut content);
        }
        framed(&content)
    }

    /// What each block changed, rising by compartment and key.
    fn changes_by_height(&self) -> Vec<Vec<Change>> {
        let mut changes = vec![Vec::new(); self.blocks.len()];
        for (compartment, book) in &self.books {
            for (height, key, value) in book.all_versions() {
                let place = usize::try_from(height.0).expect("blocks fit memory");
                changes[place].push(Change {
                    compartment: *compartment,
                    key: key.clone(),
                    value: value.cloned(),
                });
            }
        }
        changes
    }

    /// The state of a snapshot, replayed block by block: every root is
    /// computed again and must be the one recorded.
    ///
    /// # Errors
    /// [`RebuildError`] naming the first height that does not follow.
    pub fn restore(keys: KeyRing, bytes: &[u8]) -> Result<Self, RebuildError> {
        let mut content = Reader::new(unframed(bytes)?);
        let chain = ChainId::decode(&mut content)?;
        let time = ConsensusTime::decode(&mut content)?;
        let mut state = Self::new(keys, chain, time);
        for _ in 0..content.length(SNAPSHOT_BLOCKS_MAX)? {
            state.replay(StoredBlock::decode(&mut content)?)?;
        }
        content.finish()?;
        Ok(state)
    }

    fn replay(&mut self, stored: StoredBlock) -> Result<(), RebuildError> {
        let (block, root) = (stored.block(), stored.root);
        let changes = stored.into_changes()?;
        let pending = self.compute(block, &changes)?;
        if pending.changes() != changes {
            return Err(CodecError::Inconsistent("changes are canonical").into());
        }
        self.commit_checked(pending, &root)?;
        Ok(())
    }
}

fn framed(content: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    VERSION.encode(&mut out);
    (content.len() as u64).encode(&mut out);
    out.extend_from_slice(content);
    checksum(&out).encode(&mut out);
    out
}

fn unframed(bytes: &[u8]) -> Result<&[u8], CodecError> {
    let mut reader = Reader::new(bytes);
    if <[u8; 4]>::decode(&mut reader)? != MAGIC || u16::decode(&mut reader)? != VERSION {
        return Err(CodecError::Inconsistent("not a snapshot of this version"));
    }
    let claimed = usize::try_from(u64::decode(&mut reader)?);
    let length = claimed.map_err(|_| CodecError::Inconsistent("snapshot length"))?;
    let content = reader.take(length)?;
    let checked = bytes.len() - reader.remaining();
    if Digest::decode(&mut reader)? != checksum(&bytes[..checked]) {
        return Err(CodecError::Inconsistent("snapshot checksum"));
    }
    reader.finish()?;
    Ok(content)
}

fn checksum(bytes: &[u8]) -> Digest {
    hash(Domain::Record, &[&MAGIC, bytes])
}
