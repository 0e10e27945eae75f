//! The state itself: what it holds, how it starts, and what others read off it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daicho_crypto::{Domain, Electorate, chain_id, hash, validator_set};
use daicho_types::codec::{Blob, Encode};
use daicho_types::genesis::{ClockMode, Genesis, Parameters, PartyRecord};
use daicho_types::limits::NAME_BYTES_MAX;
use daicho_types::wire_struct;
use daicho_types::{
    AgreementKey, Alias, ChainId, ConsensusTime, ContractId, Digest, Epoch, Height, PartyId,
    PublicKey, ReplicaId,
};

use crate::buckets::{Buckets, LaneKey};
use crate::genesis::{BadGenesis, check};
use crate::window::ReplayWindow;

wire_struct! {
    /// An alias that was ever admitted.
    pub struct Party {
        /// Its record as last admitted.
        pub record: PartyRecord,
        /// The block that admitted the record; 0 for genesis.
        pub admitted: Height,
        /// The block that revoked the alias; it stays revoked.
        pub revoked: Option<Height>,
    }

    /// A contract that was ever deployed.
    pub struct Contract {
        /// For people, UTF-8; the same in every version.
        pub name: Blob<NAME_BYTES_MAX>,
        /// `hash(Domain::Code, [artefact])` of the newest version.
        pub code: Digest,
        /// The block that deployed the first version.
        pub deployed: Height,
        /// The block that deployed the newest version; callable one later.
        pub changed: Height,
    }

    /// A generation of the encryption keys.
    pub struct EpochRecord {
        /// Its number.
        pub epoch: Epoch,
        /// Envelopes are sealed to this key.
        pub key: AgreementKey,
        /// The first block whose envelopes may be sealed to it.
        pub from: Height,
    }

    /// What every block moves.
    pub struct Moment {
        /// The last block.
        pub height: Height,
        /// Digest of its header.
        pub block: Digest,
        /// Its time.
        pub time: ConsensusTime,
        /// The highest result certified in a header.
        pub certified: Height,
        /// Where the steered clock stands.
        pub steered: ConsensusTime,
    }
}

/// What nothing but a genesis says, as long as no command changes it.
#[derive(Debug)]
pub(crate) struct Rules {
    pub chain: ChainId,
    pub parameters: Parameters,
    pub clock: ClockMode,
    pub validators: Electorate,
    pub executors: Electorate,
    pub leaders: Vec<ReplicaId>,
    pub validator_set: Digest,
    pub node_curve_keys: Vec<[u8; 32]>,
    pub approvers: BTreeSet<Alias>,
    pub approvals_needed: usize,
    pub epoch: EpochRecord,
}

/// Who may do what under an alias, as execution needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The entity.
    pub party: PartyId,
    /// Verifies its signatures.
    pub key: PublicKey,
    /// Bits of its roles.
    pub roles: u32,
    /// It may ask but not submit.
    pub read_only: bool,
}

/// Who may open a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CurvePeer {
    /// A node of the genesis, validator or not.
    Node(ReplicaId),
    /// An admitted party; it reaches gateway sockets only.
    Party(Alias),
}

/// The control state after one block. Cheap to clone; never changes.
#[derive(Clone, Debug)]
pub struct ControlState {
    pub(crate) rules: Arc<Rules>,
    pub(crate) parties: Buckets<Alias, Party>,
    pub(crate) windows: Buckets<LaneKey, ReplayWindow>,
    pub(crate) contracts: Arc<BTreeMap<ContractId, Contract>>,
    pub(crate) contracts_digest: Digest,
    pub(crate) moment: Moment,
}

impl ControlState {
    /// The state that block 1 is checked against. A pure function of the
    /// genesis.
    ///
    /// # Errors
    /// [`BadGenesis`], in particular `ENTITY_LIMIT` for an entity with two
    /// validators.
    pub fn from_genesis(genesis: &Genesis) -> Result<Self, BadGenesis> {
        check(genesis)?;
        let rules = rules(genesis);
        let contracts = BTreeMap::new();
        let mut parties = Buckets::new("parties");
        for record in genesis.parties.iter() {
            let party = Party {
                record: record.clone(),
                admitted: Height(0),
                revoked: None,
            };
            parties.insert(record.alias, party);
        }
        parties.seal();
        Ok(Self {
            moment: Moment {
                height: Height(0),
                block: rules.chain,
                time: genesis.time,
                certified: Height(0),
                steered: genesis.time,
            },
            rules: Arc::new(rules),
            parties,
            windows: Buckets::new("windows"),
            contracts_digest: digest_contracts(&contracts),
            contracts: Arc::new(contracts),
        })
    }

