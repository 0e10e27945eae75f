//! The codec: one encoding per value, and nothing else decodes.

mod common;

use common::{Sample, Source};
use daicho_types::codec::{Blob, CodecError, Decode, Encode, List, Reader};
use daicho_types::envelope::{Envelope, Item};
use daicho_types::ipc::{Deframer, Halt, frame};
use daicho_types::ledger::Compartment;
use daicho_types::limits::{AEAD_TAG_BYTES, IPC_FRAME_BYTES_MAX, SIZE_CLASS_BYTES};
use proptest::prelude::*;

/// Round trip, no trailing byte, no shorter form, and whatever else decodes is
/// the canonical encoding of what it decodes to.
fn check<T: Sample + Encode + Decode + PartialEq + core::fmt::Debug>(seed: u64, damage: u64) {
    let value = T::sample(&mut Source(seed));
    let bytes = value.to_bytes();
    assert_eq!(T::from_bytes(&bytes).as_ref(), Ok(&value));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(T::from_bytes(&longer), Err(CodecError::Trailing(1)));
    let mut source = Source(damage);
    if !bytes.is_empty() {
        let cut = source.below(bytes.len());
        assert!(T::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        let mut bad = bytes.clone();
        let place = source.below(bytes.len());
        bad[place] ^= 1 << source.below(8);
        if let Ok(other) = T::from_bytes(&bad) {
            assert_eq!(other.to_bytes(), bad, "bytes that decode are canonical");
            assert_ne!(other, value);
        }
    }
    let noise: Vec<u8> = (0..source.below(200))
        .map(|_| u8::sample(&mut source))
        .collect();
    if let Ok(other) = T::from_bytes(&noise) {
        assert_eq!(other.to_bytes(), noise);
    }
}

macro_rules! checks {
    ($($name:literal => $type:ty;)*) => {
        fn check_all(seed: u64, damage: u64) {
            $(check::<$type>(seed, damage);)*
        }
    };
}
every_wire_type!(checks);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_wire_type_has_one_encoding(seed in any::<u64>(), damage in any::<u64>()) {
        check_all(seed, damage);
    }

    /// Messages cut anywhere come out whole and in order.
    #[test]
    fn a_stream_is_cut_back_into_its_messages(
        seeds in prop::collection::vec(any::<u64>(), 0..6),
        step in 1..40usize,
    ) {
        let sent: Vec<_> = seeds.iter().map(|seed| Halt::sample(&mut Source(*seed))).collect();
        let stream: Vec<u8> = sent.iter().flat_map(frame).collect();
        let (mut deframer, mut got) = (Deframer::default(), Vec::new());
        for part in stream.chunks(step) {
            deframer.push(part);
            while let Some(message) = deframer.next::<Halt>().unwrap() {
                got.push(message);
            }
        }
        prop_assert_eq!(got, sent);
    }
}

#[test]
fn a_length_above_its_bound_is_refused_before_it_is_read() {
    let (length, bound) = (5, 4);
    let long = Err(CodecError::TooLong { length, bound });
    let bytes = [5, 0, 0, 0, 1, 2, 3, 4, 5];
    assert_eq!(Blob::<4>::from_bytes(&bytes).map(|_| ()), long);
    assert_eq!(List::<u8, 4>::from_bytes(&bytes).map(|_| ()), long);
    assert_eq!(Blob::<4>::new(vec![0; 5]).map(|_| ()), long);
    assert_eq!(List::<u8, 4>::new(vec![0; 5]).map(|_| ()), long);
    assert!(Blob::<5>::from_bytes(&bytes).is_ok());
    assert!(List::<u8, 5>::from_bytes(&bytes).is_ok());
}

/// A claimed count costs nothing: four bytes cannot make a reader reserve
/// gigabytes.
#[test]
fn a_count_is_a_claim() {
    let bytes = u32::MAX.to_le_bytes();
    let read = List::<[u8; 32], { u32::MAX as usize }>::from_bytes(&bytes);
    assert_eq!(read, Err(CodecError::Truncated { needed: 32 }));
}

#[test]
fn integers_are_little_endian_and_flags_are_bits() {
    assert_eq!(0x0102_0304_u32.to_bytes(), [4, 3, 2, 1]);
    assert_eq!(
        (-2i64).to_bytes(),
        [0xFE, 255, 255, 255, 255, 255, 255, 255]
    );
    assert_eq!(i128::from_bytes(&(-5i128).to_bytes()), Ok(-5));
    assert_eq!(u128::from_bytes(&u128::MAX.to_bytes()), Ok(u128::MAX));
    assert_eq!(bool::from_bytes(&[1]), Ok(true));
    let (value, of) = (2, "bool");
    assert_eq!(
        bool::from_bytes(&[2]),
        Err(CodecError::Variant { value, of })
    );
    assert!(Option::<u8>::from_bytes(&[2, 0]).is_err());
    let mut reader = Reader::new(&[1, 2]);
    assert_eq!(reader.take(3), Err(CodecError::Truncated { needed: 1 }));
    assert_eq!(reader.remaining(), 2, "a failed read takes nothing");
}

#[test]
fn a_frame_above_its_bound_ends_the_stream() {
    let mut deframer = Deframer::default();
    let length = IPC_FRAME_BYTES_MAX + 1;
    deframer.push(&u32::try_from(length).unwrap().to_le_bytes());
    let bound = IPC_FRAME_BYTES_MAX;
    assert_eq!(
        deframer.next::<Halt>(),
        Err(CodecError::TooLong { length, bound })
    );
}

/// Seventeen bytes name a compartment in one way only.
#[test]
fn compartments_have_one_spelling() {
    for compartment in [
        Compartment::Public,
        Compartment::Administrator,
        Compartment::Party([7; 16]),
        Compartment::Register([0; 16]),
    ] {
        assert_eq!(
            Compartment::from_bytes(&compartment.to_bytes()),
            Some(compartment)
        );
    }
    let mut bytes = [0; 17];
    for kind in 4..=255 {
        bytes[0] = kind;
        assert_eq!(Compartment::from_bytes(&bytes), None);
    }
    for kind in [0, 1] {
        bytes = [0; 17];
        (bytes[0], bytes[16]) = (kind, 1);
        assert_eq!(
            Compartment::from_bytes(&bytes),
            None,
            "no identity where none belongs"
        );
    }
}

/// What admission encodes for every transaction is written into one piece of
/// memory: a header, a body of the smallest size class and a signature.
#[test]
fn an_envelope_of_the_smallest_class_is_encoded_without_growing() {
    let mut envelope = Envelope::sample(&mut Source(7));
    envelope.body = Blob::new(vec![1; SIZE_CLASS_BYTES[0] + AEAD_TAG_BYTES]).unwrap();
    let first = 0u8.to_bytes().capacity();
    let bytes = Item::Sealed(envelope).to_bytes();
    assert_eq!(bytes.capacity(), first, "{} bytes", bytes.len());
}
