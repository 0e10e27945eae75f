//! Commands: who must approve them, when they are valid, what they change.

use std::collections::BTreeSet;
use std::sync::Arc;

use daicho_crypto::{Check, Domain, approval_payload, hash, verify_batch};
use daicho_types::control::{Command, Deploy};
use daicho_types::envelope::ControlTx;
use daicho_types::genesis::{ClockMode, PartyRecord};
use daicho_types::{Alias, Code, ConsensusTime, Height};

use crate::check::ensure;
use crate::state::{Contract, ControlState, Party};
use crate::{CONTRACTS_MAX, PARTIES_MAX};

impl ControlState {
    /// Whether a command, sufficiently approved, would take effect on this
    /// state.
    ///
    /// # Errors
    /// - `REVOKED`: the alias is revoked, for ever; `UNKNOWN_SENDER`: it was
    ///   never admitted;
    /// - `QUORUM`: fewer approvers than are needed would be left;
    /// - `BAD_ARTEFACT`: no artefact, or no UTF-8 name; `NO_CONTRACT`: the
    ///   number belongs to a contract of another name;
    /// - `CLOCK`: the clock is the system's, or would not go forward;
    /// - `TOO_LARGE`: no room for another party or contract.
    pub fn check_command(&self, command: &Command) -> Result<(), Code> {
        match command {
            Command::Admit(record) => self.check_admit(record),
            Command::Revoke(alias) => self.check_revoke(*alias),
            Command::Deploy(deploy) => self.check_deploy(deploy),
            Command::SteerTime(time) => self.check_steer(*time),
        }
    }

    fn check_admit(&self, record: &PartyRecord) -> Result<(), Code> {
        match self.parties.get(&record.alias) {
            None => ensure(self.parties.len() < PARTIES_MAX, Code::TooLarge),
            Some(party) if party.revoked.is_some() => Err(Code::Revoked),
            Some(_) if record.read_only => self.check_can_spare(record.alias),
            Some(_) => Ok(()),
        }
    }

    fn check_revoke(&self, alias: Alias) -> Result<(), Code> {
        let party = self.parties.get(&alias).ok_or(Code::UnknownSender)?;
        ensure(party.revoked.is_none(), Code::Revoked)?;
        self.check_can_spare(alias)
    }

    /// A ledger whose approvers can no longer agree could never be changed
    /// again.
    fn check_can_spare(&self, alias: Alias) -> Result<(), Code> {
        let left = self.rules.approvers.iter();
        let left = left.filter(|a| **a != alias && self.can_approve(**a));
        let enough = left.count() >= self.rules.approvals_needed;
        ensure(enough || !self.can_approve(alias), Code::Quorum)
    }

    fn check_deploy(&self, deploy: &Deploy) -> Result<(), Code> {
        let named = !deploy.name.is_empty() && core::str::from_utf8(&deploy.name).is_ok();
        ensure(named && !deploy.artefact.is_empty(), Code::BadArtefact)?;
        match self.contracts.get(&deploy.contract) {
            None => ensure(self.contracts.len() < CONTRACTS_MAX, Code::TooLarge),
            Some(contract) => ensure(contract.name == deploy.name, Code::NoContract),
        }
    }

    fn check_steer(&self, time: ConsensusTime) -> Result<(), Code> {
        let steered = self.rules.clock == ClockMode::Steered;
        ensure(steered, Code::Clock)?;
        let forward = time > self.moment.steered && time > self.moment.time;
        ensure(forward, Code::Clock)
    }

    fn can_approve(&self, alias: Alias) -> bool {
        let approver = self.rules.approvers.contains(&alias);
        approver && self.authority(alias).is_some_and(|a| !a.read_only)
    }

    /// Whether enough different approvers are named, the sender among them.
    /// An approval that does not count is not tolerated: it would be somebody's
    /// mistake.
    pub(crate) fn check_approver_count(&self, tx: &ControlTx) -> Result<(), Code> {
        let mut named = BTreeSet::from([tx.sender]);
        let count = |alias: Alias, named: &mut BTreeSet<Alias>| {
            ensure(self.can_approve(alias) && named.insert(alias), Code::Quorum)
        };
        for approval in tx.approvals.iter() {
            count(approval.alias, &mut named)?;
        }
        ensure(named.len() >= self.rules.approvals_needed, Code::Quorum)
    }

    /// Whether every approval is signed.
    pub(crate) fn check_approvals(&self, tx: &ControlTx) -> Result<(), Code> {
        let payload = approval_payload(tx);
        let mut checks = Vec::with_capacity(tx.approvals.len());
        for approval in tx.approvals.iter() {
            let authority = self.authority(approval.alias).ok_or(Code::Quorum)?;
            checks.push(Check::new(
                authority.key,
                Domain::SignApproval,
                &self.rules.chain,
                &payload,
                approval.signature,
            ));
        }
        ensure(verify_batch(&checks).iter().all(|good| *good), Code::Quorum)
    }

    /// Applies a command in the block of `height`, or says why it no longer
    /// holds after what stood before it in the block.
    pub(crate) fn execute(&mut self, command: &Command, height: Height) -> Result<(), Code> {
        self.check_command(command)?;
        match command {
            Command::Admit(record) => self.admit(record, height),
            Command::Revoke(alias) => self.revoke(*alias, height),
            Command::Deploy(deploy) => self.deploy(deploy, height),
            Command::SteerTime(time) => self.moment.steered = *time,
        }
        Ok(())
    }

    fn admit(&mut self, record: &PartyRecord, height: Height) {
        let party = Party {
            record: record.clone(),
            admitted: height,
            revoked: None,
        };
        self.parties.insert(record.alias, party);
    }

    fn revoke(&mut self, alias: Alias, height: Height) {
        let mut party = self.parties.get(&alias).expect("checked").clone();
        assert!(party.revoked.is_none(), "revoked once");
        party.revoked = Some(height);
        self.parties.insert(alias, party);
    }

    fn deploy(&mut self, deploy: &Deploy, height: Height) {
        let before = self.contracts.get(&deploy.contract);
        let contract = Contract {
            name: deploy.name.clone(),
            code: hash(Domain::Code, &[&deploy.artefact]),
            deployed: before.map_or(height, |contract| contract.deployed),
            changed: height,
        };
        Arc::make_mut(&mut self.contracts).insert(deploy.contract, contract);
    }
}
