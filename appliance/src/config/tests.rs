use std::io::Write;

use super::*;

fn read_text(text: &str) -> Result<Config, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    read(Some(file.path()), Overrides::default()).map_err(|error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text.replace(&file.path().display().to_string(), "FILE")
    })
}

#[test]
fn the_printed_file_says_what_no_file_says() {
    let printed = commented().unwrap();
    assert_eq!(toml::from_str::<RawConfig>(&printed).unwrap(), RawConfig::default());
    // But for one thing: with a file nobody makes a key beside the data.
    let mut without = read(None, Overrides::default()).unwrap();
    assert!(std::mem::take(&mut without.store.beside));
    assert_eq!(read_text(&printed).unwrap(), without);
}

#[test]
fn one_thing_opens_the_store() {
    let from = |text: &str| read_text(text).map(|config| config.store.from);
    assert_eq!(from("").unwrap(), KeyFrom::Unnamed);
    assert_eq!(from("[store]\nkey = \"/k\"\n").unwrap(), KeyFrom::File("/k".into()));
    assert_eq!(from("[store]\npassphrase = \"/p\"\n").unwrap(), KeyFrom::Passphrase("/p".into()));
    assert_eq!(from("[store]\npassphrase = \"-\"\n").unwrap(), KeyFrom::Terminal);
    let error = from("[store]\nkey = \"/k\"\npassphrase = \"/p\"\n").unwrap_err();
    assert!(error.contains("FILE") && error.contains("store.passphrase"), "{error}");
    // The flag is stronger than either.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[store]\npassphrase = \"-\"\n").unwrap();
    let overrides = Overrides { key: Some("/k".into()), ..Overrides::default() };
    assert_eq!(read(Some(file.path()), overrides).unwrap().store.from, KeyFrom::File("/k".into()));
}

#[test]
fn the_printed_example_of_a_stick_can_be_switched_on() {
    let printed = commented().unwrap();
    let (before, example) = printed.split_once("# # A radio stick").unwrap();
    let example: String =
        example.lines().skip(1).map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
    let example: String = example
        .lines()
        .filter(|line| line.starts_with('[') || line.contains(" = "))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let config = read_text(&format!("{before}{example}")).unwrap();
    assert_eq!(config.links.len(), 1, "{example}");
    assert_eq!(config.links[0].switches.len(), 1, "{example}");
}

