//! The step thread: frames in, one step, the log synced, frames out. One
//! thread decides everything about a node, so no lock guards its state.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use daicho_crypto::SigningKey;
use daicho_node::storage::persist;
use daicho_node::{Event, Identity, Input, Level, Link, Node, Now, Origin, Output, Route, recover};
use daicho_types::codec::{Decode, Encode};
use daicho_types::genesis::{Genesis, Purpose};
use daicho_types::ipc::FromExecutor;
use daicho_types::{Code, Height, Monotonic, ReplicaId};

use crate::child::{ExecutorCommand, ExecutorProcess, Heard, Restarts};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::frames::{Frame, FrameQueues, SendError};
use crate::journal::EventLog;

/// Frames taken into one step.
const FRAMES_PER_STEP_MAX: usize = 512;
/// A step happens at least this often.
const IDLE_STEP: Duration = Duration::from_millis(250);
/// The status document is made anew this often, and with every block.
const STATUS_INTERVAL_US: u64 = 100_000;
/// Evidence files kept; more of the same proves nothing new.
const EVIDENCE_FILES_MAX: usize = 1_000;

/// What a socket of the pump is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketRole {
    /// Clients and readers dial in.
    Gateway,
    /// One of the two links to a peer.
    Peer(ReplicaId, Link),
}

/// Where a node lives and who it is.
#[derive(Debug)]
pub struct Setup {
    /// Its folder.
    pub home: PathBuf,
    /// Canonical genesis bytes.
    pub genesis: Vec<u8>,
    /// Its place in the genesis.
    pub replica: ReplicaId,
    /// Signs votes.
    pub key: SigningKey,
    /// The pump's sockets, in order.
    pub sockets: Vec<SocketRole>,
    /// How to start its executor, if it has one.
    pub executor: Option<ExecutorCommand>,
    /// Fresh randomness: a number no earlier start used.
    pub boot: u64,
    /// Whether the folder is new, so that no vote can have been forgotten.
    pub fresh: bool,
    /// How wrong the wall clock is made, for tests; refused in production.
    pub clock_offset_us: i64,
}

/// A connection that the doorkeeper turned away.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Which door: the gateway, or the port of one peer.
    pub domain: String,
    /// Where it came from.
    pub address: String,
    /// The CURVE key it showed, in hex; empty when it showed none.
    pub key: String,
}

/// Refused connections that wait to be logged; more are only counted.
const REFUSED_WAITING_MAX: usize = 64;

/// What other threads may know of a running node.
#[derive(Debug, Default)]
struct Shared {
    /// Not logged yet, and how many there were in all.
    refused: Mutex<(Vec<Refused>, u64)>,
    status: Mutex<String>,
    keys: RwLock<Vec<[u8; 32]>>,
    fatal: Mutex<Option<String>>,
}

