//! What clients send: the sealed envelope v1, the clear control transaction,
//! and the sealed query. Ordering nodes read headers, never bodies.

use crate::codec::{Blob, List};
use crate::limits::{
    ANSWER_RESULT_BYTES_MAX, APPROVALS_MAX, ARGUMENT_BYTES_MAX, BODY_BYTES_MAX, CODE_BYTES_MAX,
    COSIGNERS_MAX, GAS_LIMIT_LARGE, GAS_LIMIT_MEDIUM, GAS_LIMIT_SMALL, KEY_BYTES_MAX,
    QUERY_BYTES_MAX,
};
use crate::trace::TraceQuestion;
use crate::{
    AgreementKey, Alias, ChainId, ConsensusTime, ContractId, Epoch, Height, PublicKey, Signature,
};
use crate::{wire_enum, wire_struct, wire_tag};

/// The version every envelope starts with.
pub const ENVELOPE_VERSION: u16 = 1;
/// Ed25519 (ZIP-215), X25519-HKDF-SHA256 (RFC 9180), AES-256-GCM-SIV, BLAKE3.
pub const SUITE_V1: u16 = 1;

wire_tag! {
    /// How much gas a call may burn; the figures are in [`crate::limits`].
    pub enum GasClass {
        /// A transfer, a confirmation.
        Small = 1,
        /// A corporate action over thousands of holders.
        Medium = 2,
        /// A batch at end of day.
        Large = 3,
    }
}

wire_struct! {
    /// The clear part of an envelope, authenticated by the signature and by
    /// the key derivation of the body.
    pub struct EnvelopeHeader {
        /// [`ENVELOPE_VERSION`].
        pub version: u16,
        /// Digest of the genesis: an envelope of one chain is noise on another.
        pub chain: ChainId,
        /// [`SUITE_V1`].
        pub suite: u16,
        /// Which epoch key the body is sealed to.
        pub epoch: Epoch,
        /// Who signs.
        pub sender: Alias,
        /// An independent stream of sequences of this sender.
        pub lane: u16,
        /// Used once inside a sliding window of 1,024 (replay protection).
        pub sequence: u64,
        /// Refused in blocks whose time is later.
        pub expiry: ConsensusTime,
        /// Gas class.
        pub gas_class: GasClass,
        /// Index into [`crate::limits::SIZE_CLASS_BYTES`].
        pub size_class: u8,
        /// Fresh randomness of the client: one body key per envelope.
        pub salt: [u8; 16],
        /// HPKE encapsulation (RFC 9180) of the client's session.
        pub enc: AgreementKey,
    }

    /// A sealed transaction as it travels and as it is logged.
    pub struct Envelope {
        /// Clear header.
        pub header: EnvelopeHeader,
        /// Padded contract call under AES-256-GCM-SIV.
        pub body: Blob<BODY_BYTES_MAX>,
        /// Of the sender, over header and body.
        pub signature: Signature,
    }

    /// Another party's consent, inside the sealed body.
    pub struct CoSignature {
        /// Who consents.
        pub alias: Alias,
        /// Over the chain, the call's contract, entry and arguments, and the
        /// envelope's sender, lane and sequence.
        pub signature: Signature,
    }

    /// The plaintext of an envelope's body, before padding.
    pub struct Call {
        /// The contract called.
        pub contract: ContractId,
        /// The entry point's number in that contract.
        pub entry: u32,
        /// Arguments, encoded by the contract's ABI.
        pub arguments: Blob<ARGUMENT_BYTES_MAX>,
        /// Consents of other parties.
        pub cosignatures: List<CoSignature, COSIGNERS_MAX>,
    }

    /// One approval of a control command.
    pub struct Approval {
        /// The approver.
        pub alias: Alias,
        /// Over chain, sender, lane, sequence and command.
        pub signature: Signature,
    }

    /// A clear change of the control state with its k-of-n approvals. The
    /// sender is the first approver and signs the whole.
    pub struct ControlTx {
        /// [`ENVELOPE_VERSION`].
        pub version: u16,
        /// Digest of the genesis.
        pub chain: ChainId,
        /// Who submits.
        pub sender: Alias,
        /// As in an envelope.
        pub lane: u16,
        /// As in an envelope.
        pub sequence: u64,
        /// As in an envelope.
        pub expiry: ConsensusTime,
        /// What changes.
        pub command: crate::control::Command,
        /// Who agrees.
        pub approvals: List<Approval, APPROVALS_MAX>,
        /// Of the sender, over all of the above.
        pub signature: Signature,
    }

    /// A read, sealed and signed like an envelope but never ordered.
    pub struct SealedQuery {
        /// Digest of the genesis.
        pub chain: ChainId,
        /// Which epoch key the body is sealed to.
        pub epoch: Epoch,
        /// Who asks.
        pub sender: Alias,
        /// Unique per sender until `expiry`.
        pub nonce: [u8; 16],
        /// Refused once the chain's last block time is later.
        pub expiry: ConsensusTime,
        /// HPKE encapsulation of the session that also seals the answer.
        pub enc: AgreementKey,
        /// A [`Question`] under AES-256-GCM-SIV.
        pub body: Blob<QUERY_BYTES_MAX>,
        /// Of the sender, over all of the above.
        pub signature: Signature,
    }

    /// Call of a contract's `@query`.
    pub struct ContractQuestion {
        /// The contract asked.
        pub contract: ContractId,
        /// The query's number in that contract.
        pub query: u32,
        /// Arguments, encoded by the contract's ABI.
        pub arguments: Blob<ARGUMENT_BYTES_MAX>,
        /// The state asked for.
        pub at: AsOf,
    }

    /// Rows of one compartment in a range of keys, with a proof that they are
    /// all there is.
    pub struct RowsQuestion {
        /// As [`crate::ledger::Compartment::to_bytes`].
        pub compartment: [u8; 17],
        /// The first key wanted.
        pub lo: Blob<KEY_BYTES_MAX>,
        /// The first key not wanted any more.
        pub hi: Blob<KEY_BYTES_MAX>,
        /// The state asked for.
        pub at: AsOf,
    }

    /// One row, proved to be in the state: an inclusion proof shows nothing of
    /// the rows beside it and may be handed on.
    pub struct RowQuestion {
        /// As [`crate::ledger::Compartment::to_bytes`].
        pub compartment: [u8; 17],
        /// The row's key.
        pub key: Blob<KEY_BYTES_MAX>,
        /// The state asked for.
        pub at: AsOf,
    }

    /// A compartment key, as its holder is given it.
    pub struct HeldKey {
        /// As [`crate::ledger::Compartment::to_bytes`].
        pub compartment: [u8; 17],
        /// The key.
        pub key: [u8; 32],
    }

    /// The plaintext of an answer.
    pub struct QueryAnswer {
        /// The certified block after which it holds.
        pub height: Height,
        /// That block's time.
        pub time: ConsensusTime,
        /// The state root after that block, as its result certifies it.
        pub state_root: crate::Digest,
        /// `OK`, or the code of a no, upper snake (UTF-8).
        pub code: Blob<CODE_BYTES_MAX>,
        /// Gas the query burnt.
        pub gas_used: u64,
        /// What the query returned or the details of its failure (by the
        /// contract's ABI), an encoded range or inclusion proof, a list of
        /// [`HeldKey`], or a [`crate::trace::Trace`].
        pub result: Blob<ANSWER_RESULT_BYTES_MAX>,
    }
}

