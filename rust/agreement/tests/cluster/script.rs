//! The language of the transcripts. A command is one line:
//!
//! ```text
//! cluster n=4 policy=sticky window=8    a new network (also: outsiders, checkpoint,
//!                                       results, timeout=1000ms)
//! submit 3 [to r1,r2]                   requests into the pools
//! run [500ms]                           deliver all while time passes (10 ms)
//! step kind=prepare [from r0] [to r1]   deliver matching packets once, keep the rest
//! drop kind=commit from=r0 to=r1 h=3    lose matching packets from now on
//! hold …                                keep matching packets on the wire
//! clear                                 end every drop and hold
//! cut r3 / heal r3                      isolate a node, and end it
//! crash r0 / restart r0 / wipe r0       stop; start from disk; start from nothing
//! skew r0 +30s                          move a wall clock
//! bodies r2 off / on                    whether bodies arrive with proposals
//! refuse r2 / certify off               find blocks invalid; stop results
//! propose r1 v=0 h=1 [at=+1s] [parent=0] to r0,r2    forge a signed proposal
//! vote r1 prepare v=0 h=1 block=1a [as=r3] to r2      forge a signed vote
//! forge …                               the same under a key nobody has
//! certified 3                           tell all of a result certificate
//! leaders                               who proposed the blocks decided since
//! state                                 where everyone stands
//! certificates                          verify every block's offline
//! sizes                                 bytes of the votes on the wire
//! ```
//!
//! What follows from a command is what each node reports, one line each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use daicho_agreement::{
    Alarm, Commit, Evidence, Input, Message, Misproposal, Origin, PrePrepare, Prepare, Proposal,
};
use daicho_crypto::{Domain, SigningKey, merkle_root, validator_set};
use daicho_types::block::BlockHeader;
use daicho_types::codec::{Encode, List};
use daicho_types::genesis::LeaderPolicy;
use daicho_types::{ConsensusTime, Digest, Height, Monotonic, ReplicaId, View};

use super::{Cluster, Content, EPOCH_US, Packet, Setup, key_of};

/// Packets one `run` delivers at most: a storm is a defect.
const PACKETS_PER_RUN_MAX: usize = 200_000;

/// A network and the filters on its wire.
pub struct Script {
    cluster: Cluster,
    drops: Vec<Filter>,
    holds: Vec<Filter>,
    sizes: BTreeMap<&'static str, usize>,
}

/// Packets that match in every field given.
#[derive(Clone, Debug, Default)]
struct Filter {
    kind: Option<String>,
    from: Option<usize>,
    to: Option<usize>,
    height: Option<u64>,
}

impl Filter {
    fn parse(words: &Words<'_>) -> Self {
        Self {
            kind: words.value("kind").map(str::to_string),
            from: words.value("from").map(node),
            to: words.value("to").map(node),
            height: words.value("h").map(number),
        }
    }

    fn matches(&self, packet: &Packet) -> bool {
        let kind = packet.content.kind();
        self.kind.as_deref().is_none_or(|k| k == kind)
            && self.from.is_none_or(|from| from == packet.from)
            && self.to.is_none_or(|to| to == packet.to)
            && self
                .height
                .is_none_or(|h| packet.content.height() == Some(Height(h)))
    }
}

/// The words of a command after its name.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        let pair = |word: &&'a str| word.split_once('=').filter(|(k, _)| *k == key);
        self.0.iter().find_map(|word| pair(word).map(|(_, v)| v))
    }

    fn at(&self, index: usize) -> &'a str {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Nodes after the word `to`; all of `n` without it.
    fn nodes(&self, n: usize) -> Vec<usize> {
        let place = self.0.iter().position(|word| *word == "to");
        place.map_or_else(
            || (0..n).collect(),
            |place| self.at(place + 1).split(',').map(node).collect(),
        )
    }
}

fn node(name: &str) -> usize {
    number(name.strip_prefix('r').expect("nodes are named r0, r1, …")) as usize
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no number"))
}

