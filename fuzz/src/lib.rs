//! What several fuzz targets need: an input cut into fields, and a small case with honest evidence.

#[path = "../../crates/flow/tests/hostile/case.rs"]
pub mod case;
pub mod fields;
