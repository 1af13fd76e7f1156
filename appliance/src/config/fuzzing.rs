//! Any text as a configuration.

use super::checked::{Overrides, understand};
use super::raw::RawConfig;

/// A file. What is understood is written again and reads the same; what is checked does not panic.
pub fn configuration(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = understand(Some((std::path::Path::new("platen.toml"), text)), Overrides::default());
    let Ok(raw) = toml::from_str::<RawConfig>(text) else { return };
    let Ok(written) = toml::to_string(&raw) else { unreachable!("what was read is written") };
    let Ok(back) = toml::from_str::<RawConfig>(&written) else { unreachable!("what was written is read") };
    // Written once more and not compared: a number that is none is not even itself.
    assert_eq!(toml::to_string(&back), Ok(written));
}

#[cfg(test)]
pub(crate) mod seeds {
    pub fn configurations() -> Vec<Vec<u8>> {
        let printed = super::super::commented().unwrap();
        let settings = |line: &&str| line.starts_with('[') || line.contains(" = ");
        let plain = |text: &str| text.lines().filter(settings).collect::<Vec<_>>().join("\n");
        // With the examples switched on.
        let all: String =
            printed.lines().map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
        vec![plain(&printed).into_bytes(), plain(&all).into_bytes()]
    }
}
