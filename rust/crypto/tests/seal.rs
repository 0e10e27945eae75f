//! HPKE sessions, AEAD, padding, and what is sealed with them.

mod common;

use common::{call, chain, epoch_pair, origin, session};
use daicho_crypto::{
    BadSeal, ClientSession, Domain, ExecutorSeeds, SealKeyPair, Secret, SigningKey, consent,
    consent_payload, envelope_header, open_answer, open_call, open_once, open_question,
    open_receipt, open_session, pad, seal_answer, seal_envelope, seal_once, seal_query,
    seal_receipt, session_info, tx_id, unpad, verify,
};
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::envelope::{Envelope, GasClass, Item, Question};
use daicho_types::limits::{AEAD_TAG_BYTES, RECEIPT_CLASS_BYTES, SIZE_CLASS_BYTES};
use daicho_types::result::{Receipt, ReceiptStatus};
use daicho_types::{AgreementKey, Alias, ConsensusTime, Digest, Epoch, Height};
use proptest::prelude::*;

fn sealed(arguments: usize) -> Envelope {
    let key = SigningKey::from_seed(&[1; 32]);
    let item = seal_envelope(
        &key,
        &session(),
        &origin(),
        GasClass::Small,
        [4; 16],
        &call(arguments),
    );
    match item.unwrap() {
        Item::Sealed(envelope) => envelope,
        Item::Control(_) => unreachable!("a call is sealed"),
    }
}

/// Sender and receiver reach the same session, and it is a function of
/// (epoch key, `enc`) alone.
#[test]
fn both_ends_of_a_session_agree() {
    let info = session_info(&chain(), Epoch(0));
    let (enc, sender) = open_session(&epoch_pair().public(), &info, &[1; 32]).unwrap();
    let receiver = epoch_pair().session(&enc, &info).unwrap();
    assert_eq!(sender.expose(), receiver.expose());
    let again = epoch_pair().session(&enc, &info).unwrap();
    assert_eq!(again.expose(), receiver.expose());
    let (other_enc, other) = open_session(&epoch_pair().public(), &info, &[2; 32]).unwrap();
    assert_ne!(enc, other_enc);
    assert_ne!(other.expose(), sender.expose());
}

#[test]
fn another_key_epoch_or_chain_reaches_another_session() {
    let info = session_info(&chain(), Epoch(0));
    let (enc, sender) = open_session(&epoch_pair().public(), &info, &[1; 32]).unwrap();
    let other_key = SealKeyPair::from_seed(&[201; 32])
        .session(&enc, &info)
        .unwrap();
    assert_ne!(other_key.expose(), sender.expose());
    for info in [
        session_info(&chain(), Epoch(1)),
        session_info(&Digest::ZERO, Epoch(0)),
    ] {
        let other = epoch_pair().session(&enc, &info).unwrap();
        assert_ne!(other.expose(), sender.expose());
    }
}

/// A key of small order would give everybody the same session.
#[test]
fn a_point_of_small_order_is_refused() {
    let info = session_info(&chain(), Epoch(0));
    for point in [[0; 32], core::array::from_fn(|at| u8::from(at == 0))] {
        let point = AgreementKey(point);
        assert_eq!(open_session(&point, &info, &[1; 32]).err(), Some(BadSeal));
        assert_eq!(epoch_pair().session(&point, &info).err(), Some(BadSeal));
    }
}

#[test]
fn no_bit_of_a_ciphertext_may_change() {
    let key = Secret::new([1; 32]);
    let good = seal_once(&key, b"associated", b"plaintext");
    assert_eq!(good.len(), 9 + AEAD_TAG_BYTES);
    assert_eq!(open_once(&key, b"associated", &good).unwrap(), b"plaintext");
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            open_once(&key, b"associated", &bad),
            Err(BadSeal),
            "bit {bit}"
        );
    }
    for cut in 0..good.len() {
        assert_eq!(open_once(&key, b"associated", &good[..cut]), Err(BadSeal));
    }
    assert_eq!(open_once(&key, b"associatee", &good), Err(BadSeal));
    assert_eq!(
        open_once(&Secret::new([2; 32]), b"associated", &good),
        Err(BadSeal)
    );
}

