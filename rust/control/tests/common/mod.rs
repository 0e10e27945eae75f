//! A small network with its keys: four validators that execute, three
//! approvers of which two are needed, a trading member that runs no node, and
//! a listed company that may only read.
#![allow(dead_code)]

use daicho_control::{ControlState, Entry};
use daicho_crypto::{
    Domain, SigningKey, approval_payload, chain_id, control_payload, envelope_payload,
    result_payload,
};
use daicho_types::block::{BlockHeader, CertificateSignature, ResultCertificate, ResultStatement};
use daicho_types::codec::{Blob, List};
use daicho_types::control::{Command, Deploy};
use daicho_types::envelope::{
    Approval, ControlTx, ENVELOPE_VERSION, Envelope, EnvelopeHeader, GasClass, Item, SUITE_V1,
};
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, PartyRecord,
    Purpose,
};
use daicho_types::{
    AgreementKey, Alias, ChainId, ConsensusTime, ContractId, Digest, Epoch, Height, PartyId,
    ReplicaId, Signature,
};

/// The genesis time: far enough from zero that "before" exists.
pub const START: ConsensusTime = ConsensusTime(1_000_000_000);
pub const SECOND_US: u64 = 1_000_000;

/// Who is in the genesis, by the byte that their keys and names are made of.
pub const ADM: u8 = 1;
pub const BANK_A: u8 = 2;
pub const BANK_B: u8 = 3;
/// A trading member without a node.
pub const MEMBER: u8 = 4;
/// A listed company: read only.
pub const ISS_X: u8 = 5;
/// Nobody, yet.
pub const STRANGER: u8 = 9;

pub fn key(who: u8) -> SigningKey {
    SigningKey::from_seed(&[who; 32])
}

pub fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + node; 32])
}

pub fn result_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[150 + node; 32])
}

pub fn alias(who: u8) -> Alias {
    Alias([who; 16])
}

pub fn record(who: u8) -> PartyRecord {
    PartyRecord {
        alias: alias(who),
        party: PartyId([who; 16]),
        key: key(who).public(),
        roles: u32::from(who),
        read_only: who == ISS_X,
        curve_key: [who; 32],
        certificate: Digest([who; 32]),
    }
}

fn node(number: u8) -> GenesisNode {
    GenesisNode {
        name: Blob::new(vec![b'a' + number]).unwrap(),
        party: PartyId([50 + number; 16]),
        vote_key: vote_key(number).public(),
        curve_key: [50 + number; 32],
        validates: true,
        leader_eligible: true,
        executor: Some(GenesisExecutor {
            result_key: result_key(number).public(),
            hpke_key: AgreementKey([50 + number; 32]),
            wrapped_secret: Blob::default(),
        }),
    }
}

