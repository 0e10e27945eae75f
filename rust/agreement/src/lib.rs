//! daicho-agreement
