"""A repeater: the product's own, on an adapter that is not the box's."""

from guest import shell


class Repeater:
    def __init__(self, lab, number):
        self.lab, self.number, self.adapter = lab, number, lab.adapters[number]
        self.log = f"/tmp/repeater{number}.log"

    async def start(self):
        command = shell("platen", "repeater", "--adapter", self.adapter.label)
        await self.lab.guest.do(f"rm -f {self.log}; setsid {command} >>{self.log} 2>&1 & echo $! >/tmp/repeater{self.number}")
        await self.lab.told("it repeats", f"cat {self.log}", "repeating")

    async def kill(self):
        """Its plug is pulled: nothing of it is left in order, and its links end unheard."""
        await self.lab.guest.run(f"kill -9 $(cat /tmp/repeater{self.number})")
        for link in list(self.adapter.le_connections.values()):
            self.lab.air.lose(self.adapter, link)

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.kill()
