//! A virtual adapter: `lab-adapter PORT` joins a port of the machine, behind which the host plays a Bluetooth controller,
//! to the kernel's `/dev/vhci`. The adapter is plugged in as long as this runs.
//!
//! The port is a stream of packets in H4 (Core, volume 4, part A, 2); `/dev/vhci` takes and gives one packet a call.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::thread;

use anyhow::{Context, Result, bail};

/// Longer than any packet: an ISO packet has 14 bits of length.
const LONGEST: usize = 1 << 15;
/// The kernel's own type of packet, by which a controller is made and told its number (`drivers/bluetooth/hci_vhci.c`).
const VENDOR: u8 = 0xFF;

/// Bytes of the first packet, if its head is there; a type that H4 does not have is an error.
fn length(stream: &[u8]) -> Result<Option<usize>> {
    // Bytes before the length, bytes of the length, bits that count.
    let (before, width, mask) = match stream.first() {
        None => return Ok(None),
        Some(1 | 3) => (3, 1, 0xFF),
        Some(2) => (3, 2, 0xFFFF),
        Some(4) => (2, 1, 0xFF),
        Some(5) => (3, 2, 0x3FFF),
        Some(other) => bail!("a packet of type {other:#04x}: the stream is out of step"),
    };
    let Some(field) = stream.get(before..before + width) else { return Ok(None) };
    let bytes = field.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte));
    Ok(Some(before + width + (bytes & mask)))
}

/// Host to kernel, a packet at a time.
fn inward(mut port: File, mut kernel: File) -> Result<()> {
    let (mut stream, mut bytes) = (Vec::new(), vec![0; LONGEST]);
    loop {
        let count = port.read(&mut bytes).context("read from the port")?;
        if count == 0 {
            bail!("the host closed the port");
        }
        stream.extend_from_slice(&bytes[..count]);
        while let Some(length) = length(&stream)?.filter(|length| stream.len() >= *length) {
            // Packets that the kernel does not want at this moment are lost, as with a real adapter.
            if let Err(error) = kernel.write_all(&stream[..length]) {
                eprintln!("the kernel did not take a packet: {error}");
            }
            stream.drain(..length);
        }
    }
}

/// Kernel to host.
fn outward(mut kernel: File, mut port: File) -> Result<()> {
    let mut packet = vec![0; LONGEST];
    loop {
        let count = kernel.read(&mut packet).context("read from /dev/vhci")?;
        match packet[..count] {
            [] => bail!("/dev/vhci ended"),
            [VENDOR, _, low, high, ..] => println!("hci{}", u16::from_le_bytes([low, high])),
            ref packet => port.write_all(packet).context("write to the port")?,
        }
    }
}

fn main() -> Result<()> {
    let port = std::env::args().nth(1).context("usage: lab-adapter PORT")?;
    let open = |path: &str| {
        OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("open {path}"))
    };
    let (port, mut kernel) = (open(&port)?, open("/dev/vhci")?);
    // A controller of the usual kind.
    kernel.write_all(&[VENDOR, 0]).context("plug the adapter in")?;
    let (listening, speaking) = (kernel.try_clone()?, port.try_clone()?);
    let inward = thread::spawn(move || inward(port, kernel));
    thread::spawn(move || outward(listening, speaking));
    // The other direction ends with this one, as the whole adapter does.
    inward.join().unwrap_or_else(|_| bail!("the adapter broke"))
}
