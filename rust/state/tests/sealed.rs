//! What a result body tells to whom.

mod common;

use common::{block, body, keys, party, register, set};
use daicho_crypto::{Domain, Secret, pad, seal_once};
use daicho_state::{
    AddressedEvent, ChunkError, ChunkKind, CompartmentKey, KeyRing, open_all_changes, open_changes,
    open_directory, open_events, seal_changes, seal_events,
};
use daicho_types::codec::{Blob, Encode};
use daicho_types::ledger::Compartment;
use daicho_types::result::{Event, SealedChunk};
use daicho_types::{ContractId, Digest, Epoch, Height};

fn event(addressee: Compartment, index: u32, data: &[u8]) -> AddressedEvent {
    AddressedEvent {
        addressee: addressee.to_bytes(),
        index,
        event: Event {
            contract: ContractId(1),
            kind: 2,
            data: Blob::new(data.to_vec()).unwrap(),
        },
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|part| part == needle)
}

/// R52: "ciphertext on issX's disk contains no issY plaintext", R97: "no
/// price/quantity/party of A–B trade (string and size search)": at the level
/// of bytes, a body holds none of what it seals, in text or as an integer of
/// either endianness.
#[test]
fn r52_r97_a_body_holds_no_plaintext() {
    let name = b"Issuer Y Holdings KK";
    let (price, id) = (987_654_321u64, [0xC7; 16]);
    let trade = [
        &name[..],
        b"|",
        &price.to_le_bytes(),
        &price.to_be_bytes(),
        b"|",
        &id,
    ]
    .concat();
    let rows = [
        set(register(2), &trade[..40], &trade),
        set(Compartment::Party(id), b"JP3633400001", &trade),
    ];
    let events = [event(Compartment::Party(id), 0, &trade)];
    let bytes = body(&block(1), &rows, &events).to_bytes();
    let secrets: [&[u8]; 6] = [
        name,
        b"JP3633400001",
        &price.to_le_bytes(),
        &price.to_be_bytes(),
        &id,
        &trade,
    ];
    for secret in secrets {
        assert!(!holds(&bytes, secret));
        let planted = [&bytes[..], secret].concat();
        assert!(holds(&planted, secret), "the search finds a canary");
    }
}

/// R97: two blocks that differ in price, quantity or a few rows have bodies
/// of equal size; sizes are powers of two and the tag.
#[test]
fn r97_sizes_tell_a_power_of_two() {
    let sizes = |value: &[u8]| -> Vec<usize> {
        let rows = [set(party(1), b"k", value), set(party(2), b"k", b"v")];
        let body = body(&block(1), &rows, &[]);
        body.changes
            .iter()
            .map(|chunk| chunk.sealed.len())
            .collect()
    };
    assert_eq!(sizes(b"price 1"), vec![512 + 16; 3]);
    assert_eq!(sizes(b"price 1000000000"), sizes(b"price 1"));
    let mut large = sizes(&[7; 5_000]);
    large.sort_unstable();
    assert_eq!(large, [512 + 16, 512 + 16, 8_192 + 16]);
}

/// R52/R97: with another compartment's key, another epoch's, another block or
/// height, nothing is found, and nothing found would open.
#[test]
fn r52_a_foreign_key_opens_nothing() {
    let at = block(1);
    let rows = [set(register(1), b"k", b"v"), set(register(2), b"k", b"w")];
    let body = body(&at, &rows, &[event(register(1), 0, b"e")]);
    let key = keys().compartment(register(1));
    let open = |key: &CompartmentKey, digest: &Digest, height| {
        open_changes(key, digest, height, &body.changes)
    };
    let own = open(&key, &at.digest, at.height).unwrap().unwrap();
    assert_eq!(own, rows[..1]);
    let other_epoch = KeyRing::from_epoch_secret(&Secret::new([43; 32]), Epoch(0));
    for foreign in [
        keys().compartment(register(3)),
        keys().compartment(Compartment::Party([1; 16])),
        other_epoch.compartment(register(1)),
    ] {
        assert_eq!(open(&foreign, &at.digest, at.height), Ok(None));
        let events = open_events(&foreign, &at.digest, at.height, &body.events);
        assert_eq!(events, Ok(vec![]));
    }
    assert_eq!(open(&key, &at.digest, Height(2)), Ok(None));
    let wrong_block = open(&key, &block(2).digest, at.height);
    assert!(matches!(wrong_block, Err(ChunkError::Seal(_))));
    let directory = open_directory(&other_epoch, &at.digest, at.height, &body.changes);
    assert_eq!(directory, Ok(vec![]));
}

