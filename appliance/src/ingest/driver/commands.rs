//! Commands on their way to links, and who waits for their ends.

use std::collections::HashMap;

use domain::LinkName;
use radio::command::{Ask, CommandId, RadioCommand};
use radio::event::{CommandDone, CommandRefused};
use tokio::sync::oneshot;

use super::{RadioLinks, WhyNot};

type Answer = oneshot::Sender<Result<CommandDone, WhyNot>>;

#[derive(Debug, Default)]
pub(super) struct Commands {
    last: u64,
    waiting: HashMap<CommandId, Answer>,
}

impl Commands {
    pub(super) fn send(&mut self, links: &RadioLinks, link: LinkName, what: Ask, answer: Answer) {
        let Some(sender) = links.to(&link) else {
            _ = answer.send(Err(WhyNot::NoLink(link)));
            return;
        };
        self.last = self.last.wrapping_add(1);
        let id = CommandId(self.last);
        match sender.try_send(RadioCommand { id: Some(id), what }) {
            Ok(()) => _ = self.waiting.insert(id, answer),
            Err(_) => {
                let busy = CommandRefused::Limit("the link has too much to do; try again".to_owned());
                _ = answer.send(Err(busy.into()));
            }
        }
    }

    pub(super) fn done(&mut self, id: CommandId, outcome: Result<CommandDone, CommandRefused>) {
        if let Some(answer) = self.waiting.remove(&id) {
            _ = answer.send(outcome.map_err(WhyNot::from));
        }
    }

    /// Whoever waited may have gone.
    pub(super) fn forget_who_left(&mut self) {
        self.waiting.retain(|_, answer| !answer.is_closed());
    }
}

/// Tells a link what nobody waits for. When it has too much to do this is dropped: an acknowledgement is said again
/// when the monitor shows that it did not hear it, and what is missing is asked for again.
pub(super) fn tell(links: &RadioLinks, link: &LinkName, command: RadioCommand) {
    if let Some(sender) = links.to(link)
        && let Err(error) = sender.try_send(command)
    {
        tracing::debug!(%link, %error, "a command was dropped");
    }
}
