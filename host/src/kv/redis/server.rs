//! One Redis server: how to connect to it, and what its errors mean.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, ServerErrorKind, cmd};
use tokio::time::timeout;

use super::{RedisUrl, seconds};
use crate::kv::KvError;

/// Longest time until a new connection has answered.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// See the module's description.
pub struct Server {
    client: Client,
    password: Option<String>,
    /// For the log.
    pub name: String,
}

/// Why a command that was sent has no result.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server said no: nothing has changed.
    Refused(KvError),
    /// The same, and another connection may lead to a server that says yes.
    Elsewhere(KvError),
    /// The answer is lost: the command may have been carried out, or not.
    Lost(Arc<str>),
}

impl Server {
    pub fn new(url: &RedisUrl) -> Result<Self> {
        let info = url.info()?;
        let password = info.redis_settings().password().filter(|password| !password.is_empty()).map(str::to_owned);
        Ok(Self { client: Client::open(info)?, password, name: url.to_string() })
    }

    /// A connection that has answered: a port can be open with nobody behind it.
    pub async fn connect(&self) -> Result<MultiplexedConnection, Arc<str>> {
        // An operation keeps its own time, which covers more than the wait for the answer.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_LIMIT)).set_response_timeout(None);
        let connect = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            cmd("PING").query_async::<()>(&mut connection).await?;
            Ok(connection)
        };
        match timeout(CONNECT_LIMIT, connect).await {
            Ok(result) => result.map_err(|error| self.describe(&error)),
            Err(_) => Err(format!("no answer within {}", seconds(CONNECT_LIMIT)).into()),
        }
    }

    /// What an error says. A server that doesn't know a command repeats its arguments, and one of those is the password.
    pub fn describe(&self, error: &RedisError) -> Arc<str> {
        let text = error.to_string();
        match &self.password {
            Some(password) => text.replace(password.as_str(), "***").into(),
            None => text.into(),
        }
    }

    /// What an error means for the command it is the answer to.
    pub fn failure(&self, error: &RedisError) -> Failure {
        use ServerErrorKind::{BusyLoading, MasterDown, ReadOnly, ResponseError};
        let text = self.describe(error);
        match error.kind() {
            ErrorKind::Server(ResponseError) if text.contains("would overflow") => Failure::Refused(KvError::Overflow),
            ErrorKind::Server(ResponseError) if text.contains("not an integer") => {
                Failure::Refused(KvError::NotACounter)
            }
            // Restarted and reading its file, or a replica since a failover.
            ErrorKind::Server(BusyLoading | MasterDown | ReadOnly) => Failure::Elsewhere(KvError::Refused(text)),
            ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::Client => Failure::Refused(KvError::Refused(text)),
            _ => Failure::Lost(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_the_server_repeats_is_not_passed_on() {
        let server = Server::new(&RedisUrl::new("redis://:pass%20word@127.0.0.1")).unwrap();
        let error = RedisError::from((
            ErrorKind::Extension,
            "unknown command",
            "'AUTH', with args beginning with: 'pass word'".to_owned(),
        ));
        let said = server.describe(&error);
        assert!(said.contains("'AUTH'") && said.contains("'***'") && !said.contains("pass word"), "{said}");
    }
}