/// Someone else's chunk under one's own tag does not open: tags and keys
/// belong together.
#[test]
fn a_relabelled_or_altered_chunk_does_not_open() {
    let at = block(1);
    let rows = [set(register(1), b"k", b"v"), set(register(2), b"k", b"w")];
    let good = seal_changes(&keys(), &at.digest, at.height, &rows).unwrap();
    let key = keys().compartment(register(1));
    let tag = key.chunk_tag(at.height, ChunkKind::Changes, 0);
    for chunk in good.iter().filter(|chunk| chunk.tag != tag) {
        let relabelled = SealedChunk {
            tag,
            sealed: chunk.sealed.clone(),
        };
        let opened = open_changes(&key, &at.digest, at.height, &[relabelled]);
        assert!(matches!(opened, Err(ChunkError::Seal(_))));
    }
    let place = good.iter().position(|chunk| chunk.tag == tag).unwrap();
    for byte in 0..good[place].sealed.len() {
        let mut bad = good.clone();
        let mut sealed = bad[place].sealed.clone().into_inner();
        sealed[byte] ^= 1;
        bad[place].sealed = Blob::new(sealed).unwrap();
        let opened = open_changes(&key, &at.digest, at.height, &bad);
        assert!(matches!(opened, Err(ChunkError::Seal(_))), "byte {byte}");
    }
}

/// R103: equal content in two blocks, or in two compartments, has nothing in
/// common when sealed: tags and ciphertexts do not repeat.
#[test]
fn r103_sealed_chunks_do_not_repeat() {
    let rows = [set(party(1), b"k", b"v"), set(party(2), b"k", b"v")];
    let mut seen = std::collections::BTreeSet::new();
    for height in 1..=3 {
        for chunk in body(&block(height), &rows, &[]).changes.iter() {
            assert!(seen.insert(chunk.tag));
            assert!(seen.insert(chunk.sealed[..32].try_into().unwrap()));
        }
    }
    assert_eq!(seen.len(), 3 * 3 * 2);
}

/// Events reach their addressee in the order of emission, and nobody else;
/// chunks rise by tag.
#[test]
fn r48_events_reach_their_addressee_in_order() {
    let at = block(4);
    let events = [
        event(party(1), 0, b"first"),
        event(party(2), 0, b"other"),
        event(party(1), 3, b"second"),
        event(party(1), 3, b"third"),
    ];
    let chunks = seal_events(&keys(), &at.digest, at.height, &events).unwrap();
    assert_eq!(chunks.len(), 2);
    assert!(chunks[0].tag < chunks[1].tag);
    let read = |number| {
        let key = keys().compartment(party(number));
        open_events(&key, &at.digest, at.height, &chunks).unwrap()
    };
    assert_eq!(
        read(1),
        [events[0].clone(), events[2].clone(), events[3].clone()]
    );
    assert_eq!(read(2), [events[1].clone()]);
    assert_eq!(read(3), []);
}

/// Who holds every key reads everything, and notices a chunk too many or too
/// few.
#[test]
fn all_keys_read_all_changes_or_say_what_is_missing() {
    let at = block(1);
    let rows = [
        set(Compartment::Public, b"", b""),
        set(party(1), b"a", b"1"),
        set(party(1), b"b", b"2"),
        set(register(7), b"k", b"v"),
    ];
    let mut shuffled = rows.to_vec();
    shuffled.reverse();
    let chunks = seal_changes(&keys(), &at.digest, at.height, &shuffled).unwrap();
    assert!(chunks.windows(2).all(|pair| pair[0].tag < pair[1].tag));
    let open = |chunks: &[SealedChunk]| open_all_changes(&keys(), &at.digest, at.height, chunks);
    assert_eq!(open(&chunks).unwrap(), rows);
    for place in 0..chunks.len() {
        let mut fewer = chunks.clone();
        fewer.remove(place);
        assert_eq!(open(&fewer), Err(ChunkError::Incomplete), "without {place}");
    }
    let mut more = chunks.clone();
    more.push(SealedChunk {
        tag: [0xFF; 32],
        sealed: Blob::default(),
    });
    assert_eq!(open(&more), Err(ChunkError::Incomplete));
    assert_eq!(open(&[]), Ok(vec![]), "an empty block has no chunks");
}

/// A row twice, or more than a chunk holds, is refused and not cut.
#[test]
fn what_does_not_fit_is_refused() {
    let at = block(1);
    let seal = |rows: &[_]| seal_changes(&keys(), &at.digest, at.height, rows);
    let twice = [set(party(1), b"k", b"v"), set(party(1), b"k", b"w")];
    assert_eq!(seal(&twice), Err(ChunkError::Duplicate));
    assert_eq!(
        seal(&[set(party(1), b"k", &[0; 65_537])]),
        Err(ChunkError::TooLarge)
    );
    assert_eq!(
        seal(&[set(party(1), &[0; 513], b"")]),
        Err(ChunkError::TooLarge)
    );
}

/// A corporate action that changes more of one register than a chunk holds
/// goes into parts, found by their own tags; none may be missing.
#[test]
fn a_large_chunk_is_cut_into_parts() {
    let at = block(1);
    let row = |n: u32| set(party(1), &n.to_be_bytes(), &[7; 65_536]);
    let rows: Vec<_> = (0..260).map(row).collect();
    let seal = |rows: &[_]| seal_changes(&keys(), &at.digest, at.height, rows).unwrap();
    assert_eq!(
        seal(&rows[..127]).len(),
        1 + 1,
        "the chunk and the directory"
    );
    assert_eq!(seal(&rows[..128]).len(), 2 + 1);
    let chunks = seal(&rows);
    assert_eq!(chunks.len(), 3 + 1);
    let opened = open_all_changes(&keys(), &at.digest, at.height, &chunks);
    assert!(opened.unwrap() == rows);
    for place in 0..chunks.len() {
        let mut fewer = chunks.clone();
        fewer.remove(place);
        let opened = open_all_changes(&keys(), &at.digest, at.height, &fewer);
        assert_eq!(opened, Err(ChunkError::Incomplete), "without {place}");
    }
}

