"""Files that readers see whole or not at all, and that are still whole after the power fails.

Belongs here: writing, replacing and linking from one moment to the next.
Does not belong here: what the files hold (`assets/reports/`, `assets/key_index.py`).
"""

import os
from pathlib import Path


def write_atomically(target: Path, content: bytes) -> None:
    """Let the file hold `content` from one moment to the next."""
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_bytes(content)
    replace_durably(temporary, target)


def replace_durably(temporary: Path, target: Path) -> None:
    """Let a file that is complete take the place of `target` from one moment to the next."""
    sync(temporary)
    temporary.replace(target)


def swap_link(link: Path, target: Path) -> None:
    """Let the link lead to `target` from one moment to the next; a folder that is not empty could not be replaced so."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def make_read_only(path: Path) -> None:
    """Take away every permission to write: what is published is replaced, never changed."""
    path.chmod(path.stat().st_mode & 0o444)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
