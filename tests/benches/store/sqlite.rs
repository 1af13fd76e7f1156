//! SQLite in this process: write-ahead log, synchronous=FULL, rows in the primary key's own tree.

use std::path::Path;

use anyhow::Result;
use rusqlite::Connection;

use crate::engine::{Answer, Engine, Question};
use crate::rows::{Row, Span};

/// One database file.
pub struct Sqlite(Connection);

impl Sqlite {
    pub fn open(folder: &Path) -> Result<Sqlite> {
        let connection = Connection::open(folder.join("cycles.db"))?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; \
             CREATE TABLE IF NOT EXISTS cycle(mold INTEGER, counter INTEGER, ended INTEGER, cycle_ms INTEGER, \
             temperature INTEGER, flags INTEGER, PRIMARY KEY(mold, counter)) WITHOUT ROWID",
        )?;
        Ok(Sqlite(connection))
    }
}

/// The version of the library that is built in.
pub fn version() -> &'static str {
    rusqlite::version()
}

impl Engine for Sqlite {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT OR IGNORE INTO cycle VALUES(?, ?, ?, ?, ?, ?)")?;
            for row in rows {
                let counter = row.counter.cast_signed();
                insert.execute((row.mold, counter, row.ended, row.cycle_ms, row.temperature, row.flags))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.0.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?)
    }

    fn count(&mut self) -> Result<u64> {
        let count: i64 = self.0.query_row("SELECT count(*) FROM cycle", [], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }

    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer> {
        let span = spans[at];
        let mut answer = Answer::default();
        match what {
            // Walking back from the end by the key spares SQLite an index by time.
            Question::Day => {
                let mut select = self.0.prepare_cached(
                    "SELECT counter, ended, cycle_ms, temperature, flags FROM cycle WHERE mold = ? AND counter <= ? ORDER BY counter DESC",
                )?;
                let mut rows = select.query((span.mold, span.last.cast_signed()))?;
                while let Some(row) = rows.next()? {
                    if row.get::<_, i64>(1)? < span.ended - 86_400_000 {
                        break;
                    }
                    std::hint::black_box((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(3)?,
                        row.get::<_, i64>(4)?,
                    ));
                    answer.add(row.get::<_, i64>(2)?.cast_unsigned());
                }
            }
            Question::Hours => {
                let mut select = self.0.prepare_cached(
                    "SELECT ended / 3600000, count(*), avg(cycle_ms), min(cycle_ms), max(cycle_ms) FROM cycle \
                     WHERE mold = ? AND counter BETWEEN ? AND ? GROUP BY 1",
                )?;
                let mut rows = select.query((span.mold, span.tail.cast_signed(), span.last.cast_signed()))?;
                while let Some(row) = rows.next()? {
                    answer.add(row.get::<_, i64>(1)?.cast_unsigned());
                }
            }
            Question::Now => {
                let mut select = self.0.prepare_cached(
                    "SELECT counter, ended, cycle_ms FROM cycle WHERE mold = ? ORDER BY counter DESC LIMIT 1",
                )?;
                for span in spans {
                    answer.add(select.query_row([span.mold], |row| row.get::<_, i64>(0))?.cast_unsigned());
                }
            }
            Question::Days => {
                let mut select = self
                    .0
                    .prepare_cached("SELECT mold, ended / 86400000, count(*) FROM cycle GROUP BY 1, 2")?;
                let mut rows = select.query([])?;
                while let Some(row) = rows.next()? {
                    answer.add(row.get::<_, i64>(2)?.cast_unsigned());
                }
            }
        }
        Ok(answer)
    }
}