pub fn genesis() -> Genesis {
    Genesis {
        name: Blob::new(b"test".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: START,
        parameters: Parameters {
            leader_policy: LeaderPolicy::Sticky,
            window_heights: 8,
            checkpoint_heights: 4,
            result_window_heights: 3,
            block_items_max: 16,
            block_bytes_max: 1024 * 1024,
            block_interval_us: 0,
            idle_block_us: 0,
            time_bound_us: 3 * SECOND_US,
            time_bound_max_us: 60 * SECOND_US,
            view_timeout_us: SECOND_US,
            view_timeout_max_us: 60 * SECOND_US,
        },
        nodes: List::new((0..4).map(node).collect()).unwrap(),
        parties: List::new([ADM, BANK_A, BANK_B, MEMBER, ISS_X].map(record).to_vec()).unwrap(),
        approvers: List::new([ADM, BANK_A, BANK_B].map(alias).to_vec()).unwrap(),
        approvals_needed: 2,
        epoch_key: AgreementKey([7; 32]),
    }
}

pub fn start() -> ControlState {
    ControlState::from_genesis(&genesis()).unwrap()
}

pub fn chain() -> ChainId {
    chain_id(&genesis())
}

/// A time shortly after genesis, and an expiry behind it.
pub fn after(us: u64) -> ConsensusTime {
    ConsensusTime(START.0 + us)
}

pub fn unsigned(who: u8, lane: u16, sequence: u64) -> Envelope {
    Envelope {
        header: EnvelopeHeader {
            version: ENVELOPE_VERSION,
            chain: chain(),
            suite: SUITE_V1,
            epoch: Epoch(0),
            sender: alias(who),
            lane,
            sequence,
            expiry: after(600 * SECOND_US),
            gas_class: GasClass::Small,
            size_class: 0,
            salt: [0; 16],
            enc: AgreementKey([8; 32]),
        },
        body: Blob::new(vec![who; 512 + 16]).unwrap(),
        signature: Signature([0; 64]),
    }
}

pub fn sign(who: u8, mut envelope: Envelope) -> Item {
    let payload = envelope_payload(&envelope);
    envelope.signature = key(who).sign(Domain::SignTransaction, &chain(), &payload);
    Item::Sealed(envelope)
}

pub fn envelope(who: u8, lane: u16, sequence: u64) -> Item {
    sign(who, unsigned(who, lane, sequence))
}

/// A control transaction of `who`, approved by `approvers` besides.
pub fn control(chain: ChainId, who: u8, sequence: u64, command: Command, approvers: &[u8]) -> Item {
    let mut tx = ControlTx {
        version: ENVELOPE_VERSION,
        chain,
        sender: alias(who),
        lane: 0,
        sequence,
        expiry: after(600 * SECOND_US),
        command,
        approvals: List::default(),
        signature: Signature([0; 64]),
    };
    let payload = approval_payload(&tx);
    let approve = |who: &u8| Approval {
        alias: alias(*who),
        signature: key(*who).sign(Domain::SignApproval, &chain, &payload),
    };
    tx.approvals = List::new(approvers.iter().map(approve).collect()).unwrap();
    tx.signature = key(who).sign(Domain::SignTransaction, &chain, &control_payload(&tx));
    Item::Control(tx)
}

pub fn deploy(number: u32, name: &str, code: &[u8]) -> Command {
    Command::Deploy(Deploy {
        contract: ContractId(number),
        name: Blob::new(name.as_bytes().to_vec()).unwrap(),
        artefact: Blob::new(code.to_vec()).unwrap(),
    })
}

/// Entries as admission makes them, each verified under its maker's key.
pub fn entries(items: &[(u8, Item)]) -> Vec<Entry<'_>> {
    items
        .iter()
        .map(|(who, item)| Entry::unverified(item).verified(key(*who).public()))
        .collect()
}

/// The next block with these items a second after the last, checked and
/// applied; panics when it is not valid.
pub fn next(state: &ControlState, items: &[(u8, Item)]) -> ControlState {
    let time = ConsensusTime(state.time().0 + SECOND_US);
    let entries = entries(items);
    let header = state.draft(time, &entries, Some(&certificate(state.height())));
    state.valid_block(&header, &entries).unwrap();
    state.apply_block(&header, &entries).0
}

/// A result certificate for `height` by three of the four executors.
pub fn certificate(height: Height) -> ResultCertificate {
    let statement = ResultStatement {
        height,
        block: Digest::ZERO,
        state_root: Digest::ZERO,
        receipts_root: Digest::ZERO,
        events_root: Digest::ZERO,
        body: Digest::ZERO,
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    };
    let payload = result_payload(&statement);
    let signatures = (0..3).map(|node| CertificateSignature {
        replica: ReplicaId(u16::from(node)),
        signature: result_key(node).sign(Domain::SignResult, &chain(), &payload),
    });
    ResultCertificate {
        statement,
        signatures: List::new(signatures.collect()).unwrap(),
    }
}

/// The first block after `state` with these items.
pub fn draft(state: &ControlState, entries: &[Entry<'_>]) -> BlockHeader {
    state.draft(ConsensusTime(state.time().0 + SECOND_US), entries, None)
}
