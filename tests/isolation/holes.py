"""Things that walled-in code must not be able to do: each leaves in `found` what came of it.

Every one is tried behind the full walls, behind Landlock and seccomp alone, and as an ordinary
user. `SECRET`, `TCP`, `UDP`, `SOCKET`, `ABSTRACT`, `PARENT`, `LANDLOCK` (its ABI) and `RESERVED`
(the directory of `SECRET`, where that is reserved) are filled in by the tests.
"""

from __future__ import annotations

REFUSED = (
    "PermissionError",
    "FileNotFoundError",
    "OSError",
    "ProcessLookupError",
    "ConnectionRefusedError",
    "CalledProcessError",  # the program that tried it failed
    "ValueError",  # how Python reports a limit that may not be raised
)

FILES = {
    "read a secret": "found = attempt(lambda: open(SECRET).read())",
    "list its directory": "found = attempt(lambda: os.listdir(os.path.dirname(SECRET)))",
    "write to it": "found = attempt(lambda: open(SECRET, 'w').write('x'))",
    "append to it": "found = attempt(lambda: open(SECRET, 'a').write('x'))",
    "truncate it": "found = attempt(lambda: os.truncate(SECRET, 0))",
    "empty it while reading": (
        "found = attempt(lambda: os.open(SECRET, os.O_RDONLY | os.O_TRUNC))"
    ),
    "remove it": "found = attempt(lambda: os.unlink(SECRET))",
    "rename it": "found = attempt(lambda: os.rename(SECRET, SECRET + '2'))",
    "replace it": (
        "Path('mine').write_text('x')\nfound = attempt(lambda: os.replace('mine', SECRET))"
    ),
    "link it": "found = attempt(lambda: (os.link(SECRET, 'linked'), open('linked').read()))",
    "read through a link": (
        "os.symlink(SECRET, 'pointing')\nfound = attempt(lambda: open('pointing').read())"
    ),
    "write beside it": "found = attempt(lambda: open(SECRET + '.new', 'w'))",
    "make a directory beside it": "found = attempt(lambda: os.mkdir(SECRET + '.d'))",
    "execute a copy with its rights": (
        "found = attempt(lambda: subprocess.check_output(['cat', SECRET], stderr=-3))"
    ),
    "write to the system": "found = attempt(lambda: open('/usr/planted', 'w'))",
    "write to the root": "found = attempt(lambda: open('/planted', 'w'))",
    "write to /etc": "found = attempt(lambda: open('/etc/ld.so.preload', 'w'))",
    "change Python itself": "found = attempt(lambda: open(os.__file__, 'a'))",
    "plant a module": (
        "found = attempt(lambda: open(os.path.dirname(os.__file__) + '/planted.py', 'w'))"
    ),
    "read the shadow file": "found = attempt(lambda: open('/etc/shadow').read())",
    "read a disk": "found = attempt(lambda: [open(d) for d in ('/dev/vda', '/dev/sda')])",
    "read the kernel's memory": "found = attempt(lambda: open('/dev/mem'))",
    "type at a terminal": "found = attempt(lambda: open('/dev/tty', 'w'))",
    "name a core handler": ("found = attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w'))"),
    "change another setting": ("found = attempt(lambda: open('/proc/sys/kernel/hostname', 'w'))"),
    "press a magic key": "found = attempt(lambda: open('/proc/sysrq-trigger', 'w'))",
    "reach the root of process 1": (
        "found = attempt(lambda: open('/proc/1/root' + SECRET).read())"
    ),
    "reach the parent's root": (
        "found = attempt(lambda: open(f'/proc/{PARENT}/root' + SECRET).read())"
    ),
    "reach its working directory": ("found = attempt(lambda: os.listdir(f'/proc/{PARENT}/cwd'))"),
    "climb with many dots": (
        "found = attempt(lambda: open('../' * 30 + SECRET.lstrip('/')).read())"
    ),
    "make a device": "found = attempt(lambda: os.mknod('disk', 0o60600, os.makedev(254, 0)))",
}

NETWORK = {
    "TCP to this machine": (
        "found = attempt(lambda: socket.create_connection(('127.0.0.1', TCP), timeout=2))"
    ),
    "UDP to this machine": (
        "s = attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))\n"
        "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM) if 'did' in s else None\n"
        "found = attempt(lambda: u.sendto(b'x', ('127.0.0.1', UDP))) if u else s"
    ),
    "a Unix socket": ("found = attempt(lambda: socket.socket(socket.AF_UNIX).connect(SOCKET))"),
    "a Unix datagram": (
        "found = attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)"
        ".sendto(b'x', SOCKET + '.d'))"
    ),
    "a pair pointed elsewhere": (
        "found = attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]"
        ".sendto(b'x', SOCKET + '.d'))"
    ),
    "an abstract socket": (
        "found = attempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0' + ABSTRACT))"
    ),
    "the host of a virtual machine": "found = attempt(lambda: socket.socket(socket.AF_VSOCK))",
    "raw packets": ("found = attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))"),
    "raw IP": "found = attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))",
    "the kernel's ciphers": (
        "found = attempt(lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET))"
    ),
    "Bluetooth": "found = attempt(lambda: socket.socket(31, socket.SOCK_RAW, 1))",
    "TIPC by a pair": "found = attempt(lambda: socket.socketpair(30, socket.SOCK_STREAM))",
    "around the filter by io_uring": (
        "found = attempt(lambda: call('syscall', 425, 8, bytes(120)))"
    ),
    "around the filter by the 32-bit ABI": (
        "found = attempt(lambda: call('syscall', 0x40000000 + 41, 2, 1, 0))"
    ),
}

