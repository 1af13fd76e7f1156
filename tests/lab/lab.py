"""The Bluetooth lab: real kernel, real bluetoothd, simulated monitors. See docs/lab.md.

    lab.py CACHE PROGRAMS [trace] [short | NAME…]

`trace` keeps what went over the air, as btmon prints it, in CACHE/trace."""

import asyncio
import logging
import sys
import time
import traceback
from pathlib import Path

import scenarios
from bench import Lab, new_guest


async def main(cache, programs, wanted):
    trace = "trace" in wanted
    chosen = scenarios.choose([word for word in wanted if word != "trace"])
    began = time.monotonic()
    guest = await new_guest(cache, {path.name: path for path in programs.iterdir() if path.is_file()})
    print(f"the guest runs Linux {await guest.do('uname -r')} and", end=" ")
    print(f"BlueZ {await guest.do('/usr/libexec/bluetooth/bluetoothd -v')} after {time.monotonic() - began:.1f} s", flush=True)
    passed, failed = 0, 0
    try:
        for scenario in chosen:
            lab = Lab(guest, lambda words: print(f"     {words}", flush=True))
            lab.next_serial += 1000 * (passed + failed)
            began = time.monotonic()
            if trace:
                await guest.do("setsid btmon >/ports/trace & echo $! >/tmp/tracer")
            try:
                await scenario(lab)
                passed += 1
                print(f"ok   {scenario.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
            except Exception as why:
                failed += 1
                print(f"FAIL {scenario.__name__} ({time.monotonic() - began:.1f} s): {why}", flush=True)
                traceback.print_exc()
                if lab.driver:
                    print("--- told", *lab.driver.lines[-30:], sep="\n", flush=True)
                for log in ("driver", "platen", "repeater1", "repeater2", "bluetoothd"):
                    print(f"--- {log}", (await guest.run(f"tail -n 40 /tmp/{log}.log"))[1], sep="\n", flush=True)
            finally:
                await lab.end()
                if trace:
                    await guest.run("kill $(cat /tmp/tracer)")
    finally:
        await guest.remove()
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed == 0 and passed > 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    sys.exit(0 if asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])) else 1)
