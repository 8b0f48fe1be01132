"""What must hold of the package on real systemd. Runs as root in the lab's Debian, once a boot; `run` brings it there.

Each scenario is a function that fails by an assertion. Nothing waits for luck: what takes time is asked again until a
deadline.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import traceback
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

sys.path.insert(0, "/lab")
from relay import Relay  # noqa: E402

PASSWORD = "mot de passe d'été"
ENCRYPTED = "another one"
PATIENCE = 60.0  # seconds that anything may take
KEPT = pathlib.Path("/var/lib/lab")
TAKEN = KEPT / "taken.jsonl"
UNIT = pathlib.Path("/usr/lib/systemd/system/jalon.service")
DROP_INS = pathlib.Path("/etc/systemd/system/jalon.service.d")
SYSTEMD = int(subprocess.run(["systemctl", "--version"], text=True, stdout=subprocess.PIPE).stdout.split()[1])


def run(command, code=0, **more):
    """A command's output, both streams; it must end with this code (None: with any)."""
    more = {"shell": isinstance(command, str), "stdin": subprocess.DEVNULL, "timeout": 180, **more}
    if "input" in more:
        del more["stdin"]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    assert code is None or done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.1)
    return found


def show(name, unit="jalon"):
    return run(["systemctl", "show", unit, "-P", name]).strip()


def jalon(words, code=0, **more):
    """A command by hand, as the service's account, from anywhere."""
    return run(["runuser", "-u", "jalon", "--", "jalon", "--lang", "en", *words.split()], code, cwd="/", **more)


def history():
    return json.loads(jalon("history --format json"))


def drop_in(name, text):
    DROP_INS.mkdir(parents=True, exist_ok=True)
    path = DROP_INS / f"{name}.conf"
    path.write_text(text) if text else path.unlink(missing_ok=True)
    run("systemctl daemon-reload")


def settings(old, new):
    path = pathlib.Path("/etc/jalon/jalon.toml")
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new))


def posting(name, seconds):
    """A posting whose only reminder is due so many seconds from now."""
    closing = datetime.now(ZoneInfo("Europe/Paris")).replace(microsecond=0) + timedelta(hours=1, seconds=seconds)
    path = pathlib.Path(f"/etc/jalon/postings/{name}.toml")
    path.write_text(
        f'title = "{name}"\norganisation = "Lab"\nrecruiters = ["camille"]\nannounce = false\n'
        f'[deadline]\nuntil = {closing.strftime("%Y-%m-%dT%H:%M:%S")}\n'
        '[[remind]]\nevent = "deadline"\nbefore = ["1h"]\n'
    )
    until(lambda: any(row["key"].startswith(name + "/") for row in history()), f"{name} is planned")


def of(name, rows=None):
    [row] = [row for row in rows or history() if row["key"].startswith(name + "/")]
    return row


def copies(name):
    return [mail for mail in RELAY.taken() if name in mail["text"]]


def restarts():
    return int(show("NRestarts"))


def readme():
    """The commands of the README, as they stand there: one a string."""
    section = pathlib.Path("/lab/README.md").read_text().split("### Install on Debian")[1]
    block = re.search(r"```sh\n(.*?)```", section, re.S)[1]
    commands = re.findall(r"(?:^[^\n]*<<'END'[^\n]*\n.*?^END\n)|(?:^[^\n]+\n)", block, re.S | re.M)
    assert len(commands) == 5, commands
    return commands


# ---- the scenarios, in the order in which they run ---------------------------------------------------------------


def fresh():
    """The first command of the README: installed, ready, and nobody is mailed."""
    run("cp /lab/jalon.deb ./jalon_0.1.0-1_amd64.deb")
    run(readme()[0])
    assert show("ActiveState") == "active" and show("SubState") == "running", run("systemctl status jalon", None)
    assert run("systemctl is-enabled jalon").strip() == "enabled"
    assert show("NRestarts") == "0"
    until(lambda: show("StatusText"), "it says how it does")
    assert oct(os.stat("/var/lib/jalon").st_mode)[-3:] == "700"
    assert run("stat -c '%a %U:%G' /etc/jalon").strip() == "750 root:jalon-recruiters"
    assert run("stat -c '%a %U:%G' /etc/jalon/postings").strip() == "2770 root:jalon-recruiters"
    assert os.listdir("/etc/jalon/postings") == [], "examples are not live"
    assert pathlib.Path("/etc/jalon/schema/settings.en.json").exists(), "the #:schema line leads somewhere"
    for path in ["man/man1/jalon.1.gz", "jalon/templates/fr/reminder.txt", "doc/jalon/examples/postings"]:
        assert pathlib.Path("/usr/share", path).exists(), path
    run(["bash", "-c", ". /usr/share/bash-completion/completions/jalon && complete -p jalon"])
    jalon("check")
    assert history() == [], "by hand, the service's ledger is found"
    assert not os.path.exists("/var/var") and not os.path.exists("/root/var")


