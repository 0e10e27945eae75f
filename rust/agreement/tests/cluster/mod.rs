//! A network of replicas in one process, for tests: a clock, a wire that can be
//! cut, disks that keep what was persisted, and nothing left to chance.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod member;
pub mod script;

use std::collections::{BTreeMap, VecDeque};

use daicho_agreement::{Committed, Destination, Fetch, Input, Message, Output, Proposal};
use daicho_crypto::{Electorate, SigningKey};
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::genesis::ClockMode;
use daicho_types::genesis::{Genesis, GenesisNode, LeaderPolicy, Parameters, Purpose};
use daicho_types::{AgreementKey, ConsensusTime, Digest, Height, Monotonic, PartyId, ReplicaId};

use member::Member;

/// Wall clock of a node without skew when the monotonic clock is at zero.
pub const EPOCH_US: u64 = 1_000_000_000_000;

/// What the rules of a test network are.
#[derive(Clone, Debug)]
pub struct Setup {
    pub validators: usize,
    pub outsiders: usize,
    pub policy: LeaderPolicy,
    pub window: u16,
    pub checkpoint: u16,
    pub result_window: u16,
    pub timeout_us: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            validators: 4,
            outsiders: 0,
            policy: LeaderPolicy::Sticky,
            window: 8,
            checkpoint: 4,
            result_window: 1_000,
            timeout_us: 1_000_000,
        }
    }
}

/// The key of a node.
pub fn key_of(index: usize) -> SigningKey {
    let mut seed = [7u8; 32];
    seed[0] = u8::try_from(index).expect("few nodes");
    SigningKey::from_seed(&seed)
}

pub fn genesis(setup: &Setup) -> Genesis {
    let nodes = (0..setup.validators + setup.outsiders).map(|index| GenesisNode {
        name: Blob::new(format!("r{index}").into_bytes()).expect("short"),
        party: PartyId([u8::try_from(index).expect("few"); 16]),
        vote_key: key_of(index).public(),
        curve_key: [0; 32],
        validates: index < setup.validators,
        leader_eligible: index < setup.validators,
        executor: None,
    });
    Genesis {
        name: Blob::new(b"test".to_vec()).expect("short"),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(EPOCH_US - 1),
        parameters: Parameters {
            leader_policy: setup.policy,
            window_heights: setup.window,
            checkpoint_heights: setup.checkpoint,
            result_window_heights: setup.result_window,
            block_items_max: 16,
            block_bytes_max: 1 << 20,
            block_interval_us: 0,
            idle_block_us: 0,
            time_bound_us: 3_000_000,
            time_bound_max_us: 60_000_000,
            view_timeout_us: setup.timeout_us,
            view_timeout_max_us: 16 * setup.timeout_us,
        },
        nodes: List::new(nodes.collect()).expect("few nodes"),
        parties: List::default(),
        approvers: List::default(),
        approvals_needed: 1,
        epoch_key: AgreementKey([0; 32]),
    }
}

/// Something on the wire.
#[derive(Clone, Debug)]
pub struct Packet {
    pub from: usize,
    pub to: usize,
    pub content: Content,
}

/// Messages of agreement, and the node's own traffic that serves fetches.
#[derive(Clone, Debug)]
pub enum Content {
    Said(Message),
    Ask(Fetch),
    Blocks(Vec<Committed>),
    Block(Proposal),
}

impl Content {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Said(message) => message.kind(),
            Self::Ask(_) => "ask",
            Self::Blocks(_) => "blocks",
            Self::Block(_) => "block",
        }
    }

    /// The height it is about, where it is about one.
    pub fn height(&self) -> Option<Height> {
        match self {
            Self::Said(Message::PrePrepare(m)) => Some(m.proposal.height()),
            Self::Said(Message::Prepare(m)) => Some(m.height),
            Self::Said(Message::Commit(m)) => Some(m.height),
            _ => None,
        }
    }
}

/// One validator run twice under one key: each half tells its own story, each
/// to its own listeners. What an attacker can say, one of two honest halves
/// says somewhere (Bano et al., "Twins", OPODIS 2021).
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    /// The validator.
    pub of: usize,
    /// Where its second half stands among the members.
    pub index: usize,
    /// Bit of a member: whether it hears the second half.
    pub hears: u64,
}

