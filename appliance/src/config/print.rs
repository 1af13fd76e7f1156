//! The commented file of `platen config`.

use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::Serialize;
use toml::{Table, Value};

use super::raw::{
    RawBackup, RawBluetooth, RawConfig, RawIngest, RawKeep, RawLink, RawStore, RawSwitch, RawWeb,
};
use super::values::Humane;

/// Every setting with its meaning and usual value. The file says what no file says: read back, it changes nothing.
///
/// # Errors
/// A value that TOML cannot write.
pub fn commented() -> Result<String, toml::ser::Error> {
    let usual = RawConfig::default();
    let mut out = String::new();
    comment(&mut out, "", RawConfig::DOCS);
    out.push('\n');
    settings(&mut out, "", &usual)?;
    section(&mut out, "", "[store]", RawStore::DOCS);
    settings(&mut out, "", &usual.store)?;
    section(&mut out, "", "[web]", RawWeb::DOCS);
    settings(&mut out, "", &usual.web)?;
    section(&mut out, "", "[ingest]", RawIngest::DOCS);
    settings(&mut out, "", &usual.ingest)?;
    section(&mut out, "", "[keep]", RawKeep::DOCS);
    settings(&mut out, "", &usual.keep)?;
    section(&mut out, "", "[backup]", RawBackup::DOCS);
    settings(&mut out, "", &usual.backup)?;
    section(&mut out, "", "[bluetooth]", RawBluetooth::DOCS);
    settings(&mut out, "", &usual.bluetooth)?;
    // There is no stick until the plant names one, so the example stays a comment.
    if let Ok(name) = "hall-a".parse() {
        let example = RawLink::new(
            name,
            PathBuf::from("/dev/serial/by-id/usb-FTDI_FT231X_USB_UART_D30A1B2C-if00-port0"),
        );
        let docs = RawConfig::get_field_docs("link").unwrap_or(RawLink::DOCS);
        section(&mut out, "# ", "[[link]]", docs);
        settings(&mut out, "# ", &example)?;
    }
    if let (Ok(module), Ok(mold)) = ("0013A20040522BAA".parse(), "M-1042".parse()) {
        let mut example = RawSwitch::new(module, mold);
        example.temperature_pin = Some(2);
        example.celsius_per_step = 0.1173;
        example.celsius_at_zero = -50.0;
        example.description = "cap, 24 cavities".to_owned();
        example.approved = Some(Humane(Duration::from_millis(24_500)));
        example.design_life = Some(1_000_000);
        let docs = RawLink::get_field_docs("switch").unwrap_or(RawSwitch::DOCS);
        section(&mut out, "# ", "[[link.switch]]", docs);
        settings(&mut out, "# ", &example)?;
    }
    Ok(out)
}

fn comment(out: &mut String, prefix: &str, text: &str) {
    for line in text.lines() {
        out.push_str(prefix);
        out.push_str("# ");
        out.push_str(line.trim());
        out.push('\n');
    }
}

fn section(out: &mut String, prefix: &str, header: &str, docs: &str) {
    out.push('\n');
    comment(out, prefix, docs);
    out.push_str(prefix);
    out.push_str(header);
    out.push('\n');
}

fn settings<T: Serialize + DocumentedFields>(
    out: &mut String,
    prefix: &str,
    values: &T,
) -> Result<(), toml::ser::Error> {
    let table = Table::try_from(values)?;
    for name in T::FIELD_NAMES {
        // Sections are written by themselves; an empty list of them looks like a list of values.
        let Some(value) = table.get(*name).filter(|value| !matches!(value, Value::Table(_))) else {
            continue;
        };
        if matches!(*name, "link" | "switch") {
            continue;
        }
        comment(out, prefix, T::get_field_docs(name).unwrap_or_default());
        out.push_str(&format!("{prefix}{name} = {value}\n"));
    }
    Ok(())
}
