//! Commands that change the control state (design §4).

use crate::codec::Blob;
use crate::genesis::PartyRecord;
use crate::limits::{ARTEFACT_BYTES_MAX, NAME_BYTES_MAX};
use crate::{Alias, ConsensusTime, ContractId};
use crate::{wire_enum, wire_struct};

wire_struct! {
    /// Puts a contract, or a new version of one, on the ledger.
    pub struct Deploy {
        /// The number it gets, or has: numbers are given at first deployment.
        pub contract: ContractId,
        /// A name for people, UTF-8.
        pub name: Blob<NAME_BYTES_MAX>,
        /// Verified bytecode with its ABI.
        pub artefact: Blob<ARTEFACT_BYTES_MAX>,
    }
}

wire_enum! {
    /// What a control transaction does.
    pub enum Command {
        /// Admits a party, or replaces its record.
        1 => Admit(PartyRecord),
        /// Takes an alias off: its envelopes and connections are refused from
        /// the next height on; what it signed before stays valid.
        2 => Revoke(Alias),
        /// Deploys a contract, callable from the next height.
        3 => Deploy(Deploy),
        /// Moves the steered clock; refused where the clock is the system's.
        4 => SteerTime(ConsensusTime),
    }
}