def exposure():
    def measured():
        text = run("systemd-analyze security --no-pager jalon.service", None)
        return float(re.search(r"exposure level for jalon.service: ([\d.]+)", text)[1])

    assert run(f"systemd-analyze verify --recursive-errors=yes {UNIT}") == ""
    alone = measured()
    drop_in("relay", pathlib.Path("/usr/share/doc/jalon/examples/relay.conf").read_text())
    run(f"systemd-analyze verify --recursive-errors=yes {UNIT}")
    confined = measured()
    drop_in("relay", "")
    print(f"   exposure on systemd {SYSTEMD}: {alone}, with relay.conf {confined}")
    assert alone <= 1.1 and confined <= 0.9


def recruiters():
    """Two recruiters write one posting, whatever their umask; nobody else reads it."""
    for name in ["lou", "sam", "stranger"]:
        run(f"useradd -m {name}" + ("" if name == "stranger" else " -G jalon-recruiters"))
    text = 'title = "Accueil"\norganisation = "Lab"\nrecruiters = ["camille"]\n[deadline]\nuntil = 2099-01-31\n'
    path = "/etc/jalon/postings/accueil.toml"
    run(["runuser", "-u", "lou", "--", "sh", "-c", f"umask 077; cat > {path}"], input=text)
    until(lambda: any("accueil/" in row["key"] for row in history()), "the service reads it")
    run(["runuser", "-u", "sam", "--", "sh", "-c", f"echo '# seen' >> {path} && jalon check"])
    run(["runuser", "-u", "stranger", "--", "cat", path], 1)
    run(["runuser", "-u", "lou", "--", "sh", "-c", "echo >> /etc/jalon/jalon.toml"], 2)
    run(["runuser", "-u", "lou", "--", "jalon", "history"], 69)
    os.unlink(path)


def first_mail():
    """The other four commands of the README: a mail by a relay with STARTTLS, a login and the machine's authorities."""
    for command in readme()[1:]:
        said = run(["bash", "-c", command], input=PASSWORD + "\n")
    assert len(RELAY.taken()) == 1, said
    assert RELAY.taken()[0]["to"] == ["you@example.org"], said
    assert run("stat -c '%a %U' /etc/credstore/jalon.smtp-password").strip() == "600 root"
    # A test settles nothing of the daemon's; the rest of this file wants a person.
    settings("[people.you]", '[people.camille]\nname = "Camille"\nemail = "camille@example.org"\n\n[people.you]')
    run("systemctl reload jalon")


def reminder():
    posting("first", 6)
    until(lambda: of("first")["state"] == "sent", "the reminder is sent")
    assert len(copies("first")) == 1


def journal():
    """One entry a mail, with its priority and fields; nobody's address."""
    entries = [json.loads(line) for line in run("journalctl -u jalon -t jalon -o json --no-pager").splitlines()]
    [sent] = [entry for entry in entries if entry.get("JALON_EVENT") == "sent" and entry["JALON_POSTING"] == "first"]
    expected = {"PRIORITY": "6", "JALON_POSTING_EVENT": "deadline", "JALON_STATE": "sent", "JALON_RELAY": "smtp.example.org",
                "JALON_RELAY_CODE": "250", "JALON_TO": "camille", "JALON_KEY": of("first")["key"]}
    assert expected.items() <= sent.items(), sent
    assert not [entry for entry in entries if "@example.org" in re.sub("#[0-9a-f]{6}@|jalon[.][0-9a-f]{32}@", "", str(entry))]


