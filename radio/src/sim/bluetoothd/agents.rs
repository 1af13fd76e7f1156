//! Asking the agent that a program registered.

use super::{Agent, Daemon, Peer, object};
use zbus::Connection;

impl<P: Peer> Daemon<P> {
    /// Asks the agent for a passkey. Nothing if it refuses.
    pub(super) async fn ask_passkey(&self, bus: &Connection, agent: &Agent, device: &str) -> Option<u32> {
        let device = object(device);
        let owner = agent.owner.as_str();
        let answer = bus
            .call_method(Some(owner), &agent.path, Some("org.bluez.Agent1"), "RequestPasskey", &device)
            .await
            .ok()?;
        answer.body().deserialize().ok()
    }

    /// Somebody pairs from outside: the agent is asked whether that is wanted.
    pub async fn stranger_pairs(&self, device: &str) -> Result<(), String> {
        let bus = self.bus().ok_or("it does not run")?;
        let agent = self.state().agent.clone().ok_or("there is no agent")?;
        let device = object(device);
        let owner = agent.owner.as_str();
        bus.call_method(Some(owner), &agent.path, Some("org.bluez.Agent1"), "RequestAuthorization", &device)
            .await
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}
