//! InfluxDB 1.x over HTTP: line protocol, four fields, its log synced at every write.

use anyhow::{Context, Result};

use crate::engine::{Answer, Engine, Question};
use crate::http::{Http, escaped, lines, values};
use crate::rows::{Row, Span};
use crate::workload::START;

/// A connection to a server with a database for us.
pub struct Influx(Http);

impl Influx {
    pub fn connect(address: &str) -> Result<Influx> {
        let mut http = Http::connect(address)?;
        http.ask("POST", &format!("/query?q={}", escaped("CREATE DATABASE plant")), b"")?;
        Ok(Influx(http))
    }

    fn rows(&mut self, query: &str) -> Result<Vec<Vec<f64>>> {
        values(&self.0.ask("GET", &format!("/query?db=plant&epoch=ms&q={}", escaped(query)), b"")?)
    }
}

fn cell(row: &[f64], at: usize) -> Result<u64> {
    row.get(at).map(|number| *number as u64).context("an answer has fewer columns than were asked for")
}

impl Engine for Influx {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        self.0.ask("POST", "/write?db=plant&precision=ms", lines(rows, "i").as_bytes())?;
        Ok(())
    }

    /// Compaction goes on by itself; its log becomes files when the server stops and starts.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn count(&mut self) -> Result<u64> {
        let rows = self.rows("SELECT count(ms) FROM cycle")?;
        rows.first().map_or(Ok(0), |row| cell(row, 1))
    }

    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer> {
        let Span { mold, ended, tail_from, .. } = spans[at];
        let (query, column) = match what {
            Question::Day => (
                format!(
                    "SELECT counter, ms, temperature, flags FROM cycle WHERE mold='{mold}' AND time>={}ms AND time<={ended}ms",
                    ended - 86_400_000
                ),
                2,
            ),
            Question::Hours => (
                format!(
                    "SELECT count(ms), mean(ms), min(ms), max(ms) FROM cycle WHERE mold='{mold}' AND time>{tail_from}ms \
                     AND time<={ended}ms GROUP BY time(1h) fill(none)"
                ),
                1,
            ),
            Question::Now => ("SELECT last(counter), ms FROM cycle GROUP BY mold".to_owned(), 1),
            Question::Days => {
                let to = spans.iter().map(|span| span.ended).max().unwrap_or(0);
                (
                    format!(
                        "SELECT count(ms) FROM cycle WHERE time>={START}ms AND time<={to}ms GROUP BY mold, time(1d) fill(none)"
                    ),
                    1,
                )
            }
        };
        let mut answer = Answer::default();
        for row in self.rows(&query)? {
            answer.add(cell(&row, column)?);
        }
        Ok(answer)
    }
}
