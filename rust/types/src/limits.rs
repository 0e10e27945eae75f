//! Every bound of the system, in one file. Units stand last in the name.

/// Bytes of an ordered state key.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes of one encoded row.
pub const ROW_BYTES_MAX: usize = 64 * 1024;
/// Rows one scan may return.
pub const SCAN_ROWS_MAX: usize = 10_000;
/// Bytes of one contract artefact.
pub const ARTEFACT_BYTES_MAX: usize = 512 * 1024;
/// Bytes of the arguments of one call.
pub const ARGUMENT_BYTES_MAX: usize = 60 * 1024;
