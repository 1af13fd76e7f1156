use std::time::Duration;

use leptos::prelude::*;

/// Does a thing once a little later, however often it is asked for meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Later {
    wait: Duration,
    asked: StoredValue<bool>,
}

impl Later {
    /// So much later.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Later { wait, asked: StoredValue::new(false) }
    }

    /// Asks for it. Nothing comes of it once the component that made this is gone.
    pub fn run(self, act: impl FnOnce() + 'static) {
        if self.asked.try_get_value() != Some(false) {
            return;
        }
        self.asked.set_value(true);
        set_timeout(
            move || {
                if self.asked.try_update_value(|asked| *asked = false).is_some() {
                    act();
                }
            },
            self.wait,
        );
    }
}
