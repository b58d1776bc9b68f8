//! Listening sockets and the connections behind them, for every server of the gateway.

pub(crate) mod decompress;
pub(crate) mod listen;
pub(crate) mod plain;
pub(crate) mod server;
