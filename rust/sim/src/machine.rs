//! One machine: a node, its disk, its executor and the executor's journal. It
//! steps as the host does: take what came, step, write, sync, then send.

use std::collections::VecDeque;
use std::sync::Arc;

use daicho_executor::{Executor, Halted, Step};
use daicho_node::storage::{Storage, Write};
use daicho_node::{Identity, Input, Node, Now, Origin, Output, RecoverError, recover};
use daicho_types::genesis::Genesis;
use daicho_types::ipc::{FromExecutor, ToExecutor};
use daicho_types::{Height, Monotonic, ReplicaId, WallClock};

use crate::dice::Dice;
use crate::disk::Disk;
use crate::setup::{START_US, executor_seeds, vote_key};

/// Frames taken into one step, as in the host.
const FRAMES_PER_STEP_MAX: usize = 512;

/// A machine, up or down.
pub struct Machine {
    pub index: usize,
    genesis: Arc<Genesis>,
    executes: bool,
    skew_us: i64,
    pub disk: Disk,
    journal: Vec<u8>,
    pub node: Option<Node>,
    executor: Option<Executor>,
    pub inbox: VecDeque<Input>,
    pub to_executor: VecDeque<ToExecutor>,
    /// What the last step asks for, once its writes are durable.
    pub syncing: Option<Output>,
    touched: Vec<Write>,
    /// Starts so far: what was under way in an earlier life is void.
    pub life: u64,
    /// When it is to step next.
    pub wake_at: Option<u64>,
    /// The highest block it acted on.
    pub delivered: Height,
}

impl Machine {
    pub fn new(index: usize, genesis: Arc<Genesis>, executes: bool, skew_us: i64) -> Self {
        Self {
            index,
            genesis,
            executes,
            skew_us,
            disk: Disk::default(),
            journal: Vec::new(),
            node: None,
            executor: None,
            inbox: VecDeque::new(),
            to_executor: VecDeque::new(),
            syncing: None,
            touched: Vec::new(),
            life: 0,
            wake_at: None,
            delivered: Height(0),
        }
    }

    pub fn is_up(&self) -> bool {
        self.node.is_some()
    }

    /// Whether everything that came has been taken in.
    pub fn is_idle(&self) -> bool {
        self.inbox.is_empty() && self.syncing.is_none()
    }

    pub fn has_executor(&self) -> bool {
        self.executor.is_some()
    }

    fn now(&self, now_us: u64) -> Now {
        let wall = i128::from(START_US) + i128::from(now_us) + i128::from(self.skew_us);
        Now {
            monotonic: Monotonic(now_us),
            wall: WallClock(u64::try_from(wall).expect("after 1970")),
        }
    }

    /// Starts from what the disk holds. A disk that was never used is a new
    /// node's; one that was and is empty has forgotten.
    ///
    /// # Errors
    /// As the node's: the disk holds what no node wrote.
    pub fn start(&mut self, now_us: u64) -> Result<Height, RecoverError> {
        assert!(!self.is_up(), "a machine starts when it is down");
        self.life += 1;
        let identity = Identity {
            replica: self.replica(),
            key: Some(vote_key(self.index)),
            boot: self.life,
        };
        let origin = if self.disk.used {
            Origin::Unknown
        } else {
            Origin::Known
        };
        let genesis = (*self.genesis).clone();
        let now = self.now(now_us);
        let (node, _) = recover(genesis, identity, origin, now, &mut self.disk)?;
        let height = node.height();
        self.node = Some(node);
        Ok(height)
    }

    fn replica(&self) -> ReplicaId {
        ReplicaId(u16::try_from(self.index).expect("few nodes"))
    }

    /// Starts the executor from its journal, if this machine has one.
    ///
    /// # Errors
    /// As the executor's: the journal holds what it never wrote.
    pub fn start_executor(&mut self) -> Result<(), Halted> {
        if !self.executes || !self.is_up() || self.executor.is_some() {
            return Ok(());
        }
        let keys = executor_seeds(self.index).keys();
        let (executor, good) = Executor::open(&self.genesis, self.replica(), keys, &self.journal)?;
        self.journal
            .truncate(usize::try_from(good).expect("memory is addressable"));
        let hello = executor.hello("simulated".to_owned());
        self.executor = Some(executor);
        self.inbox
            .push_back(Input::Executor(FromExecutor::Hello(hello)));
        Ok(())
    }

    /// The executor's process dies.
    pub fn kill_executor(&mut self) {
        if self.executor.take().is_some() {
            self.to_executor.clear();
            self.inbox.push_back(Input::ExecutorGone);
        }
    }

    /// The process dies; with `power`, the page cache as well.
    pub fn crash(&mut self, power: bool, dice: &mut Dice) {
        self.node = None;
        self.executor = None;
        self.inbox.clear();
        self.to_executor.clear();
        self.syncing = None;
        self.touched.clear();
        self.wake_at = None;
        self.life += 1;
        if power {
            self.disk.lose_power(dice);
        } else {
            self.disk.keep_all();
        }
    }

    /// The disk is replaced while the machine is down.
    pub fn wipe(&mut self) {
        assert!(!self.is_up(), "disks are replaced in machines that are off");
        self.disk.wipe();
        self.journal.clear();
        self.delivered = Height(0);
    }

    /// One step. True when something has to be synced before it counts.
    pub fn step(&mut self, now_us: u64) -> Option<Output> {
        let now = self.now(now_us);
        let node = self.node.as_mut().expect("only machines that are up step");
        let count = self.inbox.len().min(FRAMES_PER_STEP_MAX);
        let inputs = self.inbox.drain(..count).collect();
        let mut output = node.step(now, inputs, &self.disk);
        let writes = core::mem::take(&mut output.writes);
        let results = core::mem::take(&mut output.results);
        for write in writes.iter().chain(&results) {
            self.disk.write(write).expect("memory does not fail");
        }
        if writes.is_empty() && results.is_empty() {
            return Some(output);
        }
        self.touched = writes;
        self.touched.extend(results);
        self.syncing = Some(output);
        None
    }

    /// The writes of the last step are durable now.
    pub fn synced(&mut self) -> Output {
        for write in core::mem::take(&mut self.touched) {
            self.disk
                .sync(write.stream, write.segment)
                .expect("memory does not fail");
        }
        self.syncing.take().expect("a step was waiting")
    }

    /// The executor takes one message. Its record is durable when it answers.
    pub fn execute(&mut self) -> Option<FromExecutor> {
        let executor = self.executor.as_mut()?;
        match self.to_executor.pop_front()? {
            ToExecutor::Block(block) => match executor.prepare(&block) {
                Ok(Step::Run(prepared)) => {
                    self.journal.extend_from_slice(&prepared.record);
                    let executed = executor.take(*prepared);
                    self.inbox
                        .push_back(Input::Executor(FromExecutor::Credit(1)));
                    Some(FromExecutor::Executed(executed))
                }
                Ok(Step::Known(again)) => {
                    let credit = Input::Executor(FromExecutor::Credit(1));
                    self.inbox.push_back(credit);
                    again.map(|executed| FromExecutor::Executed(*executed))
                }
                Err(halted) => Some(FromExecutor::Halted(halted.message())),
            },
            ToExecutor::Certified(certificate) => {
                let halted = executor.certified(&certificate).err()?;
                Some(FromExecutor::Halted(halted.message()))
            }
            ToExecutor::Question(_) | ToExecutor::Past(_) => None,
        }
    }
}
