//! Asking the agent that a program registered.

use zbus::Connection;
use zbus::zvariant::OwnedObjectPath;

use super::{Agent, Fake};

impl Fake {
    /// Asks the agent for a passkey. Nothing if it refuses.
    pub(super) async fn ask_passkey(&self, bus: &Connection, agent: &Agent, device: &str) -> Option<u32> {
        let device = OwnedObjectPath::try_from(device).unwrap();
        let owner = agent.owner.as_str();
        let answer = bus
            .call_method(Some(owner), &agent.path, Some("org.bluez.Agent1"), "RequestPasskey", &device)
            .await
            .ok()?;
        answer.body().deserialize().ok()
    }

    /// Somebody pairs from outside: the agent is asked whether that is wanted.
    pub async fn stranger_pairs(&self, device: &str) -> Result<(), String> {
        let bus = self.0.bus.lock().unwrap().clone().unwrap();
        let agent = self.state().agent.clone().unwrap();
        let device = OwnedObjectPath::try_from(device).unwrap();
        let owner = agent.owner.as_str();
        bus.call_method(Some(owner), &agent.path, Some("org.bluez.Agent1"), "RequestAuthorization", &device)
            .await
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}
