//! The connection all operations share, and what becomes of them when it breaks.
//!
//! ```text
//!        operation or heartbeat fails          first try fails
//!   Up ------------------------------> Mending ---------------> Down --> a try every 200 ms
//!    ^                                    |                       |
//!    +------------------------------------+-----------------------+
//! ```
//! While `Mending`, which lasts two seconds at most, operations wait; while `Down` they fail at once, so that a page
//! learns quickly that the gate is offline. Nobody but the keeper task connects: no operation pays for a try.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, cmd};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::server::{Failure, Server};
use super::{promises, seconds};
use crate::kv::KvError;

/// Longest time for an operation, the wait for a connection included.
pub const OPERATION_LIMIT: Duration = Duration::from_secs(5);
/// Between two tries at a connection.
pub const BACK_OFF: Duration = Duration::from_millis(200);
/// How often a connection is asked whether it still works, so that it's hardly ever an increment that finds out.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// A connection and its number; later ones have higher numbers.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    number: u64,
}

/// See the module's description.
#[derive(Clone)]
enum State {
    Up(Line),
    Mending,
    Down(Arc<str>),
    Closed,
}

/// Shared with the keeper.
struct Shared {
    server: Server,
    state: watch::Sender<State>,
    /// The number of the newest line that is known to be broken.
    broken: watch::Sender<u64>,
}

/// See the module's description.
pub struct Link {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

/// Why an attempt has no result.
enum Attempt {
    /// Nothing was sent, or the server refused it: nothing has changed.
    Failed(KvError),
    /// The answer is lost.
    Lost(Arc<str>),
}

impl Link {
    /// Keeps up what `connection` has begun. Needs a runtime around it.
    pub fn new(server: Server, connection: MultiplexedConnection) -> Self {
        let line = Line { connection, number: 1 };
        let shared = Arc::new(Shared {
            server,
            state: watch::Sender::new(State::Up(line.clone())),
            broken: watch::Sender::new(0),
        });
        let keeper = tokio::spawn(keep(shared.clone(), line)).abort_handle();
        Self { shared, keeper }
    }

    /// Sends a command that changes something: once, whatever happens.
    pub async fn once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, KvError> {
        match self.attempt(command, Instant::now() + OPERATION_LIMIT).await {
            Ok(value) => Ok(value),
            Err(Attempt::Failed(error)) => Err(error),
            Err(Attempt::Lost(reason)) => Err(KvError::Unanswered(reason)),
        }
    }

    /// Sends a command that only looks: once more when the connection broke under it.
    pub async fn look<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, KvError> {
        let deadline = Instant::now() + OPERATION_LIMIT;
        let mut retried = false;
        loop {
            match self.attempt(command, deadline).await {
                Ok(value) => return Ok(value),
                Err(Attempt::Failed(error)) => return Err(error),
                Err(Attempt::Lost(_)) if !retried && Instant::now() < deadline => retried = true,
                Err(Attempt::Lost(reason)) => return Err(KvError::Unreachable(reason)),
            }
        }
    }

    /// Ends it. Operations fail from here on.
    pub fn close(&self) {
        self.keeper.abort();
        self.shared.state.send_replace(State::Closed);
    }

    async fn attempt<T: FromRedisValue>(&self, command: &Cmd, deadline: Instant) -> Result<T, Attempt> {
        let mut line = timeout_at(deadline, self.line())
            .await
            .unwrap_or_else(|_| Err(KvError::Unreachable("no connection in time".into())))
            .map_err(Attempt::Failed)?;
        let error = match timeout_at(deadline, command.query_async(&mut line.connection)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => {
                self.shared.report(line.number);
                return Err(Attempt::Lost(format!("no answer within {}", seconds(OPERATION_LIMIT)).into()));
            }
        };
        match self.shared.server.failure(&error) {
            Failure::Refused(error) => Err(Attempt::Failed(error)),
            Failure::Elsewhere(error) => {
                self.shared.report(line.number);
                Err(Attempt::Failed(error))
            }
            Failure::Lost(reason) => {
                self.shared.report(line.number);
                Err(Attempt::Lost(reason))
            }
        }
    }

    /// A line that isn't known to be broken.
    async fn line(&self) -> Result<Line, KvError> {
        let mut state = self.shared.state.subscribe();
        let decided = |state: &State| match state {
            State::Up(line) => line.number > *self.shared.broken.borrow(),
            State::Mending => false,
            State::Down(_) | State::Closed => true,
        };
        // The sender lives in `shared`: it can't go away.
        match state.wait_for(decided).await.as_deref() {
            Ok(State::Up(line)) => Ok(line.clone()),
            Ok(State::Down(reason)) => Err(KvError::Unreachable(reason.clone())),
            _ => Err(KvError::Failed("the store is closed".into())),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Says that a line is broken.
    fn report(&self, number: u64) {
        self.broken.send_if_modified(|broken| {
            let news = number > *broken;
            *broken = number.max(*broken);
            news
        });
    }
}

/// Watches over one line after the other.
async fn keep(shared: Arc<Shared>, mut line: Line) {
    let mut told = Vec::new();
    loop {
        tell_doubts(&shared, &mut line, &mut told).await;
        until_broken(&shared, &mut line).await;
        shared.report(line.number);
        shared.state.send_replace(State::Mending);
        line = Line { connection: mended(&shared).await, number: line.number + 1 };
        shared.state.send_replace(State::Up(line.clone()));
    }
}

/// Says what the server puts at risk, where that is news: behind a new connection there may be another server.
async fn tell_doubts(shared: &Shared, line: &mut Line, told: &mut Vec<String>) {
    let (number, mut broken) = (line.number, shared.broken.subscribe());
    let doubts = tokio::select! {
        doubts = promises::doubts(&mut line.connection, &shared.server) => doubts,
        _ = broken.wait_for(|broken| *broken >= number) => return,
    };
    if doubts != *told {
        for doubt in &doubts {
            tracing::warn!(store = shared.server.name, "{doubt}");
        }
        *told = doubts;
    }
}

async fn until_broken(shared: &Shared, line: &mut Line) {
    let mut broken = shared.broken.subscribe();
    let (number, ping) = (line.number, cmd("PING"));
    loop {
        let beat = async {
            sleep(HEARTBEAT).await;
            // As patient as an operation is: a disk that is slow for a moment is no outage.
            timeout(OPERATION_LIMIT, ping.query_async::<()>(&mut line.connection)).await
        };
        let pong = tokio::select! {
            _ = broken.wait_for(|broken| *broken >= number) => return,
            pong = beat => pong,
        };
        match pong {
            Ok(Ok(())) => {}
            Ok(Err(error)) if matches!(shared.server.failure(&error), Failure::Refused(_)) => {}
            _ => return,
        }
    }
}

/// Tries until there is a connection again.
async fn mended(shared: &Shared) -> MultiplexedConnection {
    let since = Instant::now();
    let mut told = false;
    loop {
        match shared.server.connect().await {
            Ok(connection) => {
                if told {
                    let after = seconds(since.elapsed());
                    tracing::info!(store = shared.server.name, after, "the store is back");
                }
                return connection;
            }
            Err(reason) => {
                if !told {
                    tracing::error!(
                        store = shared.server.name,
                        %reason,
                        "the store is out of reach: requests are refused until it is back"
                    );
                    told = true;
                }
                shared.state.send_replace(State::Down(reason));
            }
        }
        sleep(BACK_OFF).await;
    }
}
