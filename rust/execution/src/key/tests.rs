//! Key bytes sort as the values do and read back as they were.

use std::cmp::Ordering;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::types::{BOOL, DATE, DURATION, HASH, INT, PARTY, TIMESTAMP};

/// Predeclared types, Str at 32, Bytes at 33, a Decimal at 34, an Enum at 35.
fn types() -> Types {
    let mut section = vec![4, 0, 0, 0];
    section.extend([2, 0, 0, 1, 0, 3, 0, 0, 1, 0, 1, 38, 4]);
    section.extend([
        4, 1, 0, 0, 0, b'E', 2, 0, 0, 0, 1, 0, 0, 0, b'a', 1, 0, 0, 0, b'b',
    ]);
    Types::decode(&mut Reader::new(&section)).expect("four types")
}

fn value(ty: TypeId) -> BoxedStrategy<Value> {
    let types = types();
    let text = prop::collection::vec(
        prop_oneof![Just(0_u8), Just(1), Just(0x7F), any::<u8>()],
        0..6,
    );
    match types.known(ty) {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int(IntKind::U128) => any::<u128>().prop_map(Value::Uint).boxed(),
        Type::Account | Type::Party => any::<[u8; 16]>().prop_map(Value::Id).boxed(),
        Type::Hash => any::<[u8; 32]>()
            .prop_map(|hash| Value::Hash(Arc::new(hash)))
            .boxed(),
        Type::Bytes { .. } => text.prop_map(|bytes| Value::Bytes(bytes.into())).boxed(),
        Type::Str { .. } => {
            let letters = |bytes: Vec<u8>| bytes.iter().map(|byte| char::from(*byte)).collect();
            text.prop_map(move |bytes| {
                let s: String = letters(bytes);
                Value::Str(s.into())
            })
            .boxed()
        }
        _ => {
            let (least, greatest) = types.raw_bounds(ty).expect("a raw type");
            let edges = prop_oneof![
                Just(least),
                Just(greatest),
                Just(0),
                least..=greatest,
                (-3_i128..=3)
            ];
            edges
                .prop_map(move |raw| Value::Int(raw.clamp(least, greatest)))
                .boxed()
        }
    }
}

fn typed_pair() -> impl Strategy<Value = (TypeId, TypeId, [Value; 2], [Value; 2])> {
    let all = prop::sample::select(
        (1..=10)
            .chain([
                BOOL, INT, PARTY, HASH, DATE, TIMESTAMP, DURATION, 32, 33, 34, 35,
            ])
            .collect::<Vec<_>>(),
    );
    (all.clone(), all).prop_flat_map(|(first, second)| {
        let row = || (value(first), value(second)).prop_map(|(a, b)| [a, b]);
        (Just(first), Just(second), row(), row())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_sort_as_columns_do((first, second, left, right) in typed_pair()) {
        let types = types();
        let bytes = |row: &[Value; 2]| {
            let mut out = Vec::new();
            encode(&types, first, &row[0], &mut out).expect("of its type");
            encode(&types, second, &row[1], &mut out).expect("of its type");
            out
        };
        let by_columns = match left[0].cmp_scalar(&right[0]).expect("one type") {
            Ordering::Equal => left[1].cmp_scalar(&right[1]).expect("one type"),
            unequal => unequal,
        };
        prop_assert_eq!(bytes(&left).cmp(&bytes(&right)), by_columns);
    }

    #[test]
    fn columns_read_back((first, second, row, _) in typed_pair()) {
        let types = types();
        let mut out = Vec::new();
        encode(&types, first, &row[0], &mut out).expect("of its type");
        encode(&types, second, &row[1], &mut out).expect("of its type");
        let mut reader = Reader::new(&out);
        prop_assert_eq!(&decode(&types, first, &mut reader).expect("as written"), &row[0]);
        prop_assert_eq!(&decode(&types, second, &mut reader).expect("as written"), &row[1]);
        prop_assert!(reader.finish().is_ok());
    }
}
