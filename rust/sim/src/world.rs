//! The queue of events and the only loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_agreement::Message;
use daicho_crypto::{Domain, block_digest, hash};
use daicho_node::{Input, Output, PeerMessage, Route};
use daicho_types::codec::{Decode, Encode};
use daicho_types::gateway::{Ask, Range, Reply, Request, Say};
use daicho_types::ipc::{FromExecutor, ToExecutor};
use daicho_types::{Digest, Height, ReplicaId};

use crate::adversary::{Adversary, Deed};
use crate::checks::{Checks, Failure};
use crate::dice::Dice;
use crate::load::Load;
use crate::machine::Machine;
use crate::network::Network;
use crate::setup::{Plan, genesis};
use crate::trace::Trace;

/// Heights every run decides at least.
pub const HEIGHTS_MIN: u64 = 300;
/// Simulated time within which it must, in microseconds.
const CHAOS_US_MAX: u64 = 600_000_000;
/// Simulated time within which everybody must agree once nothing fails.
const CALM_US_MAX: u64 = 120_000_000;
/// Heights that everybody must still decide then.
const CALM_HEIGHTS: u64 = 5;
/// A node looks at least this often, as in the host.
const IDLE_STEP_US: u64 = 250_000;
/// Events of one run: more is a storm.
const EVENTS_MAX: u64 = 5_000_000;
/// The route of the simulator's own questions.
const AUDIT: &[u8] = b"audit";
/// Blocks asked for at once.
const AUDIT_BLOCKS: u32 = 256;

/// Something that happens at a time.
enum Event {
    /// A frame arrives.
    Frame {
        from: usize,
        to: usize,
        bytes: Vec<u8>,
    },
    /// A client's frame arrives.
    Client { to: usize, bytes: Vec<u8> },
    /// A machine steps.
    Wake { node: usize },
    /// Its writes are durable.
    Synced { node: usize, life: u64 },
    /// Its executor takes a message.
    Execute { node: usize, life: u64 },
    /// Its executor starts.
    StartExecutor { node: usize, life: u64 },
    /// Something fails or is repaired.
    Deed(Deed),
    /// The adversary looks.
    Adversary,
    /// A client sends.
    Load,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Heights decided.
    pub heights: u64,
    /// Machines that went down.
    pub crashes: u64,
    /// Views entered, over all nodes.
    pub views: u64,
    /// Transactions that are final.
    pub finals: usize,
    /// Simulated time, in microseconds.
    pub simulated_us: u64,
    /// Hash of the trace.
    pub trace: Digest,
    /// What went wrong.
    pub failure: Option<Failure>,
}

impl Report {
    /// Of a run that panicked.
    #[must_use]
    pub fn crashed(seed: u64, message: String) -> Self {
        Self {
            seed,
            heights: 0,
            crashes: 0,
            views: 0,
            finals: 0,
            simulated_us: 0,
            trace: Digest::ZERO,
            failure: Some(Failure::Crash(message)),
        }
    }

    /// One hash over the traces of many runs.
    #[must_use]
    pub fn hash_of(reports: &[Self]) -> Digest {
        let traces: Vec<&[u8]> = reports.iter().map(|r| r.trace.0.as_slice()).collect();
        hash(Domain::Record, &traces)
    }
}

/// A cluster, its clients and its adversary.
pub struct World {
    seed: u64,
    now_us: u64,
    sequence: u64,
    events: BTreeMap<(u64, u64), Event>,
    machines: Vec<Machine>,
    network: Network,
    adversary: Adversary,
    load: Load,
    dice: Dice,
    checks: Checks,
    trace: Trace,
    leader: usize,
    crashes: u64,
    views: u64,
    /// Whether nothing fails any more.
    calm: bool,
}

impl World {
    /// The cluster of `seed`. With `prints`, every line of the trace goes to
    /// standard output.
    #[must_use]
    pub fn new(seed: u64, prints: bool) -> Self {
        let plan = Plan::of(seed);
        let genesis = Arc::new(genesis(&plan));
        let machines = (0..plan.nodes()).map(|index| {
            let executes = index < plan.executors;
            Machine::new(index, Arc::clone(&genesis), executes, plan.skews_us[index])
        });
        let mut world = Self {
            seed,
            now_us: 0,
            sequence: 0,
            events: BTreeMap::new(),
            machines: machines.collect(),
            network: Network::new(&plan, Dice::new(seed, 2)),
            adversary: Adversary::new(&plan, Dice::new(seed, 3)),
            load: Load::new(&genesis, Dice::new(seed, 4)),
            dice: Dice::new(seed, 5),
            checks: Checks::default(),
            trace: Trace::new(prints),
            leader: 0,
            crashes: 0,
            views: 0,
            calm: false,
        };
        world.trace.line(0, &format!("seed {seed}: {plan:?}"));
        world
    }

