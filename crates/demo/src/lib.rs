//! The sample company Tern Logistics, made from a seed.
