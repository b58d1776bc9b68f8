//! Binding an endpoint of the YAML.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, lookup_host};

/// An endpoint that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("{id}: failed to listen on {endpoint}: {source}")]
pub struct BindError {
    /// The component that wants to listen.
    pub id: String,
    pub endpoint: String,
    pub source: io::Error,
}

/// Binds `host:port`. `localhost` is bound for IPv4 and, where the machine has it, for IPv6; any
/// other name to its first address, IPv4 before IPv6; without a host all addresses of the machine.
/// Port 0 takes a free one.
pub(crate) async fn bind(id: &str, endpoint: &str) -> Result<Vec<TcpListener>, BindError> {
    listeners(endpoint).await.map_err(|source| BindError {
        id: id.to_owned(),
        endpoint: endpoint.to_owned(),
        source,
    })
}

async fn listeners(endpoint: &str) -> io::Result<Vec<TcpListener>> {
    if let Some(port) = endpoint.strip_prefix(':') {
        let listener = match TcpListener::bind(format!("[::]:{port}")).await {
            Err(error) if is_without_ipv6(&error) => {
                TcpListener::bind(format!("0.0.0.0:{port}")).await
            }
            listener => listener,
        };
        return Ok(vec![listener?]);
    }
    let mut addrs: Vec<SocketAddr> = lookup_host(endpoint).await?.collect();
    addrs.sort_by_key(SocketAddr::is_ipv6);
    addrs.dedup();
    let everywhere = endpoint.starts_with("localhost:");
    let mut listeners: Vec<TcpListener> = Vec::new();
    for mut addr in addrs {
        let Some(first) = listeners.first() else {
            listeners.push(TcpListener::bind(addr).await?);
            continue;
        };
        if !everywhere {
            break;
        }
        let any_port = addr.port() == 0;
        addr.set_port(first.local_addr()?.port());
        match TcpListener::bind(addr).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_without_ipv6(&error) => {}
            // The free port of IPv4 need not be free for IPv6.
            Err(error) if any_port && error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    if listeners.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    }
    Ok(listeners)
}

fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_takes_one_free_port_on_every_address() {
        let listeners = bind("otlp", "localhost:0").await.unwrap();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        assert!(listeners[0].local_addr().unwrap().is_ipv4());
        assert!(ports.iter().all(|&port| port == ports[0] && port != 0));
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_the_component_and_the_endpoint() {
        let first = bind("otlp", "127.0.0.1:0").await.unwrap();
        let endpoint = first[0].local_addr().unwrap().to_string();
        let error = bind("otlp/2", &endpoint).await.unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error.to_string().starts_with(&format!("otlp/2: failed to listen on {endpoint}: "))
        );
    }
}
