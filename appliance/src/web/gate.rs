//! Who may have another connection, decided before it costs a handshake. Pure but for its lock.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// From all addresses together.
    pub all: usize,
    /// From one address; an IPv6 network is one.
    pub one: usize,
}

/// Counts connections by where they come from.
pub(super) struct Gate {
    limits: Limits,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    all: usize,
    last: u64,
    /// By address, the oldest first.
    by: HashMap<IpAddr, VecDeque<(u64, CancellationToken)>>,
}

/// A connection that was let in, until it is dropped.
pub(super) struct Place {
    gate: Arc<Gate>,
    from: IpAddr,
    number: u64,
    cut: CancellationToken,
}

impl Place {
    /// Waits until somebody else needs the room.
    pub(super) async fn cut(&self) {
        self.cut.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.gate.inside();
        let Inside { all, by, .. } = &mut *inside;
        let Some(places) = by.get_mut(&self.from) else { return };
        let before = places.len();
        places.retain(|(number, _)| *number != self.number);
        // One that was cut has been taken off the list already.
        *all = all.saturating_sub(before.saturating_sub(places.len()));
        if places.is_empty() {
            by.remove(&self.from);
        }
    }
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Gate { limits, inside: Mutex::default() })
    }

    /// Lets a connection in, or not. When there is no room left, whoever has the most connections loses their oldest
    /// one, so that nobody keeps anybody out by being many times there.
    pub(super) fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let from = network(from);
        let mut inside = self.inside();
        let here = inside.by.get(&from).map_or(0, VecDeque::len);
        if here >= self.limits.one {
            return None;
        }
        if inside.all >= self.limits.all {
            inside.make_room(here)?;
        }
        inside.last = inside.last.wrapping_add(1);
        inside.all = inside.all.saturating_add(1);
        let (number, cut) = (inside.last, CancellationToken::new());
        inside.by.entry(from).or_default().push_back((number, cut.clone()));
        Some(Place { gate: Arc::clone(self), from, number, cut })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// For somebody who has `here` connections: only who has more than that and one more loses one.
    fn make_room(&mut self, here: usize) -> Option<()> {
        let most = self.by.values_mut().max_by_key(|places| places.len())?;
        if most.len() <= here.saturating_add(1) {
            return None;
        }
        let (_, cut) = most.pop_front()?;
        cut.cancel();
        self.all = self.all.saturating_sub(1);
        Some(())
    }
}

/// One subscriber's network is one, or everybody had as many addresses as they like.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_address_gets_so_many_connections_and_no_more_until_one_ends() {
        let gate = Gate::new(Limits { all: 100, one: 3 });
        let mut places: Vec<_> = (0..3).map(|_| gate.enter(address(1)).unwrap()).collect();
        assert!(gate.enter(address(1)).is_none());
        let _other = gate.enter(address(2)).unwrap();
        places.pop();
        assert!(gate.enter(address(1)).is_some());
        drop(places);
        assert_eq!(gate.inside().all, 1);
        assert_eq!(gate.inside().by.len(), 1, "nobody is remembered who is gone");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_an_ipv4_address_is_the_same_in_both_clothes() {
        let gate = Gate::new(Limits { all: 100, one: 1 });
        let _one = gate.enter("2001:db8:1:2::1".parse().unwrap()).unwrap();
        assert!(gate.enter("2001:db8:1:2:ffff::9".parse().unwrap()).is_none());
        let _other = gate.enter("2001:db8:1:3::1".parse().unwrap()).unwrap();
        let _plain = gate.enter(address(1)).unwrap();
        assert!(gate.enter("::ffff:192.0.2.1".parse().unwrap()).is_none());
    }

    #[test]
    fn a_full_house_has_room_for_whoever_has_few_at_the_cost_of_whoever_has_most() {
        let gate = Gate::new(Limits { all: 10, one: 8 });
        let many: Vec<_> = (0..7).map(|_| gate.enter(address(1)).unwrap()).collect();
        let some: Vec<_> = (0..3).map(|_| gate.enter(address(2)).unwrap()).collect();
        let honest: Vec<_> = (0..4).map_while(|_| gate.enter(address(3))).collect();
        assert_eq!(honest.len(), 3);
        let cut = |places: &[Place]| places.iter().map(|place| place.cut.is_cancelled()).collect::<Vec<_>>();
        assert_eq!(cut(&many), [true, true, true, false, false, false, false], "the oldest");
        assert_eq!(cut(&some), [false; 3]);
        assert_eq!(cut(&honest), [false; 3]);
        // Whoever has as many as anybody gets no more.
        assert!(gate.enter(address(3)).is_none());
        assert_eq!(gate.inside().all, 10);
        drop((many, some, honest));
        assert_eq!(gate.inside().all, 0);
    }
}
