//! What goes into an execution and what comes out.

use daicho_types::ledger::{Change, Compartment};
use daicho_types::limits::ARGUMENT_BYTES_MAX;
use daicho_types::{ConsensusTime, Height};
use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::reader::{Malformed, Reader};

/// A party that signed, with the roles control state gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Party id.
    pub party: [u8; 16],
    /// Role mask ([`daicho_types::roles`]).
    pub roles: u32,
}

/// Everything a contract may know of the transaction that runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxContext {
    /// The envelope's sender.
    pub sender: Signer,
    /// The envelope's opaque alias.
    pub alias: [u8; 16],
    /// The transaction's id; a query has none.
    pub tx_id: [u8; 32],
    /// Parties that signed inside the body.
    pub cosigners: Vec<Signer>,
    /// Lane of the sender.
    pub lane: u32,
    /// Sequence in the lane.
    pub sequence: u64,
    /// Height of the block (a query: of the state it reads).
    pub height: Height,
    /// Header time of that block.
    pub time: ConsensusTime,
    /// Random seed of the height.
    pub seed: [u8; 32],
    /// Gas the call may use: the class of the envelope.
    pub gas_limit: u64,
}

impl TxContext {
    /// The signer with this party id, sender first.
    #[must_use]
    pub fn signer(&self, party: [u8; 16]) -> Option<&Signer> {
        std::iter::once(&self.sender)
            .chain(&self.cosigners)
            .find(|signer| signer.party == party)
    }
}

/// A call of an entry or query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub contract: u32,
    /// The entry's or query's id.
    pub entry: u32,
    /// Canonical bytes of the arguments, one after the other.
    pub arguments: Vec<u8>,
}

impl Call {
    /// Canonical bytes: contract u32, entry u32, arguments with a u32 length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.arguments.len()).expect("arguments are bounded");
        let mut bytes = Vec::with_capacity(12 + self.arguments.len());
        bytes.extend(self.contract.to_le_bytes());
        bytes.extend(self.entry.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(&self.arguments);
        bytes
    }

    /// The inverse of [`Call::to_bytes`].
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (contract, entry) = (reader.u32()?, reader.u32()?);
        let arguments = reader.bytes(ARGUMENT_BYTES_MAX)?.to_vec();
        reader.finish()?;
        Ok(Self {
            contract,
            entry,
            arguments,
        })
    }
}

/// An event of a transaction that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The contract that emitted it.
    pub contract: u32,
    /// The event's id in that contract.
    pub id: u16,
    /// Who receives it, in the order declared, without repetition.
    pub addressees: Vec<Compartment>,
    /// Canonical bytes of its record.
    pub bytes: Vec<u8>,
}

/// Whether a call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did.
    Ok,
    /// It was reverted as a whole.
    Failed,
}

/// Where an execution stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The contract.
    pub contract: u32,
    /// Index of the function.
    pub function: u16,
    /// Byte offset in its code.
    pub pc: u32,
    /// Line of the source, from 1; 0 when the artefact does not say.
    pub line: u32,
    /// Column, from 0.
    pub column: u16,
}

/// The receipt's side of one call. Equal on every executor, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it took effect.
    pub status: Status,
    /// 0 when ok; below 1,000 a trap; else the contract's own.
    pub code: u16,
    /// `OK` or the upper-snake name of the code.
    pub name: Cow<'static, str>,
    /// Gas used; the limit when it ran out.
    pub gas_used: u64,
    /// Instructions begun.
    pub steps: u64,
    /// Canonical bytes of the result; when failed, of the details.
    pub result: Vec<u8>,
    /// Empty when failed.
    pub events: Vec<Event>,
    /// Net changes, ascending by compartment and key; empty when failed.
    pub changes: Vec<Change>,
    /// Where it failed.
    pub site: Option<Site>,
}

/// Which rows a query sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// All: transactions, whose reads are the contract's business.
    All,
    /// Public rows and these compartments. Rows elsewhere are as if absent.
    Only(BTreeSet<Compartment>),
}

impl Visibility {
    /// Whether rows of the compartment are seen.
    #[must_use]
    pub fn sees(&self, compartment: Compartment) -> bool {
        match self {
            Self::All => true,
            Self::Only(held) => compartment == Compartment::Public || held.contains(&compartment),
        }
    }
}
