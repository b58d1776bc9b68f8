//! MLflow: attributes that are JSON.

use crate::meaning::Meaning::{Kind, Object};
use crate::meaning::{Name, Scheme, name};

pub(super) const NAMES: &[Name] =
    &[name("mlflow.spanType", Kind(Scheme::Mlflow)), name("mlflow.chat.tokenUsage", Object)];
