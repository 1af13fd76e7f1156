//! PostgreSQL over its socket: binary COPY for much at once, one prepared insert of arrays for live cycles.

use anyhow::Result;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::Type;
use postgres::{Client, NoTls, Statement};

use crate::engine::{Answer, Engine, Question};
use crate::rows::{Row, Span};

/// A connection, with the table made.
pub struct Postgres {
    client: Client,
    insert: Statement,
}

impl Postgres {
    pub fn connect(address: &str) -> Result<Postgres> {
        let mut client = Client::connect(address, NoTls)?;
        client.batch_execute(
            "CREATE TABLE IF NOT EXISTS cycle(mold int4, flags int2, temperature int2, cycle_ms int4, counter int8, \
             ended int8, PRIMARY KEY(mold, counter))",
        )?;
        let insert = client.prepare(
            "INSERT INTO cycle(mold, flags, temperature, cycle_ms, counter, ended) SELECT * FROM \
             unnest($1::int4[], $2::int2[], $3::int2[], $4::int4[], $5::int8[], $6::int8[]) ON CONFLICT DO NOTHING",
        )?;
        Ok(Postgres { client, insert })
    }
}

fn column<T>(rows: &[Row], of: impl Fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl Engine for Postgres {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        let molds = column(rows, |row| row.mold.cast_signed());
        let flags = column(rows, |row| row.flags.cast_signed());
        let temperatures = column(rows, |row| row.temperature);
        let times = column(rows, |row| row.cycle_ms.cast_signed());
        let counters = column(rows, |row| row.counter.cast_signed());
        let ends = column(rows, |row| row.ended);
        self.client.execute(&self.insert, &[&molds, &flags, &temperatures, &times, &counters, &ends])?;
        Ok(())
    }

    fn put_bulk(&mut self, rows: &[Row]) -> Result<()> {
        const TYPES: [Type; 6] = [Type::INT4, Type::INT2, Type::INT2, Type::INT4, Type::INT8, Type::INT8];
        let copy = self
            .client
            .copy_in("COPY cycle(mold, flags, temperature, cycle_ms, counter, ended) FROM STDIN BINARY")?;
        let mut copy = BinaryCopyInWriter::new(copy, &TYPES);
        for row in rows {
            copy.write(&[
                &row.mold.cast_signed(),
                &row.flags.cast_signed(),
                &row.temperature,
                &row.cycle_ms.cast_signed(),
                &row.counter.cast_signed(),
                &row.ended,
            ])?;
        }
        copy.finish()?;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.client.batch_execute("VACUUM (FREEZE, ANALYZE) cycle")?;
        Ok(self.client.batch_execute("CHECKPOINT")?)
    }

    fn count(&mut self) -> Result<u64> {
        let count: i64 = self.client.query_one("SELECT count(*) FROM cycle", &[])?.get(0);
        Ok(count.cast_unsigned())
    }

    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer> {
        let span = spans[at];
        let (mold, last, tail) = (span.mold.cast_signed(), span.last.cast_signed(), span.tail.cast_signed());
        let mut answer = Answer::default();
        match what {
            // A day has at most so many cycles of the quickest mold; that bounds the range of the key.
            Question::Day => {
                let rows = self.client.query(
                    "SELECT counter, ended, cycle_ms, temperature, flags FROM cycle WHERE mold = $1 \
                     AND counter > $2 AND counter <= $3 AND ended >= $4 ORDER BY counter",
                    &[&mold, &(last - 12_400), &last, &(span.ended - 86_400_000)],
                )?;
                rows.iter().for_each(|row| answer.add(row.get::<_, i32>(2).unsigned_abs().into()));
            }
            Question::Hours => {
                let rows = self.client.query(
                    "SELECT ended / 3600000, count(*), avg(cycle_ms)::float8, min(cycle_ms), max(cycle_ms) FROM cycle \
                     WHERE mold = $1 AND counter BETWEEN $2 AND $3 GROUP BY 1 ORDER BY 1",
                    &[&mold, &tail, &last],
                )?;
                rows.iter().for_each(|row| answer.add(row.get::<_, i64>(1).cast_unsigned()));
            }
            Question::Now => {
                let rows = self.client.query(
                    "SELECT number, newest.counter, newest.cycle_ms FROM generate_series(1, $1) number, LATERAL \
                     (SELECT counter, cycle_ms FROM cycle WHERE mold = number ORDER BY counter DESC LIMIT 1) newest",
                    &[&i32::try_from(spans.len())?],
                )?;
                rows.iter().for_each(|row| answer.add(row.get::<_, i64>(1).cast_unsigned()));
            }
            Question::Days => {
                let rows = self
                    .client
                    .query("SELECT mold, ended / 86400000, count(*) FROM cycle GROUP BY 1, 2", &[])?;
                rows.iter().for_each(|row| answer.add(row.get::<_, i64>(2).cast_unsigned()));
            }
        }
        Ok(answer)
    }
}
