//! What `bench/` measures of the crates below: each work is prepared once and
//! then done as often as asked. Nothing here reads a clock; whoever measures
//! stands outside, takes the time of many rounds and divides.
//!
//! Inputs are the same in every process: keys and texts come from counters.

mod agreement;
mod primitives;
mod world;

/// A prepared work; the number says how many rounds to do.
pub type Work = Box<dyn FnMut(u64) + Send>;

/// Rounds that the work `agreement` has in store.
pub const AGREEMENT_ROUNDS_MAX: u64 = agreement::BLOCKS as u64;

/// Every name that [`prepare`] knows.
pub const NAMES: [&str; 10] = [
    "hash",
    "sign",
    "verify",
    "verify_batch",
    "seal",
    "open",
    "receipt_seal",
    "receipt_open",
    "receipts_check",
    "agreement",
];

/// Prepares a work by name; `None` for a name that is none. One round handles
/// `batch` things of its kind: envelopes, signatures, receipts, or one block of
/// that many transactions.
///
/// # Panics
/// When `batch` is zero or more than a block holds.
#[must_use]
pub fn prepare(name: &str, batch: usize) -> Option<Work> {
    assert!(batch > 0, "a round handles something");
    assert!(
        batch <= daicho_types::limits::BLOCK_ITEMS_MAX,
        "a block's worth"
    );
    Some(match name {
        "hash" => primitives::hash_envelopes(batch),
        "sign" => primitives::sign(batch),
        "verify" => primitives::verify_single(batch),
        "verify_batch" => primitives::verify_together(batch),
        "seal" => primitives::seal(batch),
        "open" => primitives::open(batch),
        "receipt_seal" => primitives::seal_receipts(batch),
        "receipt_open" => primitives::open_receipts(batch),
        "receipts_check" => primitives::check_receipts(batch),
        "agreement" => agreement::blocks(batch),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
