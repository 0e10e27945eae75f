//! What can go wrong, each with its stable code.

use daicho_crypto::BadSeal;
use daicho_types::codec::CodecError;
use daicho_types::codes::Code;
use daicho_types::{Digest, Height};

/// Changes that are not the next block's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another height than the one after the last.
    #[error("height {found:?} does not follow {last:?}")]
    Height {
        /// The state's height.
        last: Height,
        /// The block's height.
        found: Height,
    },
    /// Block time does not rise.
    #[error("block time does not rise at height {0:?}")]
    Time(Height),
    /// The same row twice in one block.
    #[error("a row is changed twice at height {0:?}")]
    Duplicate(Height),
    /// A key, a row or the list of changes above its bound.
    #[error("a key, a row or the list of changes is too long at height {0:?}")]
    TooLong(Height),
    /// The root computed is not the one recorded or certified.
    #[error("the root at height {height:?} is {found}, not {expected}")]
    Root {
        /// Where.
        height: Height,
        /// What was recorded.
        expected: Digest,
        /// What the changes lead to.
        found: Digest,
    },
}

impl StateError {
    /// The code users see.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Root { .. } => Code::Diverged,
            Self::TooLong(_) => Code::TooLarge,
            Self::Height { .. } | Self::Time(_) | Self::Duplicate(_) => Code::Damaged,
        }
    }
}

/// A proof that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// It leads to another root, or is about another compartment.
    #[error("the proof leads to another root")]
    Root,
    /// Rows out of order, or a part hidden that the range needs.
    #[error("the proof does not cover the range")]
    Shape,
    /// It is about another row or compartment than the one asked for.
    #[error("the proof is about something else")]
    Subject,
}

impl BadProof {
    /// The code users see.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::Damaged
    }
}

/// A chunk that cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// More than a chunk or a result body holds.
    #[error("the block changes more than a result body holds")]
    TooLarge,
    /// The same row twice in one block.
    #[error("a row is changed twice")]
    Duplicate,
    /// The tag is right, the seal is not.
    #[error("a chunk does not open: {0}")]
    Seal(#[from] BadSeal),
    /// It opens, and is no canonical chunk.
    #[error("a chunk is malformed: {0}")]
    Malformed(#[from] CodecError),
    /// Chunks are missing that the directory names, or are left over.
    #[error("the chunks are not those that the directory names")]
    Incomplete,
}

impl ChunkError {
    /// The code users see.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLarge => Code::TooLarge,
            Self::Seal(_) => Code::Seal,
            Self::Duplicate | Self::Malformed(_) | Self::Incomplete => Code::Damaged,
        }
    }
}

/// Why stored bytes do not lead back to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// A result body is not what its height needs.
    #[error("the result body of height {height:?} is bad: {error}")]
    Body {
        /// Where.
        height: Height,
        /// What is wrong.
        error: ChunkError,
    },
    /// The changes do not follow one another or lead to another root.
    #[error("{0}")]
    State(#[from] StateError),
    /// A snapshot that is none.
    #[error("the snapshot is malformed: {0}")]
    Snapshot(#[from] CodecError),
}

impl RebuildError {
    /// The code users see.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Body { error, .. } => error.code(),
            Self::State(error) => error.code(),
            Self::Snapshot(_) => Code::Damaged,
        }
    }
}