proptest! {
    #[test]
    fn padding_round_trips_and_hides_the_length(
        plain in prop::collection::vec(any::<u8>(), 0..60),
        size in 0..70usize,
    ) {
        match pad(&plain, size) {
            Some(padded) => {
                prop_assert_eq!(padded.len(), size);
                prop_assert_eq!(unpad(&padded), Some(&plain[..]));
            }
            None => prop_assert!(plain.len() + 4 > size),
        }
    }

    /// Whatever unpads is what padding makes of it.
    #[test]
    fn unpadding_accepts_only_padding(bytes in prop::collection::vec(0..3u8, 0..20)) {
        if let Some(plain) = unpad(&bytes) {
            prop_assert_eq!(pad(plain, bytes.len()), Some(bytes.clone()));
        }
    }
}

#[test]
fn padding_with_a_bit_set_is_none() {
    let mut padded = pad(b"abc", 16).unwrap();
    padded[15] = 1;
    assert_eq!(unpad(&padded), None);
    assert_eq!(unpad(&[255, 255, 255, 255]), None);
    assert_eq!(unpad(&[0, 0, 0]), None);
}

/// The executor opens what the client sealed; a header of other bytes, though
/// otherwise valid, opens nothing.
#[test]
fn a_call_opens_under_its_own_header_only() {
    let envelope = sealed(100);
    let info = session_info(&chain(), Epoch(0));
    let key = epoch_pair().session(&envelope.header.enc, &info).unwrap();
    assert_eq!(open_call(&key, &envelope), Ok(call(100)));
    let edits: [fn(&mut Envelope); 5] = [
        |e| e.header.sequence += 1,
        |e| e.header.sender = Alias([6; 16]),
        |e| e.header.expiry.0 += 1,
        |e| e.header.gas_class = GasClass::Large,
        |e| e.header.salt[0] ^= 1,
    ];
    for edit in edits {
        let mut edited = envelope.clone();
        edit(&mut edited);
        assert_eq!(open_call(&key, &edited), Err(BadSeal));
    }
}

/// Calls that differ in their arguments have equal length inside a class.
#[test]
fn the_length_of_an_envelope_tells_its_class() {
    let length = |arguments| Item::Sealed(sealed(arguments)).to_bytes().len();
    assert_eq!(length(0), length(400));
    assert_ne!(length(400), length(600));
    let fits_none = SIZE_CLASS_BYTES[4] - 100;
    let call = daicho_types::envelope::Call {
        cosignatures: List::new(vec![
            daicho_types::envelope::CoSignature {
                alias: Alias([0; 16]),
                signature: daicho_types::Signature([0; 64]),
            };
            16
        ])
        .unwrap(),
        ..call(fits_none.min(60 * 1024))
    };
    let header = envelope_header(&session(), &origin(), GasClass::Small, [0; 16], &call);
    assert_eq!(header.unwrap().size_class, 4);
}

/// The signature covers header and body; the transaction id all but it.
#[test]
fn an_envelope_is_signed_whole() {
    let envelope = sealed(10);
    let key = SigningKey::from_seed(&[1; 32]).public();
    let good = |e: &Envelope| {
        let payload = daicho_crypto::envelope_payload(e);
        verify(
            &key,
            Domain::SignTransaction,
            &chain(),
            &payload,
            &e.signature,
        )
        .is_ok()
    };
    assert!(good(&envelope));
    let mut other = envelope.clone();
    let mut body = other.body.clone().into_inner();
    body[0] ^= 1;
    other.body = Blob::new(body).unwrap();
    assert!(!good(&other));
    let id = |e: &Envelope| tx_id(&Item::Sealed(e.clone()));
    assert_ne!(id(&other), id(&envelope));
    let mut resigned = envelope.clone();
    resigned.signature.0[0] ^= 1;
    assert_eq!(
        id(&resigned),
        id(&envelope),
        "one transaction, two witnesses"
    );
}

/// A consent stands at one place and for one call.
#[test]
fn a_consent_cannot_be_moved() {
    let key = SigningKey::from_seed(&[9; 32]);
    let given = consent(&key, Alias([9; 16]), &chain(), &origin(), &call(3));
    let holds = |sequence, arguments| {
        let mut header = sealed(3).header;
        header.sequence = sequence;
        let payload = consent_payload(&header, &call(arguments));
        verify(
            &key.public(),
            Domain::SignConsent,
            &chain(),
            &payload,
            &given.signature,
        )
        .is_ok()
    };
    assert!(holds(origin().sequence, 3));
    assert!(!holds(origin().sequence + 1, 3));
    assert!(!holds(origin().sequence, 4));
}

