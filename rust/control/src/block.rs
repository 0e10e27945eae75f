//! The one predicate on blocks, and the header that satisfies it.

use std::collections::BTreeSet;

use daicho_crypto::{BadCertificate, merkle_root};
use daicho_types::block::{BlockHeader, PROTOCOL_VERSION, ResultCertificate};
use daicho_types::codec::List;
use daicho_types::genesis::ClockMode;
use daicho_types::limits::BLOCK_GAS_MAX;
use daicho_types::{Code, ConsensusTime, Digest, Height, WallClock};

use crate::entry::Entry;
use crate::state::ControlState;

/// Why a block is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBlock {
    /// Another protocol version.
    #[error("protocol version {0} is not spoken here")]
    Protocol(u16),
    /// Not the next height.
    #[error("height {0:?} does not follow {1:?}")]
    Height(Height, Height),
    /// Not on the block that was applied last.
    #[error("its parent is {0}")]
    Parent(Digest),
    /// Not later than its parent.
    #[error("time {0:?} does not follow {1:?}")]
    Time(ConsensusTime, ConsensusTime),
    /// Not the time that the steered clock shows.
    #[error("time {0:?} is not the steered clock's {1:?}")]
    SteeredTime(ConsensusTime, ConsensusTime),
    /// A reading of a feed that there is not.
    #[error("it reads a feed that the control state does not know")]
    Feed,
    /// Another control state.
    #[error("control digest {0} is not this state's")]
    Control(Digest),
    /// Other validators.
    #[error("validator set {0} is not this state's")]
    Validators(Digest),
    /// More or fewer items than the header says, or more than allowed.
    #[error("{0} items")]
    Items(usize),
    /// More bytes of items than allowed.
    #[error("{0} bytes of items")]
    Bytes(usize),
    /// Calls that may burn more gas than a block may.
    #[error("its calls may burn {0} gas")]
    Gas(u64),
    /// Other items than the header says.
    #[error("the witness root is not the items'")]
    WitnessRoot,
    /// The same sender, lane and sequence twice.
    #[error("item {0} uses a sequence that an earlier one uses")]
    Twice(usize),
    /// An item that may not stand in this block.
    #[error("item {0} is refused: {1}")]
    Item(usize, Code),
    /// A result certificate that certifies nothing.
    #[error("the result certificate: {0}")]
    Result(#[from] BadCertificate),
    /// A result of this block or a later one.
    #[error("the result of height {0:?} cannot be known")]
    ResultHeight(Height),
    /// Too far ahead of the newest certified result.
    #[error("height {0:?} runs too far ahead of the result of {1:?}")]
    ResultWindow(Height, Height),
}

impl BadBlock {
    /// The code it is counted and logged under.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Item(_, code) => *code,
            Self::Twice(_) => Code::SequenceUsed,
            Self::Items(_) | Self::Bytes(_) | Self::Gas(_) => Code::TooLarge,
            Self::Result(_) => Code::Uncertified,
            Self::Time(..) | Self::SteeredTime(..) => Code::Clock,
            Self::ResultWindow(..) => Code::NotYet,
            _ => Code::Malformed,
        }
    }
}

impl ControlState {
    /// The time of the next block for a leader whose clock shows `clock`.
    /// `None`: the clock has not passed the last block yet, so wait; a leader
    /// never stamps ahead of its clock. Where time is steered it is the steered
    /// clock's, or a microsecond after the last block while that stands still.
    #[must_use]
    pub fn next_time(&self, clock: WallClock) -> Option<ConsensusTime> {
        match self.rules.clock {
            ClockMode::System => (clock.0 > self.moment.time.0).then_some(ConsensusTime(clock.0)),
            ClockMode::Steered => Some(self.steered_time()),
        }
    }

    fn steered_time(&self) -> ConsensusTime {
        let later = self.moment.time.0.checked_add(1);
        let later = ConsensusTime(later.expect("times fit 64 bits"));
        later.max(self.moment.steered)
    }

    /// Whether the next block lies inside the result window when its header
    /// carries `newest`: back-pressure of execution on ordering.
    #[must_use]
    pub fn result_window_open(&self, newest: Option<&ResultCertificate>) -> bool {
        self.check_result_window(self.moment.height.next(), newest)
            .is_ok()
    }

