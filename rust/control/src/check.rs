//! Whether one item may stand in the next block. Cheap checks come first,
//! signatures of approvers last.

use daicho_types::envelope::{ControlTx, ENVELOPE_VERSION, Envelope, Item, SUITE_V1};
use daicho_types::limits::{
    AEAD_TAG_BYTES, ITEM_BYTES_MAX, LANES_PER_SENDER_MAX, SIZE_CLASS_BYTES,
};
use daicho_types::{Code, ConsensusTime};

use crate::EXPIRY_AHEAD_US_MAX;
use crate::entry::Entry;
use crate::state::ControlState;

impl ControlState {
    /// Whether the item may stand in the block after this state, whose time
    /// is `time`. Pure; whoever has the same state has the same answer.
    ///
    /// # Errors
    /// The code of the first thing that is wrong:
    /// - `TOO_LARGE`: above the size bound, or a lane of 64 or higher;
    /// - `WRONG_CHAIN`: of another chain, version or suite;
    /// - `SEAL`: sealed to another epoch; `MALFORMED`: not of its size class;
    /// - `UNKNOWN_SENDER`, `REVOKED`, `SIGNATURE` (not verified under the
    ///   sender's key of the day), `READ_ONLY`;
    /// - `EXPIRED`: before `time`, or more than [`EXPIRY_AHEAD_US_MAX`] after;
    /// - `REPLAY`, `SEQUENCE_USED`, `SEQUENCE_AHEAD`;
    /// - of a control transaction besides: `ROLE`, `QUORUM`, and what
    ///   [`ControlState::check_command`] says.
    pub fn check_item(&self, entry: &Entry<'_>, time: ConsensusTime) -> Result<(), Code> {
        let (_, lane, sequence) = entry.item.origin();
        ensure(entry.bytes <= ITEM_BYTES_MAX, Code::TooLarge)?;
        ensure(usize::from(lane) < LANES_PER_SENDER_MAX, Code::TooLarge)?;
        self.check_form(entry.item)?;
        self.check_sender(entry)?;
        check_expiry(entry.item.expiry(), time)?;
        self.window(entry.item.origin().0, lane).check(sequence)?;
        match entry.item {
            Item::Sealed(_) => Ok(()),
            Item::Control(tx) => self.check_control(tx),
        }
    }

    fn check_form(&self, item: &Item) -> Result<(), Code> {
        ensure(item.chain() == self.rules.chain, Code::WrongChain)?;
        match item {
            Item::Sealed(envelope) => self.check_envelope(envelope),
            Item::Control(tx) => ensure(tx.version == ENVELOPE_VERSION, Code::WrongChain),
        }
    }

    fn check_envelope(&self, envelope: &Envelope) -> Result<(), Code> {
        let header = &envelope.header;
        ensure(header.version == ENVELOPE_VERSION, Code::WrongChain)?;
        ensure(header.suite == SUITE_V1, Code::WrongChain)?;
        ensure(header.epoch == self.rules.epoch.epoch, Code::Seal)?;
        let class = SIZE_CLASS_BYTES.get(usize::from(header.size_class));
        let fits = class.is_some_and(|bytes| envelope.body.len() == bytes + AEAD_TAG_BYTES);
        ensure(fits, Code::Malformed)
    }

    fn check_sender(&self, entry: &Entry<'_>) -> Result<(), Code> {
        let party = self.parties.get(&entry.item.origin().0);
        let party = party.ok_or(Code::UnknownSender)?;
        ensure(party.revoked.is_none(), Code::Revoked)?;
        ensure(entry.signer == Some(party.record.key), Code::Signature)?;
        ensure(!party.record.read_only, Code::ReadOnly)
    }

    fn check_control(&self, tx: &ControlTx) -> Result<(), Code> {
        ensure(self.rules.approvers.contains(&tx.sender), Code::Role)?;
        self.check_approver_count(tx)?;
        self.check_command(&tx.command)?;
        self.check_approvals(tx)
    }
}

fn check_expiry(expiry: ConsensusTime, time: ConsensusTime) -> Result<(), Code> {
    let ahead = expiry.0.checked_sub(time.0).ok_or(Code::Expired)?;
    ensure(ahead <= EXPIRY_AHEAD_US_MAX, Code::Expired)
}

/// `Err(code)` unless `holds`.
pub(crate) fn ensure(holds: bool, code: Code) -> Result<(), Code> {
    if holds { Ok(()) } else { Err(code) }
}
