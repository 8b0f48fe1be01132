"""A private Postfix and Dovecot for the lab: certificates, configuration, start, stop, reading mail back.

Everything lives in one temporary folder and listens on 127.0.0.1. Nothing can leave the machine: Postfix is given
no service that would connect to another one.
"""

import base64
import contextlib
import email
import email.policy
import hashlib
import hmac
import imaplib
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DOMAIN = "example.test"
PATIENCE = 20.0  # seconds that anything may take before the lab calls it broken


class Lab:
    """The servers, as a context: up on entry, stopped and removed on exit, whatever happened in between."""

    def __init__(self, mailboxes):
        self.mailboxes = [f"{name}@{DOMAIN}" for name in mailboxes]
        self.user = f"jalon@{DOMAIN}"
        # What people really choose: spaces, quotes, letters beyond ASCII.
        self.password = f"mot de passe \"d'été\" \\ {secrets.token_hex(8)}"
        self.reader_password = secrets.token_hex(8)
        self.token_key = secrets.token_bytes(32)  # what access tokens are signed with
        self.taken = set()  # the queue ids that Postfix has given to jalon: its log may be a moment behind
        self.children = []

    def __enter__(self):
        # Not below $TMPDIR: the servers' own users must reach it, and the paths of sockets are short.
        self.dir = Path(tempfile.mkdtemp(prefix="jalon-lab-", dir="/tmp"))
        try:
            self.dir.chmod(0o755)
            self.submission, self.submissions, self.imap = free_ports(3)
            self._certificates()
            self._dovecot()
            self._postfix()
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # a second Ctrl-C must not leave servers behind
        for child in self.children:
            pid = child.pid
            # Postfix's master is a grandchild in a group of its own; the shell above it ends after it.
            with contextlib.suppress(FileNotFoundError, ValueError):
                pid = int((self.dir / "spool/pid/master.pid").read_text()) if child.name == "postfix" else pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
        # Their last helpers may still be writing.
        wait_for("the folder to go", lambda: shutil.rmtree(self.dir, ignore_errors=True) or not self.dir.exists())

    # ---- what scenarios ask -----------------------------------------------------------------------------

    def inbox(self, name):
        """Every mail of a mailbox in the order of arrival, once Postfix has delivered all it has taken."""
        self._wait_for_empty_queue()
        imap = imaplib.IMAP4("127.0.0.1", self.imap, timeout=PATIENCE)
        try:
            imap.login(f"{name}@{DOMAIN}", self.reader_password)
            imap.select(readonly=True)
            _, (numbers,) = imap.search(None, "ALL")
            mails = []
            for number in numbers.split():
                _, answer = imap.fetch(number.decode(), "(BODY.PEEK[])")
                mails.append(email.message_from_bytes(answer[0][1], policy=email.policy.default))
            return mails
        finally:
            imap.logout()

    def token(self, lifetime):
        """An access token (a JWT, RFC 7519) of jalon's that Dovecot checks by itself: good for so many seconds."""
        def part(value):
            return base64.urlsafe_b64encode(value).rstrip(b"=")
        now = int(time.time())
        claims = {"sub": self.user, "iat": now - 7200, "exp": now + lifetime}
        body = b".".join(part(json.dumps(words).encode()) for words in ({"alg": "HS256", "typ": "JWT"}, claims))
        return (body + b"." + part(hmac.digest(self.token_key, body, hashlib.sha256))).decode()

    def log(self, since=0):
        """What Postfix has logged, from a mark on (a mark is an earlier length)."""
        return self._text("postfix.log")[since:]

    def mark(self):
        """The place in Postfix's log that is its end now, when all that was begun is over."""
        self._wait_for_empty_queue()
        wait_for("an end of all SMTP sessions", lambda:
                 self.log().count("]: connect ") == self.log().count("]: disconnect "))
        return len(self.log())

    def sessions(self, since, wanted=1):
        """What was said in each SMTP session that ended since the mark, by Postfix's own count: one dict a session,
        such as {"ehlo": "2", "starttls": "1", "auth": "0/1"}. Waits for so many."""
        def ended():
            lines = re.findall(r" disconnect from \S+ (.*)", self.log(since))
            return [dict(word.split("=") for word in line.split()) for line in lines]
        wait_for(f"{wanted} ended SMTP session(s)", lambda: len(ended()) >= wanted)
        return ended()

    def tails(self, since=0):
        """The ends of the servers' logs (Postfix's from a mark on), for whoever has to find out why."""
        texts = {name: self._text(name) for name in ("postfix.out", "dovecot.out", "dovecot.log")}
        texts["postfix.log"] = self.log(since)
        return "".join(f"---- {name}\n" + "".join(text.splitlines(keepends=True)[-20:])
                       for name, text in texts.items() if text)

    # ---- how they are made ------------------------------------------------------------------------------

    def _text(self, name):
        path = self.dir / name
        return path.read_text(errors="replace") if path.exists() else ""

    def _certificates(self):
        """An authority, a certificate by it for localhost alone, and an authority that has signed nothing here."""
        def openssl(*words):
            done = subprocess.run(["openssl", *words], cwd=self.dir, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"openssl {words[0]}: {done.stderr}")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for name in ("ca", "stranger"):
            openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2",
                    "-subj", f"/CN=jalon lab {name}", "-addext", "keyUsage=critical,keyCertSign")
        (self.dir / "server.ext").write_text(
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", "server.pem", "-days", "2", "-extfile", "server.ext")
        self.ca, self.stranger = self.dir / "ca.pem", self.dir / "stranger.pem"

    def _dovecot(self):
        users = self.dir / "users"
        users.write_text(f"{self.user}:{{PLAIN}}{self.password}\n" + "".join(
            f"{mailbox}:{{PLAIN}}{self.reader_password}\n" for mailbox in self.mailboxes))
        shutil.chown(users, "root", "dovecot")
        users.chmod(0o640)
        (self.dir / "mail").mkdir()
        shutil.chown(self.dir / "mail", "nobody", "nogroup")
        version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout
        new = [int(n) for n in version.split()[0].split(".")[:2]] >= [2, 4]
        # How 2.4 spells the checking of tokens was not tried: there, the lab offers none.
        self.takes_tokens = not new
        if self.takes_tokens:
            keys = self.dir / "keys/default/HS256"
            keys.mkdir(parents=True)
            (keys / "default").write_bytes(base64.b64encode(self.token_key))
            (self.dir / "oauth2.conf").write_text(OAUTH2.format(dir=self.dir))
        mechanisms = "plain login xoauth2" if self.takes_tokens else "plain login"
        (self.dir / "dovecot.conf").write_text(
            (DOVECOT_24 if new else DOVECOT_23).format(dir=self.dir)
            + DOVECOT.format(dir=self.dir, imap=self.imap, mechanisms=mechanisms))
        self._start("dovecot", ["dovecot", "-F", "-c", self.dir / "dovecot.conf"])

    def _postfix(self):
        (self.dir / "mailboxes").write_text("".join(f"{mailbox} here\n" for mailbox in self.mailboxes))
        for folder in ("postfix", "spool", "data"):
            (self.dir / folder).mkdir()
        shutil.chown(self.dir / "data", "postfix")
        (self.dir / "postfix/main.cf").write_text(MAIN_CF.format(dir=self.dir, domain=DOMAIN))
        (self.dir / "postfix/master.cf").write_text(
            MASTER_CF.format(submission=self.submission, submissions=self.submissions))
        self._start("postfix", ["postfix", "-c", self.dir / "postfix", "start-fg"])

    def _start(self, name, command):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        with open(self.dir / f"{name}.out", "wb") as out:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     env={"PATH": path, "LANG": "C"})
        child.name = name
        self.children.append(child)

    def _wait_until_up(self):
        def up():
            for child in self.children:
                if child.poll() is not None:
                    raise RuntimeError(f"{child.name} ended at once\n{self.tails()}")
            return all(answers(port) for port in (self.submission, self.submissions, self.imap))
        try:
            wait_for("Postfix and Dovecot", up)
        except TimeoutError as error:
            raise RuntimeError(f"{error}\n{self.tails()}") from error

    def _wait_for_empty_queue(self):
        def empty():
            log = self.log()
            begun = self.taken | set(re.findall(r"/cleanup\[\d+\]: (\w+): message-id=", log))
            return begun <= set(re.findall(r"/qmgr\[\d+\]: (\w+): removed", log))
        wait_for("an empty queue", empty)