/// `500ms`, `30s`, `-2s`: microseconds.
fn duration(text: &str) -> i64 {
    let (digits, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).expect("a unit"));
    let unit = match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        other => panic!("no unit {other}"),
    };
    digits
        .trim_start_matches('+')
        .parse::<i64>()
        .expect("a number")
        * unit
}

impl Default for Script {
    fn default() -> Self {
        Self {
            cluster: Cluster::new(Setup::default()),
            drops: Vec::new(),
            holds: Vec::new(),
            sizes: BTreeMap::new(),
        }
    }
}

impl Script {
    /// Runs one command and reports what came of it.
    pub fn command(&mut self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let words = Words(words.collect());
        let said = match name {
            "state" => self.state(),
            "certificates" => self.certificates(),
            "sizes" => self.report_sizes(),
            "leaders" => self.leaders(),
            _ => {
                self.act(name, &words);
                String::new()
            }
        };
        said + &self.report()
    }

    fn act(&mut self, name: &str, words: &Words<'_>) {
        let first = words.at(0);
        match name {
            "cluster" => self.cluster = Cluster::new(setup(words)),
            "submit" => {
                let nodes = words.nodes(self.cluster.setup.validators);
                self.cluster.submit(number(first), &nodes);
            }
            "run" => self.run(first),
            "step" => self.step(&Filter::parse(words)),
            "drop" => self.drops.push(Filter::parse(words)),
            "hold" => self.holds.push(Filter::parse(words)),
            "clear" => {
                self.drops.clear();
                self.holds.clear();
            }
            "cut" => self.drops.extend(around(node(first))),
            "heal" => {
                let id = Some(node(first));
                self.drops.retain(|f| f.from != id && f.to != id);
            }
            "crash" => self.cluster.members[node(first)].crash(),
            "restart" => self.cluster.members[node(first)].restart(Origin::Known),
            "wipe" => {
                let member = &mut self.cluster.members[node(first)];
                member.wipe();
                member.restart(Origin::Unknown);
            }
            "skew" => {
                let member = &mut self.cluster.members[node(first)];
                member.context.skew_us = duration(words.at(1));
            }
            "bodies" => self.bodies(node(first), words.at(1) == "on"),
            "refuse" => self.cluster.members[node(first)].context.refuses = true,
            "certify" => {
                for member in &mut self.cluster.members {
                    member.certifies = first == "on";
                }
            }
            "certified" => self.certified(Height(number(first))),
            "propose" => self.propose(words),
            "vote" => self.vote(words, key_of(node(words.at(0)))),
            // The same, signed by nobody's key.
            "forge" => self.vote(words, key_of(200)),
            other => panic!("no command {other}"),
        }
    }

    /// Delivers until the wire is quiet, then goes from timer to timer.
    fn run(&mut self, time: &str) {
        let us = duration(if time.is_empty() { "10ms" } else { time });
        let end = Monotonic(self.cluster.now.0 + u64::try_from(us).expect("time goes on"));
        self.cluster.tick();
        self.drain();
        while let Some(at) = self.cluster.next_timer().filter(|at| *at <= end) {
            self.cluster
                .advance_to(at.max(Monotonic(self.cluster.now.0 + 1)));
            self.drain();
        }
        self.cluster.now = self.cluster.now.max(end);
    }

    fn drain(&mut self) {
        let mut held = Vec::new();
        for _ in 0..PACKETS_PER_RUN_MAX {
            let Some(packet) = self.cluster.wire.pop_front() else {
                self.cluster.wire.extend(held);
                return;
            };
            if self.holds.iter().any(|hold| hold.matches(&packet)) {
                held.push(packet);
            } else {
                self.pass(packet);
            }
        }
        panic!("the wire does not fall quiet");
    }

    /// Delivers what matches and is on the wire now, and nothing else.
    fn step(&mut self, filter: &Filter) {
        let wire = core::mem::take(&mut self.cluster.wire);
        for packet in wire {
            if filter.matches(&packet) {
                self.pass(packet);
            } else {
                self.cluster.wire.push_back(packet);
            }
        }
    }

