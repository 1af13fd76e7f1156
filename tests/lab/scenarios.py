"""What the lab tries. Each begins with a box that was never used; each ends with counts that are true."""

import contextlib

from appliance import Appliance
from bench import Failed, until
from driver import Driver
from monitor.air import TOO_FAR, USUAL
from repeater import Repeater

SHORT, FULL = [], []


def scenario(short=False):
    def mark(work):
        FULL.append(work)
        if short:
            SHORT.append(work)
        return work

    return mark


def choose(words):
    if not words:
        return FULL
    if words == ["short"]:
        return SHORT
    chosen = [work for work in FULL if work.__name__ in words]
    if len(chosen) != len(words):
        raise SystemExit("there are: " + ", ".join(work.__name__ for work in FULL))
    return chosen


@contextlib.asynccontextmanager
async def box(lab, adapters=1, kind=Driver, **how):
    """A box with so many adapters: the driver alone, or all of it."""
    await lab.begin(adapters)
    one = kind(lab, **how)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


@scenario(short=True)
async def a_monitor_is_enrolled_by_its_label_and_counted(lab):
    async with box(lab) as driver:
        one = await lab.monitor(history=250)
        assert await driver.enrol(one) == "Passkey"
        assert list((await lab.bonds()).values()) == ["3"]
        await driver.counts_are_true()
        for _ in range(3):
            one.close_mold()
            await driver.counts_are_true()
        # bluetoothd reads before it is told to pair, and is refused; that must not count as a try of the passkey.
        assert one.refusals > 0 and one.pairings == 1 and not one.failures, (one.refusals, one.failures)


@scenario(short=True)
async def a_wrong_passkey_is_refused_and_nothing_is_left_of_it(lab):
    async with box(lab) as driver:
        one = await lab.monitor()
        said = await driver.enrol(one, passkey="654321")
        assert "bond with the monitor" in said, said
        await until("the link is gone", lambda: one.link is None)
        assert await lab.bonds() == {} and not one.bonds.all_keys
        assert await driver.enrol(one) == "Passkey"
        one.close_mold()
        await driver.counts_are_true()


@scenario(short=True)
async def a_pairing_weaker_than_was_asked_for_is_refused_and_removed(lab):
    async with box(lab) as driver:
        legacy, no_label = await lab.monitor(secure=False), await lab.monitor(passkey=None)
        for one, found in [(legacy, "Legacy"), (no_label, "JustWorks")]:
            said = await driver.enrol(one, passkey=f"{one.passkey or 111111}")
            assert driver.said(one, "weak_bond") == [found] or "bond with the monitor" in said, said
            await until("the link is gone", lambda: one.link is None)
            assert await lab.bonds() == {}, "nothing is left of it"
        # With leave of an administrator, for that one window.
        no_label.forget_bonds()
        assert await driver.enrol(no_label) == "JustWorks"
        no_label.close_mold()
        await driver.counts_are_true(no_label)


@scenario(short=True)
async def a_link_that_is_lost_comes_back_under_the_stored_key_and_nothing_is_missed(lab):
    async with box(lab) as driver:
        one = await lab.monitor()
        assert await driver.enrol(one) == "Passkey"
        for _ in range(3):
            one.close_mold()
            links = one.links
            one.lose()
            one.close_mold()
            await until("it has another link", lambda: one.links > links)
            await driver.counts_are_true()
        await one.off()
        one.close_mold()
        await until("its end is told", lambda: one.link is None)
        await one.on()
        await driver.counts_are_true()
        assert one.pairings == 1


@scenario(short=True)
async def a_lost_bond_is_told_and_healed_only_by_a_person(lab):
    async with box(lab) as driver:
        one = await lab.monitor()
        assert await driver.enrol(one) == "Passkey"
        one.close_mold()
        await driver.counts_are_true()
        one.forget_bonds()
        one.lose()
        one.close_mold()
        await until("it needs a person", lambda: driver.said(one, "needs_repairing"), 90)
        assert one.pairings == 1
        assert await driver.enrol(one) == "Passkey"
        await driver.counts_are_true()
        assert one.pairings == 2 and len(await lab.bonds()) == 1