KERNEL = {
    "a user namespace": "found = attempt(lambda: call('unshare', 0x10000000))",
    "a mount namespace": "found = attempt(lambda: call('unshare', 0x00020000))",
    "a child in a user namespace": (
        "found = attempt(lambda: call('syscall', 56, 0x10000000 | 17, 0, 0, 0, 0))"
    ),
    "clone3": "found = attempt(lambda: call('syscall', 435, bytes(88), 88))",
    "join a namespace": (
        "found = attempt(lambda: call('setns', os.open('/proc/self/ns/net', os.O_RDONLY), 0))"
    ),
    "mount": "found = attempt(lambda: call('mount', b'x', b'.', b'tmpfs', 0, b''))",
    "unmount": "found = attempt(lambda: call('umount2', b'/proc', 2))",
    "the new mount calls": "found = attempt(lambda: call('syscall', 430, b'tmpfs', 0))",
    "chroot": "found = attempt(lambda: os.chroot('.'))",
    "trace": "found = attempt(lambda: call('ptrace', 0, 0, 0, 0))",
    "trace the parent": "found = attempt(lambda: call('ptrace', 16, PARENT, 0, 0))",
    "keys": "found = attempt(lambda: call('syscall', 250, 0, -3, 0))",
    "BPF": "found = attempt(lambda: call('syscall', 321, 0, bytes(64), 64))",
    "perf": "found = attempt(lambda: call('syscall', 298, bytes(128), 0, -1, -1, 0))",
    "userfaultfd": "found = attempt(lambda: call('syscall', 323, 0))",
    "open by handle": "found = attempt(lambda: call('syscall', 304, -100, bytes(64), 0))",
    "the kernel's log": "found = attempt(lambda: call('klogctl', 3, bytes(10), 10))",
    "another host name": "found = attempt(lambda: socket.sethostname('mine'))",
    "the clock": "found = attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))",
    "another user": "found = attempt(lambda: os.setuid(0))",
    "another group": "found = attempt(lambda: os.setgroups([0]))",
    "outlive the guard": "found = attempt(lambda: call('prctl', 1, 0, 0, 0, 0))",
    "more processes": (
        "found = attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999)))"
    ),
    "a higher priority": "found = attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))",
}

PROCESSES = {
    "signal the parent": "found = attempt(lambda: os.kill(PARENT, 0))",
    "signal it through a handle": (
        "found = attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(PARENT), 0))"
    ),
    "signal it by a file": (
        "import fcntl\nours, theirs = socket.socketpair()\n"
        "fcntl.fcntl(ours, fcntl.F_SETSIG, signal.SIGWINCH)\n"  # which nobody dies of
        "def told():\n"
        "    fcntl.fcntl(ours, fcntl.F_SETOWN, PARENT)\n"
        "    if fcntl.fcntl(ours, fcntl.F_GETOWN) != PARENT: raise ProcessLookupError\n"
        "found = attempt(told) if LANDLOCK < 6 else 'PermissionError'"  # held when it is sent
    ),
    "read its memory": "found = attempt(lambda: open(f'/proc/{PARENT}/mem', 'rb').read(1))",
    "read its environment": (
        "found = attempt(lambda: open(f'/proc/{PARENT}/environ', 'rb').read())"
    ),
    "take its files": (
        "found = attempt(lambda: call('syscall', 438, os.pidfd_open(PARENT), 0, 0))"
    ),
    "look at its limits": (
        "found = attempt(lambda: resource.prlimit(PARENT, resource.RLIMIT_CPU))"
    ),
    "signal the guard": (
        "found = attempt(lambda: os.kill(os.getppid(), 0)) "
        "if os.getppid() else 'ProcessLookupError'"
    ),
}

