"""Archives that are the same, byte for byte, whenever and wherever they are made of the same files.

`tools/archives.py again ARCHIVE.tar.gz...` makes archives anew so; `tools/archives.py zip FOLDER NAME FILE.zip` packs a
folder under a name. All times in them are SOURCE_DATE_EPOCH, seconds since 1970.
"""

import gzip
import io
import os
import sys
import tarfile
import time
import zipfile
from pathlib import Path

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
_EXECUTABLE, _PLAIN = 0o755, 0o644


def again(path: Path) -> None:
    """Make a .tar.gz anew: in order of names, without times, owners and modes of the machine that has made it."""
    packed = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            new.addfile(_plain(member), old.extractfile(member) if member.isfile() else None)
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=EPOCH))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    mode = _EXECUTABLE if member.isdir() or member.mode & 0o100 else _PLAIN
    plain = member.replace(mtime=EPOCH, mode=mode, uid=0, gid=0, uname="", gname="", deep=False)
    # The time to the nanosecond.
    plain.pax_headers = {}
    return plain


def pack(folder: Path, name: str, target: Path) -> None:
    """Pack the files of a folder into a zip, in which they are in a folder of another name."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(folder)}", time.gmtime(EPOCH)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _PLAIN << 16
            made.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    if sys.argv[1] == "again":
        for argument in sys.argv[2:]:
            again(Path(argument))
    else:
        pack(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
