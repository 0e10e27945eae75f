//! Names of things: digests, keys, parties, replicas. Fixed-size opaque bytes;
//! lower-case hex wherever a person reads them.

use core::fmt;

macro_rules! bytes_id {
    ($($(#[$meta:meta])* $name:ident[$len:literal];)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        crate::wire_newtype!($name);
    )*};
}

bytes_id! {
    /// A 32-byte BLAKE3 digest, domain-separated by what it names.
    Digest[32];
    /// An Ed25519 verification key (RFC 8032), judged by the rules of ZIP-215.
    PublicKey[32];
    /// An Ed25519 signature (RFC 8032).
    Signature[64];
    /// An X25519 public key (RFC 7748): of an epoch, an executor or a query.
    AgreementKey[32];
    /// The clear name under which a party signs envelopes: opaque, so that the
    /// ordering nodes learn which key to check and nothing else.
    Alias[16];
    /// A legal entity on the ledger. Random, assigned when its certificate is
    /// issued; the LEI it stands for is known to the parties and to executors.
    PartyId[16];
}

impl Digest {
    /// The parent of the first block, and the digest of nothing.
    pub const ZERO: Self = Self([0; 32]);
}

/// The chain a message belongs to: the digest of its genesis.
pub type ChainId = Digest;

/// A node's position in the genesis list of nodes: what votes name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaId(pub u16);

/// A reign of the leader policy; rises by view changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct View(pub u64);

/// A generation of the encryption keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u32);

/// The number a contract got at its first deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContractId(pub u32);

crate::wire_newtype!(ReplicaId, View, Epoch, ContractId);

impl View {
    /// The view after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("a view fits 64 bits"))
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}