    /// Runs to the end.
    #[must_use]
    pub fn run(mut self) -> Report {
        let failure = self.play().err().or_else(|| self.checks.failure());
        Report {
            seed: self.seed,
            heights: self.checks.height().0,
            crashes: self.crashes,
            views: self.views,
            finals: self.checks.finals(),
            simulated_us: self.now_us,
            trace: self.trace.hash(),
            failure,
        }
    }

    fn play(&mut self) -> Result<(), Failure> {
        for node in 0..self.machines.len() {
            self.start(node)?;
        }
        self.after(1_000_000, Event::Adversary);
        self.after(1_000, Event::Load);
        let done = |world: &Self| {
            world.checks.height().0 >= HEIGHTS_MIN && world.views > 0 && world.crashes > 0
        };
        self.until(CHAOS_US_MAX, "the chain does not grow", done)?;
        self.calm_down()?;
        let target = Height(self.checks.height().0 + CALM_HEIGHTS);
        let agreed = move |world: &Self| {
            let level = |machine: &Machine| {
                let node = machine.node.as_ref();
                node.is_some_and(|n| n.height() >= target && n.certified() >= target)
            };
            world.load.open() == 0 && world.machines.iter().all(level)
        };
        self.until(CALM_US_MAX, "not everybody catches up", agreed)?;
        (0..self.machines.len()).try_for_each(|node| self.audit(node))
    }

