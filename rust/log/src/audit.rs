//! What records must say to one another: the chain of headers, the items under
//! each witness root, the certificates. `verify` feeds it record by record.

use std::collections::BTreeMap;

use daicho_crypto::{
    Domain, Electorate, block_digest, chain_id, hash, merkle_root, tx_id, witness_id,
};
use daicho_types::block::{BlockHeader, CommitCertificate};
use daicho_types::codec::{Decode, Encode};
use daicho_types::envelope::Item;
use daicho_types::gateway::CertifiedResult;
use daicho_types::genesis::Genesis;
use daicho_types::{Code, ConsensusTime, Digest, Height};

use crate::record::{Record, StoredBlock, StoredBodies};
use crate::storage::Stream;

/// A rule that a record breaks.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub code: Code,
    pub height: Height,
    pub what: &'static str,
}

/// A stored block that is not decided yet.
struct Seen {
    block: StoredBlock,
    bodies: bool,
}

/// What the records so far have established.
pub struct Audit {
    validators: Electorate,
    executors: Electorate,
    undecided: BTreeMap<Digest, Seen>,
    /// Digest of the committed header per height; the chain id at 0.
    committed: BTreeMap<Height, Digest>,
    /// The last committed header's height and time, as long as the chain has
    /// no hole.
    last: (Height, ConsensusTime),
    last_result: Height,
    faults: Vec<Fault>,
}

impl Audit {
    pub fn new(genesis: &Genesis) -> Self {
        Self {
            validators: Electorate::validators(genesis),
            executors: Electorate::executors(genesis),
            undecided: BTreeMap::new(),
            committed: BTreeMap::from([(Height(0), chain_id(genesis))]),
            last: (Height(0), genesis.time),
            last_result: Height(0),
            faults: Vec::new(),
        }
    }

    /// The height that a record which does not read is about, as far as can be
    /// told: the next one.
    pub fn next_height(&self, stream: Stream) -> Height {
        match stream {
            Stream::Log => self.last.0.next(),
            Stream::Results => self.last_result.next(),
        }
    }

    /// The rules that `record` breaks.
    pub fn record(&mut self, record: &Record, height: Height) -> Vec<Fault> {
        match record {
            Record::Head(_) | Record::Agreement(_) => {}
            Record::Block(block) => self.block(block),
            Record::Bodies(bodies) => self.bodies(bodies),
            Record::Commit(certificate) => self.commit(certificate),
            Record::Result(result) => self.result(result),
        }
        assert!(self.faults.iter().all(|fault| fault.height <= height));
        core::mem::take(&mut self.faults)
    }

    fn expect(&mut self, holds: bool, code: Code, height: Height, what: &'static str) {
        if !holds {
            self.faults.push(Fault { code, height, what });
        }
    }

    fn block(&mut self, block: &StoredBlock) {
        let (header, ids) = (&block.header, &block.witness_ids);
        let height = header.height;
        let rooted = merkle_root(ids) == header.witness_root;
        self.expect(rooted, Code::Damaged, height, "not the items of its header");
        let counted = ids.len() == header.items as usize && ids.len() == block.tx_ids.len();
        self.expect(
            counted,
            Code::Damaged,
            height,
            "not as many items as its header says",
        );
        if let Some(certificate) = &header.result {
            let good = self.executors.check_result(certificate).is_ok();
            let what = "the result certificate in the header does not verify";
            self.expect(good, Code::Uncertified, height, what);
        }
        if height > self.last.0 {
            let seen = Seen {
                block: block.clone(),
                bodies: false,
            };
            self.undecided.entry(block_digest(header)).or_insert(seen);
        }
    }

    fn bodies(&mut self, bodies: &StoredBodies) {
        let Some(seen) = self.undecided.get_mut(&bodies.block) else {
            if bodies.height > self.last.0 {
                let what = "the block of these bodies is not stored";
                self.expect(false, Code::Damaged, bodies.height, what);
            }
            return;
        };
        seen.bodies = true;
        let good = bodies_match(bodies, &seen.block);
        self.expect(
            good,
            Code::Damaged,
            bodies.height,
            "the bodies are not the block's",
        );
    }

    fn commit(&mut self, certificate: &CommitCertificate) {
        let (height, block) = (certificate.height, certificate.block);
        let good = self.validators.check_commit(certificate).is_ok();
        let what = "the commit certificate does not verify";
        self.expect(good, Code::Uncertified, height, what);
        if height <= self.last.0 {
            self.expect(
                false,
                Code::Damaged,
                height,
                "the height was committed before",
            );
            return;
        }
        self.no_hole_before(height);
        let seen = self.undecided.remove(&block);
        let whole = seen.as_ref().is_some_and(|seen| seen.bodies);
        let what = "the block or its bodies are not stored";
        self.expect(whole, Code::Damaged, height, what);
        let time = match seen {
            Some(seen) => self.follows(&seen.block.header, height),
            None => self.last.1,
        };
        self.committed.insert(height, block);
        self.last = (height, time);
        self.undecided
            .retain(|_, seen| seen.block.header.height > height);
    }

    /// Reports the heights between the last committed one and this one.
    fn no_hole_before(&mut self, height: Height) {
        let mut missing = self.last.0.next();
        while missing < height {
            self.expect(
                false,
                Code::Damaged,
                missing,
                "no commit certificate is stored",
            );
            missing = missing.next();
        }
    }

    /// Checks the committed header against the one before; its time.
    fn follows(&mut self, header: &BlockHeader, height: Height) -> ConsensusTime {
        let same = header.height == height;
        self.expect(
            same,
            Code::Damaged,
            height,
            "the header is of another height",
        );
        let parent = self.committed.get(&Height(height.0 - 1)).copied();
        let linked = parent.is_none_or(|parent| parent == header.parent);
        self.expect(
            linked,
            Code::Damaged,
            height,
            "the header is not on its parent",
        );
        let later = header.time > self.last.1;
        self.expect(
            later,
            Code::Damaged,
            height,
            "the time is not later than the parent's",
        );
        header.time
    }

    fn result(&mut self, result: &CertifiedResult) {
        let statement = &result.certificate.statement;
        let height = statement.height;
        let good = self.executors.check_result(&result.certificate).is_ok();
        let what = "the result certificate does not verify";
        self.expect(good, Code::Uncertified, height, what);
        let body = hash(Domain::ResultBody, &[&result.body.to_bytes()]);
        let certified = body == statement.body && result.body.height == height;
        self.expect(
            certified,
            Code::Damaged,
            height,
            "the body is not the certified one",
        );
        let block = self.committed.get(&height) == Some(&statement.block);
        self.expect(
            block,
            Code::Damaged,
            height,
            "it is the result of another block",
        );
        self.last_result = height;
    }
}

fn bodies_match(bodies: &StoredBodies, block: &StoredBlock) -> bool {
    let ids = block.tx_ids.iter().zip(block.witness_ids.iter());
    let height = bodies.height == block.header.height;
    height
        && bodies.items.len() == block.witness_ids.len()
        && bodies.items.iter().zip(ids).all(|(bytes, (tx, witness))| {
            Item::from_bytes(bytes).is_ok_and(|item| {
                let id = tx_id(&item);
                id == *tx && witness_id(id, item.signature()) == *witness
            })
        })
}
