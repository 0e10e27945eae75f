//! The network of a seed: who is in it, under which rules, with which keys.

use daicho_crypto::{ExecutorSeeds, Secret, SigningKey, epoch_keys, wrap_epoch_secret};
use daicho_types::codec::{Blob, List};
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, PartyRecord,
    Purpose,
};
use daicho_types::{Alias, ConsensusTime, Digest, Epoch, PartyId};

use crate::dice::Dice;

/// Wall clock of a machine without skew when the simulation begins.
pub const START_US: u64 = 1_700_000_000_000_000;
/// Streams of the seed.
const STREAM: u64 = 1;

/// What a seed says about its network.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Nodes that vote.
    pub validators: usize,
    /// The first so many nodes execute.
    pub executors: usize,
    /// Nodes that only follow.
    pub readers: usize,
    /// Who leads.
    pub policy: LeaderPolicy,
    /// Heights in agreement at once.
    pub window: u16,
    /// Per node, its clock minus the true time, in microseconds.
    pub skews_us: Vec<i64>,
    /// Frames lost, per mille.
    pub loss_per_mille: u64,
    /// Frames delivered twice, per mille.
    pub repeat_per_mille: u64,
    /// The longest delay of an ordinary frame, in microseconds.
    pub delay_us_max: u64,
    /// Whether a node loses its disk on the way.
    pub wipes: bool,
}

impl Plan {
    /// The network of `seed`.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, STREAM);
        // Every number of faults from one to two; seven cost three times four.
        let validators = [4, 4, 4, 4, 4, 4, 5, 5, 6, 7][dice.index(10)];
        let readers = usize::from(dice.per_mille(300));
        let skew = |dice: &mut Dice| {
            // Mostly less than a view time-out: an honest leader waits for
            // its clock, and would be waited for in vain.
            let most = [5_000, 50_000, 150_000, 400_000][dice.index(4)];
            i64::try_from(dice.between(0, 2 * most)).expect("small") - most as i64
        };
        Self {
            validators,
            executors: 3,
            readers,
            policy: if dice.per_mille(250) {
                LeaderPolicy::RoundRobin
            } else {
                LeaderPolicy::Sticky
            },
            window: [2, 4, 8, 16][dice.index(4)],
            skews_us: (0..validators + readers).map(|_| skew(&mut dice)).collect(),
            loss_per_mille: [0, 5, 20, 50][dice.index(4)],
            repeat_per_mille: [0, 10, 50][dice.index(3)],
            delay_us_max: [1_000, 5_000, 20_000][dice.index(3)],
            wipes: dice.per_mille(250),
        }
    }

    /// Nodes of every kind.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.validators + self.readers
    }
}

fn seeded(kind: u8, index: usize) -> [u8; 32] {
    let mut seed = [kind; 32];
    seed[0] = u8::try_from(index).expect("few nodes");
    seed
}

/// Signs the votes of a node.
pub fn vote_key(index: usize) -> SigningKey {
    SigningKey::from_seed(&seeded(1, index))
}

/// Keys of a node's executor.
pub fn executor_seeds(index: usize) -> ExecutorSeeds {
    ExecutorSeeds {
        result: Secret::new(seeded(2, index)),
        seal: Secret::new(seeded(3, index)),
        store: Secret::new(seeded(4, index)),
    }
}

/// Signs what the clients send.
pub fn client_key() -> SigningKey {
    SigningKey::from_seed(&seeded(5, 0))
}

/// The name they sign under.
pub const CLIENT: Alias = Alias([9; 16]);

/// The genesis of a plan.
pub fn genesis(plan: &Plan) -> Genesis {
    let secret = Secret::new(seeded(6, 0));
    let nodes = (0..plan.nodes()).map(|index| node(plan, index, &secret));
    let genesis = Genesis {
        name: Blob::new(b"sim".to_vec()).expect("short"),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(START_US - 1),
        parameters: parameters(plan),
        nodes: List::new(nodes.collect()).expect("few nodes"),
        parties: List::new(vec![client()]).expect("one"),
        approvers: List::new(vec![CLIENT]).expect("one"),
        approvals_needed: 1,
        epoch_key: epoch_keys(&secret, Epoch(0)).public(),
    };
    genesis.check().expect("a plan makes a good genesis");
    genesis
}

fn client() -> PartyRecord {
    PartyRecord {
        alias: CLIENT,
        party: PartyId([9; 16]),
        key: client_key().public(),
        roles: 1,
        read_only: false,
        curve_key: [9; 32],
        certificate: Digest([9; 32]),
    }
}

fn node(plan: &Plan, index: usize, secret: &Secret) -> GenesisNode {
    let keys = executor_seeds(index).keys();
    let entropy = seeded(7, index);
    let wrapped = wrap_epoch_secret(&keys.seal.public(), Epoch(0), secret, &entropy);
    let executor = GenesisExecutor {
        result_key: keys.result.public(),
        hpke_key: keys.seal.public(),
        wrapped_secret: Blob::new(wrapped.expect("a good key").to_vec()).expect("sized"),
    };
    let number = u8::try_from(index).expect("few nodes");
    GenesisNode {
        name: Blob::new(format!("n{index}").into_bytes()).expect("short"),
        party: PartyId([100 + number; 16]),
        vote_key: vote_key(index).public(),
        curve_key: [100 + number; 32],
        validates: index < plan.validators,
        leader_eligible: index < plan.validators,
        executor: (index < plan.executors).then_some(executor),
    }
}

fn parameters(plan: &Plan) -> Parameters {
    Parameters {
        leader_policy: plan.policy,
        window_heights: plan.window,
        checkpoint_heights: 8,
        result_window_heights: 32,
        block_items_max: 64,
        block_bytes_max: 2 << 20,
        block_interval_us: 2_000,
        idle_block_us: 300_000,
        time_bound_us: 3_000_000,
        time_bound_max_us: 60_000_000,
        view_timeout_us: 400_000,
        view_timeout_max_us: 3_200_000,
    }
}