#[test]
fn every_setting_is_explained() {
    let printed = commented().unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ") && !line.contains("#"))
    {
        assert!(lines[n - 1].starts_with('#'), "{line}");
    }
    for key in [
        "data",
        "log",
        "listen",
        "http_redirect",
        "names",
        "window",
        "window_cycles",
        "raw_ring",
        "key",
        "passphrase",
        "cycles",
        "raw_frames",
        "free",
        "baud",
        "capture",
        "debounce",
        "approved",
        "form",
        "recipients",
        "must_be_mounted",
        "keep_daily",
    ] {
        assert!(printed.contains(&format!("{key} = ")), "{key} is missing");
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_what_was_expected() {
    let error = read_text("[ingest]\nwindw = \"1s\"\n").unwrap_err();
    assert!(error.contains("FILE") && error.contains("line 2") && error.contains("windw"), "{error}");
    assert!(error.contains("window_cycles"), "{error}");
}

#[test]
fn a_bad_value_is_refused_with_file_line_key_and_what_was_expected() {
    for (text, line, key, expected) in [
        ("[ingest]\nwindow = \"soon\"\n", "line 2", "window", "no length of time"),
        ("[ingest]\nwindow = \"1h\"\n", "line 2", "window", "10ms to 30s"),
        ("[ingest]\nwindow_cycles = 0\n", "line 2", "window_cycles", "1 to 100000"),
        ("[keep]\ncycles = \"ten\"\n", "line 2", "cycles", "no time to keep something"),
        ("[keep]\ncycles = \"10d\"\n", "line 2", "cycles", "\"1y\" or more"),
        ("[keep]\nraw_frames = \"0d\"\n", "line 2", "raw_frames", "\"90d\""),
        ("[keep]\nfree = \"1G\"\n", "line 2", "free", "\"1GiB\""),
        ("[web]\nlisten = \"here\"\n", "line 2", "listen", "socket address"),
        ("[web]\nhttp_redirect = \"here\"\n", "line 2", "http_redirect", "no address"),
        ("[web]\nnames = [\"a b\"]\n", "line 2", "names", "neither a host's name nor an address"),
        ("data = \"\"\n", "line 1", "data", "expected a path"),
        ("[[link]]\nname = \"Hall A\"\npath = \"/dev/x\"\n", "line 2", "name", "1 to 32"),
        ("[[link]]\nname = \"a\"\npath = \"/dev/x\"\nbaud = 7\n", "line 4", "baud", "1200 to 921600"),
        ("[[link]]\nname = \"a\"\npath = \"/dev/x\"\nform = \"maybe\"\n", "line 4", "form", "when-new"),
    ] {
        let error = read_text(text).unwrap_err();
        for part in ["FILE", line, key, expected] {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    let twice = "[[link]]\nname = \"a\"\npath = \"/dev/x\"\n[[link]]\nname = \"a\"\npath = \"/dev/y\"\n";
    let error = read_text(twice).unwrap_err();
    assert!(error.contains("FILE") && error.contains("link[1].name"), "{error}");
    let error = read_text(&twice.replacen("\"a\"", "\"b\"", 1).replace("/dev/y", "/dev/x")).unwrap_err();
    assert!(error.contains("link[1].path"), "{error}");
    let error = read_text("log = \"radio=loud\"\n").unwrap_err();
    assert!(error.contains("log"), "{error}");
}

#[test]
fn a_contact_that_cannot_be_watched_is_refused() {
    let link = "[[link]]\nname = \"a\"\npath = \"/dev/x\"\n";
    let switch = "[[link.switch]]\nmodule = \"0013A20040522BAA\"\npin = 3\nclosed = \"low\"\nsampling = \"500ms\"\nmold = \"M-1\"\n";
    let config = read_text(&format!("{link}{switch}")).unwrap();
    assert_eq!(config.links[0].switches[0].contact.sampling_ms, 500);
    let error = read_text(&format!("{link}{switch}{switch}")).unwrap_err();
    assert!(error.contains("link[0].switch") && error.contains("twice"), "{error}");
    let error = read_text(&format!("{link}{}", switch.replace("pin = 3", "pin = 33"))).unwrap_err();
    assert!(error.contains("link[0].switch"), "{error}");
}

const RECIPIENT: &str = "age1en6wtsef6cagp2fcxzlnn09wrnfyvjq9uvpptw7eleafws97ny3q2ty5ve";

#[test]
fn backups_are_made_where_the_plant_says_and_nowhere_by_default() {
    use crate::backup::Place;
    assert_eq!(read_text("").unwrap().backup, None);
    let sealed = format!("recipients = [\"{RECIPIENT}\"]\n");
    let plan = read_text(&format!("[backup]\nfolder = \"/mnt/b\"\nmust_be_mounted = true\n{sealed}"));
    let plan = plan.unwrap().backup.unwrap();
    assert_eq!(plan.place, Place::Folder { path: "/mnt/b".into(), must_be_mounted: true });
    assert_eq!((plan.hour, plan.keep, plan.identity), (2, crate::backup::Keep::default(), None));
    assert_eq!(plan.recipients[0].to_string(), RECIPIENT);
    let plan =
        read_text(&format!("[backup]\ndisk_label = \"B\"\nfolder = \"a/b\"\nname = \"hall\"\n{sealed}"));
    let plan = plan.unwrap().backup.unwrap();
    assert_eq!(plan.place, Place::Disk { label: "B".to_owned(), folder: "a/b".into() });
    assert!(plan.series.file(domain::Timestamp::from_millis(0)).starts_with("hall-1970"));
    for (text, key, expected) in [
        ("folder = \"/b\"\n", "backup.recipients", "at least one"),
        ("folder = \"/b\"\nrecipients = [\"age1x\"]\n", "backup.recipients[0]", "no recipient"),
        (&format!("folder = \"b\"\n{sealed}"), "backup.folder", "begins with /"),
        (&sealed, "backup.folder", "a folder or a disk_label"),
        (&format!("disk_label = \"B\"\nfolder = \"/b\"\n{sealed}"), "backup.folder", "on the disk"),
        (&format!("disk_label = \"B\"\nfolder = \"../b\"\n{sealed}"), "backup.folder", "on the disk"),
        (&format!("disk_label = \"B\"\nmust_be_mounted = true\n{sealed}"), "must_be_mounted", "false"),
        (&format!("folder = \"/b\"\nname = \"Hall A\"\n{sealed}"), "backup.name", "1 to 32"),
        ("hour = 24\n", "hour", "0 to 23"),
        ("keep_daily = 0\n", "keep_daily", "1 to 1000"),
    ] {
        let error = read_text(&format!("[backup]\n{text}")).unwrap_err();
        assert!(error.contains(key) && error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn flags_are_stronger_than_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"data = \"/a\"\n[[link]]\nname = \"hall\"\npath = \"/dev/x\"\n").unwrap();
    let overrides = Overrides {
        data: Some("/b".into()),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        http: Some(HttpRedirect(None)),
        serial: vec!["/dev/y".into(), "/dev/z".into()],
        ..Overrides::default()
    };
    let config = read(Some(file.path()), overrides).unwrap();
    assert_eq!(config.data, std::path::PathBuf::from("/b"));
    assert_eq!(config.web.listen.port(), 0);
    assert_eq!(config.web.http_redirect, None);
    let names: Vec<&str> = config.links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["link-1", "link-2"]);
}
