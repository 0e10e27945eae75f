//! A few seeds of the simulator, so that `cargo test` runs whole clusters; the
//! wide run is `cargo run --release -p daicho-sim -- --seeds 0..200`.

use daicho_sim::{HEIGHTS_MIN, Report, World};

fn run(seed: u64) -> Report {
    World::new(seed, false).run()
}

/// R33: "No fork; finality stable and immediate"; R31: "restart -> resumes".
#[test]
fn r33_clusters_survive_their_adversary() {
    for seed in 1_000..1_004 {
        let report = run(seed);
        assert_eq!(report.failure, None, "seed {seed}");
        assert!(report.heights >= HEIGHTS_MIN, "{report:?}");
        assert!(report.crashes >= 1 && report.views >= 1, "{report:?}");
        assert!(report.finals > 0, "{report:?}");
    }
}
