//! HTTP/1.1 over TCP, one thread a connection, written out so that it can be got wrong on purpose.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::State;
use super::message::{Delivery, Request, Response};

/// How often a stalled connection looks whether the registry is gone.
const PATIENCE: Duration = Duration::from_millis(10);

/// Serves connections until the registry is dropped.
pub(super) fn accept(listener: &TcpListener, state: &Arc<State>) {
    for stream in listener.incoming() {
        if state.is_stopped() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let state = Arc::clone(state);
        // A client that hangs up in the middle is the client's affair.
        thread::spawn(move || serve(stream, &state).ok());
    }
}

fn serve(mut stream: TcpStream, state: &State) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read_request(&mut reader)? {
        if state.is_stopped() {
            break;
        }
        let without_body = request.method == "HEAD";
        let response = state.answer(request);
        if !deliver(&mut stream, &response, without_body, state)? {
            break;
        }
    }
    stream.shutdown(Shutdown::Both)
}

fn read_request(reader: &mut impl BufRead) -> Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(String::from);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Request { method, path, headers: Vec::new(), body: Vec::new(), status: 0 };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        request.headers.push((name.into(), value.trim().into()));
    }
    let length = request.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut request.body)?;
    Ok(Some(request))
}

/// Sends a response and tells whether the connection can be used again.
fn deliver(stream: &mut TcpStream, response: &Response, without_body: bool, state: &State) -> Result<bool> {
    match response.delivery {
        Delivery::Never => {
            wait(state);
            return Ok(false);
        }
        Delivery::Delayed(delay) => thread::sleep(delay),
        _ => {}
    }
    let mut message = response.head().into_bytes();
    let body = if without_body { &[] } else { response.body.as_slice() };
    message.extend_from_slice(match response.delivery {
        Delivery::StalledInBody | Delivery::CutInBody | Delivery::ResetInBody => &body[..body.len() / 2],
        _ => body,
    });
    stream.write_all(&message)?;
    match response.delivery {
        Delivery::Whole | Delivery::Delayed(_) => return Ok(states_true_length(response)),
        Delivery::StalledInBody => wait(state),
        Delivery::Endless => pour(stream, state)?,
        // A connection with no time to linger is reset when it is closed.
        Delivery::ResetInBody => SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?,
        Delivery::CutInBody | Delivery::Never => {}
    }
    Ok(false)
}

fn states_true_length(response: &Response) -> bool {
    let stated = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    stated.is_none_or(|(_, length)| *length == response.body.len().to_string())
}

fn wait(state: &State) {
    while !state.is_stopped() {
        thread::sleep(PATIENCE);
    }
}

fn pour(stream: &mut TcpStream, state: &State) -> Result<()> {
    let zeros = vec![0; 1 << 16];
    while !state.is_stopped() {
        stream.write_all(&zeros)?;
    }
    Ok(())
}
