//! Planted faults are in no build that is used: the feature is nobody's default
//! and no manifest of the workspace asks for it.

#[cfg(feature = "faults")]
mod common;

use std::path::Path;

#[test]
fn no_manifest_enables_the_faults() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(here.join("..")).expect("the workspace's crates");
    let mut manifests: Vec<_> = crates
        .map(|entry| entry.expect("a folder").path().join("Cargo.toml"))
        .filter(|manifest| manifest.exists())
        .collect();
    assert!(
        manifests.len() > 5,
        "the other crates stand beside this one"
    );
    manifests.push(here.join("../../Cargo.toml"));
    for manifest in manifests {
        let text = std::fs::read_to_string(&manifest).expect("a manifest");
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.contains("faults"))
            .collect();
        let allowed = ["faults = []", "required-features = [\"faults\"]"];
        assert!(
            lines.iter().all(|line| allowed.contains(line)),
            "{}: {lines:?}",
            manifest.display()
        );
        assert!(!text.contains("default = ["), "{}", manifest.display());
    }
}

/// Each fault is one: some transcript no longer holds. (The feature is on:
/// `cargo test -p daicho-execution --features faults --test faults`.)
#[cfg(feature = "faults")]
mod planted {
    use super::common;

    const CASES: [&str; 13] = [
        include_str!("cases/control.case"),
        include_str!("cases/numbers.case"),
        include_str!("cases/text.case"),
        include_str!("cases/data.case"),
        include_str!("cases/tables.case"),
        include_str!("cases/conservation.case"),
        include_str!("cases/calls.case"),
        include_str!("cases/authority.case"),
        include_str!("cases/savepoints.case"),
        include_str!("cases/indexes.case"),
        include_str!("cases/locks.case"),
        include_str!("cases/outside.case"),
        include_str!("cases/edges.case"),
    ];

    #[test]
    fn every_fault_breaks_some_transcript() {
        let run = |case: &&str| std::panic::catch_unwind(|| common::cases::run(case)).ok();
        let right: Vec<_> = CASES.iter().map(run).collect();
        assert!(
            right.iter().all(Option::is_some),
            "without a fault all hold"
        );
        // The transcripts that do not hold are what is wanted here.
        std::panic::set_hook(Box::new(|_| {}));
        let mut unseen = Vec::new();
        for (number, name, _) in daicho_execution::FAULTS {
            assert!(daicho_execution::plant(*number));
            let wrong: Vec<_> = CASES.iter().map(run).collect();
            if wrong == right {
                unseen.push(*name);
            }
        }
        drop(std::panic::take_hook());
        assert!(daicho_execution::plant(0));
        assert!(unseen.is_empty(), "no transcript sees {unseen:?}");
    }
}
