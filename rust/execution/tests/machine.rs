//! Text cases: a contract in assembly, then a transcript of calls and what comes
//! of them. A new case is a new file and a line here.

mod common;

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])* #[test] fn $name() {
            common::cases::run(include_str!(concat!("cases/", stringify!($name), ".case")));
        })*
    };
}

cases! {
    /// Structured control, calls, contract errors; R28: a contract that recurses
    /// without bound is refused.
    control;
    /// Conversions, rounding, exact allocation, the calendar.
    numbers;
    /// Str and Bytes.
    text;
    /// Optionals, records, lists, maps; values never alias.
    data;
    /// Rows, scans in typed key order, cursors, as-of reads, visibility of
    /// queries; R100: identical error for existing and non-existing id.
    tables;
    /// The sum of movements per group is zero but for issue and redeem.
    conservation;
    /// Typed cross-contract calls; re-entry refused; callers restricted.
    calls;
    /// Roles, signatures, events with addressees, random values.
    authority;
}
