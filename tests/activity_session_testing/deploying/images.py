"""An image, made by carrying out a Dockerfile step by step in folders, without a container engine.

What differs from an image: the programs of the system and Python are those of this machine, and layers are not kept.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import string
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

from activity_session_testing.deploying import roots

_SECONDS = 180


class Stage:
    """What the steps from one FROM on have made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = roots.base(root)
        self.folder = "/"
        self.user = 0
        self.entrypoint: list[str] = []
        self.command: list[str] = []
        self.health: list[str] = []
        self.ports: list[int] = []

    def run(self, value: str) -> None:
        """RUN, in a shell."""
        command = roots.command_in(
            self.root, ["sh", "-ec", value], environment=self.environment, folder=self.folder, user=self.user
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, f"RUN {value}\n{done.stderr}"

    def copy(self, sources: Sequence[str], above: Path, target: str) -> None:
        """COPY, of files and of what is in folders."""
        into = Path(self.root, str(Path(self.folder, target)).lstrip("/"))
        for name in sources:
            source = above / name.lstrip("/")
            if source.is_dir():
                shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True)
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, into)

    def set_folder(self, value: str) -> None:
        """WORKDIR."""
        self.folder = value
        Path(self.root, value.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def set_variables(self, value: str) -> None:
        """ENV."""
        for pair in shlex.split(value):
            name, _, text = pair.partition("=")
            self.environment[name] = string.Template(text).substitute(self.environment)


class Image:
    """The last stage of a Dockerfile."""

    def __init__(self, dockerfile: Path, context: Path, folder: Path) -> None:
        """Carry out the steps, with the files of `context`, in an empty folder."""
        self._context, self._folder = context, folder
        self._stages: dict[str, Stage] = {}
        for step in DockerfileParser(str(dockerfile)).structure:
            if step["instruction"] not in ("COMMENT", "ARG"):
                self._carry_out(step["instruction"], step["value"])

    @property
    def last(self) -> Stage:
        """The stage that is the image."""
        return list(self._stages.values())[-1]

    def _carry_out(self, instruction: str, value: str) -> None:
        match instruction:
            case "FROM":
                self._begin(value)
            case "RUN":
                self.last.run(value)
            case "COPY":
                self._copy(value.split())
            case "WORKDIR":
                self.last.set_folder(value)
            case "ENV":
                self.last.set_variables(value)
            case _:
                self._note(instruction, value)

    def _begin(self, value: str) -> None:
        name = value.partition(" AS ")[2] or "last"
        root = self._folder / name
        root.mkdir()
        self._stages[name] = Stage(root)

    def _copy(self, words: list[str]) -> None:
        above = self._context
        if words[0].startswith("--from="):
            above = self._stages[words.pop(0).removeprefix("--from=")].root
        self.last.copy(words[:-1], above, words[-1])

    def _note(self, instruction: str, value: str) -> None:
        stage = self.last
        match instruction:
            case "USER":
                user, _, group = value.partition(":")
                assert user == group, "the tests know one number for both"
                stage.user = int(user)
            case "EXPOSE":
                stage.ports.append(int(value))
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(value)
            case "CMD":
                stage.command = json.loads(value)
            case "HEALTHCHECK":
                stage.health = json.loads(value.partition(" CMD ")[2])
            case _:
                raise AssertionError(f"a step that the tests do not know: {instruction}")

    def command(
        self, arguments: Sequence[str] | None, data: Path | None, environment: Mapping[str, str], flags: Sequence[str]
    ) -> list[str]:
        """The command that runs the image, its root read-only, with a folder as its /data."""
        stage = self.last
        mounted = ["--bind", str(data), stage.folder] if data else []
        return roots.command_in(
            stage.root,
            [*stage.entrypoint, *(stage.command if arguments is None else arguments)],
            environment={**stage.environment, **environment},
            folder=stage.folder,
            user=stage.user,
            flags=["--ro-bind", *mounted, *flags],
        )

    def run(self, *arguments: str, flags: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the image to its end; with arguments in place of its own."""
        command = self.command(arguments or None, None, environment, flags)
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


class Container:
    """A running image with a network of its own, in which nothing but itself listens."""

    def __init__(self, image: Image, data: Path, log: Path, **environment: str) -> None:
        self._image = image
        with log.open("w") as stderr:
            self.process = subprocess.Popen(
                image.command(None, data, environment, ["--unshare-net"]),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        assert self.first_line.startswith("listening on "), log.read_text()

        outer = self.process.pid
        # The number that its process 1 has on this machine.
        self.pid = int(Path(f"/proc/{outer}/task/{outer}/children").read_text())

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as its health check is run."""
        stage = self._image.last
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd"]
        return subprocess.run(
            [*enter, *roots.as_user(stage.user), *command],
            env=stage.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """What the system says of its process 1."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def stop(self, seconds: float) -> int:
        """Send SIGTERM to process 1; returns its exit code, which it has to have after `seconds`."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """Kill process 1, and with it all others; that it has changed its user keeps it from ending with bwrap."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.communicate(timeout=_SECONDS)


@contextlib.contextmanager
def running(image: Image, data: Path, log: Path, **environment: str) -> Iterator[Container]:
    """Run an image inside the block; it is killed after it."""
    container = Container(image, data, log, **environment)
    try:
        yield container
    finally:
        container.kill()
