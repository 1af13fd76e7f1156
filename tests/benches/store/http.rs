//! As much of HTTP as two databases on loopback need: one kept-alive connection, sizes or chunks.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail, ensure};

use crate::rows::Row;

/// A connection.
pub struct Http {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Http {
    pub fn connect(address: &str) -> Result<Http> {
        let stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Http { stream: BufReader::with_capacity(1 << 18, stream), address: address.to_owned() })
    }

    /// Asks, and gives the answer's body.
    ///
    /// # Errors
    /// The connection broke, or the answer is not a success.
    pub fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<String> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        let (status, body) = self.answer()?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {body}");
        Ok(body)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the server closed the connection");
        Ok(line.trim_end().to_owned())
    }

    fn answer(&mut self) -> Result<(u16, String)> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).context("a status")?.parse()?;
        let (mut length, mut chunked) = (0usize, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse()?,
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            self.chunks(&mut body)?;
        } else if status != 204 {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok((status, String::from_utf8(body)?))
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).context("a chunk's size")?;
            let begin = body.len();
            body.resize(begin + size, 0);
            self.stream.read_exact(&mut body[begin..])?;
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }
}

/// For the query part of an address.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Cycles in the line protocol, a field each; `integer` is what stands behind a whole number.
pub fn lines(rows: &[Row], integer: &str) -> String {
    let mut out = String::with_capacity(rows.len() * 80);
    for row in rows {
        let Row { counter, ended, mold, cycle_ms, temperature, flags } = row;
        let _ = writeln!(
            out,
            "cycle,mold={mold} counter={counter}{integer},ms={cycle_ms}{integer},temperature={temperature}{integer},flags={flags}{integer} {ended}"
        );
    }
    out
}

/// The rows of all `"values":[[...],[...]]` of an answer, as numbers.
pub fn values(json: &str) -> Result<Vec<Vec<f64>>> {
    let mut all = Vec::new();
    for part in json.split("\"values\":[[").skip(1) {
        let Some(end) = part.find("]]") else { bail!("an answer ends within its values") };
        for row in part[..end].split("],[") {
            let numbers = row.split(',').map(|number| number.trim_matches('"').parse().unwrap_or(0.0));
            all.push(numbers.collect());
        }
    }
    Ok(all)
}
