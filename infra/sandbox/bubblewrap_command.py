"""The command line of one sandbox: what a program under test can see, and as whom it runs.

It sees the interpreter and its standard library, the system's shared libraries, three devices and an empty /tmp in
memory, all but /tmp read-only. No home folder, no environment, no /proc, no network, no other process.

Two ways, by who starts it:

* **root**: bwrap keeps the right to change its user until the guest has taken a user id that nobody has, one for each
  sandbox. It needs no user namespaces.
* **anyone else**: a user namespace, in which no further ones can be made.

Source: bwrap(1) of bubblewrap 0.8, the oldest version with --disable-userns.
"""

from __future__ import annotations

import functools
import glob
import marshal
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from configs.errors import UserError

# The guest's modules come compiled with its setup: compiling them anew would take longer than most programs.
_BOOTSTRAP = """
import marshal, sys
file = open(int(sys.argv[1]), "rb")
for name, code in marshal.load(file):
    module = sys.modules[name] = type(sys)(name)
    exec(code, vars(module))
module.main(file)
"""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_IDS_FROM = 2**30


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a program runs: ids to take inside, or None where a user namespace keeps the caller's own.

    Attributes:
        num_own_processes: processes of the sandbox itself that the kernel counts with the program's.
    """

    uid: int | None
    gid: int | None
    num_own_processes: int


def find_bubblewrap() -> str:
    """Path of bwrap. UserError if it is not installed."""
    path = shutil.which("bwrap")
    if path is None:
        raise UserError(
            "generated code runs in bubblewrap alone, and the program bwrap is not installed",
            "install it (Debian, Ubuntu: apt-get install bubblewrap), or choose a judge that runs no code",
        )
    return path


def choose_identity(slot: int) -> Identity:
    """Another identity for every process that asks and every slot (0 or 1) of it."""
    if os.geteuid() != 0:
        return Identity(None, None, num_own_processes=1)
    number = 2 * os.getpid() + slot
    return Identity(_spare_id("uid", number), _spare_id("gid", number), num_own_processes=0)


def make_command(bubblewrap: str, max_tmp_bytes: int, setup: int, info: int, seccomp: int | None) -> list[str]:
    """The command line.

    Args:
        max_tmp_bytes: size of /tmp.
        setup: descriptor of the guest's modules (`compile_guest`) and setup, one after the other.
        info: descriptor to which bwrap writes the id of the sandbox's first process.
        seccomp: descriptor of the filter.
    """
    is_root = os.geteuid() == 0
    rights = "--cap-add CAP_SETUID --cap-add CAP_SETGID" if is_root else "--unshare-user --disable-userns"
    mounts, interpreter = _mounts(str(Path(sys._base_executable).resolve()))  # type: ignore[attr-defined]
    return [
        *(bubblewrap, "--die-with-parent", "--clearenv", "--info-fd", str(info), *rights.split()),
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *mounts,
        *("--perms", "1777", "--size", str(max_tmp_bytes), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp"),
        *("--setenv", "PYTHONHASHSEED", "0"),  # the same program gets the same verdict
        *(("--seccomp", str(seccomp)) if seccomp is not None else ()),
        *("--", interpreter, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", _BOOTSTRAP, str(setup)),
    ]


@functools.cache
def compile_guest() -> bytes:
    """The modules that run inside, for this interpreter."""
    names = [f"infra.sandbox.bubblewrap_{name}" for name in ("plain", "calls", "guest")]
    paths = [Path(__file__).with_name(f"{name.rpartition('.')[2]}.py") for name in names]
    codes = [compile(path.read_bytes(), path.name, "exec") for path in paths]
    return marshal.dumps(list(zip(names, codes, strict=True)))


@functools.cache
def _mounts(interpreter: str) -> tuple[tuple[str, ...], str]:
    binds, links = [interpreter], {}
    prefixes = {sys.base_prefix, sys.base_exec_prefix}
    folders = [f"{prefix}/{name}" for prefix in prefixes for name in ("lib", "lib64", "lib32")]
    for path in {*folders, *glob.glob("/lib*"), *glob.glob("/usr/lib*")}:
        if os.path.islink(path):
            links[path] = os.readlink(path)
        elif os.path.isdir(path):
            binds.append(path)
    places = [*binds, *links, *_DEVICES]
    # bwrap would make them for its own user alone, and the program has another.
    parents = {str(parent) for place in places for parent in Path(place).parents} - {"/"}
    command = [part for parent in sorted(parents) for part in ("--perms", "0755", "--dir", parent)]
    for path in sorted(binds):
        command += ["--ro-bind", path, path]
    for place, target in links.items():
        command += ["--symlink", target, place]
    for device in _DEVICES:
        command += ["--dev-bind", device, device]
    return tuple(command), interpreter


def _spare_id(kind: str, number: int) -> int:
    """A user or group id that no account has, among those this user namespace knows."""
    ranges = [tuple(map(int, line.split())) for line in Path(f"/proc/self/{kind}_map").read_text().splitlines()]
    first, _, count = max(ranges, key=lambda entry: entry[2])
    if first + count > _IDS_FROM + 2**24:
        return _IDS_FROM + number
    return first + count // 2 + number % (count - count // 2)
