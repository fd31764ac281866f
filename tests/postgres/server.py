"""A PostgreSQL server of its own, on this machine alone, for as long as a context lasts."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

USER, PASSWORD = "teacher", "geheim-und-lang"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_PATIENCE_S = 200  # far more than it takes


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    port: int

    def url(
        self, database: str, user: str = USER, password: str = PASSWORD, port: int | None = None
    ) -> str:
        """As it stands in course_config.py."""
        place = f"127.0.0.1:{port or self.port}"
        return f"postgresql+psycopg://{user}:{password}@{place}/{database}"

    def make_database(self, like: str = "template1") -> str:
        """The name of a new database: empty, or a copy of another."""
        name = f"course_{uuid4().hex}"
        login = {"user": USER, "password": PASSWORD, "dbname": "postgres", "port": self.port}
        with psycopg.connect(host="127.0.0.1", autocommit=True, **login) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name


def why_not() -> str:
    """Why no server can be started here; "" if one can."""
    return "" if _folder() else "no PostgreSQL server on this machine"


@contextlib.contextmanager
def server() -> Iterator[Server]:
    place = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        _own(place)
        (place / "password").write_text(PASSWORD)
        data = place / "data"
        login = (f"--username={USER}", f"--pwfile={place / 'password'}")
        _run("initdb", f"--pgdata={data}", "--auth=scram-sha-256", "--no-sync", *login)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place}"
        control = ("pg_ctl", f"--pgdata={data}", "--wait", f"--timeout={_PATIENCE_S}")
        _run(*control, f"--options={options} -c fsync=off", f"--log={place / 'log'}", "start")
        try:
            yield Server(port)
        finally:
            _run(*control, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _folder() -> Path | None:
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else (_BINARIES or [None])[-1]


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.getuid() == 0 else None


def _own(place: Path) -> None:
    if user := _user():
        shutil.chown(place, user)


def _run(program: str, *arguments: str) -> None:
    folder = _folder()
    assert folder is not None
    subprocess.run(
        [folder / program, *arguments],
        user=_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=_PATIENCE_S + 30,
    )
