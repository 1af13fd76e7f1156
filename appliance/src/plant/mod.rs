//! What the box knows of its plant, as records: what ingest makes, what the store keeps, what the screens are made of.

mod batch;
mod records;
mod snapshot;
mod storage;

pub use batch::{Batch, LedgerChange};
pub use records::{
    AlarmKey, AlarmRecord, AlertMark, Assignment, Device, Gap, ModuleRecord, MonitorRecord, NetworkRecord,
    RawRecord, SensorRecord, Watched,
};
pub use snapshot::{LedgerStand, Snapshot};
pub use storage::{KeepFor, Retention, StorageDay, StorageRecord, Unit};
