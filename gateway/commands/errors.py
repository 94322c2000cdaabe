"""What went wrong, as one sentence and an exit status."""

import redis
import sqlalchemy as sa

from gateway.bootstrap import CannotStartError
from gateway.channels.base import BadRequestError
from gateway.data.files import DataError
from gateway.observability import where
from gateway.settings import BadSettingsError
from gateway.supervisor.errors import SupervisorError


def sentence_for(error: Exception) -> tuple[str, int]:
    """2 for bad input, 1 for a failure. Never the words of an error that we did not write."""
    if isinstance(error, BadSettingsError | BadRequestError | DataError):
        return str(error), 2
    if isinstance(error, CannotStartError | SupervisorError):
        return str(error), 1
    if isinstance(error, sa.exc.OperationalError):
        return "PostgreSQL cannot be reached; is `vigie up` running? (`vigie doctor` tells more)", 1
    if isinstance(error, redis.RedisError):
        return "Redis cannot be reached; is `vigie up` running? (`vigie doctor` tells more)", 1
    if isinstance(error, OSError):
        return f"{error.filename or 'A file or address'}: {error.strerror or type(error).__name__}.", 1
    return f"An unexpected failure ({where(error)}); please report it.", 1