    fn pass(&mut self, packet: Packet) {
        if let Content::Said(message) = &packet.content {
            let most = self.sizes.entry(message.kind()).or_default();
            *most = (*most).max(message.to_bytes().len());
        }
        if !self.drops.iter().any(|drop| drop.matches(&packet)) {
            self.cluster.receive(packet);
        }
    }

    fn bodies(&mut self, index: usize, on: bool) {
        self.cluster.members[index].context.bodies = on;
        if on {
            let waiting: Vec<Digest> = self.cluster.named();
            for block in waiting {
                self.cluster.step(index, Input::BodiesHeld { block });
            }
        }
    }

    fn certified(&mut self, height: Height) {
        for index in 0..self.cluster.members.len() {
            self.cluster.members[index].context.certified = height;
            self.cluster.step(index, Input::Certified { height });
        }
    }

    /// Forges a proposal under a node's own key.
    fn propose(&mut self, words: &Words<'_>) {
        let from = node(words.at(0));
        let height = Height(number(words.value("h").expect("h=")));
        let view = View(number(words.value("v").unwrap_or("0")));
        let parent = words.value("parent").unwrap_or("0");
        let parent = match parent {
            "0" => *self.cluster.electorate.chain(),
            name => self.cluster.digest_of(name),
        };
        let at = words.value("at").map_or(0, duration);
        let clock = i128::from(EPOCH_US) + i128::from(self.cluster.now.0) + i128::from(at);
        let fresh = [u8::try_from(self.cluster.wire.len() % 251).expect("small"); 32];
        let ids = vec![Digest(fresh)];
        let header = BlockHeader {
            protocol: 1,
            height,
            parent,
            time: ConsensusTime(u64::try_from(clock).expect("after 1970")),
            feeds: List::default(),
            result: None,
            witness_root: merkle_root(&ids),
            items: 1,
            control: self.cluster.control_after(parent),
            validators: validator_set(&self.cluster.genesis),
        };
        let proposal = Proposal {
            header,
            witness_ids: List::new(ids).expect("one"),
        };
        let (block, parent) = (proposal.digest(), proposal.header.parent);
        self.cluster.name(block, height);
        let mut payload = daicho_crypto::commit_payload(view, height, block);
        parent.encode(&mut payload);
        let chain = *self.cluster.electorate.chain();
        let message = Message::PrePrepare(PrePrepare {
            view,
            proposal,
            leader: ReplicaId(from as u16),
            signature: key_of(from).sign(Domain::SignPrePrepare, &chain, &payload),
        });
        self.put(from, words, &message);
    }

    /// Forges a vote under a node's own key.
    fn vote(&mut self, words: &Words<'_>, key: SigningKey) {
        let from = node(words.at(0));
        let replica = ReplicaId(words.value("as").map_or(from, node) as u16);
        let height = Height(number(words.value("h").expect("h=")));
        let view = View(number(words.value("v").unwrap_or("0")));
        let block = self
            .cluster
            .digest_of(words.value("block").expect("block="));
        let chain = *self.cluster.electorate.chain();
        let mut payload = daicho_crypto::commit_payload(view, height, block);
        let message = if words.at(1) == "prepare" {
            let parent = words
                .value("parent")
                .map_or(chain, |p| self.cluster.digest_of(p));
            parent.encode(&mut payload);
            Message::Prepare(Prepare {
                view,
                height,
                block,
                parent,
                replica,
                signature: key.sign(Domain::SignPrepare, &chain, &payload),
            })
        } else {
            Message::Commit(Commit {
                view,
                height,
                block,
                replica,
                signature: key.sign(Domain::SignCommit, &chain, &payload),
            })
        };
        self.put(from, words, &message);
    }

