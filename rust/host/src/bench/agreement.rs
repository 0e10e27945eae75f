//! Four nodes in one thread: a block from its submission at the leader until
//! every node has decided it. Sockets, disks and execution are left out; what
//! a node does itself is all there, admission at each of them included.

use std::collections::VecDeque;

use daicho_node::storage::{SegmentInfo, Storage, StorageError, Stream, Write, file_name};
use daicho_node::{Identity, Input, Node, Now, Origin, Output, Route, recover};
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::envelope::{Envelope, Item};
use daicho_types::gateway::{Ask, Request, Submit, Wait};
use daicho_types::{Height, Monotonic, ReplicaId, WallClock};

use super::Work;
use super::world::{NODES, START_US, envelopes, genesis, vote_key};

/// Blocks that are sealed beforehand: less than the result window, since
/// nobody executes here.
pub(super) const BLOCKS: usize = 48;
/// Steps of all nodes until a block must have been decided.
const ROUNDS_MAX: usize = 1_000;
/// Time that passes between two rounds.
const ROUND_US: u64 = 1_000;

/// Decides one block of `batch` transactions in every round.
pub(super) fn blocks(batch: usize) -> Work {
    let mut frames: VecDeque<_> = envelopes(batch * BLOCKS)
        .chunks(batch)
        .map(submission)
        .collect();
    let mut cluster = Cluster::new();
    Box::new(move |rounds| {
        for _ in 0..rounds {
            let frame = frames.pop_front().expect("blocks are still in store");
            cluster.decide(frame);
        }
    })
}

fn submission(envelopes: &[Envelope]) -> Vec<u8> {
    let items = envelopes.iter().map(|envelope| {
        let bytes = Item::Sealed(envelope.clone()).to_bytes();
        Blob::new(bytes).expect("one envelope")
    });
    let submit = Submit {
        wait: Wait::Ordered,
        items: List::new(items.collect()).expect("what one request may carry"),
    };
    let ask = Ask::Submit(submit);
    Request { id: 1, ask }.to_bytes()
}

struct Cluster {
    nodes: Vec<(Node, VecDeque<Input>)>,
    now_us: u64,
}

impl Cluster {
    fn new() -> Self {
        let start = |number: u8| {
            let identity = Identity {
                replica: ReplicaId(number.into()),
                key: Some(vote_key(number)),
                boot: 1,
            };
            let started = recover(genesis(), identity, Origin::Known, at(0), &mut Nowhere);
            let (node, _) = started.expect("a new node has nothing to recover");
            (node, VecDeque::new())
        };
        Self {
            nodes: (0..NODES).map(start).collect(),
            now_us: 0,
        }
    }

    /// The leader gets a submission; returns when all nodes have decided.
    fn decide(&mut self, frame: Vec<u8>) {
        let target = Height(self.nodes[0].0.height().0 + 1);
        self.nodes[0].1.push_back(Input::Client {
            route: Route(vec![1]),
            bytes: frame,
        });
        for _ in 0..ROUNDS_MAX {
            if self.nodes.iter().all(|(node, _)| node.height() == target) {
                return;
            }
            self.now_us += ROUND_US;
            (0..self.nodes.len()).for_each(|place| self.step(place));
        }
        panic!("four good nodes decide a block");
    }

    fn step(&mut self, place: usize) {
        let now = at(self.now_us);
        let (node, inbox) = &mut self.nodes[place];
        let output = node.step(now, inbox.drain(..).collect(), &Nowhere);
        self.carry(place, output);
    }

    fn carry(&mut self, place: usize, output: Output) {
        let from = ReplicaId(u16::try_from(place).expect("few nodes"));
        for (to, _, bytes) in output.to_peers {
            self.nodes[usize::from(to.0)]
                .1
                .push_back(Input::Peer { from, bytes });
        }
    }
}

fn at(now_us: u64) -> Now {
    Now {
        monotonic: Monotonic(now_us),
        wall: WallClock(START_US + now_us),
    }
}

/// A disk that keeps nothing: these nodes never start again.
struct Nowhere;

impl Storage for Nowhere {
    fn segments(&self, _: Stream) -> Result<Vec<SegmentInfo>, StorageError> {
        Ok(Vec::new())
    }

    fn read(
        &self,
        stream: Stream,
        segment: u32,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, StorageError> {
        Err(StorageError {
            operation: "read",
            file: file_name(stream, segment),
            reason: "nothing is kept".to_owned(),
        })
    }

    fn write(&mut self, _: &Write) -> Result<(), StorageError> {
        Ok(())
    }

    fn sync(&mut self, _: Stream, _: u32) -> Result<(), StorageError> {
        Ok(())
    }

    fn truncate(&mut self, _: Stream, _: u32, _: u64) -> Result<(), StorageError> {
        Ok(())
    }
}
