//! The fuzzing loop for as long as asked:
//! `cargo run --release -p daicho-execution --example fuzz -- --seconds 60 [--from 0]`.
//! Round numbers go up from `--from`; a panic names no more than the last line of
//! progress, so run again from there. Prints the counts at the end.

#![allow(
    clippy::disallowed_methods,
    reason = "a campaign ends by the clock; what it runs does not see it"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use common::fuzz::Fuzz;

/// Rounds between two looks at the clock.
const STRIDE: u64 = 1_000;

fn number(name: &str, default: Option<u64>) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match arguments.nth(1) {
        Some(value) => value.parse().ok(),
        None => default,
    }
}

fn main() -> ExitCode {
    let (Some(seconds), Some(from)) = (number("--seconds", None), number("--from", Some(0))) else {
        eprintln!("usage: fuzz --seconds N [--from ROUND]");
        return ExitCode::from(2);
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut fuzz = Fuzz::new();
    let mut next = from;
    while Instant::now() < end {
        (next..next + STRIDE).for_each(|number| fuzz.round(number));
        next += STRIDE;
        if next.is_multiple_of(100 * STRIDE) {
            println!("before round {next}: {:?}", fuzz.counts);
        }
    }
    println!("rounds {from}..{next}: {:?}", fuzz.counts);
    ExitCode::SUCCESS
}
