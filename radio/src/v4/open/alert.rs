//! What a monitor says before everything else.

use crate::open::wire::{Reader, push_varint, unzigzag, zigzag};
use crate::open::{FieldError, Ticks};

use domain::AlertKind;

/// When something happened, both on the monitor's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertMoment {
    sent: Ticks,
    happened: Ticks,
}

impl AlertMoment {
    /// What happens after it was sent is sent as it happens.
    #[must_use]
    pub fn new(sent: Ticks, happened: Ticks) -> Self {
        AlertMoment { sent, happened: happened.min(sent) }
    }

    /// The clock when the message was sent.
    #[must_use]
    pub const fn sent(&self) -> Ticks {
        self.sent
    }

    /// The clock when it happened.
    #[must_use]
    pub const fn happened(&self) -> Ticks {
        self.happened
    }
}

/// A value went beyond its limit, or came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Which run of counting.
    pub era: u32,
    /// From 1, one more for each alert of the era; what the box says it kept.
    pub number: u32,
    /// When.
    pub moment: AlertMoment,
    /// The monitor's counter then.
    pub count: u32,
    /// What about.
    pub kind: AlertKind,
    /// It begins; otherwise it ends.
    pub begins: bool,
    /// What was measured, in the kind's unit.
    pub value: i64,
    /// The limit then, in the kind's unit.
    pub limit: i64,
}

impl Alert {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let AlertMoment { sent, happened } = self.moment;
        bytes.extend(self.era.to_be_bytes());
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(sent.get().to_be_bytes().iter().skip(3));
        push_varint(bytes, sent.get().saturating_sub(happened.get()));
        bytes.extend(self.count.to_be_bytes());
        bytes.push(u8::from(self.kind));
        bytes.push(u8::from(self.begins));
        push_varint(bytes, zigzag(self.value));
        push_varint(bytes, zigzag(self.limit));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let era = reader.u32("era")?;
        let number = reader.u32("number")?;
        if number == 0 {
            return Err(FieldError::Value { field: "number", value: 0 });
        }
        let sent = Ticks::new(reader.u40("clock")?);
        let age = reader.varint("age")?;
        let happened = sent.get().checked_sub(age).map(Ticks::new);
        let happened = happened.ok_or(FieldError::Value { field: "age", value: age })?;
        Ok(Alert {
            era,
            number,
            moment: AlertMoment { sent, happened },
            count: reader.u32("count")?,
            kind: AlertKind::from(reader.u8("kind")?),
            begins: match reader.u8("flags")? {
                0 => false,
                1 => true,
                other => return Err(FieldError::Value { field: "flags", value: u64::from(other) }),
            },
            value: unzigzag(reader.varint("value")?),
            limit: unzigzag(reader.varint("limit")?),
        })
    }
}