def wait_for(what, happened):
    """Looks again and again, for things that tell nobody when they happen."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s in vain for {what}")
        time.sleep(0.02)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def free_ports(count):
    """Ports below the range from which systems take the ports of outgoing connections."""
    found = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


# ---- configuration. Dovecot 2.4 renamed what it had kept for twenty years; both are in use. -------------

DOVECOT_23 = """\
mail_location = maildir:{dir}/mail/%u
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {dir}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = {dir}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail/%u
}}
"""

OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={dir}/keys/
username_attribute = sub
"""

DOVECOT_24 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = {dir}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {dir}/users
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = {dir}/mail/%{{user}}
  }}
}}
"""

DOVECOT = """\
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
# The link to IMAP is the lab's own, on this machine; TLS is tried where jalon speaks it, at Postfix.
ssl = no
auth_mechanisms = {mechanisms}
auth_verbose = yes
auth_failure_delay = 0
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    user = postfix
    mode = 0600
  }}
}}
service auth {{
  unix_listener postfix-auth {{
    user = postfix
    mode = 0600
  }}
}}
# Without this, one wrong password slows down every login that follows.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
myhostname = localhost.{domain}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
default_transport = error:5.7.1 the lab has no way out
relay_transport = error:5.7.1 the lab has no way out
fast_flush_domains =
smtpd_peername_lookup = no
# What jalon forgot must stay forgotten: Postfix completes no header.
local_header_rewrite_clients =
always_add_missing_headers = no
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{dir}/mailboxes
virtual_transport = lmtp:unix:{dir}/run/lmtp
recipient_delimiter = +
smtpd_tls_cert_file = {dir}/server.pem
smtpd_tls_key_file = {dir}/server.key
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dir}/run/postfix-auth
smtpd_sasl_auth_enable = yes
smtpd_sasl_authenticated_header = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
"""

MASTER_CF = """\
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission -o smtpd_tls_security_level=encrypt
127.0.0.1:{submissions} inet n - n - - smtpd
  -o syslog_name=postfix/submissions -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
