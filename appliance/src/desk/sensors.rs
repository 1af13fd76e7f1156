//! Sensors that anyone can buy: put to use, changed and ended by an administrator or from the console.

use std::fmt::Write;

use dashboard::port::{Refusal, SensorUseView, SensorView, SensorWish};
use domain::{BindKey, BluetoothAddress, LinkName};
use radio::bluetooth::SensorInUse;
use radio::command::Ask;
use secrecy::{ExposeSecret, SecretBox};

use super::{Desk, PATIENCE, failed, refusal};
use crate::audit::{Act, By, What};
use crate::control::SensorDeed;
use crate::ingest::{SensorUse, WhyNot, sensor_secret};
use crate::telemetry::Chain;

impl Desk {
    pub(super) async fn use_sensor(&self, wish: SensorWish, by: &By) -> Result<(), Refusal> {
        let SensorWish { address, mold, description, approved, design_life, rule, key } = wish;
        let rule = rule.check().map_err(|error| Refusal::Invalid(error.to_string()))?;
        let before = self.used(address)?;
        let former = self.key_of(address).await?;
        let sealed = key.is_some() || former.is_some();
        let mut act = Act::new(What::Sensor, address.to_string());
        act = act.after(format!("for mold {mold}: {rule}{}", sealed_words(sealed)));
        act.before = before;
        self.write_down(by, act).await?;
        if let Some(key) = key {
            self.keep_key(address, Some(key)).await?;
        }
        let wish = SensorUse { address, mold, description, approved, design_life, rule, sealed };
        if let Err(refusal) = in_time(self.ingest.use_sensor(wish)).await {
            if former.is_none() {
                self.keep_key(address, None).await?;
            }
            return self.not_done(address, refusal, by).await;
        }
        let key = self.key_of(address).await?;
        let sensor = SensorInUse { address, key, counter: None };
        let told = self.ingest.command(LinkName::bluetooth(), Ask::UseSensor(sensor));
        in_time(told).await.map(drop)
    }

    pub(super) async fn forget_sensor(&self, address: BluetoothAddress, by: &By) -> Result<(), Refusal> {
        let mut act = Act::new(What::Sensor, address.to_string()).after("not used");
        act.before = self.used(address)?;
        self.write_down(by, act).await?;
        if let Err(refusal) = in_time(self.ingest.forget_sensor(address)).await {
            return self.not_done(address, refusal, by).await;
        }
        self.keep_key(address, None).await?;
        let told = self.ingest.command(LinkName::bluetooth(), Ask::ForgetSensor { address });
        in_time(told).await.map(drop)
    }

    async fn not_done(&self, address: BluetoothAddress, refusal: Refusal, by: &By) -> Result<(), Refusal> {
        let act = Act::new(What::Sensor, address.to_string()).after(format!("not done: {refusal}"));
        self.write_down(by, act).await?;
        Err(refusal)
    }

    /// Does something about sensors for whoever is at the box's console, and answers in lines for people.
    ///
    /// # Errors
    /// Why it was not done, for people.
    pub async fn sensor_from_console(self, deed: SensorDeed) -> Result<String, String> {
        let by = By::console();
        let done = match deed {
            SensorDeed::List {} => self.sensors().map(|sensors| listed(&sensors)),
            SensorDeed::Use(wish) => {
                let address = wish.address;
                self.use_sensor(*wish, &by).await.map(|()| format!("sensor {address} is used"))
            }
            SensorDeed::Forget { address } => self
                .forget_sensor(address, &by)
                .await
                .map(|()| format!("sensor {address} is not used any more")),
        };
        done.map_err(|refusal| refusal.to_string())
    }

    fn sensors(&self) -> Result<Vec<SensorView>, Refusal> {
        let bluetooth = self.live.radios(self.clock.now()).bluetooth;
        let bluetooth =
            bluetooth.ok_or_else(|| Refusal::Radio("the box does not listen to Bluetooth".to_owned()))?;
        Ok(bluetooth.sensors)
    }

    /// What a sensor is used for, in words.
    fn used(&self, address: BluetoothAddress) -> Result<Option<String>, Refusal> {
        let mut sensors = self.sensors()?.into_iter();
        let sensor = sensors.find(|sensor| sensor.address == address);
        Ok(sensor.and_then(|sensor| sensor.used).map(|used| words(&used)))
    }

    /// Keeps a sensor's bind key, or none any more.
    async fn keep_key(&self, address: BluetoothAddress, key: Option<BindKey>) -> Result<(), Refusal> {
        let (store, name) = (self.store.clone(), sensor_secret(address));
        let kept = tokio::task::spawn_blocking(move || match key {
            Some(key) => store.put_secret(&name, key.expose()),
            None => store.drop_secret(&name),
        });
        match kept.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(sensor = %address, cause = %Chain(&error), "the store does not take its bind key");
                Err(Refusal::Failed)
            }
            Err(_) => Err(Refusal::Failed),
        }
    }

    async fn key_of(&self, address: BluetoothAddress) -> Result<Option<SecretBox<[u8; 16]>>, Refusal> {
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || store.secret(&sensor_secret(address)));
        let plain = read.await.map_err(|_| Refusal::Failed)?.map_err(failed)?;
        Ok(plain.and_then(|plain| Some(SecretBox::new(Box::new(plain.expose_secret().try_into().ok()?)))))
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, WhyNot>>) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(done) => done.map_err(refusal),
        // It waits for the disk, and is done as soon as that takes it.
        Err(_) => Err(Refusal::Failed),
    }
}

fn words(used: &SensorUseView) -> String {
    format!("for mold {}: {}{}", used.mold.1, used.rule, sealed_words(used.has_key))
}

const fn sealed_words(sealed: bool) -> &'static str {
    if sealed { ", encrypted" } else { ", in clear" }
}

fn listed(sensors: &[SensorView]) -> String {
    let mut text = String::new();
    for sensor in sensors {
        let format = sensor.format.map_or_else(|| "not heard".to_owned(), |format| format.to_string());
        let sealed = if sensor.sealed { ", encrypted" } else { "" };
        let dbm = sensor.rssi_dbm.map(|dbm| format!(", {dbm} dBm")).unwrap_or_default();
        let said = match sensor.unread {
            Some(why) => format!("not read: {why}"),
            None => sensor
                .said
                .iter()
                .map(|said| format!("{} {said}", said.channel))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let used = sensor.used.as_ref().map_or_else(|| "not used".to_owned(), words);
        let _ = writeln!(text, "{}  {format}{sealed}{dbm}\n  says: {said}\n  {used}", sensor.address);
    }
    if text.is_empty() { "no sensor is heard".to_owned() } else { text.trim_end().to_owned() }
}
