//! What is stored. The first byte of a payload says which.

use daicho_types::block::{BlockHeader, CommitCertificate};
use daicho_types::codec::{Blob, List};
use daicho_types::gateway::CertifiedResult;
use daicho_types::limits::{BLOCK_ITEMS_MAX, ITEM_BYTES_MAX};
use daicho_types::{ChainId, Digest, Height};
use daicho_types::{wire_enum, wire_struct};

use crate::AGREEMENT_BYTES_MAX;
use crate::storage::Stream;

wire_struct! {
    /// The first record of every segment.
    pub struct SegmentHead {
        /// The chain that the segment is of.
        pub chain: ChainId,
        /// [`Stream::number`].
        pub stream: u8,
        /// The segment's number, from 0.
        pub segment: u32,
        /// Bytes of the segment before it: a shortened one is noticed.
        pub previous_bytes: u64,
    }

    /// A proposed block without its bodies.
    pub struct StoredBlock {
        /// The header.
        pub header: BlockHeader,
        /// Leaves of the header's witness root.
        pub witness_ids: List<Digest, BLOCK_ITEMS_MAX>,
        /// The transactions, in the same order: recovery indexes them without
        /// opening bodies.
        pub tx_ids: List<Digest, BLOCK_ITEMS_MAX>,
    }

    /// The items of a proposed block, in order.
    pub struct StoredBodies {
        /// The block's height.
        pub height: Height,
        /// Digest of its header.
        pub block: Digest,
        /// Encoded items.
        pub items: List<Blob<ITEM_BYTES_MAX>, BLOCK_ITEMS_MAX>,
    }

    /// What agreement wants back after a restart; its format is agreement's.
    pub struct AgreementRecord {
        /// The height it speaks of, for people and for `verify`.
        pub height: Height,
        /// The record.
        pub bytes: Blob<AGREEMENT_BYTES_MAX>,
    }
}

wire_enum! {
    /// One stored record.
    pub enum Record {
        /// Start of a segment; written by the log itself.
        1 => Head(SegmentHead),
        /// A proposal was accepted.
        2 => Block(StoredBlock),
        /// All of its bodies are here.
        3 => Bodies(StoredBodies),
        /// A vote, a certificate, a view.
        4 => Agreement(AgreementRecord),
        /// The block is decided; its block and bodies stand before it.
        5 => Commit(CommitCertificate),
        /// A certified result with its body.
        6 => Result(CertifiedResult),
    }
}

impl Record {
    /// The stream the record belongs to; a head belongs to either.
    #[must_use]
    pub fn stream(&self) -> Stream {
        match self {
            Self::Result(_) => Stream::Results,
            _ => Stream::Log,
        }
    }

    /// The height the record speaks of; 0 for a head.
    #[must_use]
    pub fn height(&self) -> Height {
        match self {
            Self::Head(_) => Height(0),
            Self::Block(block) => block.header.height,
            Self::Bodies(bodies) => bodies.height,
            Self::Agreement(record) => record.height,
            Self::Commit(certificate) => certificate.height,
            Self::Result(result) => result.certificate.statement.height,
        }
    }
}
