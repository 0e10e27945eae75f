//! Who may say what is final: the electorates of a genesis, and the check of
//! the certificates their members sign.

use std::collections::BTreeMap;

use daicho_types::block::{
    CertificateSignature, CommitCertificate, ResultCertificate, ResultStatement,
};
use daicho_types::codec::Encode;
use daicho_types::genesis::Genesis;
use daicho_types::{ChainId, Digest, Height, PublicKey, ReplicaId, View};

use crate::hash::{Domain, chain_id};
use crate::sign::{Check, verify_batch};

/// Why a certificate certifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// Fewer signatures than the quorum.
    #[error("{have} signatures, {need} needed")]
    TooFew {
        /// Signatures given.
        have: usize,
        /// The quorum.
        need: usize,
    },
    /// Signers out of order, twice, or outside the electorate.
    #[error("{0} is no signer here, or signs twice")]
    Signer(ReplicaId),
    /// A signature that does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(ReplicaId),
}

/// Validators or executors with their keys, and how many of them decide.
#[derive(Clone, Debug)]
pub struct Electorate {
    chain: ChainId,
    keys: BTreeMap<ReplicaId, PublicKey>,
    quorum: usize,
}

impl Electorate {
    /// The validators: `f = floor((n-1)/3)`, quorum `floor((n+f)/2) + 1`.
    #[must_use]
    pub fn validators(genesis: &Genesis) -> Self {
        let keys: BTreeMap<_, _> = genesis
            .validators()
            .map(|(id, n)| (id, n.vote_key))
            .collect();
        let quorum = (keys.len() + Self::faults(keys.len())) / 2 + 1;
        Self {
            chain: chain_id(genesis),
            keys,
            quorum,
        }
    }

    /// The executors: a majority decides.
    #[must_use]
    pub fn executors(genesis: &Genesis) -> Self {
        let keys: BTreeMap<_, _> = genesis
            .executors()
            .filter_map(|(id, node)| node.executor.as_ref().map(|e| (id, e.result_key)))
            .collect();
        let quorum = keys.len() / 2 + 1;
        Self {
            chain: chain_id(genesis),
            keys,
            quorum,
        }
    }

    /// The faults that `n` validators bear.
    #[must_use]
    pub fn faults(n: usize) -> usize {
        n.saturating_sub(1) / 3
    }

    /// How many must agree.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.keys.len()
    }

    /// The key of a member.
    #[must_use]
    pub fn key(&self, id: ReplicaId) -> Option<PublicKey> {
        self.keys.get(&id).copied()
    }

    /// The members, in order.
    pub fn members(&self) -> impl Iterator<Item = ReplicaId> {
        self.keys.keys().copied()
    }

    /// The chain the members sign for.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// Checks a commit certificate.
    ///
    /// # Errors
    /// [`BadCertificate`] with the first thing that is wrong.
    pub fn check_commit(&self, certificate: &CommitCertificate) -> Result<(), BadCertificate> {
        let c = certificate;
        self.check_signatures(
            Domain::SignCommit,
            &commit_payload(c.view, c.height, c.block),
            &c.signatures,
        )
    }

    /// Checks a result certificate.
    ///
    /// # Errors
    /// [`BadCertificate`] with the first thing that is wrong.
    pub fn check_result(&self, certificate: &ResultCertificate) -> Result<(), BadCertificate> {
        self.check_signatures(
            Domain::SignResult,
            &result_payload(&certificate.statement),
            &certificate.signatures,
        )
    }

    /// Checks that a quorum of distinct members, in rising order, signed
    /// `payload` under `domain`.
    ///
    /// # Errors
    /// [`BadCertificate`] with the first thing that is wrong.
    pub fn check_signatures(
        &self,
        domain: Domain,
        payload: &[u8],
        signatures: &[CertificateSignature],
    ) -> Result<(), BadCertificate> {
        if signatures.len() < self.quorum {
            return Err(BadCertificate::TooFew {
                have: signatures.len(),
                need: self.quorum,
            });
        }
        let mut last = None;
        let mut checks = Vec::with_capacity(signatures.len());
        for entry in signatures {
            let key = self
                .key(entry.replica)
                .filter(|_| last < Some(entry.replica));
            let key = key.ok_or(BadCertificate::Signer(entry.replica))?;
            last = Some(entry.replica);
            checks.push(Check::new(
                key,
                domain,
                &self.chain,
                payload,
                entry.signature,
            ));
        }
        match verify_batch(&checks).iter().position(|good| !good) {
            Some(bad) => Err(BadCertificate::Signature(signatures[bad].replica)),
            None => Ok(()),
        }
    }
}

/// What a COMMIT vote signs.
#[must_use]
pub fn commit_payload(view: View, height: Height, block: Digest) -> Vec<u8> {
    let mut out = Vec::with_capacity(48);
    view.encode(&mut out);
    height.encode(&mut out);
    block.encode(&mut out);
    out
}

/// What a result vote signs.
#[must_use]
pub fn result_payload(statement: &ResultStatement) -> Vec<u8> {
    statement.to_bytes()
}