def doctor():
    """`jalon doctor` within the unit's own settings: it sees all, and finds nothing wrong."""
    unit = re.sub(r"(?m)^(Watchdog|Restart|ExecReload|NotifyAccess|ExecStart).*\n", "", UNIT.read_text())
    unit = re.sub(r"(?m)^Type=.*", "Type=oneshot\nExecStart=/usr/bin/jalon --lang en doctor --format json", unit)
    pathlib.Path("/run/systemd/system/doctor.service").write_text(unit)
    run("systemctl daemon-reload")
    sent = len(RELAY.taken())
    run("systemctl start doctor", None)
    said = run("journalctl -u doctor -t jalon -o cat --no-pager")
    findings = json.loads(said[said.index("["):said.rindex("]") + 1])
    states = {}
    for finding in findings:
        states.setdefault(finding["check"], []).append(finding["state"])
    assert "wrong" not in str(states) and len(states) > 6, said
    for check in ["relay-name", "relay-route", "relay-tls", "relay-login", "credential"]:
        assert set(states[check]) == {"ok"}, said
    assert len(RELAY.taken()) == sent, "it sends nothing"


def reload():
    """A good and a bad file; the service stays as it is and says so."""
    pid = show("MainPID")
    path = pathlib.Path("/etc/jalon/postings/wrong.toml")
    path.write_text('title = "x\n')
    run("systemctl reload jalon")
    until(lambda: re.search("1 file|problem|wrong", show("StatusText")), "STATUS= says that a file is wrong")
    path.unlink()
    good = pathlib.Path("/etc/jalon/jalon.toml").read_text()
    pathlib.Path("/etc/jalon/jalon.toml").write_text(good + "\n[nonsense\n")
    run("systemctl reload jalon")
    until(lambda: "jalon.toml" in show("StatusText"), "STATUS= says that jalon.toml is wrong")
    pathlib.Path("/etc/jalon/jalon.toml").write_text(good)
    run("systemctl reload jalon")
    until(lambda: "jalon.toml" not in show("StatusText"), "STATUS= says that all is well")
    assert show("MainPID") == pid and show("ActiveState") == "active" and restarts() == 0
    if SYSTEMD >= 253:
        drop_in("notify", pathlib.Path("/usr/share/doc/jalon/examples/notify-reload.conf").read_text())
        run("systemctl restart jalon")
        pid = show("MainPID")
        run("systemctl reload jalon", timeout=20)
        assert show("Type") == "notify-reload" and show("MainPID") == pid and show("ActiveState") == "active"
        drop_in("notify", "")
        run("systemctl restart jalon")


def credentials():
    """A password that is encrypted on disk; the wrong one is refused, and the service goes on."""
    run(["systemd-creds", "encrypt", "--name=smtp-password", "-", "/etc/jalon.smtp-password.cred"], input=ENCRYPTED)
    RELAY.password = ENCRYPTED
    assert "535" in jalon("send-test you@example.org", None)
    drop_in("encrypted", "[Service]\nLoadCredentialEncrypted=smtp-password:/etc/jalon.smtp-password.cred\n")
    run("systemctl restart jalon")
    before = len(RELAY.taken())
    jalon("send-test you@example.org")
    assert len(RELAY.taken()) == before + 1
    posting("encrypted", 6)
    until(lambda: len(copies("encrypted")) == 1, "the service logs in with it")
    drop_in("encrypted", "")
    RELAY.password = PASSWORD
    run("systemctl restart jalon")


def stop_while_a_mail_leaves():
    """SIGTERM after the dot, before the relay answers: it is waited for, nothing is in doubt, there is no copy."""
    posting("slow", 6)
    RELAY.slow, dots = 6.0, RELAY.dots
    until(lambda: RELAY.dots > dots, "the relay has the mail")
    begun = time.monotonic()
    run("systemctl stop jalon")
    RELAY.slow = 0.0
    assert 2 < time.monotonic() - begun < 20 and show("Result") == "success"
    assert of("slow")["state"] == "sent" and of("slow")["doubts"] == 0, of("slow")
    run("systemctl start jalon")
    posting("after", 5)
    until(lambda: of("after")["state"] == "sent", "it goes on")
    assert len(copies("slow")) == 1


