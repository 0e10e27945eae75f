//! daicho-crypto
