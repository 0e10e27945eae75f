//! Counting votes. A signature is checked when it could complete a quorum, all
//! of them in one batch: votes that come too late or too few cost nothing.

use std::collections::BTreeMap;

use daicho_crypto::{Check, Electorate, verify, verify_batch};
use daicho_types::block::CertificateSignature;
use daicho_types::codec::List;
use daicho_types::limits::NODES_MAX;
use daicho_types::{ReplicaId, Signature};

use crate::message::Vote;

/// The signatures of a certificate.
pub(crate) type Signatures = List<CertificateSignature, NODES_MAX>;

/// Votes of one kind for one height: at most one per validator.
#[derive(Clone, Debug)]
pub(crate) struct Tally<V: Vote> {
    votes: BTreeMap<ReplicaId, Cast<V::Subject>>,
}

#[derive(Clone, Debug)]
struct Cast<S> {
    subject: S,
    signature: Signature,
    /// Whether the signature is known to be good.
    good: bool,
}

/// What became of a vote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added<V> {
    /// It counts.
    New,
    /// It was here.
    Known,
    /// Its signature is bad.
    Bad,
    /// The voter signed both; the first still counts.
    Conflict(V, V),
}

impl<V: Vote> Default for Tally<V> {
    fn default() -> Self {
        Self {
            votes: BTreeMap::new(),
        }
    }
}

impl<V: Vote> Tally<V> {
    /// Adds this replica's own vote.
    pub(crate) fn add_own(
        &mut self,
        replica: ReplicaId,
        subject: V::Subject,
        signature: Signature,
    ) {
        let cast = Cast {
            subject,
            signature,
            good: true,
        };
        if let Some(old) = self.votes.insert(replica, cast) {
            let new = &self.votes[&replica];
            assert!(old.subject == new.subject, "an honest replica votes once");
        }
    }

    /// Adds a peer's vote. Its signature is checked only when it contradicts
    /// the one that is here.
    pub(crate) fn add(
        &mut self,
        electorate: &Electorate,
        replica: ReplicaId,
        subject: V::Subject,
        signature: Signature,
    ) -> Added<V> {
        let new = Cast {
            subject,
            signature,
            good: false,
        };
        match self.votes.get(&replica) {
            None => {
                self.votes.insert(replica, new);
                Added::New
            }
            Some(old) if old.subject == new.subject && old.signature == new.signature => {
                Added::Known
            }
            Some(_) => self.contradict(electorate, replica, new),
        }
    }

    /// A second vote that differs: the good one of the two stays, and if both
    /// are good and of different subjects they are evidence.
    fn contradict(
        &mut self,
        electorate: &Electorate,
        replica: ReplicaId,
        new: Cast<V::Subject>,
    ) -> Added<V> {
        if !is_good::<V>(electorate, replica, &new) {
            return Added::Bad;
        }
        let old = self.votes.get_mut(&replica).expect("the caller found it");
        if !old.good && !is_good::<V>(electorate, replica, old) {
            *old = Cast { good: true, ..new };
            return Added::New;
        }
        old.good = true;
        if old.subject == new.subject {
            return Added::Known;
        }
        Added::Conflict(
            V::cast(&old.subject, replica, old.signature),
            V::cast(&new.subject, replica, new.signature),
        )
    }

    /// Whether nobody has voted.
    pub(crate) fn is_empty(&self) -> bool {
        self.votes.is_empty()
    }

    /// Whether `replica` has voted.
    pub(crate) fn has(&self, replica: ReplicaId) -> bool {
        self.votes.contains_key(&replica)
    }

    /// Forgets the vote of one replica.
    pub(crate) fn remove(&mut self, replica: ReplicaId) {
        self.votes.remove(&replica);
    }

    /// The vote of one replica, if it is here.
    pub(crate) fn vote_of(&self, replica: ReplicaId) -> Option<V> {
        let cast = self.votes.get(&replica)?;
        Some(V::cast(&cast.subject, replica, cast.signature))
    }

    /// A subject that as many votes as a quorum name, their signatures not
    /// regarded.
    pub(crate) fn leading(&self, quorum: usize) -> Option<V::Subject> {
        self.votes
            .values()
            .find(|cast| self.count(&cast.subject) >= quorum)
            .map(|cast| cast.subject.clone())
    }

    /// The certificate for `subject`, once a quorum of good votes is here.
    /// Votes with bad signatures are thrown out and their voters added to
    /// `bad`.
    pub(crate) fn certificate(
        &mut self,
        electorate: &Electorate,
        subject: &V::Subject,
        bad: &mut Vec<ReplicaId>,
    ) -> Option<Signatures> {
        if self.count(subject) < electorate.quorum() {
            return None;
        }
        self.check(electorate, subject, bad);
        if self.count(subject) < electorate.quorum() {
            return None;
        }
        let signatures = self
            .votes
            .iter()
            .filter(|(_, cast)| cast.subject == *subject)
            .take(electorate.quorum())
            .map(|(replica, cast)| CertificateSignature {
                replica: *replica,
                signature: cast.signature,
            });
        Some(List::new(signatures.collect()).expect("a quorum fits the electorate"))
    }

    fn count(&self, subject: &V::Subject) -> usize {
        self.votes
            .values()
            .filter(|cast| cast.subject == *subject)
            .count()
    }

    fn check(&mut self, electorate: &Electorate, subject: &V::Subject, bad: &mut Vec<ReplicaId>) {
        let open: Vec<ReplicaId> = self
            .votes
            .iter()
            .filter(|(_, cast)| !cast.good && cast.subject == *subject)
            .map(|(replica, _)| *replica)
            .collect();
        let payload = V::payload(subject);
        let checks: Vec<Check> = open
            .iter()
            .map(|replica| {
                let key = electorate.key(*replica).expect("only validators are added");
                let signature = self.votes[replica].signature;
                Check::new(key, V::DOMAIN, electorate.chain(), &payload, signature)
            })
            .collect();
        for (replica, good) in open.into_iter().zip(verify_batch(&checks)) {
            if good {
                self.votes.get_mut(&replica).expect("listed above").good = true;
            } else {
                self.votes.remove(&replica);
                bad.push(replica);
            }
        }
    }
}

fn is_good<V: Vote>(electorate: &Electorate, replica: ReplicaId, cast: &Cast<V::Subject>) -> bool {
    let Some(key) = electorate.key(replica) else {
        return false;
    };
    let payload = V::payload(&cast.subject);
    verify(
        &key,
        V::DOMAIN,
        electorate.chain(),
        &payload,
        &cast.signature,
    )
    .is_ok()
}
