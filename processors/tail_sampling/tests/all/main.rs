//! Tests of the processor as a host sees it.

mod cases;
