//! A storage in memory and a chain of certified blocks to put in it.
#![allow(dead_code)]

use std::collections::BTreeMap;

use daicho_crypto::{
    Domain, SigningKey, block_digest, chain_id, commit_payload, hash, merkle_root, result_payload,
    tx_id, witness_id,
};
use daicho_log::{
    AgreementRecord, Log, Record, SegmentInfo, Storage, StorageError, StoredBlock, StoredBodies,
    Stream, Write, persist,
};
use daicho_types::block::{
    BlockHeader, CertificateSignature, CommitCertificate, PROTOCOL_VERSION, ResultCertificate,
    ResultStatement,
};
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::envelope::{
    ENVELOPE_VERSION, Envelope, EnvelopeHeader, GasClass, Item, SUITE_V1,
};
use daicho_types::gateway::CertifiedResult;
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, Purpose,
};
use daicho_types::result::ResultBody;
use daicho_types::{
    AgreementKey, Alias, ConsensusTime, Digest, Epoch, Height, PartyId, ReplicaId, Signature, View,
};

/// Segments in memory; what was synced is remembered apart.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub segments: BTreeMap<(Stream, u32), Vec<u8>>,
    pub synced: BTreeMap<(Stream, u32), usize>,
}

impl Storage for Memory {
    fn segments(&self, stream: Stream) -> Result<Vec<SegmentInfo>, StorageError> {
        let of_stream = self.segments.iter().filter(|((s, _), _)| *s == stream);
        let info = |((_, number), bytes): (&(Stream, u32), &Vec<u8>)| SegmentInfo {
            number: *number,
            bytes: bytes.len() as u64,
        };
        Ok(of_stream.map(info).collect())
    }

    fn read(
        &self,
        stream: Stream,
        segment: u32,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, StorageError> {
        let from = usize::try_from(offset).unwrap();
        let bytes = self.segments.get(&(stream, segment));
        let range = bytes.and_then(|bytes| bytes.get(from..from + length));
        range.map(<[u8]>::to_vec).ok_or_else(|| StorageError {
            operation: "read",
            file: daicho_log::file_name(stream, segment),
            reason: "too short".to_owned(),
        })
    }

    fn write(&mut self, write: &Write) -> Result<(), StorageError> {
        let bytes = self.segments.entry((write.stream, write.segment));
        let bytes = bytes.or_default();
        assert_eq!(bytes.len() as u64, write.offset, "always at the end");
        bytes.extend_from_slice(&write.bytes);
        Ok(())
    }

    fn sync(&mut self, stream: Stream, segment: u32) -> Result<(), StorageError> {
        let length = self.segments[&(stream, segment)].len();
        self.synced.insert((stream, segment), length);
        Ok(())
    }

    fn truncate(&mut self, stream: Stream, segment: u32, bytes: u64) -> Result<(), StorageError> {
        let length = usize::try_from(bytes).unwrap();
        self.segments
            .get_mut(&(stream, segment))
            .unwrap()
            .truncate(length);
        self.synced.insert((stream, segment), length);
        Ok(())
    }
}

fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + node; 32])
}

fn result_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[150 + node; 32])
}

fn node(number: u8) -> GenesisNode {
    GenesisNode {
        name: Blob::new(vec![b'a' + number]).unwrap(),
        party: PartyId([50 + number; 16]),
        vote_key: vote_key(number).public(),
        curve_key: [50 + number; 32],
        validates: true,
        leader_eligible: true,
        executor: Some(GenesisExecutor {
            result_key: result_key(number).public(),
            hpke_key: AgreementKey([50 + number; 32]),
            wrapped_secret: Blob::default(),
        }),
    }
}

