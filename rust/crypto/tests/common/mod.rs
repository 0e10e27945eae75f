//! A genesis of five nodes: four validate, three execute.
#![allow(dead_code, reason = "each test binary uses its part")]

use daicho_crypto::{
    ClientSession, Domain, Electorate, Origin, SealKeyPair, SigningKey, chain_id, commit_payload,
    merkle_root, result_payload,
};
use daicho_types::block::{
    BlockHeader, CertificateSignature, CommitCertificate, PROTOCOL_VERSION, ResultCertificate,
    ResultStatement,
};
use daicho_types::codec::{Blob, List};
use daicho_types::envelope::Call;
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, Purpose,
};
use daicho_types::{
    Alias, ChainId, ConsensusTime, ContractId, Digest, Epoch, Height, PartyId, ReplicaId, View,
};

pub fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 1; 32])
}

pub fn result_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 101; 32])
}

pub fn epoch_pair() -> SealKeyPair {
    SealKeyPair::from_seed(&[200; 32])
}

pub fn genesis() -> Genesis {
    let node = |n: u8| GenesisNode {
        name: Blob::new(vec![b'a' + n]).unwrap(),
        party: PartyId([n; 16]),
        vote_key: vote_key(n).public(),
        curve_key: [n; 32],
        validates: n < 4,
        leader_eligible: n < 4,
        executor: (n < 3).then(|| GenesisExecutor {
            result_key: result_key(n).public(),
            hpke_key: SealKeyPair::from_seed(&[n; 32]).public(),
            wrapped_secret: Blob::default(),
        }),
    };
    Genesis {
        name: Blob::new(b"test".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(1),
        parameters: parameters(),
        nodes: List::new((0..5).map(node).collect()).unwrap(),
        parties: List::default(),
        approvers: List::new(vec![Alias([0; 16])]).unwrap(),
        approvals_needed: 1,
        epoch_key: epoch_pair().public(),
    }
}

fn parameters() -> Parameters {
    Parameters {
        leader_policy: LeaderPolicy::Sticky,
        window_heights: 8,
        checkpoint_heights: 8,
        result_window_heights: 8,
        block_items_max: 100,
        block_bytes_max: 1 << 20,
        block_interval_us: 1,
        idle_block_us: 0,
        time_bound_us: 1,
        time_bound_max_us: 1,
        view_timeout_us: 1,
        view_timeout_max_us: 1,
    }
}

pub fn chain() -> ChainId {
    chain_id(&genesis())
}

pub fn validators() -> Electorate {
    Electorate::validators(&genesis())
}

pub fn executors() -> Electorate {
    Electorate::executors(&genesis())
}

/// A commit certificate for `block` at height 3 by `signers`.
pub fn commit(chain: &ChainId, block: Digest, signers: &[u8]) -> CommitCertificate {
    let (view, height) = (View(2), Height(3));
    let payload = commit_payload(view, height, block);
    let sign = |n: &u8| CertificateSignature {
        replica: ReplicaId(u16::from(*n)),
        signature: vote_key(*n).sign(Domain::SignCommit, chain, &payload),
    };
    let signatures = List::new(signers.iter().map(sign).collect()).unwrap();
    CommitCertificate {
        view,
        height,
        block,
        signatures,
    }
}

/// A result certificate of `statement` by `signers`.
pub fn result(chain: &ChainId, statement: &ResultStatement, signers: &[u8]) -> ResultCertificate {
    let payload = result_payload(statement);
    let sign = |n: &u8| CertificateSignature {
        replica: ReplicaId(u16::from(*n)),
        signature: result_key(*n).sign(Domain::SignResult, chain, &payload),
    };
    ResultCertificate {
        statement: statement.clone(),
        signatures: List::new(signers.iter().map(sign).collect()).unwrap(),
    }
}

pub fn statement(block: Digest, receipts: Digest) -> ResultStatement {
    ResultStatement {
        height: Height(3),
        block,
        state_root: Digest([1; 32]),
        receipts_root: receipts,
        events_root: Digest([3; 32]),
        body: Digest([4; 32]),
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    }
}

pub fn header(witnesses: &[Digest]) -> BlockHeader {
    BlockHeader {
        protocol: PROTOCOL_VERSION,
        height: Height(3),
        parent: Digest([8; 32]),
        time: ConsensusTime(77),
        feeds: List::default(),
        result: None,
        witness_root: merkle_root(witnesses),
        items: u32::try_from(witnesses.len()).unwrap(),
        control: Digest([9; 32]),
        validators: Digest([10; 32]),
    }
}

pub fn origin() -> Origin {
    Origin {
        sender: Alias([5; 16]),
        lane: 1,
        sequence: 9,
        expiry: ConsensusTime(1_000),
    }
}

pub fn call(arguments: usize) -> Call {
    Call {
        contract: ContractId(1),
        entry: 2,
        arguments: Blob::new(vec![6; arguments]).unwrap(),
        cosignatures: List::default(),
    }
}

pub fn session() -> ClientSession {
    ClientSession::open(&epoch_pair().public(), chain(), Epoch(0), &[33; 32]).unwrap()
}