/// The network.
pub struct Cluster {
    pub setup: Setup,
    pub genesis: Genesis,
    pub electorate: Electorate,
    pub now: Monotonic,
    pub members: Vec<Member>,
    pub wire: VecDeque<Packet>,
    pub twin: Option<Twin>,
    /// Every decision of every honest replica: height to block.
    pub decided: BTreeMap<Height, Digest>,
    /// Names of blocks in the order in which they appeared: `3a`, `3b`.
    names: BTreeMap<Digest, String>,
    letters: BTreeMap<Height, u8>,
    requests: u64,
    /// Who first proposed a block.
    pub proposers: BTreeMap<Digest, ReplicaId>,
    /// Control states after decided blocks.
    controls: BTreeMap<Digest, Digest>,
}

impl Cluster {
    pub fn new(setup: Setup) -> Self {
        let genesis = genesis(&setup);
        let members = (0..setup.validators + setup.outsiders)
            .map(|index| Member::new(&genesis, index))
            .collect();
        Self {
            electorate: Electorate::validators(&genesis),
            now: Monotonic(0),
            members,
            wire: VecDeque::new(),
            twin: None,
            decided: BTreeMap::new(),
            names: BTreeMap::new(),
            letters: BTreeMap::new(),
            requests: 0,
            proposers: BTreeMap::new(),
            controls: BTreeMap::new(),
            genesis,
            setup,
        }
    }