def stopped_process():
    """SIGSTOP: the watchdog starts it anew."""
    drop_in("watchdog", "[Service]\nWatchdogSec=10s\nRestartSec=1s\n")
    run("systemctl restart jalon")
    pid = show("MainPID")
    run(["kill", "-STOP", pid])
    until(lambda: show("MainPID") not in ("0", pid) and show("ActiveState") == "active", "it is started anew")
    assert restarts() == 1 and "watchdog" in run("journalctl -u jalon --no-pager").lower()
    drop_in("watchdog", "")
    run("systemctl restart jalon")


def hang(loop):
    """One loop alone hangs in its second round, and the others go on: the watchdog starts all anew."""
    until_now = len(re.findall("Watchdog timeout", run("journalctl -u jalon --no-pager")))
    drop_in("hang", f"[Service]\nWatchdogSec=10s\nRestartSec=1s\nEnvironment=JALON_FAIL=hang-{loop}:2\n")
    run("systemctl restart jalon", None)
    until(
        lambda: len(re.findall("Watchdog timeout", run("journalctl -u jalon --no-pager"))) > until_now,
        f"a hang of {loop} is seen",
        240,
    )
    drop_in("hang", "")
    run("systemctl restart jalon")
    assert show("ActiveState") == "active"


def wrong_settings():
    """A wrong jalon.toml and no copy of a good one: 78, and no loop of restarts."""
    path = pathlib.Path("/etc/jalon/jalon.toml")
    good = path.read_text()
    run("systemctl stop jalon && rm -rf /var/lib/jalon/last-good && systemctl reset-failed jalon", None)
    try:
        path.write_text("time_zone = 12\n")
        run("systemctl start jalon", None)
        until(lambda: show("ActiveState") == "failed", "it gives up")
        assert (show("ExecMainStatus"), show("NRestarts")) == ("78", "0")
    finally:
        path.write_text(good)
        run("systemctl reset-failed jalon; systemctl start jalon")


SANDBOX = """
read its configuration, read the postings, write its state, write /tmp, read the authorities, read the zones,
call by TCP, run a program of the system
"""


def sandbox():
    """The same settings, another program: what it needs works, what it does not is refused."""
    os.makedirs("/home/somebody", exist_ok=True)
    os.makedirs("/var/lib/shared", exist_ok=True)
    os.chmod("/var/lib/shared", 0o1777)
    pathlib.Path("/tmp/outside").write_text("")
    unit = re.sub(r"(?m)^(Watchdog|Restart|ExecReload|NotifyAccess|ExecStart).*\n", "", UNIT.read_text())
    unit = re.sub(r"(?m)^Type=.*", "Type=oneshot\nExecStart=/usr/bin/python3 -B /lab/probe.py 25252", unit)
    probe = pathlib.Path("/run/systemd/system/probe.service")
    probe.write_text(unit)
    run("systemctl daemon-reload")
    Relay(("127.0.0.1", 25252), "", "/dev/null")
    run("systemctl start probe")
    said = dict(line.split(": ", 1) for line in run("journalctl -u probe -o cat --no-pager").splitlines() if ": " in line)
    said = {name: what for name, what in said.items() if what.startswith(("done", "refused"))}
    needed = {name.strip() for name in SANDBOX.split(",")}
    assert needed <= set(said), said
    exceptions = {"listen on a port"} if SYSTEMD < 255 else set()  # Debian 12's systemd cannot refuse it
    wrong = [f"{name}: {what}" for name, what in said.items() if (name in needed) != (what == "done") and name not in exceptions]
    assert not wrong and len(said) > 25, "\n".join(wrong or map(str, said))
    # Outside, the same account may: what was refused was refused by the sandbox. (What only root may is not asked.)
    outside = run("runuser -u jalon -- env STATE_DIRECTORY=/var/lib/jalon CONFIGURATION_DIRECTORY=/etc/jalon "
                  "python3 -B /lab/probe.py 25252")
    moot = [line for line in outside.splitlines() if "refused" in line]
    print("   refused outside as well: " + "; ".join(line.split(":")[0] for line in moot))