@scenario(short=True)
async def alerts_come_before_the_cycles_that_wait(lab):
    async with box(lab) as driver:
        one = await lab.monitor(history=2000)
        # Above 70 degrees, and over again below 69.
        one.memory.thresholds |= {"hot": [700, 10]}
        one.close_mold(temperature=712)
        one.close_mold(temperature=650)
        assert await driver.enrol(one) == "Passkey"
        await driver.counts_are_true()
        order = [next(iter(set(line) & {"alert", "cycles"})) for line in driver.lines if "alert" in line or "cycles" in line]
        assert order[:2] == ["alert", "alert"] and "alert" not in order[2:], order
        assert [(it["kind"], it["begins"], it["value"]) for it in driver.alerts[one.name]] == [(1, True, 712), (1, False, 650)]
        one.close_mold(temperature=720)
        await until("a live one", lambda: len(driver.alerts[one.name]) == 3)


@scenario(short=True)
async def bluetoothd_killed_costs_links_and_no_cycle(lab):
    async with box(lab) as driver:
        several = [await lab.monitor() for _ in range(2)]
        for one in several:
            assert await driver.enrol(one) == "Passkey"
        for _ in range(2):
            came = len(driver.fact("Came"))
            await lab.kill_bluetoothd()
            for one in several:
                one.close_mold()
            await until("the adapter came again", lambda: len(driver.fact("Came")) > came)
            await driver.counts_are_true()
        assert all(one.pairings == 1 for one in several)


@scenario(short=True)
async def two_adapters_have_a_bond_each_and_one_takes_over_from_the_other(lab):
    async with box(lab, adapters=2) as driver:
        one = await lab.monitor()
        near, far = lab.adapters[0], lab.adapters[1]
        one.at(near, -70), one.at(far, TOO_FAR)
        assert await driver.enrol(one) == "Passkey"
        await driver.counts_are_true()
        # A bond for the other adapter: the strongest way is the one that a window takes, whatever the link of the first does.
        one.at(far, -40)
        one.lose()
        await until("the other one hears it", lambda: far.heard.get(one.address, 0) > 1)
        assert await driver.enrol(one) == "Passkey"
        assert len(await lab.bonds()) == 2 and len(one.bonds.all_keys) == 2
        one.close_mold()
        await driver.counts_are_true()
        ways = [line["adapter"] for line in driver.said(one, "enrolled")]
        for way in reversed(ways):
            gone = near if way == near.name_in_box else far
            if len(lab.adapters) > 1:
                await lab.unplug(gone.number)
                one.close_mold()
                await driver.counts_are_true()
        assert one.pairings == 2


@scenario(short=True)
async def the_whole_box_counts_what_monitors_made_and_survives_its_own_end(lab):
    async with box(lab, kind=Appliance) as appliance:
        several = [await lab.monitor(history=300) for _ in range(2)]
        for one in several:
            enrolled, said = await appliance.enrol(one)
            assert enrolled, said
            one.close_mold()
        await appliance.counts_are_true()
        assert list((await lab.bonds()).values()) == ["3", "3"]
        enrolled, said = await appliance.enrol(await lab.monitor(), passkey="654321")
        assert not enrolled and "passkey" in said, said
        # Killed between what it heard and what it kept, and started again on the same disk.
        for one in several:
            one.close_mold()
        await appliance.kill()
        for one in several:
            one.close_mold()
        await appliance.start()
        await appliance.counts_are_true(*several)
        assert all(one.pairings == 1 for one in several)


@scenario()
async def a_power_cut_costs_nothing(lab):
    async with box(lab, kind=Appliance) as appliance:
        one = await lab.monitor(history=1000)
        enrolled, said = await appliance.enrol(one)
        assert enrolled, said
        for _ in range(2):
            one.close_mold()
            await lab.power_cut()
            one.close_mold()
            await lab.power_on()
            await appliance.start()
            await appliance.counts_are_true()
        assert one.pairings == 1