    /// Adds requests to the pools of `at`.
    pub fn submit(&mut self, count: u64, at: &[usize]) {
        for _ in 0..count {
            self.requests += 1;
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&self.requests.to_le_bytes());
            for index in at {
                let member = &mut self.members[*index];
                member.context.add_request(Digest(bytes), self.now);
            }
        }
    }

    /// Steps one member and puts what it says on the wire.
    pub fn step(&mut self, index: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(output) = self.members[index].step(self.now, input) else {
                return;
            };
            inputs.extend(self.obey(index, output));
        }
    }

    /// Does what an output asks, in the order the law states. Returns what the
    /// node tells its replica back.
    fn obey(&mut self, index: usize, output: Output) -> Vec<Input> {
        let mut back = Vec::new();
        self.members[index].disk.extend(output.persist.clone());
        for (to, message) in &output.send {
            self.name_of_message(message);
            for to in self.addressees(index, *to) {
                let content = Content::Said(message.clone());
                let from = index;
                self.wire.push_back(Packet { from, to, content });
            }
        }
        let delivered = output.deliver.iter();
        let applied: Vec<_> = delivered.map(|c| self.deliver(index, c)).collect();
        if let Some((height, _)) = applied.last().copied() {
            back.push(Input::Applied(applied));
            if self.members[index].certifies {
                self.members[index].context.certified = height;
                back.push(Input::Certified { height });
            }
        }
        for fetch in &output.fetch {
            let holders = match fetch {
                Fetch::Bodies { .. } => vec![],
                Fetch::Block { holders, .. } => holders.clone(),
                Fetch::Committed { holder, .. } => vec![*holder],
            };
            for holder in holders {
                let content = Content::Ask(fetch.clone());
                let (from, to) = (index, usize::from(holder.0));
                self.wire.push_back(Packet { from, to, content });
            }
        }
        self.members[index].note(output);
        back
    }

    fn addressees(&self, from: usize, to: Destination) -> Vec<usize> {
        let all = match to {
            Destination::Validators => 0..self.setup.validators,
            Destination::Nodes => 0..self.members.len(),
            Destination::One(id) => usize::from(id.0)..usize::from(id.0) + 1,
        };
        let others = all.filter(|to| self.identity(*to) != self.identity(from));
        let Some(twin) = self.twin else {
            return others.collect();
        };
        if self.identity(from) == twin.of {
            let second = from == twin.index;
            return others
                .filter(|to| (twin.hears >> to & 1 == 1) == second)
                .collect();
        }
        let doubled = |to| [Some(to), (to == twin.of).then_some(twin.index)];
        others.flat_map(doubled).flatten().collect()
    }

    /// Runs validator `of` twice from now on.
    pub fn add_twin(&mut self, of: usize) {
        self.members.push(Member::new(&self.genesis, of));
        let index = self.members.len() - 1;
        self.twin = Some(Twin {
            of,
            index,
            hears: 0b0101,
        });
    }

    /// Who a member says it is.
    pub fn identity(&self, index: usize) -> usize {
        self.twin
            .filter(|twin| twin.index == index)
            .map_or(index, |twin| twin.of)
    }

    /// Whether a member keeps to the rules.
    pub fn is_honest(&self, index: usize) -> bool {
        self.twin.is_none_or(|twin| twin.of != self.identity(index))
    }

    /// R33: an honest replica's decision is everybody's.
    fn deliver(&mut self, index: usize, committed: &Committed) -> (Height, Digest) {
        let digest = committed.proposal.digest();
        let height = committed.proposal.height();
        let certificate = &committed.certificate;
        self.electorate
            .check_commit(certificate)
            .expect("delivered certificates verify");
        assert_eq!((certificate.height, certificate.block), (height, digest));
        if self.is_honest(index) {
            let first = *self.decided.entry(height).or_insert(digest);
            assert_eq!(first, digest, "two blocks at height {}", height.0);
        }
        self.name(digest, height);
        let control = self.members[index].context.apply(&committed.proposal);
        self.controls.insert(digest, control);
        self.members[index].keep_block(committed.clone());
        (height, control)
    }

    /// Hands a packet over.
    pub fn receive(&mut self, packet: Packet) {
        let Packet { from, to, content } = packet;
        if self.members[to].replica.is_none() {
            return;
        }
        let id = ReplicaId(u16::try_from(self.identity(from)).expect("few nodes"));
        match content {
            Content::Said(message) => {
                let message = through_codec(&message);
                self.step(to, Input::Message { from: id, message });
            }
            Content::Ask(fetch) => {
                if let Some(content) = self.members[to].serve(&fetch) {
                    let (from, to) = (to, from);
                    self.wire.push_back(Packet { from, to, content });
                }
            }
            Content::Blocks(blocks) => {
                for block in blocks {
                    self.step(to, Input::Committed(block));
                }
            }
            Content::Block(block) => self.step(to, Input::Block(block)),
        }
    }

    /// The next moment at which a live member wants to be woken.
    pub fn next_timer(&self) -> Option<Monotonic> {
        self.members.iter().filter_map(Member::timer).min()
    }

    /// Moves the clock and wakes whoever is due.
    pub fn advance_to(&mut self, now: Monotonic) {
        self.now = self.now.max(now);
        for index in 0..self.members.len() {
            if self.members[index].timer().is_some_and(|at| at <= self.now) {
                self.step(index, Input::Tick);
            }
        }
    }

    /// Wakes everyone.
    pub fn tick(&mut self) {
        for index in 0..self.members.len() {
            self.step(index, Input::Tick);
        }
    }

    fn name_of_message(&mut self, message: &Message) {
        if let Message::PrePrepare(m) = message {
            self.name(m.proposal.digest(), m.proposal.height());
            self.proposers.insert(m.proposal.digest(), m.leader);
        }
    }

    /// The short name of a block: its height and a letter.
    pub fn name(&mut self, digest: Digest, height: Height) -> String {
        if let Some(name) = self.names.get(&digest) {
            return name.clone();
        }
        let letter = self.letters.entry(height).or_insert(b'a');
        let name = format!("{}{}", height.0, char::from(*letter));
        *letter += 1;
        self.names.insert(digest, name.clone());
        name
    }

    /// Every block that has a name.
    pub fn named(&self) -> Vec<Digest> {
        self.names.keys().copied().collect()
    }

    /// The control state after a decided block, or at genesis.
    pub fn control_after(&self, block: Digest) -> Digest {
        let known = self.controls.get(&block);
        known.copied().unwrap_or(Digest::ZERO)
    }

    /// The digest of a short name.
    pub fn digest_of(&self, name: &str) -> Digest {
        let found = self.names.iter().find(|(_, known)| *known == name);
        *found.unwrap_or_else(|| panic!("no block {name}")).0
    }
}

/// Encodes and decodes, as a wire would.
fn through_codec(message: &Message) -> Message {
    use daicho_types::codec::Decode;
    Message::from_bytes(&message.to_bytes()).expect("decode is the inverse of encode")
}
