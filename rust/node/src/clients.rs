//! Who waits for what. Clients and readers are routes of the gateway socket;
//! everything they are told is an answer to a request of theirs.

use std::collections::BTreeMap;

use daicho_types::Digest;
use daicho_types::codec::{Blob, List};
use daicho_types::codes::{Code, Retry};
use daicho_types::gateway::{Refusal, Reply, Say, Wait};

/// Submissions that may wait for a block or a receipt at once.
const WAITERS_MAX: usize = 262_144;

/// A connection of the gateway socket, as ZeroMQ names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route(pub Vec<u8>);

/// Somebody waiting for a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiter {
    pub route: Route,
    pub request: u64,
    pub wait: Wait,
}

/// Everybody who waits.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_tx: BTreeMap<Digest, Vec<Waiter>>,
    waiting: usize,
}

impl Clients {
    /// Lets somebody wait for a transaction; `false` when too many do.
    pub fn wait(&mut self, tx_id: Digest, waiter: Waiter) -> bool {
        if self.waiting == WAITERS_MAX {
            return false;
        }
        let list = self.by_tx.entry(tx_id).or_default();
        if !list.contains(&waiter) {
            list.push(waiter);
            self.waiting += 1;
        }
        true
    }

    /// Those waiting for a transaction to get as far as `reached`; those who
    /// wait for more stay.
    pub fn served(&mut self, tx_id: &Digest, reached: Wait) -> Vec<Waiter> {
        let Some(list) = self.by_tx.remove(tx_id) else {
            return Vec::new();
        };
        let (served, rest): (Vec<_>, Vec<_>) = list.into_iter().partition(|w| w.wait <= reached);
        self.waiting -= served.len();
        if !rest.is_empty() {
            self.by_tx.insert(*tx_id, rest);
        }
        served
    }

    /// Whether anybody waits for a transaction.
    pub fn anybody_waits(&self) -> bool {
        self.waiting > 0
    }
}

/// A no.
pub(crate) fn refusal(id: u64, tx_id: Digest, code: Code) -> Reply {
    let message = format!("{code}: {}", explain(code));
    let say = Say::Refused(Refusal {
        tx_id,
        code: code as u16,
        retry: code.retry() == Retry::Later,
        message: Blob::new(message.into_bytes()).expect("a short line"),
    });
    Reply { id, say }
}

fn explain(code: Code) -> &'static str {
    match code {
        Code::ReadOnly => "this party may query but not submit",
        Code::Busy => "the pool is full, try again",
        Code::Signature => "the signature does not verify under the sender's key",
        Code::UnknownSender => "the sender is not admitted on this ledger",
        Code::Revoked => "the sender was revoked",
        Code::SequenceUsed => "other bytes have used this sequence",
        Code::Replay => "the sequence lies below the replay window",
        Code::SequenceAhead => "the sequence lies above the replay window",
        Code::Expired => "the expiry is past, or too far off",
        Code::WrongChain => "made for another chain, version or suite",
        Code::NoExecutor => "no executor can be reached",
        Code::Access => "not found, or not visible",
        Code::Quorum => "more approvals are needed",
        Code::TooLarge => "above a size bound",
        Code::NotYet => "not certified on this node yet",
        _ => "nothing was ordered",
    }
}

/// As many of `values` as fit `budget` bytes, at least one.
pub(crate) fn within<T: daicho_types::codec::Encode, const MAX: usize>(
    values: impl Iterator<Item = T>,
    budget: usize,
) -> List<T, MAX> {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    for value in values.take(MAX) {
        bytes += value.to_bytes().len();
        if !taken.is_empty() && bytes > budget {
            break;
        }
        taken.push(value);
    }
    List::new(taken).expect("taken up to the bound")
}