    /// Plays events until `done`, for at most `limit_us`.
    fn until(
        &mut self,
        limit_us: u64,
        what: &str,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Failure> {
        let end = self.now_us + limit_us;
        for _ in 0..EVENTS_MAX {
            if let Some(failure) = self.checks.failure() {
                return Err(failure);
            }
            if done(self) {
                return Ok(());
            }
            let ((at, _), event) = self.events.pop_first().expect("machines always wake");
            if at > end {
                return Err(Failure::Liveness(format!("{what}: {}", self.standing())));
            }
            self.now_us = at;
            self.happen(event)?;
        }
        Err(Failure::Liveness(format!("{what}: a storm of events")))
    }

    fn standing(&self) -> String {
        let of = |machine: &Machine| {
            let node = machine.node.as_ref();
            node.map_or("down".to_owned(), |node| {
                format!("{}/{}", node.height().0, node.certified().0)
            })
        };
        let nodes: Vec<_> = self.machines.iter().map(of).collect();
        format!("heights {nodes:?}, {} open", self.load.open())
    }

    fn after(&mut self, us: u64, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now_us + us, self.sequence), event);
    }

    fn say(&mut self, text: &str) {
        self.trace.line(self.now_us, text);
    }

    fn happen(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Frame { from, to, bytes } => self.arrive(from, to, bytes),
            Event::Client { to, bytes } => self.arrive_client(to, bytes),
            Event::Wake { node } => self.step(node),
            Event::Synced { node, life } => {
                if self.machines[node].life == life {
                    let output = self.machines[node].synced();
                    self.emit(node, output);
                    self.wake(node, 0);
                }
            }
            Event::Execute { node, life } => self.execute(node, life),
            Event::StartExecutor { node, life } => {
                let machine = &self.machines[node];
                if machine.life == life && machine.is_idle() {
                    return self.start_executor(node);
                } else if machine.life == life {
                    // The host starts one only after it told the node that
                    // the last one is gone.
                    self.after(1_000, Event::StartExecutor { node, life });
                }
            }
            Event::Deed(deed) => return self.carry_out(deed),
            Event::Adversary => self.fail(),
            Event::Load => self.send_load(),
        }
        Ok(())
    }

    fn start(&mut self, node: usize) -> Result<(), Failure> {
        let delivered = self.machines[node].delivered;
        let found = self.machines[node].start(self.now_us);
        let found = found
            .map_err(|error| Failure::Correctness(format!("n{node} does not start: {error}")))?;
        self.say(&format!("n{node} starts at height {}", found.0));
        self.checks.restarted(node, delivered, found);
        let life = self.machines[node].life;
        let delay = self.dice.between(1_000, 50_000);
        self.after(delay, Event::StartExecutor { node, life });
        self.wake(node, 0);
        Ok(())
    }

    fn start_executor(&mut self, node: usize) -> Result<(), Failure> {
        let started = self.machines[node].start_executor();
        self.wake(node, 0);
        started.map_err(|halted| {
            Failure::Correctness(format!("the executor of n{node} halts: {}", halted.reason))
        })
    }

    fn wake(&mut self, node: usize, us: u64) {
        let at = self.now_us + us;
        let machine = &mut self.machines[node];
        if machine.is_up()
            && machine
                .wake_at
                .is_none_or(|old| old > at || old < self.now_us)
        {
            machine.wake_at = Some(at);
            self.after(us, Event::Wake { node });
        }
    }

    fn arrive(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        if self.machines[to].is_up() {
            let from = ReplicaId(u16::try_from(from).expect("few nodes"));
            self.machines[to]
                .inbox
                .push_back(Input::Peer { from, bytes });
            self.wake(to, 0);
        }
    }

    fn arrive_client(&mut self, to: usize, bytes: Vec<u8>) {
        if self.machines[to].is_up() {
            let route = Route(b"client".to_vec());
            self.machines[to]
                .inbox
                .push_back(Input::Client { route, bytes });
            self.wake(to, 0);
        }
    }

    fn step(&mut self, node: usize) {
        let now_us = self.now_us;
        let machine = &mut self.machines[node];
        if !machine.is_up() || machine.wake_at != Some(now_us) {
            return;
        }
        machine.wake_at = None;
        if machine.syncing.is_some() {
            return;
        }
        let (output, timer) = match machine.step(now_us) {
            Some(output) => (Some(output), None),
            None => (
                None,
                machine.syncing.as_ref().and_then(|out| out.next_timer),
            ),
        };
        let timer = output.as_ref().map_or(timer, |out| out.next_timer);
        let due = timer.map_or(IDLE_STEP_US, |at| at.0.saturating_sub(now_us));
        let more = !self.machines[node].inbox.is_empty();
        match output {
            Some(output) => {
                self.emit(node, output);
                self.wake(node, if more { 0 } else { due.clamp(1, IDLE_STEP_US) });
            }
            None => {
                let life = self.machines[node].life;
                let slow = self.dice.per_mille(10);
                let us = self.dice.between(200, if slow { 60_000 } else { 2_000 });
                self.after(us, Event::Synced { node, life });
            }
        }
    }

    fn emit(&mut self, node: usize, output: Output) {
        for (to, _, bytes) in output.to_peers {
            let to = usize::from(to.0);
            self.note_frame(node, to, &bytes);
            for us in self.network.route(node, to) {
                let (from, bytes) = (node, bytes.clone());
                self.after(us, Event::Frame { from, to, bytes });
            }
        }
        for (route, reply) in output.to_clients {
            self.hear_reply(node, &route, reply);
        }
        for message in output.to_executor {
            self.note_block(node, &message);
            if !self.machines[node].has_executor() {
                continue;
            }
            self.machines[node].to_executor.push_back(message);
            let (us, life) = (self.dice.between(100, 1_500), self.machines[node].life);
            self.after(us, Event::Execute { node, life });
        }
        for event in output.events {
            if event.event == "entered_view" {
                self.views += 1;
            }
            self.checks.event(node, event.event, &event.message);
            self.say(&format!("n{node} {} {}", event.event, event.message));
        }
        self.checks.accused(node, &output.evidence);
    }

    fn note_frame(&mut self, from: usize, to: usize, bytes: &[u8]) {
        let message = PeerMessage::from_bytes(bytes).expect("nodes encode what they say");
        let what = match &message {
            PeerMessage::Agreement(message) => describe(message),
            other => other.kind().to_owned(),
        };
        if matches!(message, PeerMessage::Agreement(Message::PrePrepare(_))) {
            self.leader = from;
        }
        self.say(&format!("n{from} > n{to} {what}"));
    }

    fn note_block(&mut self, node: usize, message: &ToExecutor) {
        if let ToExecutor::Block(block) = message {
            let height = block.header.height;
            let digest = block_digest(&block.header);
            self.checks.decided(node, height, digest);
            let machine = &mut self.machines[node];
            machine.delivered = machine.delivered.max(height);
        }
    }

    fn hear_reply(&mut self, node: usize, route: &Route, reply: Reply) {
        match reply.say {
            Say::Receipts(receipts) => {
                let height = receipts.header.height;
                let block = block_digest(&receipts.header);
                for entry in receipts.entries.iter() {
                    self.checks.acknowledged(entry.tx_id, height, block);
                    self.load.done(&entry.tx_id);
                    self.say(&format!("client: {} final at {}", entry.tx_id, height.0));
                }
            }
            Say::Blocks(blocks) if route.0 == AUDIT => {
                for block in blocks.iter() {
                    let digest = block_digest(&block.header);
                    self.checks.decided(node, block.header.height, digest);
                }
            }
            Say::Refused(refusal) => {
                let code = refusal.code;
                self.say(&format!("client: {} refused, {code}", refusal.tx_id));
            }
            _ => {}
        }
    }

    fn execute(&mut self, node: usize, life: u64) {
        if self.machines[node].life != life {
            return;
        }
        if let Some(said) = self.machines[node].execute() {
            if let FromExecutor::Executed(executed) = &said {
                let statement = executed.vote.statement.clone();
                self.checks.executed(node, &statement);
                let (height, root) = (statement.height.0, statement.state_root);
                self.say(&format!("n{node} executed {height} to {root}"));
            }
            self.machines[node].inbox.push_back(Input::Executor(said));
        }
        self.wake(node, 0);
    }

    fn fail(&mut self) {
        if self.calm {
            return;
        }
        let down = self.machines.iter().filter(|m| !m.is_up()).count();
        for (us, deed) in self.adversary.next(self.leader, down) {
            self.after(us, Event::Deed(deed));
        }
        let pause = self.adversary.pause_us();
        self.after(pause, Event::Adversary);
    }

    fn carry_out(&mut self, deed: Deed) -> Result<(), Failure> {
        if self.calm {
            return Ok(());
        }
        self.say(&format!("adversary: {deed:?}"));
        match deed {
            Deed::Crash { node, power, wipe } if self.machines[node].is_up() => {
                self.crashes += 1;
                self.machines[node].crash(power, &mut self.dice);
                if wipe {
                    self.machines[node].wipe();
                }
            }
            Deed::Restart { node } if !self.machines[node].is_up() => return self.start(node),
            Deed::Crash { .. } | Deed::Restart { .. } => {}
            Deed::KillExecutor { node } => {
                self.machines[node].kill_executor();
                let life = self.machines[node].life;
                let us = self.dice.between(10_000, 500_000);
                self.after(us, Event::StartExecutor { node, life });
                self.wake(node, 0);
            }
            Deed::Partition { inside } => self.network.partition(&inside, self.machines.len()),
            Deed::CutOneWay { from, to } => self.network.cut_one_way(from, to),
            Deed::Heal => self.network.heal(),
        }
        Ok(())
    }

    fn calm_down(&mut self) -> Result<(), Failure> {
        self.say("adversary: rests");
        self.calm = true;
        self.network.calm();
        let down: Vec<usize> = (0..self.machines.len())
            .filter(|node| !self.machines[*node].is_up())
            .collect();
        down.into_iter().try_for_each(|node| self.start(node))
    }

    fn send_load(&mut self) {
        let fresh = if self.calm {
            None
        } else {
            self.load.submit(self.now_us)
        };
        let frames = fresh.into_iter().chain(self.load.retries(self.now_us));
        for bytes in frames.collect::<Vec<_>>() {
            let to = self.dice.index(self.machines.len());
            let us = self.dice.between(100, 5_000);
            self.after(us, Event::Client { to, bytes });
        }
        let us = self.dice.between(5_000, 60_000);
        self.after(us, Event::Load);
    }

    /// Asks a node for every block it has and compares.
    fn audit(&mut self, node: usize) -> Result<(), Failure> {
        let height = self.machines[node]
            .node
            .as_ref()
            .map_or(0, |n| n.height().0);
        for from in (1..=height).step_by(AUDIT_BLOCKS as usize) {
            let request = Request {
                id: 0,
                ask: Ask::Blocks(Range {
                    from: Height(from),
                    count: AUDIT_BLOCKS,
                }),
            };
            let input = Input::Client {
                route: Route(AUDIT.to_vec()),
                bytes: request.to_bytes(),
            };
            let machine = &mut self.machines[node];
            if machine.syncing.is_some() {
                let output = machine.synced();
                self.emit(node, output);
            }
            let machine = &mut self.machines[node];
            machine.inbox.push_front(input);
            if let Some(output) = machine.step(self.now_us) {
                self.emit(node, output);
            }
        }
        if self.machines[node].syncing.is_some() {
            let output = self.machines[node].synced();
            self.emit(node, output);
        }
        self.checks.failure().map_or(Ok(()), Err)
    }
}

/// A line about a message of agreement.
fn describe(message: &Message) -> String {
    let kind = message.kind();
    match message {
        Message::PrePrepare(m) => format!("{kind} {} v{}", m.proposal.height().0, m.view.0),
        Message::Prepare(m) => format!("{kind} {} v{}", m.height.0, m.view.0),
        Message::Commit(m) => format!("{kind} {} v{}", m.height.0, m.view.0),
        Message::Checkpoint(m) => format!("{kind} {}", m.height.0),
        Message::ViewChange(m) => format!("{kind} v{} above {}", m.view.0, m.base_height().0),
        Message::NewView(m) => format!("{kind} v{}", m.view.0),
        Message::Status(m) => format!("{kind} {} v{} {}", m.tip.0, m.view.0, m.active),
        Message::StatusRequest(_) => kind.to_owned(),
    }
}