def addresses():
    """relay.conf: the relay's address and no other."""
    run("ip address add 192.0.2.25/32 dev lo; ip address add 192.0.2.66/32 dev lo", None)
    for address in ["192.0.2.25", "192.0.2.66"]:
        Relay((address, 25252), "", "/dev/null")
    example = pathlib.Path("/usr/share/doc/jalon/examples/relay.conf").read_text()
    confined = example.replace("# IPAddressAllow=192.0.2.25", "IPAddressAllow=192.0.2.25")
    assert confined != example
    pathlib.Path("/run/systemd/system/call@.service").write_text(
        re.sub(r"\[Service\]", "[Service]\nUser=jalon\nType=oneshot\nExecStart=/usr/bin/python3 -c "
               "'import socket; socket.create_connection((\"%i\", 25252), 3)'", confined))
    run("systemctl daemon-reload")
    run("systemctl start call@192.0.2.25")
    run("systemctl start call@192.0.2.66", 1)


def postfix():
    """One reminder from inside the sandbox to a real Postfix, whose certificate the machine's authorities vouch for, and
    whose name a name server tells."""
    nameserver = subprocess.Popen([sys.executable, "-B", "/lab/names.py", "mx.example.test", "127.0.0.1"])
    old = pathlib.Path("/etc/jalon/jalon.toml").read_text()
    try:
        pathlib.Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        run("useradd -m mailbox", None)
        run("postconf -e smtpd_tls_cert_file=/root/mail.pem smtpd_tls_key_file=/root/mail.key "
            "smtpd_tls_security_level=encrypt smtpd_tls_received_header=yes mydestination=localhost,post.example.test myhostname=mx.example.test "
            "home_mailbox=Maildir/ alias_maps= inet_interfaces=loopback-only inet_protocols=ipv4 "
            "smtpd_relay_restrictions=permit_mynetworks,reject maillog_file=/var/log/postfix.log")
        run("postfix start")
        settings(re.search(r"(?s)\[smtp\].*?\n\n", old)[0], '[smtp]\nhost = "mx.example.test"\nport = 25\n\n')
        settings("camille@example.org", "mailbox@post.example.test")
        run("systemctl restart jalon")
        posting("postfix", 6)
        until(lambda: of("postfix")["state"] == "sent", "Postfix takes it")
        [mail] = until(lambda: list(pathlib.Path("/home/mailbox/Maildir/new").glob("*")), "it is delivered")
        assert of("postfix")["message_id"].strip("<>") in mail.read_text()
        assert "TLS" in mail.read_text().split("\n\n")[0], "STARTTLS"
    finally:
        run("postfix stop", None)
        nameserver.kill()
        pathlib.Path("/etc/resolv.conf").write_text("")
        pathlib.Path("/etc/jalon/jalon.toml").write_text(old)
        run("systemctl restart jalon")


def upgrade():
    """The ledger and an edited jalon.toml stay; one restart, after a clean stop."""
    before, text, pid = history(), pathlib.Path("/etc/jalon/jalon.toml").read_text(), show("MainPID")
    run("rm -rf new && dpkg-deb -R jalon_0.1.0-1_amd64.deb new && sed -i 's/^Version: .*/Version: 0.1.1-1/' new/DEBIAN/control"
        " && echo '# new' >> new/etc/jalon/jalon.toml && dpkg-deb -Znone -b new jalon_0.1.1-1_amd64.deb")
    run("DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Options::=--force-confold install ./jalon_0.1.1-1_amd64.deb")
    assert show("MainPID") not in ("0", pid) and show("ActiveState") == "active" and restarts() == 0
    assert pathlib.Path("/etc/jalon/jalon.toml").read_text() == text
    assert [row["key"] for row in history()] == [row["key"] for row in before]
    assert [row["state"] for row in history()] == [row["state"] for row in before]
    assert "0.1.1" in run("dpkg-query -W jalon")


def before_reboot():
    posting("reboot-sent", 5)
    until(lambda: of("reboot-sent")["state"] == "sent", "it is sent")
    posting("reboot-later", 25)
    (KEPT / "keys").write_text(json.dumps([row["key"] for row in history()]))


def after_reboot():
    until(lambda: show("ActiveState") == "active", "it is there by itself")
    assert [row["key"] for row in history()] == json.loads((KEPT / "keys").read_text()), "the ledger is the same"
    until(lambda: of("reboot-later")["state"] == "sent", "what was planned is sent")
    assert len(copies("reboot-sent")) == len(copies("reboot-later")) == 1
    ids = [mail["id"] for mail in RELAY.taken()]
    assert len(ids) == len(set(ids)), "nothing was sent twice"