fn receipt(result: usize) -> Receipt {
    Receipt {
        tx_id: Digest([1; 32]),
        sender: origin().sender,
        lane: 1,
        sequence: 9,
        height: Height(3),
        index: 0,
        block_time: ConsensusTime(77),
        status: ReceiptStatus::Ok,
        code: Blob::new(b"OK".to_vec()).unwrap(),
        gas_used: 5,
        steps: 6,
        result: Blob::new(vec![7; result]).unwrap(),
        events: List::default(),
    }
}

#[test]
fn a_receipt_opens_to_its_sender_and_for_its_transaction() {
    let (session, other) = (session().secret, Secret::new([1; 32]));
    let id = Digest([1; 32]);
    let sealed = seal_receipt(&session, &id, &receipt(10)).unwrap();
    assert_eq!(sealed.len(), RECEIPT_CLASS_BYTES[0] + AEAD_TAG_BYTES);
    assert_eq!(open_receipt(&session, &id, &sealed), Ok(receipt(10)));
    assert_eq!(open_receipt(&other, &id, &sealed), Err(BadSeal));
    assert_eq!(
        open_receipt(&session, &Digest([2; 32]), &sealed),
        Err(BadSeal)
    );
    let failed = seal_receipt(&session, &id, &receipt(0)).unwrap();
    assert_eq!(
        failed.len(),
        sealed.len(),
        "outcomes of one class look alike"
    );
}

#[test]
fn a_query_and_its_answer_open_to_both_ends() {
    let key = SigningKey::from_seed(&[1; 32]);
    let question = Question::CompartmentKeys(());
    let expiry = ConsensusTime(5);
    let query = seal_query(&key, &session(), Alias([5; 16]), [8; 16], expiry, &question).unwrap();
    let info = session_info(&chain(), Epoch(0));
    let executor = epoch_pair().session(&query.enc, &info).unwrap();
    assert_eq!(open_question(&executor, &query), Ok(question));
    let mut replayed = query.clone();
    replayed.nonce[0] ^= 1;
    assert_eq!(open_question(&executor, &replayed), Err(BadSeal));
    for length in [0, 1, 507, 508, 509, 5_000] {
        let answer = seal_answer(&executor, &query.nonce, &vec![3; length]);
        assert!((answer.len() - AEAD_TAG_BYTES).is_power_of_two());
        let opened = open_answer(&session().secret, &query.nonce, &answer);
        assert_eq!(opened, Ok(vec![3; length]));
        assert_eq!(open_answer(&executor, &[9; 16], &answer), Err(BadSeal));
    }
}

/// The same entropy gives the same session: a client that restarts reads its
/// receipts again.
#[test]
fn a_session_is_a_function_of_its_entropy() {
    let open =
        |byte| ClientSession::open(&epoch_pair().public(), chain(), Epoch(0), &[byte; 32]).unwrap();
    assert_eq!(open(1).enc, open(1).enc);
    assert_eq!(open(1).secret.expose(), open(1).secret.expose());
    assert_ne!(open(1).enc, open(2).enc);
}

/// No byte of an executor's key file may change, and other unlock bytes open
/// nothing.
#[test]
fn a_key_file_opens_with_its_unlock_bytes_only() {
    let seeds = ExecutorSeeds {
        result: Secret::new([1; 32]),
        seal: Secret::new([2; 32]),
        store: Secret::new([3; 32]),
    };
    let file = seeds.seal(b"unlock", [4; 32]);
    let opened = ExecutorSeeds::open(&file, b"unlock").unwrap();
    assert_eq!(opened.store.expose(), seeds.store.expose());
    assert_eq!(opened.keys().result.public(), seeds.keys().result.public());
    assert!(ExecutorSeeds::open(&file, b"unlocl").is_err());
    for place in 0..file.len() {
        let mut bad = file.clone();
        bad[place] ^= 1;
        assert!(
            ExecutorSeeds::open(&bad, b"unlock").is_err(),
            "byte {place}"
        );
        assert!(ExecutorSeeds::open(&file[..place], b"unlock").is_err());
    }
}

/// Secrets do not reach a log by way of `{:?}`.
#[test]
fn secrets_are_never_printed() {
    let seed = [0xAB; 32];
    let texts = [
        format!("{:?}", Secret::new(seed)),
        format!("{:?}", SigningKey::from_seed(&seed)),
        format!("{:?}", SealKeyPair::from_seed(&seed)),
        format!(
            "{:?}",
            ClientSession {
                secret: Secret::new(seed),
                ..session()
            }
        ),
    ];
    for text in texts {
        assert!(!text.to_lowercase().contains("abab"), "{text}");
        assert!(!text.contains("171, 171"), "{text}");
    }
}
