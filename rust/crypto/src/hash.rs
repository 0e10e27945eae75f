//! BLAKE3 with one context per meaning: two things of different kinds never
//! share a digest, whatever their bytes.

use std::sync::OnceLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use daicho_types::block::BlockHeader;
use daicho_types::codec::Encode;
use daicho_types::envelope::Item;
use daicho_types::genesis::Genesis;
use daicho_types::{ChainId, Digest, Signature};

macro_rules! domains {
    ($($(#[$meta:meta])* $name:ident = $context:literal;)*) => {
        /// What a digest, a signature or a derived key is of. The context
        /// strings are frozen: changing one is another protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Domain { $($(#[$meta])* $name,)* }

        impl Domain {
            /// Every domain.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The BLAKE3 `derive_key` context.
            #[must_use]
            pub fn context(self) -> &'static str {
                match self { $(Self::$name => concat!("daicho v1 ", $context),)* }
            }
        }
    };
}

domains! {
    /// A genesis: the chain id.
    Genesis = "genesis";
    /// A block header.
    Block = "block header";
    /// An item's signed content: the transaction id.
    Transaction = "transaction";
    /// Transaction id and signature: the block's Merkle leaf.
    Witness = "witness";
    /// An inner node of a Merkle tree.
    MerkleNode = "merkle node";
    /// A leaf of a Merkle tree.
    MerkleLeaf = "merkle leaf";
    /// The set of validators.
    ValidatorSet = "validator set";
    /// The control state.
    Control = "control state";
    /// A result body.
    ResultBody = "result body";
    /// The state's root and its inner nodes.
    State = "state";
    /// A stored record's checksum.
    Record = "record";
    /// An X.509 certificate.
    Certificate = "certificate";
    /// Contract bytecode.
    Code = "code";
    /// Batch coefficients.
    BatchSeed = "batch seed";
    /// Signature of an envelope or control transaction.
    SignTransaction = "sign transaction";
    /// Signature of a co-signer.
    SignConsent = "sign consent";
    /// Signature of an approval.
    SignApproval = "sign approval";
    /// Signature of a query.
    SignQuery = "sign query";
    /// Signature of a pre-prepare.
    SignPrePrepare = "sign pre-prepare";
    /// Signature of a PREPARE.
    SignPrepare = "sign prepare";
    /// Signature of a COMMIT.
    SignCommit = "sign commit";
    /// Signature of a checkpoint.
    SignCheckpoint = "sign checkpoint";
    /// Signature of a view change.
    SignViewChange = "sign view change";
    /// Signature of a new view.
    SignNewView = "sign new view";
    /// Signature of a result.
    SignResult = "sign result";
    /// Signature of a feed reading.
    SignFeed = "sign feed";
    /// Key of an envelope's body.
    BodyKey = "envelope body key";
    /// Key of a sealed receipt.
    ReceiptKey = "receipt key";
    /// Key of a query's body.
    QueryKey = "query body key";
    /// Key of a query's answer.
    AnswerKey = "query answer key";
    /// Envelope key pair of an epoch.
    EpochKey = "epoch envelope key";
    /// Compartment keys of an epoch.
    CompartmentKey = "compartment key";
    /// Random seeds of an epoch.
    SeedBranch = "seed branch";
    /// Tags of chunks.
    ChunkTag = "chunk tag";
    /// Keys of chunks.
    ChunkKey = "chunk key";
    /// Salts of state leaves.
    LeafSalt = "leaf salt";
    /// Keys of stores at rest.
    StoreKey = "store key";
    /// An inner node of the state's trees.
    StateNode = "state node";
    /// A key's place in a state tree.
    TreePriority = "tree priority";
    /// A compartment's place in the top tree.
    CompartmentTag = "compartment tag";
    /// A sealed receipt: a leaf of the receipts root.
    SealedReceipt = "sealed receipt";
    /// A sealed chunk of events: a leaf of the events root.
    SealedEvents = "sealed events";
}

/// A BLAKE3 `derive_key` hasher for `domain`. Every context is hashed once for
/// the life of the process: it would be a third of the cost of a short digest.
fn hasher(domain: Domain) -> blake3::Hasher {
    static CONTEXT_KEYS: OnceLock<Vec<ContextKey>> = OnceLock::new();
    let hashed = |domain: &Domain| hash_derive_key_context(domain.context());
    let keys = CONTEXT_KEYS.get_or_init(|| Domain::ALL.iter().map(hashed).collect());
    blake3::Hasher::new_from_context_key(&keys[domain as usize])
}

/// Digest of `parts` under `domain`. Each part is preceded by its length, so
/// that moving a byte from one part to the next is another digest.
#[must_use]
pub fn hash(domain: Domain, parts: &[&[u8]]) -> Digest {
    let mut hasher = hasher(domain);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Digest(*hasher.finalize().as_bytes())
}

/// 32 secret bytes derived from `key` under `domain` for `parts`.
#[must_use]
pub fn derive(domain: Domain, key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let branch = hasher(domain).update(key).finalize();
    let mut hasher = blake3::Hasher::new_keyed(branch.as_bytes());
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The chain id of a genesis.
#[must_use]
pub fn chain_id(genesis: &Genesis) -> ChainId {
    hash(Domain::Genesis, &[&genesis.to_bytes()])
}

/// The digest of a block header: what votes are about.
#[must_use]
pub fn block_digest(header: &BlockHeader) -> Digest {
    hash(Domain::Block, &[&header.to_bytes()])
}

/// The transaction id: of everything in the item but its signature.
#[must_use]
pub fn tx_id(item: &Item) -> Digest {
    let bytes = item.to_bytes();
    let signed = bytes.len() - item.signature().0.len();
    hash(Domain::Transaction, &[&bytes[..signed]])
}

/// The witness id: of the transaction id and the signature.
#[must_use]
pub fn witness_id(tx_id: Digest, signature: &Signature) -> Digest {
    hash(Domain::Witness, &[&tx_id.0, &signature.0])
}

/// The digest of the validators that vote: their vote keys in order of id.
#[must_use]
pub fn validator_set(genesis: &Genesis) -> Digest {
    let mut bytes = Vec::new();
    for (id, node) in genesis.validators() {
        id.encode(&mut bytes);
        node.vote_key.encode(&mut bytes);
    }
    hash(Domain::ValidatorSet, &[&bytes])
}
