//! Every wire format is frozen by the hash of sample encodings: a format that
//! changes by accident fails here. A format that changes on purpose gets a
//! new version; then the line that this test prints replaces the old one.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Sample, Source};
use daicho_types::codec::Encode;

/// Enough samples that every variant, flag and length occurs.
const SAMPLES: u64 = 64;

fn vector<T: Sample + Encode>(name: &str) -> String {
    let mut bytes = Vec::new();
    for seed in 0..SAMPLES {
        T::sample(&mut Source(seed)).encode(&mut bytes);
    }
    format!("{name} {}\n", blake3::hash(&bytes).to_hex())
}

macro_rules! vectors {
    ($($name:literal => $type:ty;)*) => {
        [$(vector::<$type>($name)),*].concat()
    };
}

#[test]
fn every_format_is_the_frozen_one() {
    let found = every_wire_type!(vectors);
    let frozen = include_str!("frozen.txt");
    assert!(
        found == frozen,
        "wire formats changed; now they are:\n{found}"
    );
}

/// No wire type without its line: reads the sources for the macros' structs
/// and enums.
#[test]
fn every_wire_type_is_frozen() {
    let frozen: BTreeSet<_> = include_str!("frozen.txt")
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut declared = BTreeSet::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // Inside a macro a declaration is indented, and only there; the codec
        // defines the macros and codes are no wire type.
        for line in text
            .lines()
            .filter(|_| !["codec", "codes"].contains(&&*module))
        {
            let name = ["    pub struct ", "    pub enum "];
            let name = name.iter().find_map(|head| line.strip_prefix(head));
            if let Some(name) = name {
                let name = name.trim_end_matches(" {");
                assert!(declared.insert(format!("{module}::{name}")));
            }
        }
    }
    assert!(declared.len() > 50, "the search finds what is there");
    assert_eq!(declared, frozen);
}
