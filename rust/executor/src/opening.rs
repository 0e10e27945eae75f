//! From a sealed envelope to a call with its authority. Everything here is a
//! pure function of the block, the control state and the epoch key, so every
//! executor opens, or fails to open, the same.

use std::collections::{BTreeMap, VecDeque};

use daicho_control::Authority;
use daicho_crypto::{
    Domain, SealKeyPair, Secret, consent_payload, open_call, session_info, verify,
};
use daicho_execution::{Signer, TxContext};
use daicho_types::block::BlockHeader;
use daicho_types::envelope::{Call, Envelope};
use daicho_types::{AgreementKey, Alias, ChainId, Code, Digest, Epoch};

/// Sessions kept open: opening one costs an elliptic-curve multiplication,
/// and clients reuse theirs.
const SESSIONS_MAX: usize = 65_536;

/// What an alias may do, as of a block.
pub type Authorities<'a> = &'a dyn Fn(Alias) -> Option<Authority>;

/// An envelope that was opened, or the reason why not. The session is there
/// whenever the encapsulation is a point, so that even a failure is sealed to
/// its sender.
#[derive(Debug)]
pub struct Opened {
    /// Seals the receipt.
    pub session: Option<Secret>,
    /// The call with its context, or the code of the failed receipt.
    pub call: Result<(TxContext, Call), Code>,
}

/// Opens envelopes of one epoch.
#[derive(Debug)]
pub struct Opening {
    chain: ChainId,
    epoch: Epoch,
    key: SealKeyPair,
    sessions: BTreeMap<AgreementKey, Secret>,
    arrivals: VecDeque<AgreementKey>,
}

impl Opening {
    /// Nothing opened yet.
    #[must_use]
    pub fn new(chain: ChainId, epoch: Epoch, key: SealKeyPair) -> Self {
        Self {
            chain,
            epoch,
            key,
            sessions: BTreeMap::new(),
            arrivals: VecDeque::new(),
        }
    }

    /// The session of an encapsulation; a pure function, cached.
    pub fn session(&mut self, enc: &AgreementKey) -> Option<Secret> {
        if let Some(known) = self.sessions.get(enc) {
            return Some(known.clone());
        }
        let info = session_info(&self.chain, self.epoch);
        let session = self.key.session(enc, &info).ok()?;
        if self.arrivals.len() == SESSIONS_MAX {
            let oldest = self.arrivals.pop_front().expect("the cache is full");
            self.sessions.remove(&oldest);
        }
        self.arrivals.push_back(*enc);
        self.sessions.insert(*enc, session.clone());
        Some(session)
    }

    /// Opens an envelope of the block with this header; `authority` says what an
    /// alias may do after its parent, `seed` is the height's.
    pub fn open(
        &mut self,
        envelope: &Envelope,
        tx_id: Digest,
        header: &BlockHeader,
        authority: Authorities<'_>,
        seed: [u8; 32],
    ) -> Opened {
        let Some(session) = self.session(&envelope.header.enc) else {
            return Opened {
                session: None,
                call: Err(Code::Seal),
            };
        };
        let call = open_call(&session, envelope)
            .map_err(|_| Code::Seal)
            .and_then(|call| {
                let sender = signer(envelope.header.sender, authority)?;
                let cosigners = cosigners(self.chain, envelope, &call, authority)?;
                let context = context(envelope, tx_id, (sender, cosigners), header, seed);
                Ok((context, call))
            });
        Opened {
            session: Some(session),
            call,
        }
    }
}

fn context(
    envelope: &Envelope,
    tx_id: Digest,
    (sender, cosigners): (Signer, Vec<Signer>),
    block: &BlockHeader,
    seed: [u8; 32],
) -> TxContext {
    let header = &envelope.header;
    TxContext {
        sender,
        alias: header.sender.0,
        tx_id: tx_id.0,
        cosigners,
        lane: u32::from(header.lane),
        sequence: header.sequence,
        height: block.height,
        time: block.time,
        seed,
        gas_limit: header.gas_class.limit(),
    }
}

fn signer(alias: Alias, authority: Authorities<'_>) -> Result<Signer, Code> {
    let authority = authority(alias).ok_or(Code::UnknownSender)?;
    Ok(Signer {
        party: authority.party.0,
        roles: authority.roles,
    })
}

fn cosigners(
    chain: ChainId,
    envelope: &Envelope,
    call: &Call,
    authority: Authorities<'_>,
) -> Result<Vec<Signer>, Code> {
    let payload = consent_payload(&envelope.header, call);
    let consenting = |consent: &daicho_types::envelope::CoSignature| {
        let key = authority(consent.alias).ok_or(Code::UnknownSender)?.key;
        let signature = &consent.signature;
        verify(&key, Domain::SignConsent, &chain, &payload, signature)
            .map_err(|_| Code::Signature)?;
        signer(consent.alias, authority)
    };
    call.cosignatures.iter().map(consenting).collect()
}
