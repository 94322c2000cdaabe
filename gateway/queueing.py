"""The doorbell: RQ jobs that say "there is mail", never what it says.

Redis may be emptied, or away, at any moment: a ring is then lost, the rows are not, and the clock
rings again a second later. A job carries a lane number, a channel's name or nothing at all.
"""

import time
from collections.abc import Iterable, Sequence
from uuid import uuid4

import redis
from rq import Queue
from rq.serializers import JSONSerializer

INBOX_URGENT = "inbox-urgent"
INBOX = "inbox"
OUTBOX_ALERTS = "outbox-alerts"
OUTBOX = "outbox"
HOUSEKEEPING = "housekeeping"

DRAIN_JOB = "workers.inbox.drain"
DELIVER_ALERTS_JOB = "workers.outbox.deliver_alerts"
DELIVER_JOB = "workers.outbox.deliver"
FIND_GAPS_JOB = "workers.housekeeping.find_gaps"
ASK_FOR_CREDIT_JOB = "workers.housekeeping.ask_for_credit"
SEND_MAILS_JOB = "workers.housekeeping.send_mails"
TAKE_IN_RECORDINGS_JOB = "workers.housekeeping.take_in_recordings"

# A ring that got lost with its job must not keep the bell silent for long.
_RUNG_SECONDS = 5
_FAILURE_SECONDS = 60
# A queue this long has been rung for everything already.
_CROWDED = 64
# A Redis that hangs costs a caller this long, and then nobody anything for as long as it is left alone.
_LISTENS_SECONDS, _LEFT_ALONE_SECONDS = 0.5, 3.0


_Bell = tuple[str, str, tuple[int | str, ...]]
"""queue, job, arguments"""


def connect(url: str) -> redis.Redis:
    """A client that gives up quickly: callers go on without Redis."""
    return redis.Redis.from_url(
        url,
        socket_timeout=_LISTENS_SECONDS,
        socket_connect_timeout=_LISTENS_SECONDS,
        retry=None,
        health_check_interval=10,
    )


def connect_worker(url: str) -> redis.Redis:
    """A client that may wait long for a job."""
    return redis.Redis.from_url(url, socket_connect_timeout=1, retry=None)


class Doorbell:
    """Rings workers. Never raises for an absent Redis: it returns whether the bell was heard."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection
        self._left_alone_until = 0.0
        self._queues = {
            name: Queue(name, connection=connection, serializer=JSONSerializer)
            for name in (INBOX_URGENT, INBOX, OUTBOX_ALERTS, OUTBOX, HOUSEKEEPING)
        }

    def lanes(self, lanes: Iterable[int], *, urgent: Iterable[int] = (), insist: bool = False) -> bool:
        """Mail in these lanes. ``insist`` rings although the bell is still swinging."""
        bells = [(INBOX_URGENT, lane) for lane in sorted(set(urgent))]
        bells += [(INBOX, lane) for lane in sorted(set(lanes) - set(urgent))]
        return self._ring([(queue, DRAIN_JOB, (lane,)) for queue, lane in bells], insist=insist)

    def outbox(self, *, alerts: bool, others: bool, insist: bool = False) -> bool:
        """Texts to send."""
        bells: list[_Bell] = []
        if alerts:
            bells.append((OUTBOX_ALERTS, DELIVER_ALERTS_JOB, ()))
        if others:
            bells.append((OUTBOX, DELIVER_JOB, ()))
        return self._ring(bells, insist=insist)

    def gaps(self, channels: Iterable[str]) -> bool:
        """Providers' lists to be compared with ours."""
        return self._ring([(HOUSEKEEPING, FIND_GAPS_JOB, (name,)) for name in channels], insist=False)

    def credit(self, channels: Iterable[str]) -> bool:
        """Providers to be asked what is left of our credit."""
        return self._ring([(HOUSEKEEPING, ASK_FOR_CREDIT_JOB, (name,)) for name in channels], insist=False)

    def recordings(self) -> bool:
        """What callers said, to be fetched."""
        return self._ring([(HOUSEKEEPING, TAKE_IN_RECORDINGS_JOB, ())], insist=False)

    def mails(self) -> bool:
        """Situation reports to be mailed."""
        return self._ring([(HOUSEKEEPING, SEND_MAILS_JOB, ())], insist=False)

    def lane_answered(self, lane: int) -> None:
        """Called before the lane is looked at: whatever comes from now on rings anew."""
        self._silence(f"rung:{INBOX}:{lane}", f"rung:{INBOX_URGENT}:{lane}")

    def outbox_answered(self, *, alerts: bool) -> None:
        self._silence(f"rung:{OUTBOX_ALERTS if alerts else OUTBOX}:")

    def _ring(self, bells: Sequence[_Bell], *, insist: bool) -> bool:
        if self._is_left_alone():
            return False
        try:
            if not insist:
                with self._redis.pipeline(transaction=False) as pipe:
                    for queue, _, arguments in bells:
                        pipe.set(_key(queue, arguments), 1, nx=True, ex=_RUNG_SECONDS)
                    still = pipe.execute()
                bells = [bell for bell, was_set in zip(bells, still, strict=True) if was_set]
            for queue, job, arguments in bells:
                if insist and self._queues[queue].count > _CROWDED:
                    continue
                self._queues[queue].enqueue_call(
                    job,
                    args=arguments,
                    job_id=str(uuid4()),
                    result_ttl=0,
                    failure_ttl=_FAILURE_SECONDS,
                    timeout=-1,
                )
        except redis.RedisError:
            self._leave_alone()
            return False
        return True

    def _silence(self, *keys: str) -> None:
        if self._is_left_alone():
            return
        try:
            self._redis.delete(*keys)
        except redis.RedisError:
            self._leave_alone()

    def _leave_alone(self) -> None:
        self._left_alone_until = time.monotonic() + _LEFT_ALONE_SECONDS

    def _is_left_alone(self) -> bool:
        return time.monotonic() < self._left_alone_until


def _key(queue: str, arguments: tuple[int | str, ...]) -> str:
    return f"rung:{queue}:{'-'.join(map(str, arguments))}"
