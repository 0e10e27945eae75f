//! The ledger that the works run on: four validators that all execute, one
//! client, envelopes of the smallest size class.

use daicho_crypto::{
    ClientSession, Origin, SealKeyPair, Secret, SigningKey, chain_id, epoch_keys, seal_envelope,
};
use daicho_types::codec::{Blob, List};
use daicho_types::envelope::{Call, Envelope, GasClass, Item};
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, PartyRecord,
    Purpose, WRAPPED_SECRET_BYTES,
};
use daicho_types::{Alias, ConsensusTime, ContractId, Digest, Epoch, PartyId};

/// Nodes of the ledger.
pub const NODES: u8 = 4;
/// Wall clock when a work begins.
pub const START_US: u64 = 1_700_000_000_000_000;
/// Envelopes live longer than any work.
const LIFETIME_US: u64 = 3_600_000_000;
/// Bytes of the arguments of one call, as a confirmation of a trade has them.
const ARGUMENT_BYTES: usize = 110;
/// The client.
const CLIENT: Alias = Alias([9; 16]);

/// Signs the votes of a node.
pub fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 1; 32])
}

/// Signs the results of a node's executor.
pub fn result_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 101; 32])
}

/// Signs what the client sends.
pub fn client_key() -> SigningKey {
    SigningKey::from_seed(&[50; 32])
}

/// The pair that envelopes are sealed to.
pub fn epoch() -> SealKeyPair {
    epoch_keys(&Secret::new([77; 32]), Epoch(0))
}

/// The client's session.
pub fn session() -> ClientSession {
    let chain = chain_id(&genesis());
    ClientSession::open(&epoch().public(), chain, Epoch(0), &[5; 32]).expect("a good key")
}

/// `count` envelopes of one lane, from sequence 0 on.
pub fn envelopes(count: usize) -> Vec<Envelope> {
    let (key, session) = (client_key(), session());
    let sealed = (0..count as u64).map(|sequence| {
        match seal_envelope(
            &key,
            &session,
            &origin(sequence),
            GasClass::Small,
            salt(sequence),
            &call(sequence),
        ) {
            Some(Item::Sealed(envelope)) => envelope,
            _ => unreachable!("a small call fits the smallest class"),
        }
    });
    sealed.collect()
}

/// The call of a sequence.
pub fn call(sequence: u64) -> Call {
    let mut arguments = sequence.to_le_bytes().to_vec();
    arguments.resize(ARGUMENT_BYTES, 7);
    Call {
        contract: ContractId(4),
        entry: 2,
        arguments: Blob::new(arguments).expect("short"),
        cosignatures: List::default(),
    }
}

/// Where the call of a sequence stands.
pub fn origin(sequence: u64) -> Origin {
    Origin {
        sender: CLIENT,
        lane: 0,
        sequence,
        expiry: ConsensusTime(START_US + LIFETIME_US),
    }
}

/// A salt that differs by sequence.
pub fn salt(sequence: u64) -> [u8; 16] {
    let mut salt = [3; 16];
    salt[..8].copy_from_slice(&sequence.to_le_bytes());
    salt
}

/// The genesis.
pub fn genesis() -> Genesis {
    let client = PartyRecord {
        alias: CLIENT,
        party: PartyId([9; 16]),
        key: client_key().public(),
        roles: 1,
        read_only: false,
        curve_key: [9; 32],
        certificate: Digest([9; 32]),
    };
    Genesis {
        name: Blob::new(b"bench".to_vec()).expect("short"),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(START_US - 1),
        parameters: parameters(),
        nodes: List::new((0..NODES).map(node).collect()).expect("few"),
        parties: List::new(vec![client]).expect("one"),
        approvers: List::new(vec![CLIENT]).expect("one"),
        approvals_needed: 1,
        epoch_key: epoch().public(),
    }
}

fn node(number: u8) -> GenesisNode {
    let executor = GenesisExecutor {
        result_key: result_key(number).public(),
        hpke_key: SealKeyPair::from_seed(&[number + 201; 32]).public(),
        wrapped_secret: Blob::new(vec![0; WRAPPED_SECRET_BYTES]).expect("sized"),
    };
    GenesisNode {
        name: Blob::new(format!("n{number}").into_bytes()).expect("short"),
        party: PartyId([100 + number; 16]),
        vote_key: vote_key(number).public(),
        curve_key: [100 + number; 32],
        validates: true,
        leader_eligible: true,
        executor: Some(executor),
    }
}

fn parameters() -> Parameters {
    Parameters {
        leader_policy: LeaderPolicy::Sticky,
        window_heights: 8,
        checkpoint_heights: 64,
        result_window_heights: 64,
        block_items_max: 4_096,
        block_bytes_max: 8 << 20,
        block_interval_us: 5_000,
        idle_block_us: 0,
        time_bound_us: 3_000_000,
        time_bound_max_us: 60_000_000,
        view_timeout_us: 1_500_000,
        view_timeout_max_us: 30_000_000,
    }
}
