//! An ordered map in 256 shared pieces with a digest that follows it: cloning
//! copies 256 pointers, a write copies one piece, and only pieces written to
//! are digested again.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_crypto::{Domain, hash};
use daicho_types::codec::Encode;
use daicho_types::{Alias, Digest};

const BUCKETS: usize = 256;

/// What [`Buckets`] are keyed by.
pub(crate) trait BucketKey: Ord + Clone + Encode {
    /// The piece the key lies in. Any function of the key will do; aliases
    /// are random, so their first byte spreads well.
    fn bucket(&self) -> u8;
}

impl BucketKey for Alias {
    fn bucket(&self) -> u8 {
        self.0[0]
    }
}

/// One lane of one sender.
pub(crate) type Lane = (Alias, u16);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneKey(pub Lane);

impl Encode for LaneKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.0.encode(out);
        self.0.1.encode(out);
    }
}

impl BucketKey for LaneKey {
    fn bucket(&self) -> u8 {
        self.0.0.0[0]
    }
}

#[derive(Clone, Debug)]
struct Bucket<K, V> {
    rows: BTreeMap<K, V>,
    /// `None` while rows were written since the last [`Buckets::seal`].
    digest: Option<Digest>,
}

/// The map. After writes, [`Buckets::seal`] must run before the digest is read.
#[derive(Clone, Debug)]
pub(crate) struct Buckets<K, V> {
    label: &'static str,
    pieces: Vec<Arc<Bucket<K, V>>>,
    rows: usize,
    root: Option<Digest>,
}

impl<K: BucketKey, V: Clone + Encode> Buckets<K, V> {
    /// An empty map; `label` tells its digests from those of other maps.
    pub(crate) fn new(label: &'static str) -> Self {
        let empty = Arc::new(Bucket {
            rows: BTreeMap::new(),
            digest: None,
        });
        let mut new = Self {
            label,
            pieces: vec![empty; BUCKETS],
            rows: 0,
            root: None,
        };
        new.seal();
        new
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.pieces[usize::from(key.bucket())].rows.get(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let piece = Arc::make_mut(&mut self.pieces[usize::from(key.bucket())]);
        self.rows += usize::from(piece.rows.insert(key, value).is_none());
        piece.digest = None;
        self.root = None;
    }

    /// Rows in order of bucket and key: key order, as long as the bucket is
    /// the key's first byte.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pieces.iter().flat_map(|piece| piece.rows.iter())
    }

    /// Brings the digest up to date with the rows.
    pub(crate) fn seal(&mut self) {
        if self.root.is_some() {
            return;
        }
        for (number, piece) in self.pieces.iter_mut().enumerate() {
            if piece.digest.is_none() {
                let digest = digest_piece(self.label, number, &piece.rows);
                Arc::make_mut(piece).digest = Some(digest);
            }
        }
        let digests = self.pieces.iter().map(|p| p.digest.expect("just sealed"));
        self.root = Some(digest_root(self.label, digests));
    }

    /// The digest of all rows.
    pub(crate) fn digest(&self) -> Digest {
        self.root.expect("sealed before it is read")
    }

    /// The same digest, from the rows alone.
    pub(crate) fn digest_from_scratch(&self) -> Digest {
        let pieces = self.pieces.iter().enumerate();
        digest_root(
            self.label,
            pieces.map(|(number, piece)| digest_piece(self.label, number, &piece.rows)),
        )
    }
}

fn digest_piece<K: Encode, V: Encode>(label: &str, number: usize, rows: &BTreeMap<K, V>) -> Digest {
    let mut bytes = Vec::new();
    for (key, value) in rows {
        key.encode(&mut bytes);
        value.encode(&mut bytes);
    }
    let number = u8::try_from(number).expect("256 buckets");
    hash(Domain::Control, &[label.as_bytes(), &[number], &bytes])
}

fn digest_root(label: &str, digests: impl Iterator<Item = Digest>) -> Digest {
    let bytes: Vec<u8> = digests.flat_map(|digest| digest.0).collect();
    hash(Domain::Control, &[label.as_bytes(), b"root", &bytes])
}
