//! What is refused, where and how.

use super::*;
