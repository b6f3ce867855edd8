"""Which layers of isolation the kernel of this host offers to a process without root."""

import ctypes
import os
import resource
from dataclasses import dataclass
from pathlib import Path

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_VERSION_FLAG = 1
_PR_GET_SECCOMP = 21
_NEW_NAMESPACES = 0x10000000 | 0x40000000 | 0x08000000 | 0x20000000  # user, net, ipc, pid


@dataclass(frozen=True)
class Layer:
    """One layer: whether the kernel grants it, and what was seen."""

    name: str
    present: bool
    detail: str


def layers() -> list[Layer]:
    """Probe each layer; a probe changes nothing in the calling process."""
    return [_rlimits(), _seccomp(), _landlock(), _namespaces()]


def _rlimits() -> Layer:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    return Layer("rlimits", True, "unlimited" if hard == resource.RLIM_INFINITY else f"{hard} B")


def _seccomp() -> Layer:
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    mode = ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)
    present = mode >= 0 and actions.is_file()
    return Layer("seccomp", present, "filters available" if present else "not in this kernel")


def _landlock() -> Layer:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    version = call(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return Layer("landlock", False, os.strerror(ctypes.get_errno()))
    return Layer("landlock", True, f"ABI {version}")


def _namespaces() -> Layer:
    child = os.fork()
    if child == 0:  # a fork, because a process cannot leave a namespace that it has entered
        done = ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMESPACES)
        os._exit(0 if done == 0 else ctypes.get_errno() & 0xFF)
    error = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    detail = "user, net, ipc, pid" if error == 0 else os.strerror(error)
    return Layer("namespaces", error == 0, detail)
