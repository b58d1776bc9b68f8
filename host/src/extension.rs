//! Extensions: what stands beside the pipelines.

pub mod admin;
pub mod file_storage;
pub mod health_check;
