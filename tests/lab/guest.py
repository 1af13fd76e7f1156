"""The guest: a machine with a real kernel, a real bluetoothd and the programs of this tree, whose adapters are unix
sockets on the host."""

import asyncio
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import packing

HERE = Path(__file__).parent
ADAPTERS = 3
# A clock that counts the emulated processor's ticks runs as it likes: with it, every limit of time came early.
KERNEL = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr audit=0 notsc clocksource=hpet random.trust_cpu=on"
QEMU = "qemu-system-x86_64"


def shell(*words):
    """A command whose words go through the shell as they are."""
    return " ".join(shlex.quote(str(word)) for word in words)


class Broken(Exception):
    """The guest did not do what it was told, or ended."""


def system(cache):
    """Debian's part, made once: the kernel and the archive."""
    cache.mkdir(parents=True, exist_ok=True)
    packages = cache / f"{packing.SUITE}.tar"
    kernel, archive = cache / "kernel", cache / "debian.cpio"
    if not packages.exists():
        part = packages.with_suffix(".part.tar")
        # Unpacked, not installed: what runs in the guest needs no installing, and nobody must be root for it.
        command = ["mmdebstrap", "--quiet", "--variant=extract", "--include=" + ",".join(packing.PACKAGES)]
        if os.geteuid() != 0:
            command.append("--mode=chrootless")
        subprocess.run([*command, packing.SUITE, str(part)], check=True)
        part.rename(packages)
    newest = max(Path(path).stat().st_mtime for path in (packages, packing.__file__))
    if not archive.exists() or archive.stat().st_mtime < newest:
        part = archive.with_suffix(".part")
        packing.debian(packages, part, kernel)
        part.rename(archive)
    return kernel, archive


class Guest:
    """One machine, from power on to power off, and on again with the same disk."""

    def __init__(self, cache, programs, log):
        self.cache, self.log = cache, log
        (cache / "trace").unlink(missing_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="platen-lab-"))
        self.kernel, debian = system(cache)
        self.initrd = self.folder / "initrd"
        with open(self.initrd, "wb") as out:
            with open(debian, "rb") as first:
                shutil.copyfileobj(first, out)
            files = {"init": (HERE / "guest/init", 0o755), "etc/bluetooth/main.conf": (HERE / "guest/main.conf", 0o644)}
            files |= {f"usr/bin/{name}": (path, 0o755) for name, path in programs.items()}
            packing.ours(out, files)
        self.disk = self.folder / "disk"
        with open(self.disk, "wb") as disk:
            disk.truncate(256 << 20)
        mkfs = shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        subprocess.run([mkfs or "mke2fs", "-q", "-t", "ext4", str(self.disk)], check=True)
        self.machine = None
        self.number = 0
        self.turn = asyncio.Lock()

    def port(self, name):
        """The host's end of a port."""
        return str(self.folder / name)

    async def power_on(self):
        ports = ["control", "box", *(f"hci{number}" for number in range(ADAPTERS))]
        command = [QEMU, "-M", "q35", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-smp", "2", "-m", "1024"]
        command += ["-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{self.log}"]
        command += ["-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", KERNEL]
        command += ["-drive", f"file={self.disk},if=virtio,format=raw,cache=writethrough", "-device", "virtio-rng-pci"]
        command += ["-device", "virtio-serial-pci,max_ports=16"]
        for name in ports:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.port(name))
            command += ["-chardev", f"socket,path={self.port(name)},server=on,wait=off,id={name}"]
            command += ["-device", f"virtserialport,chardev={name},name={name},id=p{name}"]
        command += ["-chardev", f"file,path={self.cache / 'trace'},append=on,id=trace"]
        command += ["-device", "virtserialport,chardev=trace,name=trace"]
        self.machine = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL)
        while not all(os.path.exists(self.port(name)) for name in ports):
            if self.machine.returncode is not None:
                raise Broken(f"{QEMU} ended with {self.machine.returncode}")
            await asyncio.sleep(0.02)
        self.lines, self.control = await asyncio.open_unix_connection(self.port("control"), limit=1 << 24)
        async with asyncio.timeout(180):
            await self._answer(0)

    async def power_cut(self):
        """As when somebody pulls the plug."""
        if self.machine and self.machine.returncode is None:
            self.machine.kill()
            await self.machine.wait()
        if self.machine:
            self.control.close()
        self.machine = None

    async def _answer(self, number):
        said = []
        while line := await self.lines.readline():
            head, _, text = line.decode(errors="replace").rstrip("\n").partition(" ")
            if head == f"{number}|":
                said.append(text)
            elif head == f"{number}=":
                return int(text), "\n".join(said)
        tail = "\n".join(Path(self.log).read_text(errors="replace").splitlines()[-40:])
        raise Broken(f"the guest ended; it last said:\n{tail}")

    async def run(self, command, seconds=60):
        """Does something in the guest and returns its exit code and what it printed."""
        async with self.turn:
            self.number += 1
            self.control.write(f"{self.number} {command}\n".encode())
            try:
                async with asyncio.timeout(seconds):
                    return await self._answer(self.number)
            except TimeoutError:
                raise Broken(f"no answer in {seconds} s: {command}") from None

    async def do(self, command, seconds=60):
        """The same for what must succeed; returns what it printed."""
        code, said = await self.run(command, seconds)
        if code != 0:
            raise Broken(f"{command}: exit code {code}\n{said}")
        return said

    async def remove(self):
        await self.power_cut()
        shutil.rmtree(self.folder, ignore_errors=True)


async def _try():
    """Boots the guest and shows what is in it: `guest.py CACHE`."""
    guest = Guest(Path(sys.argv[1]), {}, Path(sys.argv[1]) / "serial.log")
    try:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await guest.power_on()
        print(f"up after {loop.time() - began:.1f} s")
        for command in ["uname -r", "cat /proc/modules", "free -m", "ls -l /ports /dev/vhci"]:
            print(command, await guest.run(command), sep="\n")
        for command in sys.argv[2:]:
            print(command, *await guest.run(command), sep="\n")
    finally:
        await guest.remove()


if __name__ == "__main__":
    asyncio.run(_try())
