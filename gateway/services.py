"""What `bootstrap` builds once and everyone is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis
import sqlalchemy as sa

from gateway.channels.base import Channel
from gateway.queueing import Doorbell
from gateway.settings import Settings
from gateway.storage.cipher import Cipher


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    engine: sa.Engine
    redis: redis.Redis
    doorbell: Doorbell
    cipher: Cipher
    channels: dict[str, Channel]
    now: Callable[[], datetime]
