//! The registry of codes: numbers and names are for ever.

use std::collections::BTreeSet;

use daicho_types::Code;

/// Frozen: a code is added at the end and never renumbered, renamed or reused.
const FROZEN: &str = "\
0 OK
1 MALFORMED
2 WRONG_CHAIN
3 SIGNATURE
4 UNKNOWN_SENDER
5 REVOKED
6 READ_ONLY
7 REPLAY
8 SEQUENCE_USED
9 SEQUENCE_AHEAD
10 EXPIRED
11 TOO_LARGE
12 BUSY
13 SEAL
14 ROLE
15 QUORUM
16 ACCESS
17 NO_CONTRACT
18 BAD_ARTEFACT
19 ENTITY_LIMIT
20 GAS
21 NO_EXECUTOR
22 NOT_YET
23 DIVERGED
24 UNCERTIFIED
25 DAMAGED
26 CLOCK
27 NONCE_USED
";

#[test]
fn codes_keep_their_numbers_and_names() {
    let found: String = Code::ALL
        .iter()
        .map(|code| format!("{} {}\n", *code as u16, code.name()))
        .collect();
    assert!(
        found.starts_with(FROZEN),
        "codes changed; now they are:\n{found}"
    );
}

#[test]
fn a_number_and_a_name_mean_one_code() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert_eq!(Code::from_number(*code as u16), Some(*code));
        let upper_snake = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        assert!(code.name().bytes().all(upper_snake), "{code}");
    }
    assert_eq!(Code::from_number(u16::MAX), None);
}
