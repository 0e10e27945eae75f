//! `daicho-sim --seeds 0..200 [--jobs 2]` runs many clusters and prints one
//! line; `daicho-sim --seed 7` replays one and prints its trace.
//!
//! Exit codes: 0 all held; 2 usage; 10 a panic; 11 something happened that must
//! not; 12 something did not happen that must.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use daicho_sim::{Failure, HEIGHTS_MIN, Report, World};

/// Threads at most.
const JOBS_MAX: usize = 64;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--seed", seed] => seed.parse().map_or_else(|_| usage(), one),
        ["--seeds", range] => parse(range).map_or_else(usage, |range| many(range, cores())),
        ["--seeds", range, "--jobs", jobs] => match (parse(range), jobs.parse()) {
            (Some(range), Ok(jobs)) if (1..=JOBS_MAX).contains(&jobs) => many(range, jobs),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: daicho-sim --seeds FROM..TO [--jobs N] | --seed N");
    ExitCode::from(2)
}

fn parse(range: &str) -> Option<Range<u64>> {
    let (from, to) = range.split_once("..")?;
    let range = from.parse().ok()?..to.parse().ok()?;
    (!range.is_empty()).then_some(range)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().min(JOBS_MAX))
}

fn one(seed: u64) -> ExitCode {
    let report = run(seed, true);
    eprintln!("{}", line(&report));
    report.failure.map_or(ExitCode::SUCCESS, |failure| {
        eprintln!("seed {seed}: {failure}");
        ExitCode::from(failure.exit_code())
    })
}

fn run(seed: u64, prints: bool) -> Report {
    let world = || World::new(seed, prints).run();
    catch_unwind(AssertUnwindSafe(world)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Report::crashed(seed, text.unwrap_or_default())
    })
}

fn line(report: &Report) -> String {
    format!(
        "seed {}: {} heights, {} crashes, {} views, {} final, {} ms simulated, trace {}",
        report.seed,
        report.heights,
        report.crashes,
        report.views,
        report.finals,
        report.simulated_us / 1_000,
        report.trace
    )
}

fn many(seeds: Range<u64>, jobs: usize) -> ExitCode {
    let next = AtomicU64::new(seeds.start);
    let reports = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let report = run(seed, false);
                    if let Some(failure) = &report.failure {
                        eprintln!("seed {seed}: {failure}");
                    }
                    let mut all = reports.lock().expect("no thread panics holding it");
                    all.push(report);
                }
            });
        }
    });
    let mut reports = reports.into_inner().expect("the threads are done");
    reports.sort_by_key(|report| report.seed);
    summary(&reports)
}

fn summary(reports: &[Report]) -> ExitCode {
    let failed: Vec<&Failure> = reports.iter().filter_map(|r| r.failure.as_ref()).collect();
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let min = |of: fn(&Report) -> u64| reports.iter().map(of).min().unwrap_or(0);
    println!(
        "{} seeds, {} failed: {} heights (at least {}), {} crashes (at least {}), {} views \
         (at least {}), {} transactions final, trace {}",
        reports.len(),
        failed.len(),
        sum(|r| r.heights),
        min(|r| r.heights),
        sum(|r| r.crashes),
        min(|r| r.crashes),
        sum(|r| r.views),
        min(|r| r.views),
        sum(|r| r.finals as u64),
        Report::hash_of(reports)
    );
    let held =
        min(|r| r.heights) >= HEIGHTS_MIN && min(|r| r.crashes) >= 1 && min(|r| r.views) >= 1;
    match failed.iter().map(|failure| failure.exit_code()).min() {
        Some(code) => ExitCode::from(code),
        None if held => ExitCode::SUCCESS,
        None => ExitCode::from(12),
    }
}
