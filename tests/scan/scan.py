"""Holds the box's TLS against what docs/certificates.md says of it, with sslyze, from outside.

scan.py PROGRAM [short]
"""

import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sslyze import (
    ScanCommand,
    ScanCommandAttemptStatusEnum,
    Scanner,
    ServerNetworkLocation,
    ServerScanRequest,
)

OLD = [
    ScanCommand.SSL_2_0_CIPHER_SUITES,
    ScanCommand.SSL_3_0_CIPHER_SUITES,
    ScanCommand.TLS_1_0_CIPHER_SUITES,
    ScanCommand.TLS_1_1_CIPHER_SUITES,
]
SHORT = OLD + [
    ScanCommand.TLS_1_2_CIPHER_SUITES,
    ScanCommand.TLS_1_3_CIPHER_SUITES,
    ScanCommand.TLS_COMPRESSION,
    ScanCommand.TLS_1_3_EARLY_DATA,
    ScanCommand.SESSION_RENEGOTIATION,
    ScanCommand.TLS_EXTENDED_MASTER_SECRET,
    ScanCommand.CERTIFICATE_INFO,
]
LONG = SHORT + [
    ScanCommand.HEARTBLEED,
    ScanCommand.OPENSSL_CCS_INJECTION,
    ScanCommand.ROBOT,
    ScanCommand.ELLIPTIC_CURVES,
]
WEAK = [ScanCommand.TLS_1_2_CIPHER_SUITES, ScanCommand.CERTIFICATE_INFO]
# Fresh keys (ECDHE) and ciphers that sign what they encrypt, and nothing else.
SUITES_1_2 = {
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
SUITES_1_3 = {
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
}
CURVES = {"X25519", "secp256r1", "secp384r1"}
PATIENCE = 60


def scan(port, commands):
    """What sslyze finds at that port of this machine, by command."""
    location = ServerNetworkLocation(hostname="localhost", ip_address="127.0.0.1", port=port)
    scanner = Scanner()
    scanner.queue_scans([ServerScanRequest(server_location=location, scan_commands=set(commands))])
    (server,) = scanner.get_results()
    if server.scan_result is None:
        sys.exit(f"sslyze reaches nobody: {server.connectivity_error_trace}")
    found = {}
    for command in commands:
        attempt = getattr(server.scan_result, command.value)
        if attempt.status != ScanCommandAttemptStatusEnum.COMPLETED:
            sys.exit(f"sslyze could not do {command.value}: {attempt.error_reason}\n{attempt.error_trace}")
        found[command] = attempt.result
    return found


def accepted(result):
    return {suite.cipher_suite.name for suite in result.accepted_cipher_suites}


def rows(found):
    """What was looked at, what was found, and whether it is as it must be."""
    for command, result in found.items():
        yield from row(command, result)


def row(command, result):
    match command:
        case ScanCommand.TLS_1_2_CIPHER_SUITES | ScanCommand.TLS_1_3_CIPHER_SUITES:
            suites = accepted(result)
            allowed = SUITES_1_2 if command == ScanCommand.TLS_1_2_CIPHER_SUITES else SUITES_1_3
            yield command.value, sorted(suites), suites == allowed
        case _ if command in OLD:
            suites = accepted(result)
            yield command.value, sorted(suites) or "refused", not suites
        case ScanCommand.TLS_COMPRESSION:
            yield "compression", "on" if result.supports_compression else "off", not result.supports_compression
        case ScanCommand.TLS_1_3_EARLY_DATA:
            yield "early data", "taken" if result.supports_early_data else "refused", not result.supports_early_data
        case ScanCommand.SESSION_RENEGOTIATION:
            weak = result.is_vulnerable_to_client_renegotiation_dos
            yield "renegotiation by the client", "taken" if weak else "refused", not weak
        case ScanCommand.TLS_EXTENDED_MASTER_SECRET:
            used = result.supports_ems_extension
            yield "extended master secret", "used" if used else "not used", used
        case ScanCommand.CERTIFICATE_INFO:
            (deployment,) = result.certificate_deployments
            chain = deployment.received_certificate_chain
            days = (chain[0].not_valid_after_utc - chain[0].not_valid_before_utc).days
            yield "certificate's life", f"{days} days", days <= 398
            yield "chain in order", f"{len(chain)} certificates", bool(deployment.received_chain_has_valid_order)
        case ScanCommand.HEARTBLEED:
            yield "Heartbleed", "", not result.is_vulnerable_to_heartbleed
        case ScanCommand.OPENSSL_CCS_INJECTION:
            yield "CCS injection", "", not result.is_vulnerable_to_ccs_injection
        case ScanCommand.ROBOT:
            yield "ROBOT", result.robot_result.value, not result.robot_result.value.startswith("VULNERABLE")
        case ScanCommand.ELLIPTIC_CURVES:
            curves = {curve.name for curve in result.supported_curves}
            yield "curves", sorted(curves), curves == CURVES


def table(title, found):
    """Prints the rows and tells which of them are wrong."""
    print(f"== {title}")
    wrong = []
    for what, how, well in rows(found):
        if not well:
            wrong.append(what)
        how = ", ".join(how) if isinstance(how, list) else how
        print(f"{'ok   ' if well else 'WRONG'} {what:<28} {how}")
    return wrong


class Box:
    """The real program, in a folder that goes with it."""

    def __init__(self, program, folder):
        words = ["serve", "--data", folder, "--listen", "127.0.0.1:0", "--http", ""]
        self.process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        address = Path(folder) / "web.address"
        until = time.monotonic() + PATIENCE
        while not address.exists():
            if time.monotonic() > until or self.process.poll() is not None:
                sys.exit("the box does not start")
            time.sleep(0.05)
        self.port = int(address.read_text().strip().rsplit(":", 1)[1])

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Weak:
    """A server that still takes TLS 1.2 without a fresh key and without an authenticated cipher."""

    def __init__(self, folder):
        files = [str(Path(folder) / name) for name in ("key.pem", "certificate.pem")]
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3000", "-subj", "/CN=localhost"]
        subprocess.run([*make, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("AES128-SHA:@SECLEVEL=0")
        self.context.load_cert_chain(files[1], files[0])
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as stream:
                stream.settimeout(5)
                stream.recv(1)
        except OSError:
            pass


def main():
    program, *words = sys.argv[1:]
    commands = SHORT if words == ["short"] else LONG
    with tempfile.TemporaryDirectory() as folder:
        box = Box(program, folder)
        try:
            wrong = table("the box", scan(box.port, commands))
        finally:
            box.end()
    with tempfile.TemporaryDirectory() as folder:
        known = table("a server that is known to be weak", scan(Weak(folder).port, WEAK))
    missing = {"tls_1_2_cipher_suites", "certificate's life"} - set(known)
    if missing:
        sys.exit(f"the scan does not see what is weak: {', '.join(sorted(missing))}")
    if wrong:
        sys.exit(f"the box's TLS is not as it must be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
