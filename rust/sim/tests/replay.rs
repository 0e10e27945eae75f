//! A seed is the whole run: a failure can be replayed from its number alone.

use daicho_sim::{HEIGHTS_MIN, World};

/// Must hold: "the same seed twice gives the same trace hash", and every seed
/// has at least 300 heights with at least one crash and one view change.
#[test]
fn the_same_seed_twice_gives_the_same_trace() {
    let [first, second] = [3, 3].map(|seed| World::new(seed, false).run());
    assert_eq!(first.failure, None);
    assert_eq!(first, second);
    assert!(first.heights >= HEIGHTS_MIN && first.crashes >= 1 && first.views >= 1);
    let other = World::new(4, false).run();
    assert_ne!(first.trace, other.trace, "the seed makes the run");
}
