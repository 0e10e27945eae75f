//! Daicho on a machine: threads, clocks, disk and the way to the sockets.

pub mod frames;