/// A running node.
#[derive(Debug)]
pub struct Runner {
    shared: Arc<Shared>,
    frames: Arc<FrameQueues>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Recovers the node from its folder and starts its thread.
    ///
    /// # Errors
    /// One line for the operator: the genesis, the identity, the folder or the
    /// log is not what it should be. Nothing runs then.
    pub fn start(setup: Setup, frames: Arc<FrameQueues>) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(setup, Arc::clone(&frames), Arc::clone(&shared))?;
        let body = move || worker.run();
        #[allow(clippy::disallowed_methods)] // host owns the threads
        let thread = thread::Builder::new().name("step".to_owned()).spawn(body);
        let thread = thread.map_err(|error| format!("failed to start a thread: {error}"))?;
        Ok(Self {
            shared,
            frames,
            thread: Some(thread),
        })
    }

    /// The status document, at most a moment old.
    #[must_use]
    pub fn status(&self) -> String {
        lock(&self.shared.status).clone()
    }

    /// Whether a CURVE key may connect to the gateway.
    #[must_use]
    pub fn admits(&self, key: &[u8; 32]) -> bool {
        let keys = self
            .shared
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        keys.binary_search(key).is_ok()
    }

    /// Notes a connection that was turned away, for log and counters.
    pub fn note_refused(&self, refused: Refused) {
        let mut noted = lock(&self.shared.refused);
        noted.1 += 1;
        if noted.0.len() < REFUSED_WAITING_MAX {
            noted.0.push(refused);
        }
    }

    /// Why the node ended by itself, if it did.
    #[must_use]
    pub fn fatal(&self) -> Option<String> {
        lock(&self.shared.fatal).clone()
    }

    /// Ends the node: its thread and its executor.
    pub fn stop(&mut self) {
        self.frames.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported as fatal.
            let _ = thread.join();
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The executor's process and what it says.
#[derive(Debug)]
struct Executor {
    command: ExecutorCommand,
    process: Option<ExecutorProcess>,
    restarts: Restarts,
    restart_at: Option<Monotonic>,
    /// The block it is at, or would be at next; 0 before its first words.
    working_on: u64,
    heard: Receiver<Heard>,
    hear: Sender<Heard>,
}

/// Everything the step thread owns.
struct Worker {
    node: Node,
    disk: Disk,
    clock: Clock,
    events: EventLog,
    home: PathBuf,
    sockets: Vec<SocketRole>,
    frames: Arc<FrameQueues>,
    shared: Arc<Shared>,
    executor: Option<Executor>,
    evidence: usize,
    status_at: u64,
    /// Height and certified height of the last status document.
    published: (Height, Height),
}

impl Worker {
    fn new(setup: Setup, frames: Arc<FrameQueues>, shared: Arc<Shared>) -> Result<Self, String> {
        let said = |what: &str, error: &dyn std::fmt::Display| format!("failed to {what}: {error}");
        let genesis =
            Genesis::from_bytes(&setup.genesis).map_err(|e| said("read the genesis", &e))?;
        let name = genesis.nodes.get(usize::from(setup.replica.0));
        let name = name.map_or_else(String::new, |n| {
            String::from_utf8_lossy(&n.name).into_owned()
        });
        for folder in ["logs", "evidence", "run"] {
            fs::create_dir_all(setup.home.join(folder)).map_err(|e| said("make a folder", &e))?;
        }
        let mut events = EventLog::open(&setup.home.join("logs/node.jsonl"), &name)
            .map_err(|e| said("open the log file", &e))?;
        let mut disk = Disk::open(&setup.home).map_err(|e| said("open the log", &e))?;
        if setup.clock_offset_us != 0 && genesis.purpose == Purpose::Production {
            return Err("a production chain takes no clock offset".to_owned());
        }
        let clock = Clock::start(setup.clock_offset_us);
        let now = Now {
            monotonic: clock.monotonic(),
            wall: clock.wall(),
        };
        let identity = Identity {
            replica: setup.replica,
            key: Some(setup.key),
            boot: setup.boot,
        };
        let origin = if setup.fresh {
            Origin::Known
        } else {
            Origin::Unknown
        };
        let (node, cuts) =
            recover(genesis, identity, origin, now, &mut disk).map_err(|e| e.to_string())?;
        for cut in &cuts {
            let what = format!("{} bytes cut off {} at {}", cut.bytes, cut.file, cut.offset);
            events.say(now.wall, Level::Warning, "torn_tail", what);
        }
        let (hear, heard) = channel();
        let executor = setup.executor.map(|command| Executor {
            command,
            restarts: Restarts::default(),
            process: None,
            restart_at: Some(now.monotonic),
            working_on: 0,
            heard,
            hear,
        });
        let mut worker = Self {
            node,
            disk,
            clock,
            events,
            home: setup.home,
            sockets: setup.sockets,
            frames,
            shared,
            executor,
            evidence: 0,
            status_at: 0,
            published: (Height(0), Height(0)),
        };
        worker.publish(true);
        if setup.clock_offset_us != 0 {
            let what = format!("{} µs, for a test", setup.clock_offset_us);
            worker
                .events
                .say(now.wall, Level::Warning, "clock_offset", what);
        }
        worker.events.say(
            now.wall,
            Level::Info,
            "started",
            format!("height {}", worker.node.height().0),
        );
        Ok(worker)
    }

    fn run(mut self) {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.serve()));
        let fatal = match ended {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            // The panic's own message has gone to standard error.
            Err(_) => Some("an assertion failed in the step thread".to_owned()),
        };
        if let Some(executor) = &mut self.executor
            && let Some(process) = executor.process.take()
        {
            process.stop();
        }
        let (event, level) = if fatal.is_some() {
            ("fatal", Level::Error)
        } else {
            ("stopped", Level::Info)
        };
        self.events.say(
            self.clock.wall(),
            level,
            event,
            fatal.clone().unwrap_or_default(),
        );
        *lock(&self.shared.fatal) = fatal;
    }

    fn serve(&mut self) -> Result<(), String> {
        let mut wait = Duration::ZERO;
        loop {
            let Ok(frames) = self.frames.receive(FRAMES_PER_STEP_MAX, wait) else {
                return Ok(());
            };
            let inputs = frames.into_iter().filter_map(|frame| self.input(frame));
            let mut inputs: Vec<_> = inputs.collect();
            self.mind_executor(&mut inputs);
            self.log_refused();
            let now = Now {
                monotonic: self.clock.monotonic(),
                wall: self.clock.wall(),
            };
            let output = self.node.step(now, inputs, &self.disk);
            wait = self.wait(output.next_timer);
            self.carry_out(output)?;
        }
    }

    fn input(&mut self, frame: Frame) -> Option<Input> {
        match self.sockets.get(frame.socket as usize)? {
            SocketRole::Gateway if self.is_admitted(&frame.user) => Some(Input::Client {
                route: Route(frame.route),
                bytes: frame.data,
            }),
            SocketRole::Gateway => {
                self.turn_away(&frame.user);
                None
            }
            SocketRole::Peer(from, _) => Some(Input::Peer {
                from: *from,
                bytes: frame.data,
            }),
        }
    }

    /// Whether the party that the doorkeeper let in once is still admitted: a
    /// connection outlives a revocation, what it carries does not.
    fn is_admitted(&self, user: &[u8]) -> bool {
        let key = std::str::from_utf8(user).ok().and_then(raw_key);
        let keys = self.shared.keys.read();
        let keys = keys.unwrap_or_else(PoisonError::into_inner);
        key.is_some_and(|key| keys.binary_search(&key).is_ok())
    }

    fn turn_away(&mut self, user: &[u8]) {
        let counters = &mut self.node.counters.refused;
        *counters.entry(Code::Revoked.name()).or_default() += 1;
        let user = String::from_utf8_lossy(user);
        let said = format!("a frame of key {}...", beginning(&user));
        let event = Event::new(Level::Warning, "frame_refused");
        let event = event.code(Code::Revoked).message(said);
        self.events.write(self.clock.wall(), &event);
    }

    fn wait(&self, timer: Option<Monotonic>) -> Duration {
        let now = self.clock.monotonic().0;
        let due = timer.map_or(IDLE_STEP, |at| {
            Duration::from_micros(at.0.saturating_sub(now))
        });
        due.min(IDLE_STEP)
    }

    /// The law of the output: first what must be durable, then the rest.
    fn carry_out(&mut self, output: Output) -> Result<(), String> {
        persist(&mut self.disk, &output.writes).map_err(|error| error.to_string())?;
        persist(&mut self.disk, &output.results).map_err(|error| error.to_string())?;
        self.node.counters.fdatasync = self.disk.syncs;
        // Before anybody is told of a block, so that whoever asks for the
        // status after a receipt finds the receipt's height in it.
        self.publish(false);
        for (peer, link, bytes) in output.to_peers {
            let role = SocketRole::Peer(peer, link);
            if let Some(socket) = self.sockets.iter().position(|socket| *socket == role) {
                self.send(socket, Vec::new(), bytes);
            }
        }
        let gateway = self
            .sockets
            .iter()
            .position(|socket| *socket == SocketRole::Gateway);
        for (route, reply) in output.to_clients {
            if let Some(socket) = gateway {
                self.send(socket, route.0, reply.to_bytes());
            }
        }
        for message in output.to_executor {
            let process = self
                .executor
                .as_ref()
                .and_then(|executor| executor.process.as_ref());
            if process.is_some_and(|process| !process.send(&message)) {
                self.events
                    .say(self.clock.wall(), Level::Warning, "executor_queue_full", "");
            }
        }
        let wall = self.clock.wall();
        output
            .events
            .iter()
            .for_each(|event| self.events.write(wall, event));
        output
            .evidence
            .iter()
            .for_each(|proof| self.keep_evidence(&format!("{proof:#?}")));
        Ok(())
    }

    fn send(&mut self, socket: usize, route: Vec<u8>, data: Vec<u8>) {
        let socket = u32::try_from(socket).expect("sockets are few");
        match self.frames.send(Frame {
            socket,
            route,
            data,
            user: Vec::new(),
        }) {
            Ok(()) | Err(SendError::Closed(_)) => {}
            // The peer or client will ask again; what it is owed is durable.
            Err(SendError::Full(_)) => {
                self.node.counters.dropped_full += 1;
            }
        }
    }

    fn keep_evidence(&mut self, text: &str) {
        if self.evidence < EVIDENCE_FILES_MAX {
            self.evidence += 1;
            let stamp = self.clock.wall().0;
            let path = self
                .home
                .join(format!("evidence/{stamp}-{:04}.txt", self.evidence));
            let written =
                fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes()));
            if let Err(error) = written {
                self.events.say(
                    self.clock.wall(),
                    Level::Error,
                    "evidence_lost",
                    error.to_string(),
                );
            }
        }
    }

    /// Starts the executor when it is due, and hears what it says.
    fn mind_executor(&mut self, inputs: &mut Vec<Input>) {
        let now = self.clock.monotonic();
        let Some(executor) = &mut self.executor else {
            return;
        };
        while let Ok(heard) = executor.heard.try_recv() {
            match heard {
                Heard::Message(message) => {
                    match &message {
                        FromExecutor::Hello(hello) => {
                            executor.working_on = hello.executed.0 + 1;
                        }
                        // One for each block that is done.
                        FromExecutor::Credit(more) => executor.working_on += u64::from(*more),
                        _ => {}
                    }
                    inputs.push(Input::Executor(message));
                }
                Heard::Gone => {
                    inputs.push(Input::ExecutorGone);
                    if let Some(process) = executor.process.take() {
                        process.stop();
                    }
                    let height = executor.working_on;
                    let pause = executor.restarts.died_at(height);
                    if pause.is_none() {
                        inputs.push(Input::ExecutorGivenUp(Height(height)));
                    }
                    executor.restart_at = pause.map(|pause| {
                        Monotonic(now.0 + u64::try_from(pause.as_micros()).expect("a short pause"))
                    });
                    let what = match pause {
                        Some(_) => "it will be started again".to_owned(),
                        None => format!("it died too often at height {height}"),
                    };
                    self.events
                        .say(self.clock.wall(), Level::Error, "executor_gone", what);
                }
            }
        }
        if executor.restart_at.is_some_and(|at| at <= now) {
            executor.restart_at = None;
            let (hear, frames) = (executor.hear.clone(), Arc::clone(&self.frames));
            let started = ExecutorProcess::start(&executor.command, move |heard| {
                // Nobody hears any more once the node has stopped.
                let _ = hear.send(heard);
                frames.nudge();
            });
            match started {
                Ok(process) => {
                    write_pid(&self.home, process.pid());
                    executor.process = Some(process);
                }
                Err(error) => {
                    let height = executor.working_on;
                    let pause = executor.restarts.died_at(height);
                    if pause.is_none() {
                        inputs.push(Input::ExecutorGivenUp(Height(height)));
                    }
                    executor.restart_at = pause.map(|pause| {
                        Monotonic(now.0 + u64::try_from(pause.as_micros()).expect("a short pause"))
                    });
                    self.events.say(
                        self.clock.wall(),
                        Level::Error,
                        "executor_not_started",
                        error.to_string(),
                    );
                }
            }
        }
    }

    fn log_refused(&mut self) {
        let (refused, count) = core::mem::take(&mut *lock(&self.shared.refused));
        if count == 0 {
            return;
        }
        let counters = &mut self.node.counters.refused;
        *counters.entry(Code::UnknownSender.name()).or_default() += count;
        let wall = self.clock.wall();
        for one in refused {
            let key = beginning(&one.key);
            let said = format!("{} from {} with key {key}...", one.domain, one.address);
            let event = Event::new(Level::Warning, "connection_refused");
            self.events
                .write(wall, &event.code(Code::UnknownSender).message(said));
        }
    }

    fn publish(&mut self, always: bool) {
        let now = self.clock.monotonic().0;
        let stands = (self.node.height(), self.node.certified());
        if always || stands != self.published || now >= self.status_at + STATUS_INTERVAL_US {
            self.status_at = now;
            self.published = stands;
            let mut keys: Vec<_> = self.node.admitted_keys().collect();
            keys.sort_unstable();
            *self
                .shared
                .keys
                .write()
                .unwrap_or_else(PoisonError::into_inner) = keys;
            let pid = self
                .executor
                .as_ref()
                .and_then(|e| e.process.as_ref())
                .map(ExecutorProcess::pid);
            self.node.executor_pid = pid;
            *lock(&self.shared.status) = self.node.status();
        }
    }
}

/// How a key begins: enough to find whose it is, and no key in a log line.
fn beginning(key: &str) -> String {
    key.chars().take(16).collect()
}

/// The bytes of a CURVE key in hex, as the doorkeeper names a user.
fn raw_key(hex: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let digits = hex.is_ascii() && hex.len() == 2 * key.len();
    for (place, byte) in key.iter_mut().enumerate().filter(|_| digits) {
        *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).ok()?;
    }
    digits.then_some(key)
}

fn write_pid(home: &Path, pid: u32) {
    let write =
        || -> io::Result<()> { fs::write(home.join("run/executor.pid"), format!("{pid}\n")) };
    // Only people read it; the node knows its child without.
    let _ = write();
}