@scenario()
async def ten_monitors_are_enrolled(lab):
    async with box(lab) as driver:
        several = [await lab.monitor(history=100) for _ in range(10)]
        for one in several:
            assert await driver.enrol(one) == "Passkey"
        for one in several:
            one.close_mold()
        await driver.counts_are_true(seconds=180)


@scenario()
async def forty_monitors_take_turns_on_one_adapter(lab):
    async with box(lab, visit=3) as driver:
        several = [await lab.monitor(history=20, interval=0.5) for _ in range(40)]
        for one in several:
            assert await driver.enrol(one, seconds=120) == "Passkey"
        for one in several:
            one.close_mold()
        await driver.counts_are_true(seconds=600)
        most = lab.adapters[0].most_links
        if most > 5:
            raise Failed(f"{most} links at once on an adapter of five slots")


@scenario()
async def sixty_links_leave_the_match_rules_where_they_were(lab):
    async with box(lab) as driver:
        one = await lab.monitor()
        assert await driver.enrol(one) == "Passkey"
        await driver.counts_are_true()
        before = await lab.match_rules()
        for number in range(60):
            links = one.links
            one.lose() if number % 2 else await one.drop()
            one.close_mold()
            await until("it has another link", lambda: one.links > links)
            await driver.counts_are_true()
        after = await lab.match_rules()
        if after != before:
            raise Failed(f"{before} match rules became {after}")
        assert one.pairings == 1


async def far_away(lab, driver, history=0):
    """A monitor that was enrolled beside the box and carried to where only the last adapter hears it."""
    one = await lab.monitor(history=history)
    for adapter in lab.adapters.values():
        one.at(adapter, USUAL if adapter.number == 0 else TOO_FAR)
    assert await driver.enrol(one) == "Passkey"
    await driver.counts_are_true()
    one.at(lab.adapters[0], TOO_FAR)
    one.at(lab.adapters[max(lab.adapters)], -55)
    one.lose()
    await until("it has no link", lambda: one.link is None)
    return one


async def goes_by(driver, one, repeater):
    one.close_mold()
    await driver.counts_are_true(seconds=240)
    by = [line["by"] for line in driver.lines if line.get("monitor") == one.name and "cycles" in line][-1]
    assert by == repeater.adapter.name_of_repeater, by


@scenario()
async def a_repeater_reaches_a_monitor_that_no_adapter_of_the_box_hears(lab):
    async with box(lab, adapters=2, uses=[0]) as driver:
        one = await far_away(lab, driver, history=250)
        for _ in range(30):
            one.close_mold()
        async with Repeater(lab, 1) as repeater:
            await goes_by(driver, one, repeater)
            assert one.channels > 0 and one.pairings == 1 and not one.link.encryption
            for _ in range(5):
                one.close_mold()
                await driver.counts_are_true()
            # Its plug is pulled while the monitor counts; another one takes its place.
            await repeater.kill()
            one.close_mold()
            await repeater.start()
            await goes_by(driver, one, repeater)
        # Carried back, it is reached as before, under the bond that it has.
        one.at(lab.adapters[0], USUAL)
        one.close_mold()
        await driver.counts_are_true(seconds=180)
        assert one.pairings == 1


@scenario()
async def two_repeaters_in_a_row_reach_a_monitor(lab):
    async with box(lab, adapters=3, uses=[0]) as driver:
        own, near, far = (lab.adapters[number] for number in range(3))
        own.hears(far, TOO_FAR)
        far.hears(own, TOO_FAR)
        one = await far_away(lab, driver, history=250)
        async with Repeater(lab, 1) as first, Repeater(lab, 2):
            await goes_by(driver, one, first)
            for _ in range(5):
                one.close_mold()
                await driver.counts_are_true()
