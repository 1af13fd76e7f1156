//! Modules that are heard and have not said what they are called: their network is asked, but not often.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::LinkName;

/// After a start the modules are heard one after another; one question is for all of them.
const AFTER: Duration = Duration::from_secs(10);
/// A discovery is a broadcast that every radio of the network answers.
const AGAIN: Duration = Duration::from_secs(15 * 60);

/// When each network is asked next.
#[derive(Debug, Default)]
pub(super) struct Names {
    next: BTreeMap<LinkName, Duration>,
}

impl Names {
    /// The networks to ask now, of those on which somebody without a name is heard.
    pub(super) fn due<'l>(
        &mut self,
        nameless: impl Iterator<Item = &'l LinkName>,
        now: Duration,
    ) -> Vec<LinkName> {
        let nameless: BTreeSet<&LinkName> = nameless.collect();
        self.next.retain(|link, _| nameless.contains(link));
        let mut due = Vec::new();
        for link in nameless {
            let next = self.next.entry(link.clone()).or_insert(now.saturating_add(AFTER));
            if now >= *next {
                *next = now.saturating_add(AGAIN);
                due.push(link.clone());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_with_a_nameless_module_is_asked_soon_and_then_seldom() {
        let link: LinkName = "hall-a".parse().unwrap();
        let mut names = Names::default();
        let asked: Vec<u64> = (0..2_000)
            .filter(|s| !names.due([&link].into_iter(), Duration::from_secs(*s)).is_empty())
            .collect();
        assert_eq!(asked, [10, 910, 1_810]);
    }

    #[test]
    fn nobody_is_asked_where_all_have_said_their_names() {
        let mut names = Names::default();
        assert!((0..2_000).all(|s| names.due([].into_iter(), Duration::from_secs(s)).is_empty()));
    }
}