pub fn genesis() -> Genesis {
    Genesis {
        name: Blob::new(b"test".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(1_000),
        parameters: Parameters {
            leader_policy: LeaderPolicy::Sticky,
            window_heights: 8,
            checkpoint_heights: 4,
            result_window_heights: 3,
            block_items_max: 16,
            block_bytes_max: 1024 * 1024,
            block_interval_us: 0,
            idle_block_us: 0,
            time_bound_us: 1,
            time_bound_max_us: 1,
            view_timeout_us: 1,
            view_timeout_max_us: 1,
        },
        nodes: List::new((0..4).map(node).collect()).unwrap(),
        parties: List::default(),
        approvers: List::default(),
        approvals_needed: 1,
        epoch_key: AgreementKey([7; 32]),
    }
}

pub fn chain() -> Digest {
    chain_id(&genesis())
}

/// The only item of the block at a height.
pub fn item(height: u64) -> Item {
    Item::Sealed(Envelope {
        header: EnvelopeHeader {
            version: ENVELOPE_VERSION,
            chain: chain(),
            suite: SUITE_V1,
            epoch: Epoch(0),
            sender: Alias([1; 16]),
            lane: 0,
            sequence: height,
            expiry: ConsensusTime(0),
            gas_class: GasClass::Small,
            size_class: 0,
            salt: [0; 16],
            enc: AgreementKey([8; 32]),
        },
        body: Blob::new(vec![9; 20]).unwrap(),
        signature: Signature([3; 64]),
    })
}

/// The header at a height: a chain of one block with one item each.
pub fn header(height: u64) -> BlockHeader {
    let item = item(height);
    let witness = witness_id(tx_id(&item), item.signature());
    let parent = match height {
        1 => chain(),
        _ => block_digest(&header(height - 1)),
    };
    BlockHeader {
        protocol: PROTOCOL_VERSION,
        height: Height(height),
        parent,
        time: ConsensusTime(1_000 + height),
        feeds: List::default(),
        result: None,
        witness_root: merkle_root(&[witness]),
        items: 1,
        control: Digest::ZERO,
        validators: Digest::ZERO,
    }
}

fn sign(key: fn(u8) -> SigningKey, domain: Domain, payload: &[u8]) -> Vec<CertificateSignature> {
    let sign = |node| CertificateSignature {
        replica: ReplicaId(u16::from(node)),
        signature: key(node).sign(domain, &chain(), payload),
    };
    (0..3).map(sign).collect()
}

pub fn commit(height: u64) -> CommitCertificate {
    let block = block_digest(&header(height));
    let payload = commit_payload(View(0), Height(height), block);
    let signatures = sign(vote_key, Domain::SignCommit, &payload);
    CommitCertificate {
        view: View(0),
        height: Height(height),
        block,
        signatures: List::new(signatures).unwrap(),
    }
}

pub fn block(height: u64) -> Record {
    let item = item(height);
    let id = tx_id(&item);
    Record::Block(StoredBlock {
        header: header(height),
        witness_ids: List::new(vec![witness_id(id, item.signature())]).unwrap(),
        tx_ids: List::new(vec![id]).unwrap(),
    })
}

pub fn bodies(height: u64) -> Record {
    Record::Bodies(StoredBodies {
        height: Height(height),
        block: block_digest(&header(height)),
        items: List::new(vec![Blob::new(item(height).to_bytes()).unwrap()]).unwrap(),
    })
}

pub fn vote(height: u64) -> Record {
    Record::Agreement(AgreementRecord {
        height: Height(height),
        bytes: Blob::new(vec![5; 30]).unwrap(),
    })
}

pub fn result(height: u64) -> Record {
    let body = ResultBody {
        height: Height(height),
        changes: List::default(),
        receipts: List::default(),
        events: List::default(),
    };
    let statement = ResultStatement {
        height: Height(height),
        block: block_digest(&header(height)),
        state_root: Digest::ZERO,
        receipts_root: Digest::ZERO,
        events_root: Digest::ZERO,
        body: hash(Domain::ResultBody, &[&body.to_bytes()]),
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    };
    let signatures = sign(result_key, Domain::SignResult, &result_payload(&statement));
    Record::Result(CertifiedResult {
        certificate: ResultCertificate {
            statement,
            signatures: List::new(signatures).unwrap(),
        },
        body,
    })
}

/// What a node stores per height, in two groups: accepting, then deciding.
pub fn groups(height: u64) -> [Vec<Record>; 2] {
    [
        vec![block(height), bodies(height), vote(height)],
        vec![vote(height), Record::Commit(commit(height)), result(height)],
    ]
}

/// Appends groups, each flushed and synced by itself; what was appended.
pub fn store(
    log: &mut Log,
    memory: &mut Memory,
    heights: core::ops::RangeInclusive<u64>,
) -> Vec<Record> {
    let mut all = Vec::new();
    for group in heights.flat_map(groups) {
        for record in group {
            log.append(&record).unwrap();
            all.push(record);
        }
        for stream in Stream::ALL {
            persist(memory, &log.flush(stream)).unwrap();
        }
    }
    all
}

/// The records in the order that recovery reads them: the log, the results.
pub fn in_reading_order(records: &[Record]) -> Vec<Record> {
    let of = |stream| records.iter().filter(move |r| r.stream() == stream);
    of(Stream::Log)
        .chain(of(Stream::Results))
        .cloned()
        .collect()
}
