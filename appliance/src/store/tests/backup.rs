//! A store as a stream, and a store from a stream.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use redb::TableHandle;

use super::format::{holds_everything_but_sessions, write_everything};
use super::plant::*;
use crate::accounts::TokenHash;
use crate::store::backup::format::{FORM, Header, Reader, Table, Writer, encode_secrets};
use crate::store::backup::shapes::{Row, Shape};
use crate::store::{BackUp, Restore, Store, migrations, restore};

fn stream(store: &Store) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = store.back_up(at(11), &mut bytes).unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    bytes
}

fn everything(dir: &Path) -> Store {
    let store = open(dir);
    write_everything(&store);
    store
}

/// Every row of every table but those of sessions and codes.
fn rows(store: &Store) -> Vec<(String, Vec<Row>)> {
    store
        .read(|txn| {
            let mut tables = Vec::new();
            for handle in txn.list_tables()?.filter(|handle| !["sessions", "codes"].contains(&handle.name()))
            {
                let (shape, _) = Shape::of(txn, handle.name())?.unwrap();
                let mut rows = Vec::new();
                let taken = shape.rows(txn, handle.name(), &mut |key, value| {
                    rows.push((key.to_vec(), value.to_vec()));
                    Ok(())
                });
                assert!(taken.is_ok());
                tables.push((handle.name().to_owned(), rows));
            }
            Ok(tables)
        })
        .unwrap()
}

/// Reads a stream as a restore does, without a store.
fn read(bytes: &[u8]) -> Result<(), Restore> {
    let (mut reader, header) = Reader::begin(bytes)?;
    reader.secrets()?;
    for table in &header.tables {
        let mut count = 0;
        while reader.row(table.shape)?.is_some() {
            count += 1;
        }
        if count != table.rows {
            return Err(Restore::Damaged(String::new()));
        }
    }
    reader.end().map(drop)
}

#[test]
fn a_store_from_a_stream_is_the_store_with_its_key_and_without_its_sessions() {
    let (dir, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = everything(dir.path());
    let restored = restore(fresh.path(), stream(&store).as_slice()).unwrap();
    assert_eq!(restored.made, at(11));
    assert_eq!(restored.keys.sealing().expose(), key().sealing().expose());
    let copy = Store::open(fresh.path(), &restored.keys).unwrap();
    assert_eq!(rows(&copy), rows(&store));
    holds_everything_but_sessions(&copy);
    assert_eq!(copy.session(&TokenHash([9; 32])).unwrap(), None);
    // It goes on as the former one would.
    copy.commit(&more(2, 0, 0)).unwrap_err();
    copy.commit(&append(2, 0, domain::EntryKind::Delta, 3)).unwrap();
}

#[test]
fn no_table_of_the_file_stays_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = everything(dir.path());
    let bytes = stream(&store);
    let (_, header) = Reader::begin(bytes.as_slice()).unwrap();
    let named: BTreeSet<String> = header.tables.into_iter().map(|table| table.name).collect();
    let there = |txn: &redb::ReadTransaction| {
        Ok(txn.list_tables()?.map(|handle| handle.name().to_owned()).collect::<BTreeSet<_>>())
    };
    assert_eq!(named, store.read(there).unwrap());
    // One of a kind that cannot be read is told and not passed over.
    let strange = redb::TableDefinition::<&str, u64>::new("strange");
    store.write(|txn| Ok(txn.open_table(strange).map(drop)?)).unwrap();
    let refused = store.back_up(at(1), &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, BackUp::Table(name) if name == "strange"));
}

/// Commits while it takes the stream.
struct Meanwhile<'a>(&'a Store, u64);

impl Write for Meanwhile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.commit(&more(1, self.1, 1)).unwrap();
        self.1 += 1;
        Ok(bytes.len().min(1_000))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn commits_go_on_beside_a_backup_and_are_not_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 300)).unwrap();
    let before = store.back_up(at(1), &mut io::sink()).unwrap();
    let mut meanwhile = Meanwhile(&store, 300);
    let beside = store.back_up(at(1), &mut meanwhile).unwrap();
    assert!(meanwhile.1 > 300, "{}", meanwhile.1);
    assert_eq!(before.sha256, beside.sha256);
    assert_ne!(store.back_up(at(1), &mut io::sink()).unwrap().sha256, before.sha256);
    clean(&store);
}

