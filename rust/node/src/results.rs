//! From result votes to result certificates: what executing a block came to,
//! as a majority of the executors signed it (design §5, Results).

use std::collections::BTreeMap;

use daicho_crypto::{BadSignature, Domain, Electorate, hash, result_payload, verify};
use daicho_types::block::{CertificateSignature, ResultCertificate, ResultStatement, ResultVote};
use daicho_types::codec::{Encode, List};
use daicho_types::gateway::CertifiedResult;
use daicho_types::ipc::Executed;
use daicho_types::result::ResultBody;
use daicho_types::{ChainId, Code, Digest, Height, ReplicaId};

/// Heights above the certified one for which votes are kept: anything further
/// off will be asked for again when it is near.
const VOTE_WINDOW_HEIGHTS: u64 = 4 * daicho_types::limits::RESULT_WINDOW_HEIGHTS;

/// Result votes and bodies above the last height that is certified and stored.
#[derive(Debug)]
pub struct Results {
    chain: ChainId,
    executors: Electorate,
    stored: Height,
    newest: Option<ResultCertificate>,
    open: BTreeMap<Height, Open>,
}

#[derive(Debug, Default)]
struct Open {
    votes: BTreeMap<ReplicaId, ResultVote>,
    certificate: Option<ResultCertificate>,
    bodies: BTreeMap<Digest, ResultBody>,
}

/// What a vote or certificate did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Known already, or outside the window.
    Nothing,
    /// It counts.
    Counted,
    /// It completed a certificate.
    Certified(ResultCertificate),
    /// A second certificate for a height: a majority of executors signed two
    /// histories. Execution stops everywhere.
    Split(Height),
}

impl Results {
    /// Nothing heard yet; results up to `stored` lie in the results log, of
    /// which `newest` is the last certificate.
    #[must_use]
    pub fn new(
        chain: ChainId,
        executors: Electorate,
        stored: Height,
        newest: Option<ResultCertificate>,
    ) -> Self {
        Self {
            chain,
            executors,
            stored,
            newest,
            open: BTreeMap::new(),
        }
    }

    /// The newest certificate, whether or not its body is here.
    #[must_use]
    pub fn newest(&self) -> Option<&ResultCertificate> {
        self.newest.as_ref()
    }

    /// The height of the newest certificate; 0 before the first.
    #[must_use]
    pub fn certified(&self) -> Height {
        self.newest
            .as_ref()
            .map_or(Height(0), |c| c.statement.height)
    }

    /// The last height whose certificate and body are handed to the store.
    #[must_use]
    pub fn stored(&self) -> Height {
        self.stored
    }

    /// Takes another executor's vote.
    ///
    /// # Errors
    /// `SIGNATURE` when it is not that executor's.
    pub fn hear_vote(&mut self, vote: ResultVote) -> Result<Heard, Code> {
        let height = vote.statement.height;
        if !self.in_window(height) || self.knows_vote(&vote) {
            return Ok(Heard::Nothing);
        }
        self.check_vote(&vote)
            .map_err(|BadSignature| Code::Signature)?;
        let open = self.open.entry(height).or_default();
        open.votes.insert(vote.replica, vote.clone());
        Ok(
            match Self::quorum_of(&self.executors, open, &vote.statement) {
                Some(certificate) => self.settle(certificate),
                None => Heard::Counted,
            },
        )
    }

    /// Takes what this node's own executor computed.
    ///
    /// # Errors
    /// `SIGNATURE` when the executor signs with another key than genesis names.
    pub fn hear_own(&mut self, executed: Executed) -> Result<Heard, Code> {
        self.hear_body(executed.body);
        self.hear_vote(executed.vote)
    }

    /// Takes a certificate that a header or a peer carried.
    ///
    /// # Errors
    /// `UNCERTIFIED` when it does not check.
    pub fn hear_certificate(&mut self, certificate: &ResultCertificate) -> Result<Heard, Code> {
        let height = certificate.statement.height;
        let known = self
            .open
            .get(&height)
            .and_then(|open| open.certificate.as_ref());
        if height <= self.stored || known.is_some_and(|k| k.statement == certificate.statement) {
            return Ok(Heard::Nothing);
        }
        self.executors
            .check_result(certificate)
            .map_err(|_| Code::Uncertified)?;
        Ok(self.settle(certificate.clone()))
    }

