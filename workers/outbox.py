"""Jobs of the outbox: nothing in, one service call. Alerts have a slot of their own."""

import time

from workers.process import this_process, waits_for_database

# One job goes on while there is something to send, but not so long that its worker looks dead.
_GOES_ON_FOR = 5.0


def deliver_alerts() -> None:
    _deliver(alerts=True)


def deliver() -> None:
    _deliver(alerts=False)


def _deliver(*, alerts: bool) -> None:
    process = this_process()
    process.services.doorbell.outbox_answered(alerts=alerts)
    until = time.monotonic() + _GOES_ON_FOR
    with waits_for_database("delivery"):
        while process.outbox.deliver(alerts=alerts):
            if time.monotonic() > until:
                process.services.doorbell.outbox(alerts=alerts, others=not alerts)
                return
