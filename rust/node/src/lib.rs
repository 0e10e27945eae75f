//! daicho-node
