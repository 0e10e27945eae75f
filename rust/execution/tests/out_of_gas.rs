//! Running out of gas, wherever it happens, comes to the same in the first
//! execution and in a replay, takes nothing but the call that ran out, and ends at
//! a step that only grows with the limit. Every call of every transcript, at every
//! limit below its need, which is every instruction and every charge in between.

mod common;

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test] fn $name() {
            let case = include_str!(concat!("cases/", stringify!($name), ".case"));
            assert!(common::cases::at_every_limit(case) > 0);
        })*
    };
}

cases! { control numbers text data tables conservation calls authority savepoints indexes locks outside edges }