def removed():
    """Removal keeps what is needed to come back; purge removes what was made, and leaves what people wrote."""
    run("apt-get -qy remove jalon")
    assert show("ActiveState") == "inactive" and os.path.exists("/var/lib/jalon/jalon.db")
    run("apt-get -qy install ./jalon_0.1.1-1_amd64.deb")
    assert of("reboot-sent")["state"] == "sent" and show("ActiveState") == "active"
    said = run("apt-get -qy purge jalon")
    assert "/etc/jalon holds files" in said and list(pathlib.Path("/etc/jalon/postings").glob("*.toml")), said
    assert not os.path.exists("/etc/jalon/jalon.toml") and not os.path.exists("/var/lib/jalon")
    run("getent passwd jalon", 2)
    run("rm -r /etc/jalon && apt-get -qy install ./jalon_0.1.1-1_amd64.deb && apt-get -qy purge jalon")
    left = run("find / -xdev -name '*jalon*' -not -path '/lab/*' -not -path '/root/*' -not -path '/proc/*' "
               "-not -path '/var/log/*' -not -path '/var/cache/apt/*' -not -path '/var/lib/lab/*' "
               "-not -path '/var/backups/*'", None)
    # What the administrator made is the administrator's.
    left = [path for path in left.splitlines() if not path.startswith(("/etc/credstore", "/etc/jalon.smtp"))]
    left = [path for path in left if "/jalon.service.d" not in path]
    assert left == [], left
    run("getent passwd jalon", 2)
    run("getent group jalon-recruiters", 2)


FIRST = [
    fresh, exposure, recruiters, first_mail, reminder, journal, doctor, reload, credentials, stop_while_a_mail_leaves, stopped_process,
    *((lambda loop: lambda: hang(loop))(loop) for loop in ["planning", "sending"]),
    wrong_settings, sandbox, addresses, postfix, upgrade, before_reboot,
]
AGAIN = [after_reboot, removed]
NAMES = {FIRST[11]: "hang of planning", FIRST[12]: "hang of sending"}


def certificates():
    """An authority that this machine trusts, and a certificate for its relays."""
    names = "DNS:smtp.example.org,DNS:mx.example.test"
    run("cd /root && openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=Lab' -days 3650 -keyout ca.key -out ca.crt "
        "-addext basicConstraints=critical,CA:TRUE")
    run("cd /root && openssl req -newkey rsa:2048 -nodes -subj '/CN=relay' -keyout mail.key -out mail.csr && "
        f"printf 'subjectAltName={names}\\nbasicConstraints=CA:FALSE\\n' > ext && openssl x509 -req -in mail.csr "
        "-CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile ext -out mail.pem")
    run("cp /root/ca.crt /usr/local/share/ca-certificates/lab.crt && update-ca-certificates")


os.chdir("/root")
os.makedirs(KEPT, exist_ok=True)
second = (KEPT / "rebooted").exists()
if not second:
    certificates()
RELAY = Relay(("127.0.0.1", 587), PASSWORD, TAKEN, ("/root/mail.pem", "/root/mail.key"))
only = [name for name in os.environ.get("ONLY", "").split(",") if name]
failed = 0
for scenario in AGAIN if second else FIRST:
    name = NAMES.get(scenario, scenario.__name__).replace("_", " ")
    if only and not second and name not in only and scenario not in (fresh, first_mail):
        continue
    begun = time.monotonic()
    try:
        scenario()
        print(f"ok      {name} ({time.monotonic() - begun:.0f} s)", flush=True)
    except Exception as error:  # noqa: BLE001: the next one is tried all the same
        failed += 1
        where = traceback.extract_tb(error.__traceback__)[1:2]
        print(f"FAILED  {name}, line {where[0].lineno if where else '?'}: {error}", flush=True)
        print(run("systemctl status jalon --no-pager -n 15", None), flush=True)
if not second and (not only or "before reboot" in only):
    (KEPT / "rebooted").write_text(str(failed))
    run("systemctl reboot")
    time.sleep(60)
    sys.exit(99)
failed += int((KEPT / "rebooted").read_text()) if second else 0
print(f"{'FAILED' if failed else 'passed'}: {failed} scenarios failed on systemd {SYSTEMD}")
sys.exit(1 if failed else 0)
