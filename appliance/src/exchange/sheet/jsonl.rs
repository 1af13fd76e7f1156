//! A JSON object a line.

use std::io::{self, Write};

use crate::exchange::column::{self, Cell, Column};

pub(in crate::exchange) struct JsonSheet<W: Write> {
    columns: &'static [Column],
    line: Vec<u8>,
    to: W,
}

impl<W: Write> JsonSheet<W> {
    pub(super) fn new(columns: &'static [Column], to: W) -> Self {
        JsonSheet { columns, line: Vec::new(), to }
    }

    pub(super) fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        let line = &mut self.line;
        line.clear();
        for (number, (column, cell)) in self.columns.iter().zip(row).enumerate() {
            line.extend_from_slice(if number == 0 { b"{\"" } else { b",\"" });
            line.extend_from_slice(column.name.as_bytes());
            line.extend_from_slice(b"\":");
            match cell {
                Cell::Empty => serde_json::to_writer(&mut *line, &()),
                Cell::Text(text) => serde_json::to_writer(&mut *line, text),
                Cell::Count(count) => serde_json::to_writer(&mut *line, count),
                Cell::Amount(amount) => serde_json::to_writer(&mut *line, amount),
                Cell::Real(real) => serde_json::to_writer(&mut *line, real),
                Cell::Flag(flag) => serde_json::to_writer(&mut *line, flag),
                Cell::Instant(at) => serde_json::to_writer(&mut *line, &column::instant(*at)),
                Cell::Day(day) => serde_json::to_writer(&mut *line, &column::day(*day)),
            }?;
        }
        line.extend_from_slice(b"}\n");
        self.to.write_all(line)
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.to.flush()
    }
}
