"""The guest's first disk: an archive of the few files of Debian that it needs, and of what was built from this tree.

The kernel unpacks archives that stand one behind the other, so Debian's part is made once and ours each time. The archive
is written here, as no machine must have `cpio` for it, and no file needs to belong to root before."""

import lzma
import re
import tarfile

SUITE = "trixie"
PACKAGES = ["linux-image-amd64", "bluez", "dbus-daemon", "dbus-bin", "busybox-static"]

# Kernel modules by name; what they need comes along. The ciphers are those that pairing asks for by name.
MODULES = ["virtio_blk", "crc32c_generic", "ext4", "virtio-rng", "cmac", "ecb", "algif_hash", "algif_skcipher", "ecdh_generic", "hci_vhci"]

PROGRAMS = ["busybox", "dbus-daemon", "dbus-send", "bluetoothctl", "btmgmt", "btmon"]
KEPT = re.compile(
    r"^(bin|lib|lib64|sbin|usr/(lib64/.*|bin/(" + "|".join(PROGRAMS) + r")|libexec/bluetooth/bluetoothd"
    r"|lib/x86_64-linux-gnu/[^/]*\.so[^/]*|share/dbus-1/.*)|etc/dbus-1/.*)$"
)

USERS = "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/:/bin/false\n"
GROUPS = "root:x:0:\nmessagebus:x:100:\nbluetooth:x:101:\n"

DIRECTORY, FILE, LINK = 0o040755, 0o100000, 0o120777


class Archive:
    """Files in the form that the kernel unpacks (`newc`)."""

    def __init__(self, out):
        self.out = out
        self.number = 0
        self.made = set()

    def _entry(self, name, mode, data):
        self.number += 1
        encoded = name.encode() + b"\0"
        fields = [self.number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self.out.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def _above(self, name):
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in self.made:
                self.made.add(folder)
                self._entry(folder, DIRECTORY, b"")

    def file(self, name, data, mode=0o644):
        self._above(name)
        self._entry(name, FILE | mode, data)

    def link(self, name, to):
        self._above(name)
        # A folder that is a link is made already, for those that come through it.
        self.made.add(name)
        self._entry(name, LINK, to.encode())

    def end(self):
        self._entry("TRAILER!!!", 0, b"")
        self.out.write(b"\0" * (-self.out.tell() % 512))


def debian(system, initrd, kernel):
    """Makes the archive of Debian's files, and the kernel, of a tar of Debian's packages."""
    with tarfile.open(system) as tar, open(initrd, "wb") as out:
        archive = Archive(out)
        modules = {}
        for member in tar:
            name = member.name.removeprefix("./")
            if name.startswith("boot/vmlinuz-"):
                with open(kernel, "wb") as image:
                    image.write(tar.extractfile(member).read())
            elif (found := re.search(r"/modules/.*/([^/]+)\.ko(\.xz)?$", name)) and member.isfile():
                modules[found[1].replace("_", "-")] = member
            elif KEPT.match(name):
                if member.issym():
                    archive.link(name, member.linkname)
                elif member.isfile():
                    archive.file(name, tar.extractfile(member).read(), member.mode & 0o755)
        order = []

        def load(wanted):
            wanted = wanted.replace("_", "-")
            # What is not there as a module is part of the kernel.
            if wanted not in modules or wanted + ".ko" in order:
                return
            data = tar.extractfile(modules[wanted]).read()
            if modules[wanted].name.endswith(".xz"):
                data = lzma.decompress(data)
            for needed in re.search(rb"\0depends=([^\0]*)\0", data)[1].decode().split(","):
                load(needed)
            order.append(wanted + ".ko")
            archive.file(f"usr/lib/modules/lab/{wanted}.ko", data)

        for module in MODULES:
            load(module)
        assert "bluetooth.ko" in order, "this kernel has no Bluetooth"
        archive.file("usr/lib/modules/lab/order", "".join(f"{name}\n" for name in order).encode())
        archive.file("etc/passwd", USERS.encode())
        archive.file("etc/group", GROUPS.encode())
        archive.end()


def ours(out, files):
    """Adds what was built from this tree: a table of place, path and mode."""
    archive = Archive(out)
    for place, (path, mode) in files.items():
        archive.file(place, path.read_bytes(), mode)
    archive.end()
