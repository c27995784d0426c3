//! One Apex file in, one [`unit::Unit`] out. Knows nothing of other files.

pub mod unit;
