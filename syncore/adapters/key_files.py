"""The keystore as files in a folder of its own (``docs/formats/key_files.md``).

Implements :class:`syncore.core.ports.KeyFiles`; must not know what the secrets are. A secret is written once,
under a temporary name, synced, then given its own name without replacing anything; the guard is replaced in
one step. After either the folder is synced, so what was reported as written survives a power cut. One process
writes at a time: the lock on the replica file sees to that.
"""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from syncore.core.errors import DiskFull, IntegrityError, Misused, NewerFormat, NotWritable, StorageError
from syncore.core.hashing import checksum

MAX_KEY_FILE_BYTES: Final = 64 * 1024
"""One secret or guard. Keys are 32 to 64 bytes; what is larger was not written here and is not read."""
MAX_KEY_NAME_CHARACTERS: Final = 100
"""A secret's name: with its suffix it stays below the 255 bytes that every file system allows."""

MAGIC: Final = b"synckeys"
VERSION: Final = 1
KIND_SECRET: Final = 1
KIND_GUARD: Final = 2
CHECKSUM_BYTES: Final = 8
_HEADER_BYTES: Final = len(MAGIC) + 2
KEY_SUFFIX: Final = ".key"
GUARD_NAME: Final = "guard"
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR})
_LINKS_UNSUPPORTED: Final = frozenset(
    {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK}
)


class FileKeyFiles:
    """A keystore in one folder, made readable for its owner alone when the first secret is written.

    Args:
        folder: Holds the files of one replica and nothing else; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """The secret stored under a name, or None. Refuses a file that others may read."""
        check_key_name(name)
        path = self._folder / (name + KEY_SUFFIX)
        content = _read_file(path, is_secret=True)
        return None if content is None else unwrap_key_file(content, KIND_SECRET, path)

    def write(self, name: str, secret: bytes) -> None:
        """Store a secret durably; it must not exist yet."""
        check_key_name(name)
        check_key_size(secret)
        path = self._folder / (name + KEY_SUFFIX)
        with os_errors_translated(path):
            _make_folder(self._folder)
            temporary = _write_temporary(self._folder, wrap_key_file(secret, KIND_SECRET))
            try:
                _publish(temporary, path)
            except FileExistsError as error:
                raise already_stored(name) from error
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(self._folder)

    def read_guard(self) -> bytes | None:
        """The guard's content, or None when there is none."""
        path = self._folder / GUARD_NAME
        content = _read_file(path, is_secret=False)
        return None if content is None else unwrap_key_file(content, KIND_GUARD, path)

    def write_guard(self, content: bytes) -> None:
        """Replace the guard atomically and durably."""
        check_key_size(content)
        path = self._folder / GUARD_NAME
        with os_errors_translated(path):
            _make_folder(self._folder)
            temporary = _write_temporary(self._folder, wrap_key_file(content, KIND_GUARD))
            try:
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(self._folder)


