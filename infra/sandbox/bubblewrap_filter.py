"""A seccomp filter, as the BPF program that `bwrap --seccomp` takes: system calls that no program under test needs.

What it refuses (EPERM) and why: tracing and other processes' memory (a traced init of the sandbox could outlive its
time limit), new namespaces and mounts, memory that no limit counts (System V memory, memfd), sockets other than Unix
ones (a network namespace does not cover AF_VSOCK), and rarely used kernel interfaces with a history of holes. clone3
is answered with ENOSYS, because its flags lie where a filter cannot look; C libraries go back to clone then.

Numbers are those of linux/arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; the filter
format is linux/filter.h and linux/seccomp.h. Other machines run without a filter: everything else still holds there.
"""

from __future__ import annotations

import platform
import struct

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _FIRST_ARGUMENT_OFFSET = 0, 4, 16
_NEW_NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEW* of linux/sched.h
_AF_UNIX = 1
_X32_BIT = 0x40000000

_SHARED = {425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 447}
"""same everywhere: io_uring (3), new mount calls (6), pidfd_getfd, process_madvise, mount_setattr,
memfd_secret"""

# ptrace, process_vm_readv, process_vm_writev, unshare, setns, mount, umount2, pivot_root, chroot, bpf, perf_event_open,
# userfaultfd, keyctl, add_key, request_key, kexec_load, kexec_file_load, init_module, finit_module, delete_module,
# shmget, msgget, semget, memfd_create, personality, open_by_handle_at, kcmp
_REFUSED = {
    "x86_64": {101, 310, 311, 272, 308, 165, 166, 155, 161, 321, 298}
    | {323, 250, 248, 249, 246, 320, 175, 313, 176, 29, 68, 64, 319, 135, 304, 312},
    "aarch64": {117, 270, 271, 97, 268, 40, 39, 41, 51, 280, 241}
    | {282, 219, 217, 218, 104, 294, 105, 273, 106, 194, 186, 190, 279, 92, 265, 272},
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435


def make_filter(machine: str | None = None) -> bytes | None:
    """The filter for a machine (default: this one) as `struct sock_filter`s; None where the numbers are not known."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURE:
        return None
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_OFFSET),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    for number in sorted(_REFUSED[machine] | _SHARED):
        program += _when(number, [(_RETURN, 0, 0, _ERRNO | _EPERM)])
    program += _when(_CLONE3, [(_RETURN, 0, 0, _ERRNO | _ENOSYS)])
    load = (_LOAD, 0, 0, _FIRST_ARGUMENT_OFFSET)
    refuse, allow = (_RETURN, 0, 0, _ERRNO | _EPERM), (_RETURN, 0, 0, _ALLOW)
    program += _when(_SOCKET[machine], [load, (_JUMP_EQUAL, 1, 0, _AF_UNIX), refuse, allow])
    program += _when(_CLONE[machine], [load, (_JUMP_ANY_BIT, 0, 1, _NEW_NAMESPACE_FLAGS), refuse, allow])
    program.append(allow)
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _when(number: int, body: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Run `body`, which must end in a return, for one system call."""
    return [(_JUMP_EQUAL, 0, len(body), number), *body]
