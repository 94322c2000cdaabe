"""Logs without personal data, and the counters.

A log line is one JSON object on standard error. Whatever a caller or a library hands over, no phone
number, no message text and no exception's words leave through here: keys that may hold them are
dropped, runs of digits are masked, objects are named by their class.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, cast
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

# Ours alone: the default registry adds the interpreter's own figures.
METRICS = CollectorRegistry()
RECEIVED = Counter(
    "vigie_messages_received", "Messages that came in, repeats included", ["channel"], registry=METRICS
)
DUPLICATES = Counter(
    "vigie_messages_duplicate", "Messages that a provider delivered again", ["channel"], registry=METRICS
)
REFUSED = Counter(
    "vigie_webhooks_refused",
    "Calls that were not believed or understood",
    ["channel", "status"],
    registry=METRICS,
)
READ = Counter("vigie_messages_read", "Messages that were read", registry=METRICS)
IGNORED = Counter("vigie_messages_ignored", "Messages that called for nothing", registry=METRICS)
DEAD = Counter("vigie_messages_dead", "Messages that were set aside", registry=METRICS)
SPOOLED = Counter("vigie_messages_spooled", "Messages that were written to the spool", registry=METRICS)
GAPS = Counter(
    "vigie_gaps_found",
    "Texts that never reached us and were taken in from a provider's list",
    ["channel"],
    registry=METRICS,
)
USSD_STEPS = Counter(
    "vigie_ussd_steps",
    "Steps of USSD sessions, by their answer: shown, or busy while the database is away",
    ["channel", "answer"],
    registry=METRICS,
)
SENT = Counter("vigie_texts_sent", "Texts that a provider took", ["purpose"], registry=METRICS)
FAILED = Counter("vigie_texts_failed", "Texts that were given up", ["purpose"], registry=METRICS)
WITHHELD = Counter(
    "vigie_texts_withheld", "Texts that were held back on purpose", ["purpose"], registry=METRICS
)
SEEN_SECONDS = Histogram(
    "vigie_alert_seen_seconds",
    "From the alert to the first receipt that says its text is on a phone",
    registry=METRICS,
    buckets=(5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600),
)
ACKNOWLEDGE_SECONDS = Histogram(
    "vigie_alert_acknowledge_seconds",
    "From the alert to the officer's answer",
    registry=METRICS,
    buckets=(15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200),
)
ON_SITE_SECONDS = Histogram(
    "vigie_alert_on_site_seconds",
    "From the alert until somebody was on site",
    registry=METRICS,
    buckets=(300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400),
)
SAFE_SECONDS = Histogram(
    "vigie_alert_safe_seconds",
    "From the alert until the persons were safe",
    registry=METRICS,
    buckets=(300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200),
)

MASK: Final = "[hidden]"
_PRIVATE_KEYS: Final = frozenset(
    {"text", "body", "note", "params", "sender", "recipient", "number", "phone", "from", "from_", "to"}
    | {"password", "secret", "secrets", "token", "authorization", "signature"}
)
# What is no phone number although it has as many digits: our ids, the record's heads, Twilio's ids, times.
_HARMLESS = (
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{64}\b"
    r"|\b[A-Z]{2}[0-9a-f]{32}\b"
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
)
_NUMBERS = re.compile(rf"({_HARMLESS})|\+?\d(?:[\s().+/_-]{{0,3}}\d){{6,}}")
_LARGEST_PLAIN_INT: Final = 9_999_999
_OURS: Final = ("gateway", "workers")


def masked(value: Any) -> Any:
    """The value as it may be logged: plain JSON types, phone numbers replaced, objects named only."""
    match value:
        case Mapping():
            return {masked(str(key)): masked(item) for key, item in value.items() if not _private(str(key))}
        case list() | tuple() | set() | frozenset():
            return [masked(item) for item in value]
        case _:
            return _masked_scalar(value)


def _masked_scalar(value: object) -> str | float | bool | None:
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if abs(value) <= _LARGEST_PLAIN_INT else MASK
        case str() | UUID() | Path() | datetime():
            return _NUMBERS.sub(lambda found: found[1] or MASK, str(value))
        case BaseException():
            return where(value)
        case _:
            return f"<{type(value).__name__}>"


def _private(key: str) -> bool:
    return key.lower() in _PRIVATE_KEYS


def where(error: BaseException) -> str:
    """An exception as ``Class at file:line``, the innermost line of ours: never its words."""
    name = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return name
    files = [(_short(frame.filename), frame.lineno) for frame in frames]
    ours = [place for place in files if place[0].startswith(_OURS)]
    file, line = (ours or files)[-1]
    return f"{name} at {file}:{line}"


def _short(filename: str) -> str:
    parts = Path(filename).parts
    ours = [index for index, part in enumerate(parts) if part in _OURS]
    return "/".join(parts[ours[-1] :] if ours else parts[-2:])


def _without_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    clean = cast("EventDict", masked(event))
    if isinstance(error, BaseException):
        clean["error"] = where(error)
    return clean


class _StandardError:
    """Looks standard error up at each line, so that whoever redirects it gets them all."""

    _lock = threading.Lock()

    def msg(self, line: str) -> None:
        # A log that cannot be written must not cost a message.
        with self._lock, suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


class _FromLibraries(logging.Handler):
    """Library logs as ours. Only a message's first line: tracebacks, which quote values, follow it."""

    def emit(self, record: logging.LogRecord) -> None:
        first_line = record.getMessage().partition("\n")[0][:300]
        get_logger(record.name).log(record.levelno, first_line, exc_info=record.exc_info or None)


def _configure_structlog(level: int) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _without_personal_data,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _StandardError(),
    )


def configure_logging(level: str = "INFO") -> None:
    """Send every log line of this process, libraries' and uncaught exceptions' too, through the mask."""
    number = logging.getLevelNamesMapping()[level.upper()]
    _configure_structlog(number)
    logging.basicConfig(handlers=[_FromLibraries()], level=max(number, logging.INFO), force=True)
    # These tell each request, and Twilio's SDK with its data.
    for chatty in ("twilio", "urllib3", "rq", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get_logger("uncaught").error("uncaught_exception", error=where(error.with_traceback(trace)))


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        _log_uncaught(failure.exc_type, failure.exc_value, failure.exc_traceback)


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger: constant words as the event, facts as keywords."""
    return cast("FilteringBoundLogger", structlog.get_logger(source=name))


# Before anybody configures anything, lines go through the mask already.
_configure_structlog(logging.INFO)
