//! The executor's process: started over one inherited socket, fed and heard by
//! two threads, restarted with back-off when it dies (design §1).
//!
//! The socket is the child's standard input. What it prints goes to its own
//! log file; nothing of it passes through the node.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use daicho_types::ReplicaId;
use daicho_types::ipc::{Deframer, FromExecutor, ToExecutor, frame};

/// Messages waiting for the executor. Blocks are bounded by credits, queries
/// by this.
const QUEUE_MESSAGES_MAX: usize = 4_096;
/// Bytes read from the socket at once.
const READ_BYTES: usize = 256 * 1024;

/// How to start an executor.
#[derive(Clone, Debug)]
pub struct ExecutorCommand {
    /// The binary.
    pub program: PathBuf,
    /// Its private folder: key file, unlock file, store.
    pub home: PathBuf,
    /// Canonical genesis bytes.
    pub genesis: PathBuf,
    /// The node it belongs to.
    pub replica: ReplicaId,
    /// Where its output goes.
    pub log: PathBuf,
}

/// What a running executor, or its end, says.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // passed once, at once
pub enum Heard {
    /// A message.
    Message(FromExecutor),
    /// The process is gone, or speaks another language.
    Gone,
}

/// A running executor.
#[derive(Debug)]
pub struct ExecutorProcess {
    child: Child,
    queue: SyncSender<Vec<u8>>,
    threads: Vec<JoinHandle<()>>,
}

impl ExecutorProcess {
    /// Starts the process. `hear` is called from the reading thread with every
    /// message, and with [`Heard::Gone`] exactly once, last.
    ///
    /// # Errors
    /// When the program or its log file cannot be opened.
    pub fn start(
        command: &ExecutorCommand,
        hear: impl Fn(Heard) + Send + 'static,
    ) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = spawn(command, theirs)?;
        let (queue, messages) = sync_channel(QUEUE_MESSAGES_MAX);
        let (reading, writing) = (ours.try_clone()?, ours);
        let threads = vec![
            named("executor-read", move || read_all(reading, &hear))?,
            named("executor-write", move || write_all(writing, &messages))?,
        ];
        Ok(Self {
            child,
            queue,
            threads,
        })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Queues a message. `false` when the queue is full or the process gone:
    /// the caller keeps what it must not lose.
    #[must_use]
    pub fn send(&self, message: &ToExecutor) -> bool {
        match self.queue.try_send(frame(message)) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Ends the process and waits for it and both threads.
    pub fn stop(mut self) {
        // A closed socket would end it as well; a busy executor might take a
        // while to notice, and its store survives any end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.queue);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn spawn(command: &ExecutorCommand, socket: UnixStream) -> io::Result<Child> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&command.log)?;
    Command::new(&command.program)
        .arg("--home")
        .arg(&command.home)
        .arg("--genesis")
        .arg(&command.genesis)
        .arg("--replica")
        .arg(command.replica.0.to_string())
        .env_clear()
        .current_dir(&command.home)
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}

#[allow(clippy::disallowed_methods)] // host owns the threads
fn named(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

fn read_all(mut socket: UnixStream, hear: &impl Fn(Heard)) {
    let mut deframer = Deframer::default();
    let mut buffer = vec![0; READ_BYTES];
    'alive: loop {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => deframer.push(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        loop {
            match deframer.next() {
                Ok(Some(message)) => hear(Heard::Message(message)),
                Ok(None) => break,
                Err(_) => break 'alive,
            }
        }
    }
    let _ = socket.shutdown(std::net::Shutdown::Both);
    hear(Heard::Gone);
}

fn write_all(mut socket: UnixStream, messages: &Receiver<Vec<u8>>) {
    while let Ok(bytes) = messages.recv() {
        if socket.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = socket.shutdown(std::net::Shutdown::Write);
}

/// Deaths at one height after which execution stops there.
pub const DEATHS_AT_ONE_HEIGHT_MAX: u32 = 5;
/// The pause after the first death; doubles with each at the same height.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// When to start a dead executor again, and when to give up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    height: u64,
    deaths: u32,
}

impl Restarts {
    /// A death while `height` was being executed: how long to wait before
    /// starting again, or `None` to stop at this height.
    pub fn died_at(&mut self, height: u64) -> Option<Duration> {
        if height != self.height {
            *self = Self { height, deaths: 0 };
        }
        self.deaths += 1;
        (self.deaths < DEATHS_AT_ONE_HEIGHT_MAX).then(|| BACKOFF_FIRST * 2u32.pow(self.deaths - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Restarts;

    /// Design, "Two roles": K deaths at one height stop execution there.
    #[test]
    fn deaths_at_one_height_stop_and_progress_forgives_them() {
        let mut restarts = Restarts::default();
        let mut pause = |height| restarts.died_at(height).map(|p| p.as_millis());
        assert_eq!([pause(7), pause(7)], [Some(100), Some(200)]);
        assert_eq!(pause(8), Some(100), "it got further");
        assert_eq!(
            [pause(8), pause(8), pause(8)],
            [Some(200), Some(400), Some(800)]
        );
        assert_eq!(pause(8), None);
    }
}