# What a task must not be able to do that has no right to what is reserved.
RESERVED = {
    "read it": "found = attempt(lambda: open(SECRET).read())",
    "list it": "found = attempt(lambda: os.listdir(RESERVED))",
    "walk to it": (
        "def walk():\n"
        "    return [f for d, _, files in os.walk(os.path.dirname(RESERVED)) for f in files\n"
        "            if f == os.path.basename(SECRET)][0]\n"
        "found = attempt(walk).replace('IndexError', 'FileNotFoundError')"
    ),
    "through a link": (
        "os.symlink(SECRET, 'pointing')\nfound = attempt(lambda: open('pointing').read())"
    ),
    "through a link to its directory": (
        "os.symlink(RESERVED, 'there')\nname = os.path.basename(SECRET)\n"
        "found = attempt(lambda: open('there/' + name).read())"
    ),
    "as another name of it": (
        "found = attempt(lambda: (os.link(SECRET, 'linked'), open('linked').read()))"
    ),
    "by its own root": "found = attempt(lambda: open('/proc/self/root' + SECRET).read())",
    "by the root of process 1": "found = attempt(lambda: open('/proc/1/root' + SECRET).read())",
    "by any process": (
        "def look(pid):\n"
        "    for way in ('root' + SECRET, 'cwd/' + SECRET, 'task/' + pid + '/root' + SECRET):\n"
        "        if 'did' in attempt(lambda: open(f'/proc/{pid}/{way}').read()): return True\n"
        "    for n in range(64):\n"
        "        came = attempt(lambda: Path(f'/proc/{pid}/fd/{n}').read_text())\n"
        "        if 'the hidden tests' in came: return True\n"
        "pids = [p for p in os.listdir('/proc') if p.isdecimal()]\n"
        "found = [p for p in pids if look(p)] or 'FileNotFoundError'"
    ),
    "with dots": (
        "there = RESERVED + '/../' + os.path.basename(RESERVED) + '/'\n"
        "found = attempt(lambda: open(there + os.path.basename(SECRET)).read())"
    ),
    "climb with dots": "found = attempt(lambda: open('../' * 30 + SECRET.lstrip('/')).read())",
    "from inside": (
        "def enter():\n"
        "    os.chdir(RESERVED)\n"
        "    return open(os.path.basename(SECRET)).read()\n"
        "found = attempt(enter)"
    ),
    "by a handle on the path": (
        "def reopen():\n"
        "    handle = os.open(SECRET, os.O_PATH)\n"
        "    return open(f'/proc/self/fd/{handle}').read()\n"
        "found = attempt(reopen)"
    ),
    "from a handle on its directory": (
        "def reopen():\n"
        "    handle = os.open(RESERVED, os.O_PATH)\n"
        "    file = os.open(os.path.basename(SECRET), os.O_RDONLY, dir_fd=handle)\n"
        "    return os.read(file, 100)\n"
        "found = attempt(reopen)"
    ),
    "at another mount": (
        "def look():\n"
        "    for line in open('/proc/self/mountinfo'):\n"
        "        for name in (SECRET, os.path.basename(SECRET)):\n"
        "            path = os.path.join(line.split()[4], name.lstrip('/'))\n"
        "            came = attempt(lambda: open(path).read())\n"
        "            if 'the hidden tests' in came: return path\n"
        "    raise FileNotFoundError\n"
        "found = attempt(look)"
    ),
    "unmount its cover": (
        "def uncover():\n"
        "    call('umount2', RESERVED.encode(), 2)\n"
        "    return open(SECRET).read()\n"
        "found = attempt(uncover)"
    ),
    "unmount it in a namespace": (
        "def uncover():\n"
        "    call('unshare', 0x10000000 | 0x00020000)\n"
        "    call('umount2', RESERVED.encode(), 2)\n"
        "    return open(SECRET).read()\n"
        "found = attempt(uncover)"
    ),
    "bind what is under it in a namespace": (
        "def uncover():\n"
        "    call('unshare', 0x10000000 | 0x00020000)\n"
        "    os.mkdir('under')\n"
        "    call('mount', os.path.dirname(RESERVED).encode(), b'under', None, 4096, None)\n"
        "    name = os.path.basename(RESERVED) + '/' + os.path.basename(SECRET)\n"
        "    return open('under/' + name).read()\n"
        "found = attempt(uncover)"
    ),
    "remount it": "found = attempt(lambda: call('mount', b'', RESERVED.encode(), b'', 4128, b''))",
    "write into it": "found = attempt(lambda: open(RESERVED + '/planted', 'w'))",
    "write to it": "found = attempt(lambda: open(SECRET, 'w').write('x'))",
    "move it away": "found = attempt(lambda: os.rename(RESERVED, 'mine'))",
    "take it for a program": (
        "found = attempt(lambda: subprocess.check_output(['cat', SECRET], stderr=-3))"
    ),
}
# Landlock does not hold questions about a file whose name is known.
RESERVED_SIZES = {
    "its size": "found = attempt(lambda: os.stat(SECRET).st_size)",
    "its size by the root": (
        "found = attempt(lambda: os.stat('/proc/self/root' + SECRET).st_size)"
    ),
    "whether it is there": "found = attempt(lambda: os.stat(SECRET).st_mode)",
}
