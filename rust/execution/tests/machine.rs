//! Text cases: a contract in assembly, then a transcript of calls and what comes
//! of them. A new case is a new file and a line here. The digest freezes every
//! figure of the case, gas and stored bytes included: it changes only with a new
//! version of the bytecode or of the gas schedule.

mod common;

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident = $digest:literal;)*) => {
        $($(#[$doc])* #[test] fn $name() {
            let case = include_str!(concat!("cases/", stringify!($name), ".case"));
            assert_eq!(common::cases::run(case), $digest, "results, gas, events or rows changed");
        })*
    };
}

cases! {
    /// Structured control, calls, contract errors; R28: a contract that recurses
    /// without bound is refused.
    control = "2489dbf4e5ba5448";
    /// Conversions, rounding, exact allocation, the calendar.
    numbers = "fae8ea03aa4bc093";
    /// Str and Bytes.
    text = "0a32f76960b254e2";
    /// Optionals, records, lists, maps; values never alias.
    data = "80ba4e4f55fb2560";
    /// Rows, scans in typed key order, cursors, as-of reads, visibility of
    /// queries; R100: identical error for existing and non-existing id.
    tables = "97be14e9dbf21ec1";
    /// The sum of movements per group is zero but for issue and redeem.
    conservation = "950dda502cebb87d";
    /// Who is given something for the first time has a row from then on.
    credit = "ec77914e53e4caf4";
    /// Typed cross-contract calls; re-entry refused; callers restricted.
    calls = "7a02946f9d5eef7f";
    /// Roles, signatures, events with addressees, random values.
    authority = "49eca3f0dcabf552";
    /// The edges of operators that are easy to get wrong.
    edges = "304bf3bf69d80fbc";
    /// A failed attempt is as if it had never run.
    savepoints = "21be1dbb6a104e1f";
    /// Secondary indexes: scans in index order, as they were, and their entries.
    indexes = "4116dbbe62b3f51b";
    /// What is locked for one instruction moves under its name alone, once, in
    /// the amount that was locked.
    locks = "5afbda1f8b3e1136";
    /// Readings of feeds; timers in order, with cursors, failures and wake-ups.
    outside = "81570a60afcd831b";
}
