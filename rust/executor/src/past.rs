//! What a block of the past depended on besides the rows, which the state keeps:
//! who might do what, and which code ran. A version counts from the block after
//! the one that made it. Old versions are few, since each is a control
//! transaction with its approvals; past a bound the oldest go, and blocks that
//! may have needed them are not re-run any more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use daicho_control::{Authority, ControlState};
use daicho_execution::{Contracts, Verified};
use daicho_types::{Alias, Code, Height};

/// Authorities that were replaced, kept for blocks of their time.
const AUTHORITIES_KEPT: usize = 65_536;
/// Versions of contracts that were replaced, kept for blocks of their time.
const CODES_KEPT: usize = 64;

/// Values by key, each with the heights it held for.
#[derive(Debug)]
pub(crate) struct Versions<K, V> {
    /// Ascending by the block that made the version.
    by_key: BTreeMap<K, VecDeque<(Height, V)>>,
    /// The last block of every version that was replaced, in order.
    replaced: VecDeque<(Height, K)>,
    kept: usize,
    /// Blocks up to here may have depended on a version that is gone.
    lost: Height,
}

impl<K: Ord + Copy, V: PartialEq> Versions<K, V> {
    /// None yet; at most `kept` versions that are not the newest of their key.
    pub fn new(kept: usize) -> Self {
        Self {
            by_key: BTreeMap::new(),
            replaced: VecDeque::new(),
            kept,
            lost: Height(0),
        }
    }

    /// From the block after `height` on, this is the value of the key.
    ///
    /// # Panics
    /// When a later version is known.
    pub fn note(&mut self, height: Height, key: K, value: V) {
        let versions = self.by_key.entry(key).or_default();
        match versions.back_mut() {
            Some((_, last)) if *last == value => return,
            Some((at, last)) if *at == height => {
                *last = value;
                return;
            }
            Some((at, _)) => {
                assert!(*at < height, "blocks come in order");
                self.replaced.push_back((height, key));
            }
            None => {}
        }
        versions.push_back((height, value));
        if self.replaced.len() > self.kept {
            self.forget();
        }
    }

    /// The oldest version that was replaced goes.
    fn forget(&mut self) {
        let (last, key) = self.replaced.pop_front().expect("more than are kept");
        let versions = self.by_key.get_mut(&key).expect("it was replaced");
        versions.pop_front();
        assert!(!versions.is_empty(), "the newest of a key stays");
        self.lost = self.lost.max(last);
    }

    /// Whether everything that block `height` may have depended on is here.
    pub fn reach(&self, height: Height) -> bool {
        height > self.lost
    }

    /// The value of a key as block `height` found it.
    pub fn at(&self, height: Height, key: &K) -> Option<&V> {
        newest(self.by_key.get(key)?, height)
    }

    /// Every value as block `height` found it.
    pub fn all_at(&self, height: Height) -> impl Iterator<Item = (K, &V)> {
        self.by_key
            .iter()
            .filter_map(move |(key, versions)| Some((*key, newest(versions, height)?)))
    }
}

/// The newest version made by a block before `height`.
fn newest<V>(versions: &VecDeque<(Height, V)>, height: Height) -> Option<&V> {
    let after = versions.partition_point(|(at, _)| *at < height);
    after.checked_sub(1).map(|index| &versions[index].1)
}

/// Code as it is compared: by its hash.
#[derive(Debug)]
struct Running(Arc<Verified>);

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.0.module().hash == other.0.module().hash
    }
}

/// What every block so far depended on.
#[derive(Debug)]
pub(crate) struct Past {
    authorities: Versions<Alias, Option<Authority>>,
    codes: Versions<u32, Running>,
}

impl Past {
    /// What block 1 depends on.
    pub fn new(genesis: &ControlState) -> Self {
        let mut past = Self {
            authorities: Versions::new(AUTHORITIES_KEPT),
            codes: Versions::new(CODES_KEPT),
        };
        for party in genesis.parties() {
            past.note_authority(genesis, party.record.alias);
        }
        past
    }

    /// The last block may have changed what an alias may do.
    pub fn note_authority(&mut self, after: &ControlState, alias: Alias) {
        let authority = after.authority(alias);
        self.authorities.note(after.height(), alias, authority);
    }

    /// From the block after `height` on, this code runs.
    pub fn note_code(&mut self, height: Height, contract: u32, code: Arc<Verified>) {
        self.codes.note(height, contract, Running(code));
    }

    /// What an alias might do in block `height`.
    pub fn authority(&self, height: Height, alias: Alias) -> Option<Authority> {
        self.authorities.at(height, &alias).copied().flatten()
    }

    /// The contracts that block `height` ran.
    ///
    /// # Errors
    /// `NOT_KEPT` when what it depended on is not here any more.
    pub fn contracts(&self, height: Height) -> Result<Contracts, Code> {
        if !self.authorities.reach(height) || !self.codes.reach(height) {
            return Err(Code::NotKept);
        }
        let mut contracts = Contracts::new();
        for (contract, Running(code)) in self.codes.all_at(height) {
            contracts.insert(contract, Arc::clone(code));
        }
        Ok(contracts)
    }
}

#[cfg(test)]
mod tests {
    use daicho_types::Height;

    use super::Versions;

    /// A version counts from the block after its own, until the block of the next.
    #[test]
    fn a_block_finds_what_the_block_before_it_left() {
        let mut versions = Versions::new(8);
        versions.note(Height(0), 'a', 1);
        versions.note(Height(4), 'a', 2);
        versions.note(Height(4), 'b', 5);
        versions.note(Height(6), 'a', 2);
        versions.note(Height(9), 'a', 3);
        let at = |height| versions.at(Height(height), &'a').copied();
        let found: Vec<_> = [0, 1, 4, 5, 9, 10].map(at).to_vec();
        assert_eq!(found, [None, Some(1), Some(1), Some(2), Some(2), Some(3)]);
        let all = |height| versions.all_at(Height(height)).map(|(k, v)| (k, *v));
        assert_eq!(all(4).collect::<Vec<_>>(), [('a', 1)]);
        assert_eq!(all(5).collect::<Vec<_>>(), [('a', 2), ('b', 5)]);
    }

    /// What goes is the oldest, and blocks of its time are known to be lost.
    #[test]
    fn what_is_forgotten_is_known_to_be() {
        let mut versions = Versions::new(2);
        for height in 0..5 {
            versions.note(Height(height), 'a', height);
        }
        // Replaced: 0 after block 1, 1 after block 2, 2 after 3, 3 after 4.
        assert!(!versions.reach(Height(2)), "block 2 found version 1");
        assert!(versions.reach(Height(3)));
        for height in 3..6 {
            let found = versions.at(Height(height), &'a').copied();
            assert_eq!(found, Some(height - 1));
        }
    }
}
