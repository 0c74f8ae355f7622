//! What several fuzz targets need: an input cut into fields, and a small case with honest evidence.

pub mod case;
pub mod fields;
