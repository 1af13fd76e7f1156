//! The box calls nobody: with no way out everything works, and with one not a packet takes it.

use std::net::UdpSocket;

use crate::alone::inside;
use crate::fixture::OneBox;
use crate::running::{simulate, until};

/// A card with an address and a way to everywhere behind it, on which nothing speaks by itself. What is sent on it is
/// counted, and arrives at nobody.
const WAY_OUT: &str = "ip link add way type veth peer name end; \
    ip link set way addrgenmode none; ip link set end addrgenmode none; \
    ip address add 192.0.2.2/24 dev way; ip link set way up; ip link set end up; \
    ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev way nud permanent; \
    ip route add default via 192.0.2.1";

/// Packets that went out by a card since it is there.
fn sent(card: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/net/dev").unwrap();
    let line = table.lines().find_map(|line| line.trim().strip_prefix(&format!("{card}:"))).unwrap();
    line.split_whitespace().nth(9).unwrap().parse().unwrap()
}

/// Sets a box up whose stick hears a plant, signs in, and waits until the molds are on the floor.
fn a_day_at_the_plant() {
    let folder = tempfile::tempdir().unwrap();
    let plant = folder.path().join("plant");
    let _simulator = simulate(&plant);
    let stick = plant.join("stick-a");
    let mut one = OneBox::start(&["--serial", stick.to_str().unwrap()]);
    let code = one.running.said("set-up code");
    let mut client = one.client();
    let form = format!("code={code}&name=marta&password=correct+horse+1");
    assert_eq!(client.post("/setup", &form).location(), "/");
    let entered = client.post("/login", "name=marta&password=correct+horse+1");
    assert_eq!(entered.location(), "/");
    let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    client.cookie = Some(cookie);
    until("molds on the floor", || client.fetch("/api/floor").body.contains("\"count\":"));
    for page in
        ["/", "/radios", "/storage", "/people", "/audit", "/settings/certificate", "/trust", "/profile"]
    {
        assert_eq!(client.get(page).status, 200, "{page}");
    }
    assert_eq!(client.call("/api/request-certificate", "names=platen.plant.example").status, 200);
    one.running.held.end();
}

#[test]
fn with_no_way_out_the_box_is_set_up_and_counts() {
    if !inside("outbound::with_no_way_out_the_box_is_set_up_and_counts", ":") {
        return;
    }
    let routes = std::fs::read_to_string("/proc/net/route").unwrap();
    assert_eq!(routes.lines().count(), 1, "no route but its title: {routes}");
    a_day_at_the_plant();
}

#[test]
fn with_a_way_out_not_a_packet_takes_it() {
    if !inside("outbound::with_a_way_out_not_a_packet_takes_it", WAY_OUT) {
        return;
    }
    let before = sent("way");
    a_day_at_the_plant();
    assert_eq!(sent("way"), before, "packets went out");
    // What is counted is what goes out, or this would prove nothing.
    let socket = UdpSocket::bind("192.0.2.2:0").unwrap();
    socket.send_to(b"x", "198.51.100.7:9").unwrap();
    until("a packet to be counted", || sent("way") > before);
}
