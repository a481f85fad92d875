//! Makes the connection, and looks at every address first: a name that is allowed may still lead somewhere that is not.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::addresses::is_public;
use super::policy::{Policy, Verdict};

/// How long making a connection may take unless the request says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// The connect timeout of the request at hand; the client's connector is shared and sees only the address.
    pub static TIMEOUT: Cell<Duration>;
}

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The policy doesn't allow the destination.
    #[error("the destination is not allowed")]
    Denied,
    /// The name leads only to addresses which are not on the public internet.
    #[error("the destination's address is not allowed")]
    Prohibited,
    #[error("the name can't be resolved: {0}")]
    Dns(io::Error),
    #[error("no connection within {0:?}")]
    Timeout(Duration),
    #[error("no connection: {0}")]
    Io(io::Error),
}

/// Connects for one component. Its client pools only connections made here, so a pooled one has passed the same policy.
#[derive(Clone)]
pub struct Connector {
    pub policy: Arc<Policy>,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = TIMEOUT.try_with(Cell::get).unwrap_or(CONNECT_TIMEOUT);
        let verdict = self.policy.judge(&uri);
        Box::pin(async move {
            tokio::time::timeout(limit, connect(uri, verdict)).await.unwrap_or(Err(ConnectError::Timeout(limit)))
        })
    }
}

async fn connect(uri: Uri, verdict: Verdict) -> Result<TokioIo<TcpStream>, ConnectError> {
    let host = uri.host().ok_or(ConnectError::Denied)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    });
    connect_to(resolve(host, port), verdict).await
}

/// Connects to where a name was found to lead. It is a future, so it can be asked only once: a name that leads somewhere
/// else the next time (DNS rebinding) is judged by the very addresses that are connected to.
async fn connect_to(
    found: impl Future<Output = Result<Vec<SocketAddr>, ConnectError>>,
    verdict: Verdict,
) -> Result<TokioIo<TcpStream>, ConnectError> {
    let mut last = None;
    for address in permitted(found.await?, verdict)? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(ConnectError::Io)?;
                return Ok(TokioIo::new(stream));
            }
            Err(error) => last = Some(error),
        }
    }
    Err(ConnectError::Io(last.unwrap_or_else(|| io::ErrorKind::NotFound.into())))
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = tokio::net::lookup_host((host, port)).await;
    Ok(found.map_err(ConnectError::Dns)?.collect())
}

/// The addresses that may be used. The one that is checked is the one that is connected to: nothing is resolved twice.
fn permitted(addresses: Vec<SocketAddr>, verdict: Verdict) -> Result<Vec<SocketAddr>, ConnectError> {
    let permitted: Vec<SocketAddr> = match verdict {
        Verdict::Denied => return Err(ConnectError::Denied),
        Verdict::AnyAddress => return Ok(addresses),
        Verdict::PublicOnly => addresses.iter().filter(|address| is_public(address.ip())).copied().collect(),
    };
    if permitted.is_empty() && !addresses.is_empty() {
        return Err(ConnectError::Prohibited);
    }
    Ok(permitted)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_public_addresses_pass_unless_named() {
        let all: Vec<SocketAddr> =
            ["10.0.0.1:80", "1.1.1.1:80", "[::1]:80"].map(|address| address.parse().unwrap()).to_vec();
        let public = permitted(all.clone(), Verdict::PublicOnly).unwrap();
        assert_eq!(public, [all[1]]);
        assert_eq!(permitted(all.clone(), Verdict::AnyAddress).unwrap(), all);
        let private = vec![all[0]];
        assert!(matches!(permitted(private.clone(), Verdict::PublicOnly), Err(ConnectError::Prohibited)));
        assert!(matches!(permitted(private, Verdict::Denied), Err(ConnectError::Denied)));
    }

    #[tokio::test]
    async fn a_public_name_for_a_private_address_is_refused() {
        // `localhost` stands for any name whose DNS answer is private.
        let uri: Uri = "http://localhost:9/".parse().unwrap();
        let result = connect(uri, Verdict::PublicOnly).await;
        assert!(matches!(result, Err(ConnectError::Prohibited)), "{result:?}");
    }

    /// Whether somebody has come to `listener`.
    async fn came(listener: &TcpListener) -> bool {
        tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_ok()
    }

    /// A name that leads to one place when it is asked for the first time, and to another from then on.
    #[tokio::test]
    async fn a_name_is_asked_for_once_and_its_answer_is_what_is_connected_to() {
        let (first, second) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let answers = [&first, &second].map(|listener| listener.local_addr().unwrap());
        let asked = AtomicUsize::new(0);
        let rebinding = async || Ok(vec![answers[asked.fetch_add(1, Ordering::SeqCst).min(1)]]);
        connect_to(rebinding(), Verdict::AnyAddress).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!((came(&first).await, came(&second).await), (true, false));

        // The name is as good as before, but where it leads to now isn't.
        let refused = connect_to(rebinding(), Verdict::PublicOnly).await;
        assert!(matches!(refused, Err(ConnectError::Prohibited)), "{refused:?}");
        assert!(!came(&second).await);
    }

    #[tokio::test]
    async fn a_name_with_private_addresses_among_its_own_reaches_none_of_them() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let mapped = SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), here.port());
        // Nobody is called on the internet for this: what is permitted is what is connected to.
        let public: SocketAddr = "1.1.1.1:443".parse().unwrap();
        assert_eq!(permitted(vec![here, public, mapped, here], Verdict::PublicOnly).unwrap(), [public]);
        let result = connect_to(async { Ok(vec![here, mapped]) }, Verdict::PublicOnly).await;
        assert!(matches!(result, Err(ConnectError::Prohibited)), "{result:?}");
        assert!(!came(&listener).await);
        // None at all is no reason to look elsewhere.
        let result = connect_to(async { Ok(Vec::new()) }, Verdict::AnyAddress).await;
        assert!(matches!(result, Err(ConnectError::Io(_))), "{result:?}");
    }
}
