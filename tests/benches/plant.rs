//! The whole way measured from outside: a saturated serial line, from a byte on the wire to the pixel on the screen, the
//! memory of a large plant, and what the first page weighs. `just bench` runs it on the release build; it prints rows for
//! docs/benchmarks.md.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use e2e::appliance::Appliance;
use e2e::browser::{Browser, Look};
use e2e::person;
use e2e::plant::Plant;
use e2e::usage::usage;
use e2e::wait::until;
use e2e::wire::Wire;
use radio::event::Heard;
use radio::v3::frame::{ApiMode, Decoder, Frame, Piece};
use radio::v3::profile::open::OpenProfile;
use radio::v3::profile::{Payload, PayloadKind, PayloadProfile};
use serde_json::json;
use tempfile::TempDir;

/// A serial line's bits a second, and bits for a byte with its start and stop bit.
const BAUD: u32 = 115_200;
const BITS_A_BYTE: f64 = 10.0;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        saturated_line().await.context("saturate a line")?;
        byte_to_pixel().await.context("measure from byte to pixel")?;
        large_plant().await.context("run a large plant")
    })
}

async fn saturated_line() -> Result<()> {
    let folder = TempDir::new()?;
    let pace = BAUD.to_string();
    let words =
        ["--sticks", "1", "--presses", "24", "--molds", "40", "--history-days", "60", "--faults", "off"];
    let plant =
        Plant::start(&folder.path().join("plant"), &[&words[..], &["--pace", &pace]].concat()).await?;
    let stick = plant.links()?.remove(0).1;
    let wire = Wire::new(&stick, &folder.path().join("wire"), |_| ())?;
    let mut appliance =
        Appliance::new(&folder.path().join("box"), &[("hall-a".to_owned(), wire.path().to_owned())])?;
    appliance.start().await?;
    let pid = appliance.pid().context("the box runs")?;
    let kept = async || -> Result<u64> {
        let status = plant.ask(&json!({"do": "status"})).await?;
        let number = |name: &str| status[name].as_u64().context("a number of cycles");
        Ok(number("cycles")?.saturating_sub(number("unacknowledged")?))
    };
    until("the upload to begin", Duration::from_secs(60), || async { Ok(kept().await? > 10_000) }).await?;
    let (begun, bytes, cpu, cycles) = (Instant::now(), wire.bytes().0, usage(pid)?.cpu, kept().await?);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let seconds = begun.elapsed().as_secs_f64();
    let share = (wire.bytes().0 - bytes) as f64 * BITS_A_BYTE / (f64::from(BAUD) * seconds);
    let cpu = (usage(pid)?.cpu - cpu).as_secs_f64() / seconds;
    let rate = (kept().await? - cycles) as f64 / seconds;
    ensure!(rate > 0.0, "nothing was kept in {seconds:.0} s");
    println!(
        "| serial line of 115,200 baud saturated by uploads: share of it used | {:.1} % | |",
        share * 100.0
    );
    println!("| the same: cycles counted, written and acknowledged | {rate:.0} /s | |");
    println!("| the same: processor, of one core | {:.1} % | |", cpu * 100.0);
    appliance.stop().await
}

/// What the wire carried: for each monitor its counter, and when the box had the last byte that said so.
type Said = Arc<Mutex<HashMap<String, Vec<(u64, SystemTime)>>>>;

/// Takes the frames out of the wire's bytes and notes the monitors' counters.
fn listen(said: Said) -> impl FnMut((SystemTime, Vec<u8>)) + Send + 'static {
    let mut decoder = Decoder::new(ApiMode::Escaped);
    let mut profile = OpenProfile::new();
    move |(at, bytes)| {
        for piece in decoder.push(&bytes) {
            let Piece::Frame { frame, .. } = piece else { continue };
            let (source, data) = match &frame {
                Frame::Rx(rx) => (rx.source, &rx.data),
                Frame::ExplicitRx(rx) => (rx.source, &rx.data),
                _ => continue,
            };
            let payload = Payload { source, kind: PayloadKind::Bytes(data) };
            let Some(Ok(heard)) = profile.read(&payload, instant(at)) else { continue };
            for heard in heard {
                if let (Heard::Cycles(cycles), Ok(mut said)) = (heard, said.lock()) {
                    said.entry(cycles.serial.to_string()).or_default().push((cycles.count, at));
                }
            }
        }
    }
}

/// In the page: notes for every mold when each count was painted.
const WATCH_PAINTS: &str = "window.paints = []; \
    const note = tile => requestAnimationFrame(() => { const channel = new MessageChannel(); \
        channel.port1.onmessage = () => window.paints.push([tile.dataset.mold, \
            Number(tile.querySelector('.tile-count').value), performance.timeOrigin + performance.now()]); \
        channel.port2.postMessage(0); }); \
    new MutationObserver(changes => { const tiles = new Set(changes.map(change => \
            (change.target.closest ? change.target : change.target.parentElement)?.closest('[data-mold]'))); \
        tiles.forEach(tile => tile && note(tile)); }) \
        .observe(document.querySelector('.tiles'), {subtree: true, childList: true, characterData: true, attributes: true});";