def default_keystore_folder(
    environment: Mapping[str, str] | None = None, *, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Where keystores are kept when the program does not say: one folder for each replica goes into it.

    ``$SYNCORE_KEYSTORE``, or else the platform's place for an application's own data.

    Args:
        environment: Instead of the process's environment.
        platform: Instead of :data:`sys.platform`.
        home: Instead of the user's home folder.

    Raises:
        StorageError: the user has no home folder that could be found.
    """
    environment = os.environ if environment is None else environment
    if environment.get("SYNCORE_KEYSTORE"):
        return Path(environment["SYNCORE_KEYSTORE"])
    if platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"]) / "syncore" / "keystore"
    # The XDG base directory specification: a relative path is to be ignored.
    if platform not in {"darwin", "win32"} and Path(environment.get("XDG_DATA_HOME", "")).is_absolute():
        return Path(environment["XDG_DATA_HOME"]) / "syncore" / "keystore"
    below_home = {"darwin": "Library/Application Support", "win32": "AppData/Local"}.get(
        platform, ".local/share"
    )
    return (home or _home()) / below_home / "syncore" / "keystore"


def check_key_name(name: str) -> None:
    """Return if ``name`` can name a secret on every file system.

    Raises:
        Misused: it cannot; names are chosen by this library, not by people.
    """
    if (
        not 0 < len(name) <= MAX_KEY_NAME_CHARACTERS
        or name[0] == "."
        or not _NAME_CHARACTERS.issuperset(name)
    ):
        raise Misused(
            f"{name[:40]!r} cannot name a secret",
            hint=f"1 to {MAX_KEY_NAME_CHARACTERS} of a-z, 0-9, -, _ and . but not . in front",
        )


def check_key_size(content: bytes) -> None:
    """Return if ``content`` fits into a key file.

    Raises:
        Misused: it is too long to be a secret or a guard.
    """
    if len(content) > MAX_KEY_FILE_BYTES:
        raise Misused(f"a keystore keeps {MAX_KEY_FILE_BYTES} bytes under one name, not {len(content)}")


def already_stored(name: str) -> NotWritable:
    """The error for writing a secret a second time."""
    return NotWritable(
        f"the keystore holds a secret named {name} already", hint="secrets are never overwritten"
    )


def wrap_key_file(payload: bytes, kind: int) -> bytes:
    """The content of a key file that holds ``payload``."""
    content = MAGIC + bytes((VERSION, kind)) + payload
    return content + checksum(content)


def unwrap_key_file(content: bytes, kind: int, path: Path) -> bytes:
    """What a key file holds.

    Raises:
        IntegrityError: it is not what was written, or of another kind.
        NewerFormat: a newer version of syncore wrote it.
    """
    payload_end = len(content) - CHECKSUM_BYTES
    is_whole = (
        payload_end >= _HEADER_BYTES
        and content.startswith(MAGIC)
        and checksum(content[:payload_end]) == content[payload_end:]
    )
    if not is_whole:
        raise IntegrityError(f"{path} is damaged", path=str(path))
    version, stored_kind = content[len(MAGIC)], content[len(MAGIC) + 1]
    if version != VERSION:
        raise NewerFormat(f"{path} is in version {version} of its format", path=str(path))
    if stored_kind != kind:
        raise IntegrityError(f"{path} holds something else than its name says", path=str(path))
    return content[_HEADER_BYTES:payload_end]


def _read_file(path: Path, *, is_secret: bool) -> bytes | None:
    with os_errors_translated(path, denied=StorageError):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        with file:
            if is_secret:
                _check_private(os.fstat(file.fileno()).st_mode, path)
            content = file.read(MAX_KEY_FILE_BYTES + _HEADER_BYTES + CHECKSUM_BYTES + 1)
    if len(content) > MAX_KEY_FILE_BYTES + _HEADER_BYTES + CHECKSUM_BYTES:
        raise IntegrityError(f"{path} is too long to be a key file", path=str(path))
    return content


def _check_private(mode: int, path: Path) -> None:
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StorageError(
            f"{path} holds a secret, and other users may read or change it",
            hint=f"chmod 600 {path}",
            path=str(path),
        )


def _make_folder(folder: Path) -> None:
    """Make the folder and what is missing above it, for the owner alone, and sync each new name."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent)


def _write_temporary(folder: Path, content: bytes) -> Path:
    """A new file of mode 0600 with the content, synced."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _sync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _publish(temporary: Path, path: Path) -> None:
    """Give the file its name, or raise FileExistsError."""
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _LINKS_UNSUPPORTED:
            raise
        # A file system without links (FAT, some network shares): with one writer, looking first is enough.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        temporary.rename(path)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; NTFS journals names by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Write a file or folder to the disk itself."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        # fsync leaves the data in the drive's cache there.
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


@contextmanager
def os_errors_translated(path: Path, *, denied: type[StorageError] = NotWritable) -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        yield
    except OSError as error:
        reason = f"{path}: {error.strerror or error}"
        if error.errno in _FULL:
            raise DiskFull(reason, path=str(path)) from error
        if error.errno in _DENIED:
            raise denied(reason, hint="check who owns the keystore's folder", path=str(path)) from error
        raise StorageError(reason, path=str(path)) from error


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise StorageError(
            "no home folder was found for the keystore", hint="set SYNCORE_KEYSTORE"
        ) from error
