//! JSON for the admin endpoint.