async fn byte_to_pixel() -> Result<()> {
    let folder = TempDir::new()?;
    let words = [
        "--sticks",
        "1",
        "--presses",
        "8",
        "--molds",
        "8",
        "--history-days",
        "0.05",
        "--faults",
        "off",
        "--speed",
        "8",
    ];
    let plant = Plant::start(&folder.path().join("plant"), &words).await?;
    let stick = plant.links()?.remove(0).1;
    let said = Said::default();
    let wire = Wire::new(&stick, &folder.path().join("wire"), listen(Arc::clone(&said)))?;
    let mut appliance =
        Appliance::new(&folder.path().join("box"), &[("hall-a".to_owned(), wire.path().to_owned())])?;
    appliance.start().await?;
    let browser = Browser::start(Look::DESKTOP).await?;
    person::set_up(&browser, &appliance).await?;
    let eight = "return document.querySelectorAll('[data-mold]').length == 8";
    browser.until_within("eight molds", eight, Duration::from_secs(60)).await?;
    weigh(&browser).await?;
    browser.eval(WATCH_PAINTS).await?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let painted = browser.eval("return window.paints").await?;

    // A mold's displayed count is its monitor's counter and what the mold made before it.
    let truth = plant.ask(&json!({"do": "truth"})).await?;
    let mut waits = Vec::new();
    for mold in truth["molds"].as_array().context("molds")? {
        let (name, monitor) =
            (mold["mold"].as_str().context("name")?, mold["monitor"].as_str().context("monitor")?);
        let baseline = mold["baseline"].as_u64().context("baseline")?;
        let shown: BTreeMap<u64, f64> = painted
            .as_array()
            .context("paints")?
            .iter()
            .rev()
            .filter(|paint| paint[0] == name)
            .filter_map(|paint| Some((paint[1].as_u64()?, paint[2].as_f64()?)))
            .collect();
        let Some((first, _)) = shown.first_key_value() else { continue };
        let said = said.lock().map_err(|_| anyhow::anyhow!("the wire's listener broke down"))?;
        for (count, at) in said.get(monitor).into_iter().flatten() {
            let displayed = baseline + count;
            if displayed <= *first {
                continue;
            }
            if let Some((_, painted)) = shown.range(displayed..).next() {
                let at = at.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64() * 1000.0;
                waits.push(painted - at);
            }
        }
    }
    ensure!(waits.len() >= 50, "only {} cycles were seen from byte to pixel", waits.len());
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "| last serial byte of a cycle to its painted pixel, {} cycles: median, 99 % | {:.0} ms, {:.0} ms | |",
        waits.len(),
        at(0.5),
        at(0.99),
    );
    browser.close().await?;
    appliance.stop().await
}

fn instant(at: SystemTime) -> Timestamp {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What came over the wire for the page that is shown.
async fn weigh(browser: &Browser) -> Result<()> {
    let script = "return performance.getEntriesByType('resource').map(r => [r.name, r.encodedBodySize])";
    let loaded = browser.eval(script).await?;
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in loaded.as_array().context("what was loaded")? {
        let name = entry[0].as_str().context("a name")?;
        let kind = Path::new(name).extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if let Some(kind) = ["wasm", "js", "css"].into_iter().find(|known| *known == kind) {
            *sizes.entry(kind).or_default() += entry[1].as_u64().context("a size")?;
        }
    }
    ensure!(sizes.len() == 3, "wasm, script or style is missing: {sizes:?}");
    let kib = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1000.0);
    let parts: Vec<_> = sizes.iter().map(|(kind, bytes)| format!("{kind} {}", kib(*bytes))).collect();
    println!("| first page over the wire (brotli): {} | {} | |", parts.join(", "), kib(sizes.values().sum()));
    Ok(())
}

async fn large_plant() -> Result<()> {
    const MOLDS: usize = 300;
    let folder = TempDir::new()?;
    let words =
        ["--sticks", "3", "--presses", "300", "--molds", "300", "--history-days", "1", "--faults", "off"];
    let plant = Plant::start(&folder.path().join("plant"), &words).await?;
    let mut appliance = Appliance::new(&folder.path().join("box"), &plant.links()?)?;
    appliance.start().await?;
    let pid = appliance.pid().context("the box runs")?;
    let browser = Browser::start(Look::DESKTOP).await?;
    person::set_up(&browser, &appliance).await?;
    let all = format!("return document.querySelectorAll('[data-mold]').length == {MOLDS}");
    browser.until_within("three hundred molds", &all, Duration::from_secs(120)).await?;
    until("the history to be kept", Duration::from_secs(300), || async {
        Ok(plant.ask(&json!({"do": "status"})).await?["unacknowledged"]
            .as_u64()
            .is_some_and(|left| left < 300))
    })
    .await?;
    let (begun, cpu) = (Instant::now(), usage(pid)?.cpu);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let used = usage(pid)?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let cpu = (used.cpu - cpu).as_secs_f64() / begun.elapsed().as_secs_f64();
    println!(
        "| the box's memory with 300 molds, a day of history read from the monitors, a browser on the floor: now, most | {:.0} MiB, {:.0} MiB | |",
        mib(used.resident),
        mib(used.peak),
    );
    println!("| the same: processor, of one core | {:.1} % | |", cpu * 100.0);
    browser.close().await?;
    appliance.stop().await
}
