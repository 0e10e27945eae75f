//! From the log back to a node: every record is read once, decided blocks are
//! applied to the control state in order, agreement gets its records back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use daicho_admission::{Admission, Bounds};
use daicho_agreement as agreement;
use daicho_agreement::{Config, Origin, Recovered, Replica};
use daicho_control::{ControlState, Entry};
use daicho_crypto::Electorate;
use daicho_log::{AgreementRecord, Cut, Log, LogError, Storage, Stream};
use daicho_types::codec::{Blob, Decode, Encode};
use daicho_types::envelope::Item;
use daicho_types::genesis::Genesis;
use daicho_types::{Digest, Height, Monotonic, View};

use crate::clients::Clients;
use crate::feed::Feed;
use crate::interface::{Identity, Now};
use crate::node::Node;
use crate::ordering::Ordering;
use crate::questions::Questions;
use crate::results::Results;
use crate::status::Counters;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The genesis contradicts itself.
    #[error("the genesis: {0}")]
    Genesis(String),
    /// The log does not read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log reads and makes no sense.
    #[error("the log: {0}")]
    Records(String),
    /// The identity is not one of the genesis.
    #[error("the identity: {0}")]
    Identity(&'static str),
}

/// Reads the log and makes the node that continues it. `origin` says whether a
/// node without records may have had some.
///
/// # Errors
/// [`RecoverError`]; nothing has been written then but cuts of torn tails.
pub fn recover(
    genesis: Genesis,
    mut identity: Identity,
    origin: Origin,
    now: Now,
    storage: &mut impl Storage,
) -> Result<(Node, Vec<Cut>), RecoverError> {
    let bad = |error: &dyn std::fmt::Display| RecoverError::Genesis(error.to_string());
    genesis.check().map_err(|error| bad(&error))?;
    let config = Config::new(&genesis, identity.replica).map_err(|error| bad(&error))?;
    let control = ControlState::from_genesis(&genesis).map_err(|error| bad(&error))?;
    let key = identity
        .key
        .take()
        .ok_or(RecoverError::Identity("no vote key"))?;
    if genesis.nodes[usize::from(identity.replica.0)].vote_key != key.public() {
        return Err(RecoverError::Identity(
            "the vote key is not the one genesis names",
        ));
    }
    let mut reading = Reading::new(control);
    let found = daicho_log::recover(reading.control.chain(), storage, &mut |_, record| {
        reading.record(record);
    })?;
    let mut log = found.log;
    let boot = identity.boot;
    if let Some(error) = reading.error {
        return Err(RecoverError::Records(error));
    }
    if reading.records.is_empty() && origin == Origin::Known {
        begin(&mut log, storage)?;
    }
    let recovered = Recovered::from_records(reading.records, origin)
        .map_err(|error| RecoverError::Records(error.to_string()))?;
    let stored = log.newest_result().unwrap_or_default();
    let newest = log
        .result(stored, storage)?
        .map(|result| result.certificate);
    let chain = reading.control.chain();
    let results = Results::new(chain, Electorate::executors(&genesis), stored, newest);
    let pool = Admission::new(Bounds::default());
    let mut ordering = Ordering::new(pool, results, key, reading.control, now);
    for items in reading.undecided.into_values() {
        ordering.supply(items);
    }
    let node = Node {
        identity,
        genesis: Arc::new(genesis),
        replica: Replica::new(config, recovered, boot),
        ordering,
        log,
        clients: Clients::default(),
        questions: Questions::default(),
        feed: Feed::default(),
        recent: BTreeMap::new(),
        queue: VecDeque::new(),
        told_certified: Height(0),
        asked_results_at: Monotonic(0),
        results_since: (stored, now.monotonic),
        relayed_at: Monotonic(0),
        damaged: BTreeSet::new(),
        requests: 0,
        executor_pid: None,
        counters: Counters::default(),
    };
    Ok((node, found.cuts))
}

