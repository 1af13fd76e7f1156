//! Versions of TLS that no client library here speaks, byte by byte.

use std::io::{Read, Write};

use crate::fixture::{OneBox, connect};

/// A hello that asks for that version at most, as browsers of its time sent it.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let suites: &[u8] = &[0xC0, 0x2B, 0xC0, 0x09, 0xC0, 0x13, 0x00, 0x2F];
    let extensions: &[u8] = &[
        0x00, 0x0A, 0, 4, 0, 2, 0x00, 0x17, // P-256
        0x00, 0x0B, 0, 2, 1, 0, // points uncompressed
        0x00, 0x0D, 0, 4, 0, 2, 0x04, 0x03, // ECDSA with SHA-256
        0x00, 0x17, 0, 0, // extended master secret
    ];
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let body =
        [&version[..], &[7; 32], &[0], &length(suites), suites, &[1, 0], &length(extensions), extensions]
            .concat();
    let handshake = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, 1][..], &length(&handshake), &handshake].concat()
}

/// The first record of the answer: its type, and what is in it.
fn answer(one: &OneBox, hello: &[u8]) -> (u8, Vec<u8>) {
    let mut socket = connect(one.https);
    socket.write_all(hello).unwrap();
    let mut head = [0; 5];
    socket.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    socket.read_exact(&mut body).unwrap();
    (head[0], body)
}

#[test]
fn tls_1_1_and_older_are_refused() {
    let one = OneBox::start(&[]);
    for (version, name) in [([3, 0], "SSL 3"), ([3, 1], "TLS 1.0"), ([3, 2], "TLS 1.1")] {
        let (kind, alert) = answer(&one, &hello(version));
        assert_eq!((kind, alert.as_slice()), (21, &[2, 70][..]), "{name}: fatal, protocol version");
    }
    // The same hello for 1.2 is answered by one: it was refused for its version alone.
    let (kind, answer) = answer(&one, &hello([3, 3]));
    assert_eq!((kind, answer[0], &answer[4..6]), (22, 2, &[3, 3][..]));
}

#[test]
fn a_suite_without_a_fresh_key_or_without_an_authenticated_cipher_is_refused() {
    let one = OneBox::start(&[]);
    let weak = |bytes: [u8; 2]| {
        let mut hello = hello([3, 3]);
        let at = hello.windows(4).position(|window| window == [0xC0, 0x2B, 0xC0, 0x09]).unwrap();
        for suite in hello[at..at + 8].chunks_mut(2) {
            suite.copy_from_slice(&bytes);
        }
        hello
    };
    for suite in
        [[0x00, 0x2F], [0x00, 0x9C], [0xC0, 0x09], [0xC0, 0x13], [0xC0, 0x24], [0x00, 0x05], [0x00, 0x00]]
    {
        let (kind, alert) = answer(&one, &weak(suite));
        assert_eq!((kind, alert.as_slice()), (21, &[2, 40][..]), "{suite:02X?}: fatal, handshake failure");
    }
    assert_eq!(answer(&one, &weak([0xC0, 0x2B])).0, 22);
}
