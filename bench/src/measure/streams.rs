//! Our own client for streams: load generators know the time to the last byte, a reader feels the one to the first.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::rig::contestant::Load;

/// Far beyond what any of them needs.
const LIMIT: Duration = Duration::from_secs(20);

/// One connection that asks for one stream after the other.
pub struct Reader {
    sender: SendRequest<Full<Bytes>>,
}

/// A stream whose head and first part have come.
pub struct OpenStream {
    _body: Incoming,
    _reader: Reader,
}

impl Reader {
    pub async fn connect(load: &Load) -> Result<Self> {
        let socket = timeout(LIMIT, TcpStream::connect(load.address())).await.context("no connection")??;
        socket.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Reads one stream to its end; gives the time from the request to the first byte of the body.
    ///
    /// # Errors
    /// The answer is no stream, or it is cut.
    pub async fn first_byte(&mut self, load: &Load) -> Result<Duration> {
        let began = Instant::now();
        let mut body = self.ask(load).await?.into_body();
        let first = first_part(&mut body).await?;
        let elapsed = began.elapsed();
        let mut tail = first;
        while let Some(frame) = timeout(LIMIT, body.frame()).await.context("the stream stands still")? {
            if let Ok(data) = frame.context("the stream was cut")?.into_data() {
                tail = data;
            }
        }
        if !String::from_utf8_lossy(&tail).contains("[DONE]") {
            bail!("the stream has no end");
        }
        Ok(elapsed)
    }

    /// Asks for a stream and reads only its beginning.
    pub async fn open(mut self, load: &Load) -> Result<OpenStream> {
        let mut body = self.ask(load).await?.into_body();
        first_part(&mut body).await?;
        Ok(OpenStream { _body: body, _reader: self })
    }

    async fn ask(&mut self, load: &Load) -> Result<Response<Incoming>> {
        let mut request = Request::post(&load.path).header("host", load.address());
        for (name, value) in &load.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(load.body.clone())))?;
        self.sender.ready().await?;
        let response = timeout(LIMIT, self.sender.send_request(request)).await.context("no answer")??;
        if !response.status().is_success() {
            let status = response.status();
            let body = timeout(LIMIT, response.into_body().collect()).await??.to_bytes();
            bail!("answered {status}: {}", String::from_utf8_lossy(&body).chars().take(300).collect::<String>());
        }
        Ok(response)
    }
}

/// The first part that has bytes in it.
async fn first_part(body: &mut Incoming) -> Result<Bytes> {
    loop {
        let frame = timeout(LIMIT, body.frame()).await.context("the stream does not begin")?;
        match frame.context("the stream is empty")?.context("the stream was cut")?.into_data() {
            Ok(data) if !data.is_empty() => return Ok(data),
            _ => {}
        }
    }
}