#[test]
fn a_stream_that_is_altered_or_cut_anywhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = stream(&everything(dir.path()));
    read(&bytes).unwrap();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1 << (place % 8);
        assert!(read(&altered).is_err(), "byte {place}");
        assert!(read(&bytes[..place]).is_err(), "cut at {place}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(read(&longer), Err(Restore::Damaged(_))));
}

#[test]
fn something_else_is_no_backup() {
    let dir = tempfile::tempdir().unwrap();
    for bytes in [&b""[..], b"platen", b"PK\x03\x04 an archive of somebody else"] {
        assert!(matches!(restore(dir.path(), bytes), Err(Restore::Foreign)));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A stream as a later version might write it.
fn crafted(store_format: u32, tables: Vec<Table>, rows: &[(&[u8], &[u8])]) -> Vec<u8> {
    let header = Header { store_format, made: 1, program: "9.9".to_owned(), tables };
    let secrets = vec![("sealing".to_owned(), secrecy::SecretSlice::from(vec![7; 32]))];
    let (header, secrets) = (postcard::to_stdvec(&header).unwrap(), encode_secrets(&secrets).unwrap());
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, &header, &secrets).unwrap();
    for (key, value) in rows {
        writer.row(key, value).unwrap();
    }
    writer.end_table().unwrap();
    writer.end().unwrap();
    bytes
}

#[test]
fn a_newer_backup_is_refused_with_what_to_do_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let newer = migrations::NEWEST + 1;
    let refused = restore(dir.path(), crafted(newer, Vec::new(), &[]).as_slice()).err().unwrap();
    assert!(matches!(refused, Restore::NewerStore { found, .. } if found == newer));
    assert!(refused.to_string().contains("use a newer one"), "{refused}");
    let mut form = crafted(1, Vec::new(), &[]);
    form[14] += 1;
    let refused = restore(dir.path(), form.as_slice()).err().unwrap();
    assert!(matches!(refused, Restore::NewerForm { found, .. } if found == FORM + 1), "{refused}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_key_that_is_none_is_damage_and_no_panic() {
    let table = |shape| vec![Table { name: "molds".to_owned(), shape, rows: 1 }];
    for (shape, key) in [(Shape::Number32, &b"abc"[..]), (Shape::Pair32And64, b""), (Shape::Text, b"\xFF")] {
        let dir = tempfile::tempdir().unwrap();
        let bytes = crafted(1, table(shape), &[(key, b"v")]);
        let refused = restore(dir.path(), bytes.as_slice()).err().unwrap();
        assert!(matches!(refused, Restore::Damaged(_)), "{refused}");
    }
}

#[test]
fn a_table_with_more_than_is_written_at_once_comes_back_whole() {
    let rows: Vec<([u8; 8], Vec<u8>)> =
        (0..9u64).map(|n| (n.to_le_bytes(), vec![n.to_le_bytes()[0]; 2 << 20])).collect();
    let rows: Vec<(&[u8], &[u8])> = rows.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let table = Table { name: "large".to_owned(), shape: Shape::Number64, rows: 9 };
    let dir = tempfile::tempdir().unwrap();
    let restored = restore(dir.path(), crafted(1, vec![table], &rows).as_slice()).unwrap();
    assert_eq!(restored.rows, 9);
    let path = dir.path().join("store.redb");
    let database = crate::store::disk::database_in(&path, &restored.keys.sectors).unwrap();
    let txn = redb::ReadableDatabase::begin_read(&database).unwrap();
    let mut there = Vec::new();
    let taken = Shape::Number64.rows(&txn, "large", &mut |key, value| {
        there.push((key.to_vec(), value.len()));
        Ok(())
    });
    assert!(taken.is_ok());
    assert_eq!(there, (0..9u64).map(|n| (n.to_le_bytes().to_vec(), 2 << 20)).collect::<Vec<_>>());
}

/// What form 1 looks like. It is in released backups and never changes: a new form gets a number of its own.
#[test]
fn form_1_is_written_as_it_was_fixed() {
    let tables = vec![Table { name: "molds".to_owned(), shape: Shape::Number32, rows: 1 }];
    let bytes = crafted(1, tables, &[(&[7, 0, 0, 0], &[1; 200])]);
    // The hash at the end stands for all that is before it, and was reckoned by another program.
    let end = "9f0afa0b02fc389c0b0fd2fef723e19d6a2ceabda40f36b2f53351fae9b039bb";
    assert_eq!((bytes.len(), hex::encode(&bytes[bytes.len() - 32..])), (330, end.to_owned()));
}
