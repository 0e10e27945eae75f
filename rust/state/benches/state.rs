//! What the state costs: `cargo bench -p daicho-state [-- ROWS]`. One line per
//! figure, in microseconds per change or nanoseconds per read.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use daicho_crypto::Secret;
use daicho_state::{BlockRef, KeyRing, Record, State, encode_record, seal_changes};
use daicho_types::ledger::{Change, Compartment, StateView};
use daicho_types::{ConsensusTime, Digest, Epoch, Height, RowKey};

const ROWS: u64 = 100_000;
const COMPARTMENTS: u64 = 24;
const BLOCKS: u64 = 50;
const READS: usize = 20_000;

/// A stream of numbers, the same every time (SplitMix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 31)
}

fn change(row: u64, value: u64) -> Change {
    Change {
        compartment: compartment(row),
        key: key(row),
        value: Some(value.to_le_bytes().repeat(5).into()),
    }
}

fn compartment(row: u64) -> Compartment {
    let id = (row % COMPARTMENTS).to_le_bytes().repeat(2);
    Compartment::Register(id.try_into().expect("sixteen bytes"))
}

fn key(row: u64) -> RowKey {
    let spread = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let columns = [spread.to_be_bytes(), row.to_be_bytes()].concat();
    RowKey::new(&[&[0, 0, 0, 1, 0, 2], &columns[..]].concat())
}

fn block(height: u64) -> BlockRef {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&height.to_le_bytes());
    BlockRef {
        height: Height(height),
        digest: Digest(digest),
        time: ConsensusTime(height),
    }
}

fn microseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

/// Blocks of `per` random changes: what each stage takes per change.
fn updates(state: &mut State, rows: u64, per: u64) {
    let (store, mut random) = (Secret::new([2; 32]), per);
    let mut spent = [0.0; 4];
    for _ in 0..BLOCKS {
        let drawn = (0..per).map(|_| draw(&mut random) % rows);
        let drawn: std::collections::BTreeSet<_> = drawn.collect();
        let changes: Vec<_> = drawn
            .iter()
            .map(|row| change(*row, draw(&mut random)))
            .collect();
        let at = block(state.height().0 + 1);
        let start = Instant::now();
        let pending = state.compute(at, &changes).expect("the next block");
        spent[0] += microseconds(start);
        let start = Instant::now();
        black_box(seal_changes(state.keys(), &at.digest, at.height, &changes).expect("it fits"));
        spent[1] += microseconds(start);
        let start = Instant::now();
        black_box(encode_record(&store, &Record::of(&pending, Vec::new())).expect("it fits"));
        spent[2] += microseconds(start);
        let start = Instant::now();
        state.commit(pending);
        spent[3] += microseconds(start);
    }
    for (stage, spent) in ["compute", "seal", "journal", "commit"].iter().zip(spent) {
        let cost = spent / (BLOCKS * per) as f64;
        println!("{stage}_us_per_change rows={rows} per_block={per} {cost:.2}");
    }
}

fn reads(name: &str, rows: u64, read: impl Fn(u64)) {
    let mut random = 3;
    let mut spent: Vec<_> = (0..READS)
        .map(|_| {
            let row = draw(&mut random) % rows;
            let start = Instant::now();
            read(row);
            start.elapsed().as_nanos()
        })
        .collect();
    spent.sort_unstable();
    let (p50, p99) = (spent[READS / 2], spent[READS * 99 / 100]);
    println!("{name}_ns rows={rows} p50={p50} p99={p99}");
}

fn main() {
    // `cargo bench` adds `--bench`; the one number is ours.
    let rows = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(ROWS);
    let keys = KeyRing::from_epoch_secret(&Secret::new([1; 32]), Epoch(0));
    let mut state = State::new(keys.clone(), Digest([9; 32]), ConsensusTime(0));
    let all: Vec<_> = (0..rows).map(|row| change(row, 0)).collect();
    let start = Instant::now();
    state.apply(block(1), &all).expect("the first block");
    println!(
        "load_us_per_row rows={rows} {:.2}",
        microseconds(start) / rows as f64
    );
    for per in [10, 100, 1_000] {
        updates(&mut state, rows, per);
    }
    let middle = Height(state.height().0 / 2);
    reads("get", rows, |row| {
        drop(black_box(state.get(compartment(row), &key(row))))
    });
    reads("get_at", rows, |row| {
        drop(black_box(state.get_at(middle, compartment(row), &key(row))))
    });
    let (end, page) = ([255], 50);
    reads("scan_50", rows, |row| {
        drop(black_box(state.scan(
            compartment(row),
            &key(row),
            &end,
            page,
        )))
    });
    reads("scan_at_50", rows, |row| {
        drop(black_box(state.scan_at(
            middle,
            compartment(row),
            &key(row),
            &end,
            page,
        )));
    });
    let start = Instant::now();
    black_box(
        state
            .prove_inclusion(middle, compartment(0), &key(0))
            .expect("the row stands"),
    );
    println!("prove_past_us rows={rows} {:.0}", microseconds(start));
    let start = Instant::now();
    let snapshot = state.snapshot();
    println!("snapshot_us rows={rows} {:.0}", microseconds(start));
    let start = Instant::now();
    black_box(State::restore(keys, &snapshot).expect("its own snapshot"));
    println!("restore_us rows={rows} {:.0}", microseconds(start));
}