    fn put(&mut self, from: usize, words: &Words<'_>, message: &Message) {
        for to in words.nodes(self.cluster.setup.validators) {
            if to != from {
                let content = Content::Said(message.clone());
                self.cluster.wire.push_back(Packet { from, to, content });
            }
        }
    }

    fn state(&mut self) -> String {
        let mut text = String::new();
        for index in 0..self.cluster.members.len() {
            let Some(replica) = &self.cluster.members[index].replica else {
                let _ = writeln!(text, "r{index}: down");
                continue;
            };
            let summary = replica.summary();
            let tip = replica.tip().map(|(_, c)| (c.block, c.height));
            let tip = tip.map_or("genesis".to_string(), |(block, height)| {
                self.cluster.name(block, height)
            });
            let _ = write!(text, "r{index}: view {}", summary.view.0);
            let _ = write!(text, "{}", if summary.active { "" } else { " wanted" });
            let _ = write!(text, ", tip {tip}, stable {}", summary.stable.0);
            let _ = write!(
                text,
                "{}",
                if summary.abstaining {
                    ", abstaining"
                } else {
                    ""
                }
            );
            let _ = writeln!(text, "{}", if summary.halted { ", halted" } else { "" });
        }
        text
    }

    /// R34: every stored certificate against the genesis keys alone.
    fn certificates(&self) -> String {
        let electorate = daicho_crypto::Electorate::validators(&self.cluster.genesis);
        let mut text = String::new();
        for (index, member) in self.cluster.members.iter().enumerate() {
            let good = member.blocks.values().filter(|b| {
                electorate.check_commit(&b.certificate).is_ok()
                    && b.proposal.digest() == b.certificate.block
            });
            let (good, all) = (good.count(), member.blocks.len());
            let _ = writeln!(text, "r{index}: {good} of {all} verify");
        }
        text
    }

    /// Who proposed how many of the decided blocks, since last asked.
    fn leaders(&mut self) -> String {
        let mut count: BTreeMap<ReplicaId, u64> = BTreeMap::new();
        let decided = core::mem::take(&mut self.cluster.proposers);
        for (block, leader) in decided {
            if self.cluster.decided.values().any(|d| *d == block) {
                *count.entry(leader).or_default() += 1;
            }
        }
        count
            .iter()
            .fold(String::new(), |mut text, (leader, blocks)| {
                let _ = writeln!(text, "{leader} led {blocks}");
                text
            })
    }

    fn report_sizes(&self) -> String {
        let vote = |kind: &&&str| ["prepare", "commit", "checkpoint"].contains(kind);
        let votes = self.sizes.keys().filter(vote);
        votes.fold(String::new(), |mut text, kind| {
            let _ = writeln!(text, "{kind}: at most {} bytes", self.sizes[kind]);
            text
        })
    }

    /// What each node reported since it was last asked.
    fn report(&mut self) -> String {
        let mut text = String::new();
        for index in 0..self.cluster.members.len() {
            let outputs = core::mem::take(&mut self.cluster.members[index].noted);
            let mut committed = Vec::new();
            let mut lines = Vec::new();
            for output in outputs {
                for block in output.deliver {
                    let digest = block.proposal.digest();
                    committed.push(self.cluster.name(digest, block.proposal.height()));
                }
                lines.extend(output.evidence.iter().map(|e| self.evidence(e)));
                lines.extend(output.alarms.iter().filter_map(|a| self.alarm(a)));
            }
            if !committed.is_empty() {
                let _ = writeln!(text, "r{index}: committed {}", committed.join(" "));
            }
            for line in lines {
                let _ = writeln!(text, "r{index}: {line}");
            }
        }
        text
    }