wire_enum! {
    /// Which state a query reads.
    pub enum AsOf {
        /// The last certified height.
        0 => Latest(()),
        /// The end of that block.
        1 => Height(Height),
        /// The end of the last block with time at or before this.
        2 => Time(ConsensusTime),
    }

    /// The plaintext of a query's body.
    pub enum Question {
        /// Run a contract's query.
        1 => Contract(ContractQuestion),
        /// The compartment keys that the asker holds, for rebuilding its book
        /// from any node's result bodies.
        2 => CompartmentKeys(()),
        /// Prove rows of a compartment that the asker holds.
        3 => Rows(RowsQuestion),
        /// Prove one row of a compartment that the asker holds.
        4 => Row(RowQuestion),
        /// Run a committed transaction once more and say what ran.
        5 => Trace(TraceQuestion),
    }

    /// What is ordered.
    pub enum Item {
        /// A sealed transaction.
        1 => Sealed(Envelope),
        /// A clear control transaction.
        2 => Control(ControlTx),
    }
}

impl crate::codec::Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl crate::codec::Decode for () {
    fn decode(_: &mut crate::codec::Reader<'_>) -> Result<Self, crate::codec::CodecError> {
        Ok(())
    }
}

impl GasClass {
    /// What a call of this class may burn.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::Small => GAS_LIMIT_SMALL,
            Self::Medium => GAS_LIMIT_MEDIUM,
            Self::Large => GAS_LIMIT_LARGE,
        }
    }
}

impl Item {
    /// The gas it may burn: none for a control transaction.
    #[must_use]
    pub fn gas(&self) -> u64 {
        match self {
            Self::Sealed(e) => e.header.gas_class.limit(),
            Self::Control(_) => 0,
        }
    }

    /// Sender, lane and sequence: the key of replay protection.
    #[must_use]
    pub fn origin(&self) -> (Alias, u16, u64) {
        match self {
            Self::Sealed(e) => (e.header.sender, e.header.lane, e.header.sequence),
            Self::Control(c) => (c.sender, c.lane, c.sequence),
        }
    }

    /// The last block time at which the item may be ordered.
    #[must_use]
    pub fn expiry(&self) -> ConsensusTime {
        match self {
            Self::Sealed(e) => e.header.expiry,
            Self::Control(c) => c.expiry,
        }
    }

    /// The chain it was made for.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        match self {
            Self::Sealed(e) => e.header.chain,
            Self::Control(c) => c.chain,
        }
    }

    /// The sender's signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        match self {
            Self::Sealed(e) => &e.signature,
            Self::Control(c) => &c.signature,
        }
    }
}

/// A key that some alias signs with, as signature checks need it.
pub type SignerKey = (Alias, PublicKey);
