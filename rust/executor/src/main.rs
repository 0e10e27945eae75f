//! The executor's process. Its one socket is standard input; it reads its key
//! file and the genesis, raises its walls, and then knows nothing but blocks
//! and queries until the node closes the socket.
//!
//! Exit codes: 0 the node closed the socket, 2 wrong arguments or files,
//! 5 damaged store, 70 a defect of ours.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use daicho_crypto::ExecutorSeeds;
use daicho_executor::{Executor, Halted, Step, Store, sandbox};
use daicho_types::ReplicaId;
use daicho_types::codec::Decode;
use daicho_types::genesis::Genesis;
use daicho_types::ipc::{Answer, Deframer, FromExecutor, ToExecutor, frame};

/// Bytes read from the socket at once.
const READ_BYTES: usize = 256 * 1024;

/// Where everything is.
struct Arguments {
    home: PathBuf,
    genesis: PathBuf,
    replica: ReplicaId,
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if words == ["--version"] {
        println!("daicho-executor {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = parse(&words) else {
        eprintln!("usage: daicho-executor --home DIR --genesis FILE --replica N");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop { code, reason }) => {
            say("error", &reason);
            ExitCode::from(code)
        }
    }
}

struct Stop {
    code: u8,
    reason: String,
}

impl Stop {
    fn usage(what: &Path, error: impl std::fmt::Display) -> Self {
        Self {
            code: 2,
            reason: format!("failed to read {}: {error}", what.display()),
        }
    }

    fn store(error: impl std::fmt::Display) -> Self {
        Self {
            code: 5,
            reason: format!("the store: {error}"),
        }
    }
}

fn parse(words: &[String]) -> Option<Arguments> {
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1)
    };
    Some(Arguments {
        home: value("--home")?.into(),
        genesis: value("--genesis")?.into(),
        replica: ReplicaId(value("--replica")?.parse().ok()?),
    })
}

/// One log line: JSON without anything of the ledger in it.
fn say(level: &str, message: &str) {
    let message: String = message
        .chars()
        .filter(|c| !c.is_control() && *c != '"' && *c != '\\')
        .collect();
    eprintln!(r#"{{"level":"{level}","event":"executor","msg":"{message}"}}"#);
}

fn run(arguments: &Arguments) -> Result<(), Stop> {
    let genesis = std::fs::read(&arguments.genesis)
        .map_err(|error| Stop::usage(&arguments.genesis, error))?;
    let genesis =
        Genesis::from_bytes(&genesis).map_err(|error| Stop::usage(&arguments.genesis, error))?;
    sandbox::end_with_parent().map_err(|error| Stop::usage(&arguments.home, error))?;
    let seeds = open_keys(&arguments.home)?;
    let (mut store, journal) = Store::open(&arguments.home).map_err(Stop::store)?;
    let walls = sandbox::confine(&arguments.home);
    say("info", &walls.describe());
    let (executor, good) = Executor::open(&genesis, arguments.replica, seeds.keys(), &journal)
        .map_err(|halted| Stop {
            code: 5,
            reason: halted.reason,
        })?;
    if good < journal.len() as u64 {
        say("warning", "a torn record was cut off the journal");
        store.cut(good).map_err(Stop::store)?;
    }
    drop((journal, seeds));
    Session {
        executor,
        store,
        socket: inherited_socket()?,
        halted: false,
    }
    .serve(&walls.describe())
}

fn open_keys(home: &Path) -> Result<ExecutorSeeds, Stop> {
    let (file, unlock) = (home.join("keys.bin"), home.join("unlock"));
    let bytes = std::fs::read(&file).map_err(|error| Stop::usage(&file, error))?;
    let unlock = std::fs::read(&unlock).map_err(|error| Stop::usage(&unlock, error))?;
    ExecutorSeeds::open(&bytes, &unlock).map_err(|error| Stop::usage(&file, error))
}

fn inherited_socket() -> Result<UnixStream, Stop> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let failed = |error| Stop {
        code: 2,
        reason: format!("standard input is no socket: {error}"),
    };
    socket.map(UnixStream::from).map_err(failed)
}

/// The conversation with the node.
struct Session {
    executor: Executor,
    store: Store,
    socket: UnixStream,
    halted: bool,
}

impl Session {
    fn serve(mut self, sandbox: &str) -> Result<(), Stop> {
        let hello = self.executor.hello(sandbox.chars().take(400).collect());
        self.tell(&FromExecutor::Hello(hello))?;
        let mut deframer = Deframer::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let count = match self.socket.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return Ok(()),
            };
            deframer.push(&buffer[..count]);
            while let Some(message) = deframer.next().map_err(|error| Stop {
                code: 70,
                reason: format!("the node's words: {error}"),
            })? {
                self.hear(message)?;
                if let Some(height) = self.executor.fetch() {
                    self.tell(&FromExecutor::Fetch(height))?;
                }
            }
        }
    }

    fn hear(&mut self, message: ToExecutor) -> Result<(), Stop> {
        match message {
            ToExecutor::Block(block) if !self.halted => match self.executor.prepare(&block) {
                Ok(Step::Run(prepared)) => {
                    self.store.append(&prepared.record).map_err(Stop::store)?;
                    let executed = self.executor.take(*prepared);
                    self.tell(&FromExecutor::Executed(executed))?;
                    self.tell(&FromExecutor::Credit(1))
                }
                Ok(Step::Known(again)) => {
                    if let Some(executed) = again {
                        self.tell(&FromExecutor::Executed(*executed))?;
                    }
                    self.tell(&FromExecutor::Credit(1))
                }
                Err(halted) => self.halt(&halted),
            },
            ToExecutor::Block(_) => Ok(()),
            ToExecutor::Certified(certificate) => match self.executor.certified(&certificate) {
                Ok(()) => Ok(()),
                Err(halted) => self.halt(&halted),
            },
            ToExecutor::Question(question) => {
                let answer = self.executor.answer(question.id, &question.query);
                self.tell_answer(answer)
            }
            ToExecutor::Past(past) => {
                let answer = self.executor.hear_past(&past);
                self.tell_answer(answer)
            }
        }
    }

    fn tell_answer(&mut self, answer: Option<Answer>) -> Result<(), Stop> {
        match answer {
            Some(answer) => self.tell(&FromExecutor::Answer(answer)),
            None => Ok(()),
        }
    }

    fn halt(&mut self, halted: &Halted) -> Result<(), Stop> {
        self.halted = true;
        say(
            "error",
            &format!("halted at height {}: {}", halted.height.0, halted.reason),
        );
        self.tell(&FromExecutor::Halted(halted.message()))
    }

    fn tell(&mut self, message: &FromExecutor) -> Result<(), Stop> {
        // A closed socket means that the node is gone: it will start another
        // executor, which finds everything in the store.
        self.socket.write_all(&frame(message)).map_err(|_| Stop {
            code: 0,
            reason: "the node closed the socket".to_owned(),
        })
    }
}
