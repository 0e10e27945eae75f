//! Whatever decodes encodes to the same bytes, and nothing makes it panic.

use proptest::prelude::*;

use super::*;

/// One type of every kind, nested, the last holding most of the others.
fn types() -> (Types, TypeId) {
    let mut section = vec![7, 0, 0, 0];
    section.extend([2, 5, 0, 0, 0]); // 32 Str(5)
    section.extend([1, 4, 2]); // 33 Decimal(4, 2)
    section.extend([8, 32, 0]); // 34 Optional(Str)
    section.extend([7, 2, 0, 34, 0, 3, 0, 0, 0]); // 35 Map(U8, Optional, 3)
    section.extend([4, 1, 0, 0, 0, b'E', 1, 0, 0, 0, 1, 0, 0, 0, b'a']); // 36 Enum
    section.extend([5, 1, 0, 0, 0, b'R', 4, 0, 0, 0]); // 37 Record
    for (name, ty) in [(b'a', 35_u8), (b'b', 33), (b'c', 0), (b'd', 36)] {
        section.extend([1, 0, 0, 0, name, ty, 0]);
    }
    section.extend([6, 37, 0, 2, 0, 0, 0]); // 38 List(Record, 2)
    (
        Types::decode(&mut Reader::new(&section)).expect("seven types"),
        38,
    )
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![4 => Just(0_u8), 3 => Just(1_u8), 1 => Just(2), 1 => any::<u8>()],
        0..120,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_is_one_encoding(bytes in bytes()) {
        let (types, ty) = types();
        let mut decoder = Decoder::new(&types, &bytes);
        if let Ok(value) = decoder.value(ty) {
            let read = bytes.len() - decoder.reader.remaining();
            let mut out = Vec::new();
            encode(&types, ty, &value, &mut out).expect("it was decoded as this type");
            prop_assert_eq!(&out, &bytes[..read]);
        }
    }
}

#[test]
fn bounds_are_checked() {
    let (types, _) = types();
    let decode = |ty: TypeId, bytes: &[u8]| {
        let mut decoder = Decoder::new(&types, bytes);
        decoder
            .value(ty)
            .and_then(|value| decoder.finish().map(|()| value))
    };
    let refused: [(TypeId, &[u8]); 9] = [
        (0, &[2]),
        (0, &[1, 0]),
        (32, b"\x06\0\0\0abcdef"),
        (32, b"\x01\0\0\0\xff"),
        (33, &10_000_i128.to_le_bytes()),
        (34, &[2]),
        (35, &[2, 0, 0, 0, 5, 0, 5, 0]),
        (36, &[1, 0]),
        (38, &[3, 0, 0, 0]),
    ];
    for (ty, bytes) in refused {
        assert!(decode(ty, bytes).is_err(), "{ty}: {bytes:?}");
    }
    assert!(decode(32, b"\x05\0\0\0abcde").is_ok());
    assert!(decode(33, &9_999_i128.to_le_bytes()).is_ok());
}

/// A value that holds one part many times over has no bytes either.
#[test]
fn encoding_stops_at_its_bound() {
    let types =
        Types::decode(&mut Reader::new(&[1, 0, 0, 0, 6, 1, 0, 0, 0, 1, 0])).expect("a list");
    let list = Value::List(Arc::new(vec![Value::Int(1); 5_000]));
    assert_eq!(
        encode(&types, 32, &list, &mut Vec::new()),
        Err(Trap::Length)
    );
}