    /// Takes a result body; kept until a certificate names it or passes it by.
    pub fn hear_body(&mut self, body: ResultBody) {
        if self.in_window(body.height) {
            let digest = body_digest(&body);
            let bodies = &mut self.open.entry(body.height).or_default().bodies;
            // Peers send bodies for certified digests only; two suffice to
            // hold a divergent own body beside the certified one.
            if bodies.len() < 2 {
                bodies.insert(digest, body);
            }
        }
    }

    /// The next result in order of height that is certified and whose body is
    /// here. The caller stores it.
    pub fn take_ready(&mut self) -> Option<CertifiedResult> {
        let next = self.stored.next();
        let open = self.open.get_mut(&next)?;
        let certificate = open.certificate.clone()?;
        let body = open.bodies.remove(&certificate.statement.body)?;
        self.open.remove(&next);
        self.stored = next;
        Some(CertifiedResult { certificate, body })
    }

    /// The first height that is certified somewhere above what is stored here
    /// and cannot be taken yet: what to ask peers for.
    #[must_use]
    pub fn lacking(&self) -> Option<Height> {
        (self.certified() > self.stored).then(|| self.stored.next())
    }

    /// Up to `max` votes of `replica` above what is stored, in order of height.
    #[must_use]
    pub fn votes_of(&self, replica: ReplicaId, max: usize) -> Vec<ResultVote> {
        let votes = self.open.values().filter_map(|o| o.votes.get(&replica));
        votes.take(max).cloned().collect()
    }

    /// The certificate of an open height.
    #[must_use]
    pub fn certificate(&self, height: Height) -> Option<&ResultCertificate> {
        self.open.get(&height)?.certificate.as_ref()
    }

    fn in_window(&self, height: Height) -> bool {
        height > self.stored && height.0 <= self.stored.0 + VOTE_WINDOW_HEIGHTS
    }

    fn knows_vote(&self, vote: &ResultVote) -> bool {
        self.open
            .get(&vote.statement.height)
            .is_some_and(|open| open.votes.contains_key(&vote.replica))
    }

    fn check_vote(&self, vote: &ResultVote) -> Result<(), BadSignature> {
        let key = self.executors.key(vote.replica).ok_or(BadSignature)?;
        let payload = result_payload(&vote.statement);
        verify(
            &key,
            Domain::SignResult,
            &self.chain,
            &payload,
            &vote.signature,
        )
    }

    fn quorum_of(
        executors: &Electorate,
        open: &Open,
        statement: &ResultStatement,
    ) -> Option<ResultCertificate> {
        let signatures: Vec<_> = open
            .votes
            .values()
            .filter(|vote| vote.statement == *statement)
            .map(|v| CertificateSignature {
                replica: v.replica,
                signature: v.signature,
            })
            .take(executors.quorum())
            .collect();
        (signatures.len() == executors.quorum()).then(|| ResultCertificate {
            statement: statement.clone(),
            signatures: List::new(signatures).expect("no more signers than nodes"),
        })
    }

    fn settle(&mut self, certificate: ResultCertificate) -> Heard {
        let height = certificate.statement.height;
        let open = self.open.entry(height).or_default();
        match &open.certificate {
            Some(known) if known.statement == certificate.statement => return Heard::Nothing,
            Some(_) => return Heard::Split(height),
            None => open.certificate = Some(certificate.clone()),
        }
        if height > self.certified() {
            self.newest = Some(certificate.clone());
        }
        Heard::Certified(certificate)
    }
}

/// The digest that a result statement names its body by.
#[must_use]
pub fn body_digest(body: &ResultBody) -> Digest {
    hash(Domain::ResultBody, &[&body.to_bytes()])
}
