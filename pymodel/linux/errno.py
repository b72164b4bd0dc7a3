# SPDX-License-Identifier: Apache-2.0
"""Error numbers. A function that fails returns one negated, as in the kernel: ``return -ENOMEM``. Where C returns
ERR_PTR(-ENOMEM) in place of a pointer, the number itself comes back: IS_ERR() tells it from an object.

Source: include/uapi/asm-generic/errno-base.h, errno.h, include/linux/errno.h and err.h, v6.12.
"""

from __future__ import annotations

from typing import TypeGuard

__all__ = [
    "E2BIG", "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EBUSY", "ECANCELED", "ECONNREFUSED",
    "EDESTADDRREQ", "EEXIST", "EFAULT", "EHOSTUNREACH", "EINPROGRESS", "EINTR", "EINVAL", "EIO", "EISCONN", "EMSGSIZE",
    "ENETDOWN", "ENETUNREACH", "ENFILE", "ENOBUFS", "ENODATA", "ENODEV", "ENOENT", "ENOMEM", "ENOMSG", "ENOSPC",
    "ENOSYS", "ENOTCONN", "ENOTSUPP", "ENOTTY", "ENOTUNIQ", "ENXIO", "EOPNOTSUPP", "EOVERFLOW", "EPERM", "EPIPE",
    "EPROBE_DEFER", "EPROTO", "EPROTONOSUPPORT", "ERANGE", "ERESTARTSYS", "ESOCKTNOSUPPORT", "ESRCH", "ETIME",
    "ETIMEDOUT", "ETOOMANYREFS", "ETOOSMALL", "EXDEV", "IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", "errname",
]

EPERM = 1
ENOENT = 2
ESRCH = 3
EINTR = 4
EIO = 5
ENXIO = 6
E2BIG = 7
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
EBUSY = 16
EEXIST = 17
EXDEV = 18
ENODEV = 19
EINVAL = 22
ENFILE = 23
ENOTTY = 25
ENOSPC = 28
EPIPE = 32
ERANGE = 34
ENOSYS = 38
ENOMSG = 42
ENODATA = 61
ETIME = 62
EPROTO = 71
EOVERFLOW = 75
ENOTUNIQ = 76
EDESTADDRREQ = 89
EMSGSIZE = 90
EPROTONOSUPPORT = 93
ESOCKTNOSUPPORT = 94
EOPNOTSUPP = 95
EAFNOSUPPORT = 97
EADDRINUSE = 98
EADDRNOTAVAIL = 99
ENETDOWN = 100
ENETUNREACH = 101
ENOBUFS = 105
EISCONN = 106
ENOTCONN = 107
ETOOMANYREFS = 109
ETIMEDOUT = 110
ECONNREFUSED = 111
EHOSTUNREACH = 113
EINPROGRESS = 115
ECANCELED = 125
ERESTARTSYS = 512
EPROBE_DEFER = 517
ENOTSUPP = 524
ETOOSMALL = 525

_NAMES = {value: name for name, value in list(globals().items()) if name.startswith("E") and isinstance(value, int)}


def errname(err: int) -> str:
    """The name of an error number of either sign: ``errname(-12)`` is ``"-ENOMEM"``. Source: lib/errname.c
    errname().
    """
    name = _NAMES.get(abs(err), str(abs(err)))
    return f"-{name}" if err < 0 else name


def IS_ERR(ptr: object) -> TypeGuard[int]:
    """Whether a function that returns a pointer or ERR_PTR() returned an error."""
    return isinstance(ptr, int) and ptr < 0


def IS_ERR_OR_NULL(ptr: object) -> bool:
    return ptr is None or IS_ERR(ptr)


def PTR_ERR(ptr: object) -> int:
    """The (negative) error; 0 where it is none."""
    return ptr if IS_ERR(ptr) else 0