    fn evidence(&mut self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::TwoProposals(both) => {
                let height = both.0.proposal.height();
                let first = self.cluster.name(both.0.proposal.digest(), height);
                let second = self.cluster.name(both.1.proposal.digest(), height);
                format!("evidence: {} proposed {first} and {second}", both.0.leader)
            }
            Evidence::TwoPrepares(both) => {
                let first = self.cluster.name(both.0.block, both.0.height);
                let second = self.cluster.name(both.1.block, both.1.height);
                format!("evidence: {} prepared {first} and {second}", both.0.replica)
            }
            Evidence::TwoCommits(both) => {
                let first = self.cluster.name(both.0.block, both.0.height);
                let second = self.cluster.name(both.1.block, both.1.height);
                format!(
                    "evidence: {} committed {first} and {second}",
                    both.0.replica
                )
            }
            Evidence::Proposal(m, what) => {
                let block = self.cluster.name(m.proposal.digest(), m.proposal.height());
                let what = match what {
                    Misproposal::NotLeader(leader) => format!("but {leader} leads"),
                    Misproposal::NotValidator => "but is no validator".to_string(),
                    Misproposal::Invalid(reason) => format!("but {reason}"),
                };
                format!("evidence: {} proposed {block}, {what}", m.leader)
            }
        }
    }

    fn alarm(&mut self, alarm: &Alarm) -> Option<String> {
        Some(match alarm {
            Alarm::LeftView { wanted, reason } => format!("left for view {} ({reason})", wanted.0),
            Alarm::EnteredView { view, truncated: 0 } => format!("entered view {}", view.0),
            Alarm::EnteredView { view, truncated } => {
                format!("entered view {}, {truncated} truncated", view.0)
            }
            Alarm::TimeBoundWidened { bound_us, .. } => {
                format!("time bound {} ms", bound_us / 1_000)
            }
            Alarm::ClockSkew { leader, skew_us } => {
                format!("clock of {leader} is {} ms off", skew_us / 1_000)
            }
            Alarm::TimeRefused {
                leader,
                skew_us,
                bound_us,
            } => format!(
                "refused {leader}'s time, {} ms off, bound {} ms",
                skew_us / 1_000,
                bound_us / 1_000
            ),
            Alarm::BadMessage { from, reason } => format!("bad message from {from}: {reason}"),
            Alarm::BadDraft { height } => format!("bad draft for {}", height.0),
            Alarm::BadFetch { height } => format!("bad block {} fetched", height.0),
            Alarm::Stable(certificate) => format!("stable at {}", certificate.height.0),
            Alarm::ControlDiverged { height, .. } => format!("control diverged at {}", height.0),
            Alarm::ValidityDiverged { block, height, .. } => {
                let block = self.cluster.name(*block, *height);
                format!("a quorum prepared {block}, which is invalid here")
            }
            Alarm::Abstaining { until: None } => "abstains".to_string(),
            Alarm::Abstaining { until: Some(until) } => format!("abstains until {}", until.0),
            Alarm::Rejoined { view } => format!("votes again from view {}", view.0),
            Alarm::SafetyViolated { height, .. } => format!("HALTED at height {}", height.0),
        })
    }
}

fn around(index: usize) -> [Filter; 2] {
    let out = Filter {
        from: Some(index),
        ..Filter::default()
    };
    let into = Filter {
        to: Some(index),
        ..Filter::default()
    };
    [out, into]
}

fn setup(words: &Words<'_>) -> Setup {
    let mut setup = Setup::default();
    let small = |text| u16::try_from(number(text)).expect("small");
    if let Some(n) = words.value("n") {
        setup.validators = number(n) as usize;
    }
    if let Some(n) = words.value("outsiders") {
        setup.outsiders = number(n) as usize;
    }
    if let Some(policy) = words.value("policy") {
        setup.policy = match policy {
            "sticky" => LeaderPolicy::Sticky,
            "round_robin" => LeaderPolicy::RoundRobin,
            other => panic!("no policy {other}"),
        };
    }
    setup.window = words.value("window").map_or(setup.window, small);
    setup.checkpoint = words.value("checkpoint").map_or(setup.checkpoint, small);
    setup.result_window = words.value("results").map_or(setup.result_window, small);
    if let Some(timeout) = words.value("timeout") {
        setup.timeout_us = u64::try_from(duration(timeout)).expect("positive");
    }
    setup
}