    /// The digest that the next block's header carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest_of(
            self.parties.digest(),
            self.windows.digest(),
            self.contracts_digest,
        )
    }

    /// The same digest from nothing but the contents: the slow way that tests
    /// hold the fast one against.
    #[must_use]
    pub fn digest_from_scratch(&self) -> Digest {
        self.digest_of(
            self.parties.digest_from_scratch(),
            self.windows.digest_from_scratch(),
            digest_contracts(&self.contracts),
        )
    }

    /// The chain id stands for everything in [`Rules`] but the epoch.
    fn digest_of(&self, parties: Digest, windows: Digest, contracts: Digest) -> Digest {
        hash(
            Domain::Control,
            &[
                b"control",
                &self.rules.chain.0,
                &parties.0,
                &windows.0,
                &contracts.0,
                &self.rules.epoch.to_bytes(),
                &self.moment.to_bytes(),
            ],
        )
    }

    /// Digest of the genesis.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        self.rules.chain
    }

    /// The last block applied; 0 at genesis.
    #[must_use]
    pub fn height(&self) -> Height {
        self.moment.height
    }

    /// Digest of the last block's header: the parent of the next one. The
    /// chain id at genesis.
    #[must_use]
    pub fn block(&self) -> Digest {
        self.moment.block
    }

    /// The time of the last block; the genesis time at genesis.
    #[must_use]
    pub fn time(&self) -> ConsensusTime {
        self.moment.time
    }

    /// The highest result certified in a header so far.
    #[must_use]
    pub fn certified(&self) -> Height {
        self.moment.certified
    }

    /// Where time comes from.
    #[must_use]
    pub fn clock(&self) -> ClockMode {
        self.rules.clock
    }

    /// The rules of ordering and execution.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.rules.parameters
    }

    /// Who votes on the next block.
    #[must_use]
    pub fn validators(&self) -> &Electorate {
        &self.rules.validators
    }

    /// Whose results count for the next block.
    #[must_use]
    pub fn executors(&self) -> &Electorate {
        &self.rules.executors
    }

    /// Who may propose the next block, in order.
    #[must_use]
    pub fn leaders(&self) -> &[ReplicaId] {
        &self.rules.leaders
    }

    /// Digest of the validators that vote on the next block.
    #[must_use]
    pub fn validator_set(&self) -> Digest {
        self.rules.validator_set
    }

    /// The epoch that envelopes of the next block are sealed to.
    #[must_use]
    pub fn epoch(&self) -> &EpochRecord {
        &self.rules.epoch
    }

    /// Everything known of an alias, revoked or not.
    #[must_use]
    pub fn party(&self, alias: Alias) -> Option<&Party> {
        self.parties.get(&alias)
    }

    /// Every alias that was ever admitted, in order.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().map(|(_, party)| party)
    }

    /// What an alias may do from the next height on; `None` when it is
    /// unknown or revoked.
    #[must_use]
    pub fn authority(&self, alias: Alias) -> Option<Authority> {
        let party = self.parties.get(&alias).filter(|p| p.revoked.is_none())?;
        Some(Authority {
            party: party.record.party,
            key: party.record.key,
            roles: party.record.roles,
            read_only: party.record.read_only,
        })
    }

    /// Aliases whose approvals count, revoked ones included.
    pub fn approvers(&self) -> impl Iterator<Item = Alias> {
        self.rules.approvers.iter().copied()
    }

    /// How many approvals a control transaction needs, its sender's included.
    #[must_use]
    pub fn approvals_needed(&self) -> usize {
        self.rules.approvals_needed
    }

    /// A contract.
    #[must_use]
    pub fn contract(&self, id: ContractId) -> Option<&Contract> {
        self.contracts.get(&id)
    }

    /// Every contract, in order of number.
    pub fn contracts(&self) -> impl Iterator<Item = (ContractId, &Contract)> {
        self.contracts.iter().map(|(id, contract)| (*id, contract))
    }

    /// The used sequences of a lane.
    #[must_use]
    pub fn window(&self, sender: Alias, lane: u16) -> ReplayWindow {
        self.windows
            .get(&LaneKey((sender, lane)))
            .copied()
            .unwrap_or_default()
    }

    /// Who may connect with which CURVE key: the nodes of the genesis, then
    /// every party that is not revoked. A key of zeros is no key.
    pub fn curve_keys(&self) -> impl Iterator<Item = (CurvePeer, [u8; 32])> {
        let nodes = (0u16..).map(|id| CurvePeer::Node(ReplicaId(id)));
        let parties = self.parties().filter(|party| party.revoked.is_none());
        nodes
            .zip(self.rules.node_curve_keys.iter().copied())
            .chain(parties.map(|p| (CurvePeer::Party(p.record.alias), p.record.curve_key)))
            .filter(|(_, key)| *key != [0; 32])
    }
}

fn rules(genesis: &Genesis) -> Rules {
    Rules {
        chain: chain_id(genesis),
        parameters: genesis.parameters.clone(),
        clock: genesis.clock,
        validators: Electorate::validators(genesis),
        executors: Electorate::executors(genesis),
        leaders: genesis.leaders().map(|(id, _)| id).collect(),
        validator_set: validator_set(genesis),
        node_curve_keys: genesis.nodes.iter().map(|n| n.curve_key).collect(),
        approvers: genesis.approvers.iter().copied().collect(),
        approvals_needed: usize::from(genesis.approvals_needed),
        epoch: EpochRecord {
            epoch: Epoch(0),
            key: genesis.epoch_key,
            from: Height(1),
        },
    }
}

pub(crate) fn digest_contracts(contracts: &BTreeMap<ContractId, Contract>) -> Digest {
    let mut bytes = Vec::new();
    for (id, contract) in contracts {
        id.encode(&mut bytes);
        contract.encode(&mut bytes);
    }
    hash(Domain::Control, &[b"contracts", &bytes])
}
