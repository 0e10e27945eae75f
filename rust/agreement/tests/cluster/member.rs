//! One node of a test network: replica, disk, and the simplest world around
//! them. Requests are bare witness ids; the control state is a hash chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_agreement::{
    Committed, Config, Context, Draft, Fetch, Input, Opening, Origin, Output, Proposal, Record,
    Recovered, Replica, Verdict,
};
use daicho_crypto::{Domain, SigningKey, chain_id, hash};
use daicho_types::block::{ResultCertificate, ResultStatement};
use daicho_types::codec::List;
use daicho_types::genesis::Genesis;
use daicho_types::{
    ChainId, ConsensusTime, Digest, Height, Monotonic, ReplicaId, Signature, WallClock,
};

use super::{Content, EPOCH_US, key_of};

/// Requests in one block.
const BLOCK_REQUESTS: usize = 1;

/// The world around a replica.
pub struct World {
    key: SigningKey,
    chain: ChainId,
    now: Monotonic,
    pub skew_us: i64,
    /// Pending requests with their arrival.
    pool: Vec<(Digest, Monotonic)>,
    /// Control state after the last applied block.
    control: Digest,
    /// Whether bodies of proposals are here at once.
    pub bodies: bool,
    pub held: Vec<Digest>,
    /// Whether it finds blocks invalid.
    pub refuses: bool,
    /// The newest result in the applied chain.
    applied_result: u64,
    result_window: u64,
    /// The newest result it knows.
    pub certified: Height,
}

impl World {
    pub fn add_request(&mut self, request: Digest, now: Monotonic) {
        self.pool.push((request, now));
    }

    pub fn apply(&mut self, block: &Proposal) -> Digest {
        self.pool.retain(|(id, _)| !block.witness_ids.contains(id));
        self.control = control_after(self.control, block);
        self.applied_result = self.chain_result(block, &[]);
        self.control
    }

    /// A result certificate, as far as agreement looks at one.
    fn result_below(&self, height: Height) -> Option<ResultCertificate> {
        let newest = self.certified.0.min(height.0 - 1);
        (newest > 0).then(|| ResultCertificate {
            statement: ResultStatement {
                height: Height(newest),
                block: Digest::ZERO,
                state_root: Digest::ZERO,
                receipts_root: Digest::ZERO,
                events_root: Digest::ZERO,
                body: Digest::ZERO,
                next_wakeup: ConsensusTime(0),
                execution_version: 1,
            },
            signatures: List::default(),
        })
    }

    /// The newest result in the chain that ends with `block`.
    fn chain_result(&self, block: &Proposal, ancestors: &[Arc<Proposal>]) -> u64 {
        let of = |block: &Proposal| block.header.result.as_ref().map(|r| r.statement.height.0);
        let above = ancestors.iter().filter_map(|b| of(b));
        above
            .chain(of(block))
            .max()
            .unwrap_or(0)
            .max(self.applied_result)
    }

    fn control_on(&self, ancestors: &[Arc<Proposal>]) -> Digest {
        ancestors
            .iter()
            .fold(self.control, |control, block| control_after(control, block))
    }
}

fn control_after(control: Digest, block: &Proposal) -> Digest {
    hash(Domain::Control, &[&control.0, &block.digest().0])
}

impl Context for World {
    fn wall_clock(&self) -> WallClock {
        let clock = i128::from(EPOCH_US) + i128::from(self.now.0) + i128::from(self.skew_us);
        WallClock(u64::try_from(clock).expect("after 1970"))
    }

    fn sign(&self, domain: Domain, payload: &[u8]) -> Signature {
        self.key.sign(domain, &self.chain, payload)
    }

    fn owed_since(&self) -> Option<Monotonic> {
        self.pool.iter().map(|(_, at)| *at).min()
    }

    fn validate(&mut self, block: &Proposal, ancestors: &[Arc<Proposal>]) -> Verdict {
        if !self.bodies && !self.held.contains(&block.digest()) {
            return Verdict::MissingBodies;
        }
        if block.header.control != self.control_on(ancestors) {
            return Verdict::Invalid("another control state".to_string());
        }
        if block.height().0 > self.chain_result(block, ancestors) + self.result_window {
            return Verdict::Invalid("it runs too far ahead of the result".to_string());
        }
        if self.refuses {
            return Verdict::Invalid("it is refused here".to_string());
        }
        Verdict::Valid
    }