    /// The header of the next block with these items. Valid by construction
    /// when every entry passes [`ControlState::check_item`] at `time`, the
    /// bounds on items hold, `time` is [`ControlState::next_time`] and `newest`
    /// is a certificate that was checked. `newest` is left out when no news.
    #[must_use]
    pub fn draft(
        &self,
        time: ConsensusTime,
        entries: &[Entry<'_>],
        newest: Option<&ResultCertificate>,
    ) -> BlockHeader {
        BlockHeader {
            protocol: PROTOCOL_VERSION,
            height: self.moment.height.next(),
            parent: self.moment.block,
            time,
            feeds: List::default(),
            result: newest
                .filter(|c| c.statement.height > self.moment.certified)
                .cloned(),
            witness_root: witness_root(entries),
            items: u32::try_from(entries.len()).expect("bounded items"),
            control: self.digest(),
            validators: self.rules.validator_set,
        }
    }

    /// Whether `header` with `entries` is a valid next block: the one
    /// predicate. The signatures of the entries' senders have been verified
    /// before ([`Entry::signer`] says under which key); everything else is
    /// checked here. The bound between a header's time and a machine's clock
    /// is agreement's, since it holds for new proposals only.
    ///
    /// # Errors
    /// [`BadBlock`] with the first thing that is wrong.
    pub fn valid_block(&self, header: &BlockHeader, entries: &[Entry<'_>]) -> Result<(), BadBlock> {
        self.valid_header(header, entries)?;
        let mut used = BTreeSet::new();
        for (index, entry) in entries.iter().enumerate() {
            if !used.insert(entry.item.origin()) {
                return Err(BadBlock::Twice(index));
            }
            self.check_item(entry, header.time)
                .map_err(|code| BadBlock::Item(index, code))?;
        }
        Ok(())
    }

    /// All of [`ControlState::valid_block`] but the items' own checks: what a
    /// node or executor asks of a block that has a commit certificate.
    ///
    /// # Errors
    /// [`BadBlock`] with the first thing that is wrong.
    pub fn valid_header(
        &self,
        header: &BlockHeader,
        entries: &[Entry<'_>],
    ) -> Result<(), BadBlock> {
        self.check_chain(header)?;
        self.check_time(header.time)?;
        self.check_bounds(header, entries)?;
        if header.witness_root != witness_root(entries) {
            return Err(BadBlock::WitnessRoot);
        }
        self.check_result_window(header.height, header.result.as_ref())?;
        if let Some(certificate) = &header.result {
            self.rules.executors.check_result(certificate)?;
        }
        Ok(())
    }

    fn check_chain(&self, header: &BlockHeader) -> Result<(), BadBlock> {
        let moment = &self.moment;
        if header.protocol != PROTOCOL_VERSION {
            return Err(BadBlock::Protocol(header.protocol));
        }
        if header.height != moment.height.next() {
            return Err(BadBlock::Height(header.height, moment.height));
        }
        if header.parent != moment.block {
            return Err(BadBlock::Parent(header.parent));
        }
        if header.control != self.digest() {
            return Err(BadBlock::Control(header.control));
        }
        if header.validators != self.rules.validator_set {
            return Err(BadBlock::Validators(header.validators));
        }
        Ok(())
    }

    fn check_time(&self, time: ConsensusTime) -> Result<(), BadBlock> {
        let (last, steered) = (self.moment.time, self.rules.clock == ClockMode::Steered);
        if time <= last {
            return Err(BadBlock::Time(time, last));
        }
        if steered && time != self.steered_time() {
            return Err(BadBlock::SteeredTime(time, self.steered_time()));
        }
        Ok(())
    }

    fn check_bounds(&self, header: &BlockHeader, entries: &[Entry<'_>]) -> Result<(), BadBlock> {
        let parameters = &self.rules.parameters;
        let (items, bytes) = (entries.len(), entries.iter().map(|e| e.bytes).sum());
        if header.items as usize != items || items > parameters.block_items_max as usize {
            return Err(BadBlock::Items(items));
        }
        if bytes > parameters.block_bytes_max as usize {
            return Err(BadBlock::Bytes(bytes));
        }
        // Each class is below 2^32, so are the items: no sum overflows.
        let gas = entries.iter().map(|e| e.item.gas()).sum();
        if gas > BLOCK_GAS_MAX {
            return Err(BadBlock::Gas(gas));
        }
        if !header.feeds.is_empty() {
            return Err(BadBlock::Feed);
        }
        Ok(())
    }

    fn check_result_window(
        &self,
        height: Height,
        newest: Option<&ResultCertificate>,
    ) -> Result<(), BadBlock> {
        let named = newest.map(|certificate| certificate.statement.height);
        if let Some(named) = named.filter(|named| *named >= height) {
            return Err(BadBlock::ResultHeight(named));
        }
        let certified = self.moment.certified.max(named.unwrap_or_default());
        let window = u64::from(self.rules.parameters.result_window_heights);
        match height.0 - certified.0 <= window {
            true => Ok(()),
            false => Err(BadBlock::ResultWindow(height, certified)),
        }
    }
}

fn witness_root(entries: &[Entry<'_>]) -> Digest {
    let leaves: Vec<_> = entries.iter().map(|entry| entry.witness_id).collect();
    merkle_root(&leaves)
}
