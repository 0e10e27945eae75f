//! `replay`: every result recomputed from the log alone, by a real executor
//! with an empty store, and compared with what was certified (design §7).

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use daicho_crypto::chain_id;
use daicho_node::storage::{Log, recover};
use daicho_types::block::ResultStatement;
use daicho_types::codec::Decode;
use daicho_types::genesis::Genesis;
use daicho_types::ipc::{FromExecutor, ToExecutor};
use daicho_types::{Digest, Height};

use crate::child::{ExecutorCommand, ExecutorProcess, Heard};
use crate::disk::Disk;

/// How long one block may take before the executor is given up.
const BLOCK_PATIENCE: Duration = Duration::from_secs(120);

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Blocks replayed.
    pub height: Height,
    /// The state root after the last one.
    pub state_root: Digest,
    /// Results that were stored and compared.
    pub compared: u64,
    /// The first height whose stored result differs, if one does.
    pub differs: Option<Height>,
}

/// Replays the log in `home` through the executor that `command` starts; its
/// home must hold the key files and no store. The node must not be running.
///
/// # Errors
/// One line for the operator.
pub fn replay(home: &Path, command: &ExecutorCommand) -> Result<Replayed, String> {
    let said = |what: &str, error: &dyn std::fmt::Display| format!("failed to {what}: {error}");
    let bytes = fs::read(&command.genesis).map_err(|e| said("read the genesis", &e))?;
    let genesis = Genesis::from_bytes(&bytes).map_err(|e| said("read the genesis", &e))?;
    let mut disk = Disk::open(home).map_err(|e| said("open the log", &e))?;
    let chain = chain_id(&genesis);
    let log = recover(chain, &mut disk, &mut |_, _| {})
        .map_err(|e| said("read the log", &e))?
        .log;
    let (hear, heard) = channel();
    let process = ExecutorProcess::start(command, move |message| {
        // The replay has ended when nobody hears any more.
        let _ = hear.send(message);
    })
    .map_err(|e| said("start the executor", &e))?;
    let outcome = Replay {
        log: &log,
        disk: &disk,
        process: &process,
        heard: &heard,
    }
    .run();
    process.stop();
    outcome
}

struct Replay<'a> {
    log: &'a Log,
    disk: &'a Disk,
    process: &'a ExecutorProcess,
    heard: &'a Receiver<Heard>,
}

impl Replay<'_> {
    fn run(&self) -> Result<Replayed, String> {
        let mut done = Replayed {
            height: Height(0),
            state_root: Digest::ZERO,
            compared: 0,
            differs: None,
        };
        match self.next()? {
            FromExecutor::Hello(hello) => done.state_root = hello.state_root,
            _ => return Err("the executor did not introduce itself".to_owned()),
        }
        while done.height < self.log.height() {
            let height = done.height.next();
            let statement = self.execute(height)?;
            done.height = height;
            done.state_root = statement.state_root;
            self.compare(&statement, &mut done)?;
        }
        Ok(done)
    }

    fn execute(&self, height: Height) -> Result<ResultStatement, String> {
        let block = self
            .log
            .block(height, self.disk)
            .map_err(|error| error.to_string())?;
        let block = block.ok_or_else(|| format!("block {} is not in the log", height.0))?;
        if !self.process.send(&ToExecutor::Block(block)) {
            return Err("the executor is gone".to_owned());
        }
        loop {
            if let FromExecutor::Executed(executed) = self.next()? {
                return Ok(executed.vote.statement);
            }
        }
    }

    fn compare(&self, statement: &ResultStatement, done: &mut Replayed) -> Result<(), String> {
        let stored = self
            .log
            .result(done.height, self.disk)
            .map_err(|error| error.to_string())?;
        if let Some(stored) = stored {
            done.compared += 1;
            if stored.certificate.statement != *statement {
                done.differs.get_or_insert(done.height);
            }
        }
        Ok(())
    }

    fn next(&self) -> Result<FromExecutor, String> {
        match self.heard.recv_timeout(BLOCK_PATIENCE) {
            Ok(Heard::Message(FromExecutor::Halted(halt))) => Err(format!(
                "execution halts at height {}: {}",
                halt.height.0,
                String::from_utf8_lossy(&halt.reason)
            )),
            Ok(Heard::Message(message)) => Ok(message),
            Ok(Heard::Gone) | Err(_) => Err("the executor ended; see its log".to_owned()),
        }
    }
}