    fn build(&mut self, opening: &Opening<'_>) -> Option<Draft> {
        let taken = |id: &Digest| opening.ancestors.iter().any(|b| b.witness_ids.contains(id));
        let open = self.pool.iter().map(|(id, _)| *id).filter(|id| !taken(id));
        let ids: Vec<Digest> = open.take(BLOCK_REQUESTS).collect();
        (!ids.is_empty()).then(|| Draft {
            feeds: List::default(),
            result: self.result_below(opening.height),
            control: self.control_on(opening.ancestors),
            witness_ids: List::new(ids).expect("few"),
        })
    }
}

/// A node.
pub struct Member {
    pub config: Config,
    pub replica: Option<Replica>,
    pub context: World,
    /// What was persisted, in order.
    pub disk: Vec<Record>,
    /// Decided blocks, as a node's log keeps them.
    pub blocks: BTreeMap<Height, Committed>,
    /// Whether results follow blocks at once.
    pub certifies: bool,
    timer: Option<Monotonic>,
    boots: u64,
    /// Outputs since they were last looked at.
    pub noted: Vec<Output>,
}

impl Member {
    pub fn new(genesis: &Genesis, index: usize) -> Self {
        let id = ReplicaId(u16::try_from(index).expect("few nodes"));
        let config = Config::new(genesis, id).expect("a good genesis");
        let chain = chain_id(genesis);
        Self {
            replica: Some(Replica::new(config.clone(), Recovered::at_genesis(), 1)),
            config,
            context: World {
                key: key_of(index),
                chain,
                now: Monotonic(0),
                skew_us: 0,
                pool: Vec::new(),
                control: Digest::ZERO,
                bodies: true,
                held: Vec::new(),
                refuses: false,
                certified: Height(0),
                applied_result: 0,
                result_window: u64::from(genesis.parameters.result_window_heights),
            },
            disk: Vec::new(),
            blocks: BTreeMap::new(),
            certifies: true,
            timer: Some(Monotonic(0)),
            boots: 1,
            noted: Vec::new(),
        }
    }

    pub fn step(&mut self, now: Monotonic, input: Input) -> Option<Output> {
        self.context.now = now;
        let replica = self.replica.as_mut()?;
        let output = replica.step(now, input, &mut self.context);
        self.timer = output.next_timer;
        Some(output)
    }

    pub fn note(&mut self, output: Output) {
        self.noted.push(output);
    }

    pub fn timer(&self) -> Option<Monotonic> {
        self.replica.as_ref().and(self.timer)
    }

    pub fn crash(&mut self) {
        self.replica = None;
    }

    /// Starts again from what the disk holds.
    pub fn restart(&mut self, origin: Origin) {
        let recovered = Recovered::from_records(self.disk.clone(), origin).expect("own records");
        self.boots += 1;
        let mut replica = Replica::new(self.config.clone(), recovered, self.boots);
        let height = replica.tip().map_or(Height(0), |(block, _)| block.height());
        self.blocks.retain(|h, _| *h <= height);
        self.replay();
        // The records of a snapshot are worth as much as the whole log.
        let again =
            Recovered::from_records(replica.snapshot(), Origin::Known).expect("own records");
        if self.disk.is_empty() {
            assert_eq!(replica.summary().tip, again.tip_height());
        } else {
            replica = Replica::new(self.config.clone(), again, self.boots);
        }
        self.replica = Some(replica);
        self.timer = Some(Monotonic(0));
    }

    fn replay(&mut self) {
        self.context.control = Digest::ZERO;
        self.context.applied_result = 0;
        for committed in self.blocks.values() {
            self.context.apply(&committed.proposal);
        }
    }

    /// Loses everything.
    pub fn wipe(&mut self) {
        self.disk.clear();
        self.blocks.clear();
    }

    pub fn keep_block(&mut self, committed: Committed) {
        self.blocks.insert(committed.proposal.height(), committed);
    }

    /// Answers a peer's fetch.
    pub fn serve(&self, fetch: &Fetch) -> Option<Content> {
        match fetch {
            Fetch::Bodies { .. } => None,
            Fetch::Block { block, height, .. } => {
                let open = self.replica.as_ref()?.block(block).map(|b| (**b).clone());
                let decided = self.blocks.get(height).map(|b| b.proposal.clone());
                let found = open.or(decided.filter(|b| b.digest() == *block))?;
                Some(Content::Block(found))
            }
            Fetch::Committed { from, to, .. } => {
                let blocks = self.blocks.range(*from..=*to).map(|(_, b)| b.clone());
                Some(Content::Blocks(blocks.collect()))
            }
        }
    }
}
