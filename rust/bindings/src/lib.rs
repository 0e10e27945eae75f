//! daicho-bindings
