"""Write the document: python -m openapi_document FILE, with a set of descriptors as the standard input."""

import json
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from openapi_document.document import document
from release_version import version


def main() -> None:
    """Read the descriptors, write the file."""
    made = document(FileDescriptorSet.FromString(sys.stdin.buffer.read()), version())
    # Lines, so that a change can be reviewed; compressed they cost nothing.
    Path(sys.argv[1]).write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