/// The first record of a node that has never run, durable before it can vote:
/// whatever it signs from then on, a log without records is one that forgot.
fn begin(log: &mut Log, storage: &mut impl Storage) -> Result<(), LogError> {
    let first = agreement::Record::Rejoined(agreement::Rejoined { view: View(0) });
    let record = daicho_log::Record::Agreement(AgreementRecord {
        height: log.height().next(),
        bytes: Blob::new(first.to_bytes()).expect("agreement bounds its records"),
    });
    log.append(&record).expect("the first record of a log");
    daicho_log::persist(storage, &log.flush(Stream::Log))?;
    Ok(())
}

/// The records as they are read.
struct Reading {
    control: ControlState,
    records: Vec<agreement::Record>,
    headers: BTreeMap<Digest, daicho_types::block::BlockHeader>,
    /// Proposals whose bodies have not been read yet.
    bare: BTreeMap<Digest, agreement::Proposal>,
    undecided: BTreeMap<Digest, Vec<Vec<u8>>>,
    error: Option<String>,
}

impl Reading {
    fn new(control: ControlState) -> Self {
        Self {
            control,
            records: Vec::new(),
            headers: BTreeMap::new(),
            bare: BTreeMap::new(),
            undecided: BTreeMap::new(),
            error: None,
        }
    }

    fn record(&mut self, record: &daicho_log::Record) {
        use daicho_log::Record as Stored;
        match record {
            Stored::Head(_) | Stored::Result(_) => {}
            Stored::Block(block) => {
                let proposal = agreement::Proposal {
                    header: block.header.clone(),
                    witness_ids: block.witness_ids.clone(),
                };
                let digest = proposal.digest();
                self.headers.insert(digest, block.header.clone());
                self.bare.insert(digest, proposal);
            }
            Stored::Bodies(bodies) => {
                // Agreement holds a block when its bodies are durable; a torn
                // tail may have taken them and left the header.
                if let Some(proposal) = self.bare.remove(&bodies.block) {
                    self.records.push(agreement::Record::Block(proposal));
                }
                let items = bodies.items.iter().map(|item| item.to_vec()).collect();
                self.undecided.insert(bodies.block, items);
            }
            Stored::Agreement(stored) => match agreement::Record::from_bytes(&stored.bytes) {
                Ok(record) => self.records.push(record),
                Err(error) => self.fail(format!("an agreement record: {error}")),
            },
            Stored::Commit(certificate) => {
                self.records
                    .push(agreement::Record::Committed(certificate.clone()));
                self.apply(certificate.block);
            }
        }
    }

    fn apply(&mut self, block: Digest) {
        let header = self.headers.remove(&block);
        let items = self.undecided.remove(&block);
        let (Some(header), Some(items)) = (header, items) else {
            return self.fail(format!("block {block} is decided and not stored"));
        };
        let items: Result<Vec<_>, _> = items.iter().map(|bytes| Item::from_bytes(bytes)).collect();
        let Ok(items) = items else {
            return self.fail(format!("an item of block {block} does not decode"));
        };
        let entries: Vec<_> = items.iter().map(Entry::unverified).collect();
        self.control = self.control.apply_block(&header, &entries).0;
        let height = header.height;
        self.headers.retain(|_, other| other.height > height);
        self.bare.retain(|_, other| other.height() > height);
        let headers = &self.headers;
        self.undecided
            .retain(|digest, _| headers.contains_key(digest));
        self.forget_decided(height);
    }

    /// Agreement needs the tip and what lies above it: records of blocks that
    /// are decided twice over would only cost memory.
    fn forget_decided(&mut self, height: Height) {
        if self.records.len() < 4_096 {
            return;
        }
        self.records.retain(|record| match record {
            agreement::Record::Block(proposal) => proposal.height() >= height,
            agreement::Record::Committed(certificate) => certificate.height >= height,
            agreement::Record::Prepare(vote) => vote.height >= height,
            agreement::Record::Certificate(certificate) => certificate.height >= height,
            _ => true,
        });
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }
}
