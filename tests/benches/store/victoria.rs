//! VictoriaMetrics over HTTP: line protocol in, its query language and raw export out. It answers before anything is
//! on the disk.

use anyhow::{Context, Result};

use crate::engine::{Answer, Engine, Question};
use crate::http::{Http, escaped, lines, values};
use crate::rows::{Row, Span};
use crate::workload::START;

/// A connection.
pub struct Victoria(Http);

impl Victoria {
    pub fn connect(address: &str) -> Result<Victoria> {
        Ok(Victoria(Http::connect(address)?))
    }

    fn range(&mut self, query: &str, from: i64, to: i64, step: i64) -> Result<Vec<Vec<f64>>> {
        // Windows end on whole steps, so that they are the hours and days of the others.
        let begin = from.div_euclid(step) * step / 1000 + step / 1000;
        let end = to.div_euclid(step) * step / 1000 + step / 1000;
        let query = escaped(query);
        let path = format!(
            "/api/v1/query_range?nocache=1&query={query}&start={begin}&end={end}&step={}s",
            step / 1000
        );
        values(&self.0.ask("GET", &path, b"")?)
    }

    fn newest(&mut self, metric: &str, spans: &[Span]) -> Result<Vec<u64>> {
        let to = spans.iter().map(|span| span.ended).max().unwrap_or(0) / 1000 + 1;
        let query = escaped(&format!("last_over_time({metric}[85d])"));
        let text = self.0.ask("GET", &format!("/api/v1/query?nocache=1&time={to}&query={query}"), b"")?;
        let numbers = text.split("\"value\":[").skip(1).map(|part| {
            let number = part.split('"').nth(1).context("a value")?;
            Ok(number.parse::<f64>()? as u64)
        });
        numbers.collect()
    }
}

impl Engine for Victoria {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        self.0.ask("POST", "/write?precision=ms", lines(rows, "").as_bytes())?;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.0.ask("GET", "/internal/force_flush", b"")?;
        self.0.ask("GET", "/internal/force_merge", b"")?;
        Ok(())
    }

    fn count(&mut self) -> Result<u64> {
        // What was taken just now is shown only after a flush.
        self.0.ask("GET", "/internal/force_flush", b"")?;
        let text = self.0.ask("GET", &format!("/api/v1/export?match[]={}", escaped("cycle_ms")), b"")?;
        Ok(text.lines().map(points).sum())
    }

    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer> {
        const HOUR: i64 = 3_600_000;
        let Span { mold, ended, tail_from, .. } = spans[at];
        let mut answer = Answer::default();
        match what {
            Question::Day => {
                let series = escaped(&format!("{{__name__=~\"cycle_.*\",mold=\"{mold}\"}}"));
                let begin = (ended - 86_400_000) as f64 / 1000.0;
                let end = ended as f64 / 1000.0;
                let path = format!(
                    "/api/v1/export?match[]={series}&start={begin:.3}&end={end:.3}&reduce_mem_usage=1"
                );
                let text = self.0.ask("GET", &path, b"")?;
                for line in text.lines().filter(|line| line.contains("\"cycle_ms\"")) {
                    let (_, rest) = line.split_once("\"values\":[").context("values")?;
                    for number in rest.split(']').next().unwrap_or("").split(',') {
                        answer.add(number.parse::<f64>()? as u64);
                    }
                }
            }
            Question::Hours => {
                for function in ["avg_over_time", "min_over_time", "max_over_time", "count_over_time"] {
                    let query = format!("{function}(cycle_ms{{mold=\"{mold}\"}}[1h])");
                    let rows = self.range(&query, tail_from + 1, ended, HOUR)?;
                    if function == "count_over_time" {
                        rows.iter().for_each(|row| answer.add(row.get(1).map_or(0, |n| *n as u64)));
                    }
                }
            }
            Question::Now => {
                self.newest("cycle_ms", spans)?;
                self.newest("cycle_counter", spans)?.into_iter().for_each(|count| answer.add(count));
            }
            Question::Days => {
                let to = spans.iter().map(|span| span.ended).max().unwrap_or(0);
                for row in self.range("count_over_time(cycle_ms[1d])", START, to, 24 * HOUR)? {
                    answer.add(row.get(1).map_or(0, |n| *n as u64));
                }
            }
        }
        Ok(answer)
    }
}

fn points(line: &str) -> u64 {
    let values = line.split_once("\"values\":[").and_then(|(_, rest)| rest.split(']').next());
    values.map_or(0, |values| values.split(',').count() as u64)
}