/// The key tree of an epoch: every branch is another key, and the seed of a
/// height is nothing but a function of secret and height.
#[test]
fn keys_of_an_epoch_are_distinct_and_stable() {
    let ring = keys();
    let compartments = [
        Compartment::Public,
        Compartment::Administrator,
        party(0),
        register(0),
    ];
    let mut secrets = std::collections::BTreeSet::new();
    for compartment in compartments {
        assert!(secrets.insert(*ring.compartment(compartment).secret().expose()));
    }
    assert!(secrets.insert(ring.seed(Height(1))));
    assert!(secrets.insert(ring.seed(Height(2))));
    assert_eq!(ring.seed(Height(2)), keys().seed(Height(2)));
    let published = daicho_crypto::epoch_keys(&Secret::new([42; 32]), Epoch(0)).public();
    assert_eq!(ring.envelope().public(), published, "what clients seal to");
    let next = KeyRing::from_epoch_secret(&Secret::new([42; 32]), Epoch(1));
    assert_ne!(next.envelope().public(), published);
    let given = CompartmentKey::new(party(0), ring.compartment(party(0)).secret().clone());
    assert_eq!(given.tag(), ring.compartment(party(0)).tag());
    assert_eq!(
        format!("{given:?}").matches("..").count(),
        1,
        "a key is never printed"
    );
}

/// A chunk as anybody with the compartment's key could seal it: the given
/// content under the right tag and the right key.
fn forged(kind: ChunkKind, part: u16, parts: u16, piece: &[u8]) -> SealedChunk {
    let (at, key) = (block(1), keys().compartment(party(1)));
    let place: [&[u8]; 3] = [&at.digest.0, &[kind as u8], &part.to_le_bytes()];
    let secret = key.secret().derive(Domain::ChunkKey, &place);
    let tag = key.chunk_tag(at.height, kind, part);
    let content = [&parts.to_le_bytes()[..], piece].concat();
    let sealed = seal_once(&secret, &tag, &pad(&content, 512).unwrap());
    let sealed = Blob::new(sealed).unwrap();
    SealedChunk { tag, sealed }
}

/// Content that opens but is not what sealing makes: rows out of order, twice
/// or none, parts that are not full, do not agree or are none.
#[test]
fn only_canonical_content_is_taken() {
    let (at, key) = (block(1), keys().compartment(party(1)));
    let open = |chunks: &[SealedChunk]| {
        let mut chunks = chunks.to_vec();
        chunks.sort_by_key(|chunk| chunk.tag);
        open_changes(&key, &at.digest, at.height, &chunks)
    };
    let changes = |part, parts, piece: &[u8]| forged(ChunkKind::Changes, part, parts, piece);
    let (a, b) = ([1, 0, 0, 0, b'a', 0], [1, 0, 0, 0, b'b', 0]);
    let rows = |rows: &[[u8; 6]]| {
        let count = u32::try_from(rows.len()).unwrap();
        [&count.to_le_bytes()[..], &rows.concat()].concat()
    };
    let good = rows(&[a, b]);
    assert_eq!(open(&[changes(0, 1, &good)]).unwrap().unwrap().len(), 2);
    for bad in [
        rows(&[b, a]),
        rows(&[a, a]),
        rows(&[]),
        [&good[..], &[0]].concat(),
    ] {
        let opened = open(&[changes(0, 1, &bad)]);
        assert!(matches!(opened, Err(ChunkError::Malformed(_))));
    }
    let (head, tail) = good.split_at(6);
    let short = [changes(0, 2, head), changes(1, 2, tail)];
    assert!(
        matches!(open(&short), Err(ChunkError::Malformed(_))),
        "a first part is full"
    );
    for parts in [0, 65, u16::MAX] {
        let opened = open(&[changes(0, parts, &good)]);
        assert!(
            matches!(opened, Err(ChunkError::Malformed(_))),
            "{parts} parts"
        );
    }
    let missing = open(&[changes(0, 2, head)]);
    assert_eq!(missing, Err(ChunkError::Incomplete));
}

/// An event that names another addressee than the chunk's is not passed on.
#[test]
fn an_event_for_somebody_else_is_refused() {
    let (at, key) = (block(1), keys().compartment(party(1)));
    let open = |addressee| {
        let count = 1u32.to_le_bytes();
        let events = [&count[..], &event(addressee, 0, b"x").to_bytes()].concat();
        let chunk = forged(ChunkKind::Events, 0, 1, &events);
        open_events(&key, &at.digest, at.height, &[chunk])
    };
    assert_eq!(open(party(1)).unwrap().len(), 1);
    assert!(matches!(open(party(2)), Err(ChunkError::Malformed(_))));
}
