//! TWN-3: what a client may send on a socket, and how it is told when that was too much.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use wasmtime_wasi_http::Error as BodyError;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
/// As a client writes them: masked, by zeros.
const EMPTY_PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const EMPTY_PART: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
const FIRST_PART: [u8; 6] = [0x02, 0x80, 0, 0, 0, 0];

/// A socket beside a stream that tells one event and stays open.
fn open() -> (DuplexStream, CancellationToken) {
    let (client, server) = duplex(256 * 1024);
    let stop = CancellationToken::new();
    let event = Ok::<_, BodyError>(Frame::data(Bytes::from("id: 1\ndata: {\"a\":1}\n\n")));
    let events = futures::stream::iter([event]).chain(futures::stream::pending());
    tokio::spawn(converse(server, StreamBody::new(events).boxed_unsync(), stop.clone()));
    (client, stop)
}

/// Writes a piece again and again, for as long as anybody reads. Gives the close code that it is told.
async fn flooded(client: DuplexStream, first: &'static [u8], piece: &'static [u8]) -> u16 {
    let (mut reader, mut writer) = split(client);
    let flood = tokio::spawn(async move {
        let pieces = piece.repeat(100);
        let mut written = writer.write_all(first).await;
        while written.is_ok() {
            written = writer.write_all(&pieces).await;
        }
    });
    let mut said = Vec::new();
    timeout(PATIENCE, reader.read_to_end(&mut said)).await.expect("an end").unwrap();
    timeout(PATIENCE, flood).await.expect("nobody reads any more").unwrap();
    close_code(&said)
}

/// Of the server's frames, which are all short.
fn close_code(mut said: &[u8]) -> u16 {
    while let [head, length, rest @ ..] = said {
        assert!(*length < 126, "a short frame");
        let (payload, next) = rest.split_at(usize::from(*length));
        if *head == 0x88 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
        said = next;
    }
    panic!("it wasn't told why: {said:?}");
}

#[tokio::test]
async fn twn_3_a_flood_of_pings_is_closed_with_1008() {
    assert_eq!(flooded(open().0, &[], &EMPTY_PING).await, 1008);
}

#[tokio::test]
async fn twn_3_a_message_without_an_end_is_closed_with_1008() {
    assert_eq!(flooded(open().0, &FIRST_PART, &EMPTY_PART).await, 1008);
}

#[tokio::test]
async fn twn_3_a_message_that_is_too_long_is_closed_with_1008() {
    let (mut client, _stop) = open();
    // 64 KiB are announced.
    client.write_all(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut said = Vec::new();
    timeout(PATIENCE, client.read_to_end(&mut said)).await.expect("an end").unwrap();
    assert_eq!(close_code(&said), 1008);
}

#[tokio::test]
async fn twn_3_a_client_that_pings_is_answered() {
    let (client, stop) = open();
    let mut socket = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
    let mut events = 0;
    for n in 0..200_u32 {
        socket.send(Message::Ping(n.to_be_bytes().to_vec().into())).await.unwrap();
        loop {
            match timeout(PATIENCE, socket.next()).await.expect("an answer").unwrap().unwrap() {
                Message::Pong(payload) => break assert_eq!(payload[..], n.to_be_bytes()),
                Message::Text(_) => events += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(events, 1);
    stop.cancel();
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("no close") };
    assert_eq!(frame.code, CloseCode::Away);
}
