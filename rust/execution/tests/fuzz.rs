//! A counted run of the fuzzing loop; the longer campaign is
//! `cargo run --release -p daicho-execution --example fuzz -- --seconds N`.

mod common;

use common::fuzz::{Counts, Fuzz};

/// Rounds of every run of the tests.
const ROUNDS: u64 = 60_000;

/// Whatever bytes come: refused, or run within their bounds and never INTERNAL.
#[test]
fn no_input_panics() {
    let mut fuzz = Fuzz::new();
    (0..ROUNDS).for_each(|number| fuzz.round(number));
    let Counts {
        decoded,
        verified,
        calls,
        ok,
        ..
    } = fuzz.counts;
    // A loop that gets nowhere proves nothing.
    assert!(decoded > ROUNDS / 3, "{decoded} decoded");
    assert!(verified > ROUNDS / 20, "{verified} verified");
    assert!(calls > 4 * verified && ok > calls / 20, "{ok} of {calls}");
}
