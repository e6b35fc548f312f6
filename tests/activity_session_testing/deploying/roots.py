"""Folders that are the root of a file system, as that of a container, with the system's programs and a Python."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# How a package index is reached from this machine, if not as usual.
_ENVIRONMENT = (
    *("PIP_CERT", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"),
    *("HTTPS_PROXY", "https_proxy"),
)
_OF_THE_MACHINE = ("resolv.conf", "hosts", "nsswitch.conf", "pip.conf", "ssl", "login.defs", "ld.so.cache")
_PROGRAMS = ("/usr/local/bin", "/usr/bin", "/usr/sbin")


def lacking() -> str:
    """What this machine lacks for such folders, with how to get it; empty if nothing."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed; to try what the image consists of: apt-get install bubblewrap"
    if shutil.which("npm") is None:
        return "npm is not installed; to try what the image consists of: Node.js 20.19 or newer"
    return "" if os.geteuid() == 0 else "the image is made of files of several users: run its tests as root"


def base(folder: Path) -> dict[str, str]:
    """Make of an empty folder the root that an image with Python begins with; returns its environment."""
    for name in ("etc", "tmp", "usr", "proc", "dev", "run/secrets"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / name).symlink_to(f"usr/{name}")
    for name in ("passwd", "group"):
        (folder / "etc" / name).write_text(f"root:x:0:{'' if name == 'group' else '0::/root:/bin/sh'}\n")
    for name in _OF_THE_MACHINE:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, folder / "etc" / name, symlinks=True)
        elif source.exists():
            shutil.copy(source, folder / "etc" / name)
    Path(folder, sys.base_prefix.lstrip("/")).mkdir(parents=True, exist_ok=True)
    return {"PATH": ":".join([f"{sys.base_prefix}/bin", *_PROGRAMS])}


def command_in(
    root: Path,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str = "/",
    user: int = 0,
    flags: Sequence[str] = ("--bind",),
) -> list[str]:
    """The command that runs another one as process 1 in a root, by the number of a user without any rights.

    Args:
        root: the folder.
        command: what is run there.
        environment: all variables that it has.
        folder: where it runs.
        user: its number, and that of its group.
        flags: of bwrap, the first of which says how the root is mounted.
    """
    how, *others = flags
    seen = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ and not user} | dict(environment)
    return [
        *("bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1"),
        *(how, str(root), "/", "--ro-bind", "/usr", "/usr", "--ro-bind", sys.base_prefix, sys.base_prefix),
        *("--proc", "/proc", "--dev", "/dev", "--chdir", folder, "--clearenv"),
        *(part for name, value in seen.items() for part in ("--setenv", name, value)),
        *others,
        *(("--", *as_user(user), *command) if user else ("--", *command)),
    ]


def as_user(user: int) -> list[str]:
    """What gives up all rights before a command that comes after it."""
    number = str(user)
    return ["setpriv", "--reuid", number, "--regid", number, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
