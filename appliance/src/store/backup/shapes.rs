//! What a key looks like, by name: tables are read and written row by row as the bytes that redb keeps.

use redb::{
    Key, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, TableError, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use super::error::Trouble;
use crate::store::error::Fault;
use crate::store::tables::Bytes;

/// Takes the raw key and the raw value of a row.
pub(in crate::store) type Take<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), Trouble>;

/// One row: its raw key and its raw value.
pub(in crate::store) type Row = (Vec<u8>, Vec<u8>);

macro_rules! shapes {
    ($($(#[$doc:meta])* $shape:ident = $key:ty;)*) => {
        /// The type of a table's keys. Values are bytes everywhere. Names are in released backups: add, never rename.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(in crate::store) enum Shape { $($(#[$doc])* $shape,)* }

        impl Shape {
            /// Every shape there is.
            const ALL: &[Shape] = &[$(Shape::$shape,)*];

            /// The number of rows; `None` when the table's keys look different.
            fn length(self, txn: &ReadTransaction, name: &str) -> Result<Option<u64>, Fault> {
                match self { $(Shape::$shape => length::<$key>(txn, name),)* }
            }

            /// Gives every row in order of the keys.
            pub(in crate::store) fn rows(self, txn: &ReadTransaction, name: &str, take: Take<'_>) -> Result<(), Trouble> {
                match self { $(Shape::$shape => rows::<$key>(txn, name, take),)* }
            }

            /// Makes the table, if it is not there, and puts the rows in.
            pub(in crate::store) fn put(self, txn: &WriteTransaction, name: &str, rows: &[Row]) -> Result<(), Fault> {
                match self { $(Shape::$shape => put::<$key>(txn, name, rows),)* }
            }

            /// Whether these bytes are a key of this shape.
            pub(in crate::store) fn fits(self, key: &[u8]) -> bool {
                match self { $(Shape::$shape => fits::<$key>(key),)* }
            }
        }
    };
}

shapes! {
    /// A name.
    Text = &'static str;
    /// A number.
    Number32 = u32;
    /// A larger number.
    Number64 = u64;
    /// An address.
    Bytes8 = [u8; 8];
    /// A hash.
    Bytes32 = [u8; 32];
    /// A mold and a number.
    Pair32And32 = (u32, u32);
    /// A mold and a larger number.
    Pair32And64 = (u32, u64);
    /// A day and a mold.
    Pair64SignedAnd32 = (i64, u32);
    /// An address of Bluetooth.
    Bytes6 = [u8; 6];
}

impl Shape {
    /// The shape of a table and its number of rows; `None` when it is one that no shape has.
    pub(in crate::store) fn of(txn: &ReadTransaction, name: &str) -> Result<Option<(Shape, u64)>, Fault> {
        for shape in Shape::ALL {
            if let Some(length) = shape.length(txn, name)? {
                return Ok(Some((*shape, length)));
            }
        }
        Ok(None)
    }
}

fn length<K: Key + 'static>(txn: &ReadTransaction, name: &str) -> Result<Option<u64>, Fault> {
    match txn.open_table(TableDefinition::<K, Bytes>::new(name)) {
        Ok(table) => Ok(Some(table.len()?)),
        Err(TableError::TableTypeMismatch { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Text is the only shape without a width.
fn fits<K: Key>(key: &[u8]) -> bool {
    K::fixed_width().map_or_else(|| std::str::from_utf8(key).is_ok(), |width| width == key.len())
}

fn rows<K: Key + 'static>(txn: &ReadTransaction, name: &str, take: Take<'_>) -> Result<(), Trouble> {
    for item in txn.open_table(TableDefinition::<K, Bytes>::new(name))?.iter()? {
        let (key, value) = item?;
        let key = key.value();
        take(K::as_bytes(&key).as_ref(), value.value())?;
    }
    Ok(())
}

fn put<K: Key + 'static>(txn: &WriteTransaction, name: &str, rows: &[Row]) -> Result<(), Fault> {
    let mut table = txn.open_table(TableDefinition::<K, Bytes>::new(name))?;
    for (key, value) in rows {
        table.insert(K::from_bytes(key), value.as_slice())?;
    }
    Ok(())
}
