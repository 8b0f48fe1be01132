"""What the sandbox refuses: run inside it, by the very settings of the unit. Prints a line for each attempt.

Every attempt is one that succeeds for the same account outside the sandbox, or says so in its name.
"""

import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)


def write(path):
    with open(path, "w") as file:
        file.write("x")
    os.unlink(path)


def listen(address):
    with socket.socket(socket.AF_INET) as sock:
        sock.bind(address)
        sock.listen()


def family(number, kind=socket.SOCK_RAW):
    socket.socket(number, kind).close()


def executable_memory():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def run_written():
    path = os.path.join(os.environ["STATE_DIRECTORY"], "written")
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o700)
    try:
        subprocess.run([path], check=True)
    finally:
        os.unlink(path)


def other_processes():
    if not os.path.exists("/proc/1/cmdline"):
        raise OSError(errno.ENOENT, "hidden")


def set_user_id():
    path = os.path.join(os.environ["STATE_DIRECTORY"], "suid")
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    try:
        os.chmod(path, 0o4700)
    finally:
        os.unlink(path)


ATTEMPTS = {
    "read its configuration": lambda: open(os.environ["CONFIGURATION_DIRECTORY"] + "/jalon.toml").close(),
    "read the postings": lambda: os.listdir(os.environ["CONFIGURATION_DIRECTORY"] + "/postings"),
    "write its state": lambda: write(os.environ["STATE_DIRECTORY"] + "/x"),
    "write /tmp": lambda: write("/tmp/x"),
    "read the authorities": lambda: open("/etc/ssl/certs/ca-certificates.crt").close(),
    "read the zones": lambda: open("/usr/share/zoneinfo/Europe/Paris").close(),
    "call by TCP": lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close(),
    "run a program of the system": lambda: subprocess.run(["/usr/bin/true"], check=True),
    # What is refused.
    "write its configuration": lambda: write(os.environ["CONFIGURATION_DIRECTORY"] + "/x"),
    "write the postings": lambda: write(os.environ["CONFIGURATION_DIRECTORY"] + "/postings/x.toml"),
    "write elsewhere": lambda: write("/var/lib/shared/x"),
    "see /home": lambda: os.stat("/home/somebody"),
    "see /root": lambda: os.listdir("/root"),
    "see the other /tmp": lambda: os.stat("/tmp/outside"),
    "run what it wrote": run_written,
    "make a set-user-ID file": set_user_id,
    "packets (AF_PACKET)": lambda: family(socket.AF_PACKET),
    "netlink": lambda: family(socket.AF_NETLINK),
    "listen on a port": lambda: listen(("127.0.0.1", 8765)),
    "make a namespace": lambda: call("unshare", 0x10000000),
    "trace a process": lambda: call("ptrace", 0, 0, 0, 0),
    "writable and executable memory": executable_memory,
    "switch to another ABI": lambda: call("personality", 0x0008),
    "be slower than others (setpriority)": lambda: os.setpriority(os.PRIO_PROCESS, 0, 5),
    "see other processes": other_processes,
    "read the kernel's settings": lambda: open("/proc/sys/kernel/ostype").close(),
    "a device": lambda: os.stat("/dev/net"),
}

for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        print(f"{name}: done")
    except OSError as error:
        print(f"{name}: refused ({errno.errorcode.get(error.errno, error.errno)})")
    except subprocess.SubprocessError as error:
        print(f"{name}: refused ({error})")
