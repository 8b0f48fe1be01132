"""What must hold between jalon and a real mail server: one function a scenario, one line a check.

Usage: scenarios.py JALON (tests/lab/run calls it). The clock is pretended (`run --as-of`), the binary, its ledger,
TLS, login and delivery are real. What jalon does is read from its log, never slept for.
"""

import base64
import email
import email.policy
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from servers import DOMAIN, PATIENCE, Lab, wait_for

SHIPPED = Path(__file__).resolve().parents[2] / "config"
NBSP = "\u00a0"
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C"}  # all that jalon is given of ours
# Every scenario has mailboxes of its own, so that none sees another's mail.
MAILBOXES = ["zoe", "malik", "joao", "lena", "rafale", "ines", "yann", "chloe", "maya", "nora", "retours", "operateur"]

# Accents, quotes and signs beyond Latin-1 wherever a posting or a person may have them.
POSTING = """\
title = "Chargé·e d'études « mobilités & cœur de ville »"
organisation = "Société coopérative d'Œuvres à l'Île-d'Yeu"
recruiters = ["zoe"]
contract = "CDI à 80 % – 2 300 €"
[deadline]
until = 2026-06-25
[[interview]]
on = [2026-07-06T09:30:00]
place = "Crest, salle Hélène-Boucher"
[start]
on = 2026-08-31
"""
# As mails show it: the spaces inside guillemets do not break.
HEADING = (f"Chargé·e d'études «{NBSP}mobilités & cœur de ville{NBSP}»"
           " (Société coopérative d'Œuvres à l'Île-d'Yeu)")
# A smaller one, for all that is not about words.
DEADLINE = 'title = "Trésorier·ère"\nrecruiters = {recruiters}\n[deadline]\nuntil = 2026-06-25\n'


class Tally:
    """Counts checks and prints a line for each."""

    passed = failed = 0
    scenario = ""

    def check(self, what, good, seen=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok    ' if good else 'FAILED'} {self.scenario}: {what}" + ("" if good else f"\n       seen: {seen}"),
              flush=True)
        return good

    def equal(self, what, seen, wanted):
        return self.check(what, seen == wanted, f"{seen!r}\n     wanted: {wanted!r}")


class House:
    """A configuration and a ledger of their own, in a folder of their own."""

    jalon = None  # the binary
    opened = []  # every house, so that their daemons and logs are found at the end

    def __init__(self, lab, posting, people=(), **relay):
        self.lab, self.daemons = lab, []
        self.dir = Path(tempfile.mkdtemp(prefix="house-", dir=lab.dir))
        self.dir.chmod(0o700)
        (self.dir / "config/postings").mkdir(parents=True)
        (self.dir / "config/postings/poste.toml").write_text(posting)
        self.people = "".join(f"[people.{name}]\n{lines}\n" for name, lines in people)
        self.password(lab.password)
        self.configure(**relay)
        House.opened.append(self)

    def configure(self, **relay):
        """Writes jalon.toml: STARTTLS and all in order, save what is given."""
        relay = {"host": "localhost", "port": self.lab.submission, "tls": "starttls", "username": self.lab.user,
                 "ca_file": str(self.lab.ca)} | relay
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in relay.items() if value is not None)
        (self.dir / "config/jalon.toml").write_text(f"""\
time_zone = "Europe/Paris"
[mail]
from = "Équipe « recrutement » <recrutement@{DOMAIN}>"
reply_to = "Ressources humaines, Île-d'Yeu <rh@{DOMAIN}>"
bounces = "retours@{DOMAIN}"
operator = "operateur@{DOMAIN}"
recipients = ["@{DOMAIN}"]
[smtp]
{lines}{"" if "token_command" in relay else 'password = { file = "relay.password" }'}
{self.people}""")

    def password(self, text):
        path = self.dir / "config/relay.password"
        path.touch(0o600)
        path.write_text(text + "\n")

    def run(self, as_of, **environment):
        """The daemon, from this moment of the house's zone on."""
        daemon = Daemon(self, ["run", "--as-of", as_of, "--ledger", "sqlite:jalon.db"], environment)
        self.daemons.append(daemon)
        return daemon

    def plan(self):
        """Lets the ledger meet every reminder long before it is due: what it meets later is skipped."""
        daemon = self.run("2026-06-01T10:00:00")
        daemon.until("planned")
        return daemon.stop()

    def send(self, as_of, mails=1):
        """Runs the daemon from this moment on until so many mails have left."""
        daemon = self.run(as_of)
        daemon.until(*["sent"] * mails)
        daemon.stop()

    def history(self):
        return json.loads(jalon(self.dir, "history", "--ledger", "sqlite:jalon.db", "--format", "json"))

    def reminders(self):
        """What the posting asks for: no notice to the operator."""
        return [row for row in self.history() if not row["key"].startswith("~")]

    def states(self):
        return dict(Counter(row["state"] for row in self.reminders()))


def jalon(folder, *words):
    """What a command prints that ends well and complains of nothing."""
    done = subprocess.run([House.jalon, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode or done.stderr:
        raise RuntimeError(f"jalon {' '.join(map(str, words))}: {done.returncode} {done.stderr}")
    return done.stdout


class Daemon:
    """`jalon run`, its log read line by line as it comes."""

    def __init__(self, house, words, environment):
        self.text, self.lines, self.taken = "", queue.Queue(), house.lab.taken
        self.child = subprocess.Popen([house.jalon, *words], cwd=house.dir, env=ENVIRONMENT | environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stderr:
            self.text += line
            self.taken.update(re.findall(r"queued as (\w+)", line))
            self.lines.put(line)
        self.lines.put(None)

    def until(self, *events):
        """Reads the log until each of these events was there, in any order; their lines."""
        wanted, found, end = list(events), [], time.monotonic() + PATIENCE
        while wanted:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no event {wanted} in {PATIENCE:.0f} s") from None
            if line is None:
                raise RuntimeError(f"the daemon ended without an event {wanted}")
            for event in wanted:
                if f'event="{event}"' in line:
                    wanted.remove(event)
                    found.append(line)
                    break
        return found

    def stop(self, how=signal.SIGTERM):
        """Ends the daemon; its exit code."""
        self.child.send_signal(how)
        code = self.child.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code


def defects(mail):
    """What Python's parser finds wrong with a mail: in its parts and in each header."""
    found = []
    for part in mail.walk():
        found += [str(defect) for defect in part.defects]
        for name, value in part.items():
            found += [f"{name}: {defect}" for defect in getattr(value, "defects", ())]
    return found


def bodies(mail):
    """[(type, charset, text)] of the words, text and page, in their order."""
    words = next(mail.iter_parts()) if mail.get_content_type() == "multipart/mixed" else mail
    return [(part.get_content_type(), part.get_content_charset(), part.get_content()) for part in words.iter_parts()]


def ids(mails):
    return [mail["Message-ID"] for mail in mails]


def of_week(house):
    """What became of the reminders of seven days before."""
    return [row for row in house.history() if "/-7d/" in row["key"]]


# ---- the scenarios ------------------------------------------------------------------------------------------


def starttls(lab, tally):
    """A season over STARTTLS: a login, and a restart between any two mails, all read back word by word."""
    house = House(lab, POSTING, [("zoe", f'name = "Zoé Lefèvre-Müller, « Zo »"\nemail = "zoe@{DOMAIN}"')])
    mark = lab.mark()
    house.plan()
    # Paris; the day before the interview is a Sunday, so is the day before the start: Friday it is. On the day of
    # the interview, two hours before it.
    season = [
        ("2026-06-18T09:00:00", "Clôture des candidatures dans 7 jours"),
        ("2026-06-24T09:00:00", "Clôture des candidatures demain"),
        ("2026-06-25T09:00:00", "Clôture des candidatures aujourd'hui"),
        ("2026-07-03T09:00:00", "Entretien dans 3 jours"),
        ("2026-07-06T07:30:00", "Entretien dans 2 heures"),
        ("2026-08-17T09:00:00", "Prise de poste dans 14 jours"),
        ("2026-08-28T09:00:00", "Prise de poste dans 3 jours"),
    ]
    for due, _ in season:
        house.send((datetime.fromisoformat(due) - timedelta(seconds=1)).isoformat())

    mails, rows = lab.inbox("zoe"), house.history()
    tally.equal("every mail of the season arrived, subjects decoded exactly", [mail["Subject"] for mail in mails],
                [f"{words} – {HEADING}" for _, words in season])
    tally.equal("none has a defect", [found for mail in mails for found in defects(mail)], [])
    addresses = [mail[name] and [(a.display_name, a.addr_spec) for a in mail[name].addresses]
                 for mail in mails for name in ("From", "To", "Reply-To")]
    wanted = [[("Équipe « recrutement »", f"recrutement@{DOMAIN}")],
              [("Zoé Lefèvre-Müller, « Zo »", f"zoe@{DOMAIN}")],
              [("Ressources humaines, Île-d'Yeu", f"rh@{DOMAIN}")]]
    tally.equal("From, To and Reply-To are right", addresses, wanted * len(season))
    late = [mail["Date"].datetime - datetime.fromisoformat(due + "+02:00") for mail, (due, _) in zip(mails, season)]
    tally.check("Date is the pretended moment at which it left",
                all(timedelta(0) <= by < timedelta(seconds=PATIENCE) for by in late), late)
    tally.equal("Message-ID is the ledger's", ids(mails), [f"<{row['message_id']}>" for row in rows])
    tally.check("and of the sender's domain, and no two are the same",
                all(re.fullmatch(rf"<jalon\.[0-9a-f]{{32}}@{re.escape(DOMAIN)}>", name) for name in ids(mails))
                and len(set(ids(mails))) == len(season), ids(mails))
    tally.equal("Auto-Submitted: auto-generated",
                [mail.get_all("Auto-Submitted") for mail in mails], [["auto-generated"]] * len(season))
    tally.equal("the envelope's sender is `bounces`",
                [mail["Return-Path"] for mail in mails], [f"<retours@{DOMAIN}>"] * len(season))
    shapes = [(mail.get_content_type(), *((kind, charset) for kind, charset, _ in bodies(mail))) for mail in mails]
    tally.equal("text/plain, then text/html, both UTF-8; and around them what holds a file", shapes,
                [("multipart/mixed", ("text/plain", "utf-8"), ("text/html", "utf-8"))] * len(season))
    files = [(part.get_content_type(), "BEGIN:VEVENT" in part.get_content())
             for mail in mails for part in mail.iter_attachments()]
    tally.equal("each brings its dates", files, [("text/calendar", True)] * len(season))
    lost = [(mail["Subject"], kind, word) for mail in mails for kind, _, text in bodies(mail)
            for word in ("Zoé Lefèvre-Müller", "Œuvres à l'Île-d'Yeu", "cœur", NBSP, "2 300 €")
            if word not in text.replace("&#39;", "'").replace("&#x27;", "'")]
    tally.equal("accents, œ, € and U+00A0 arrive in both parts", lost, [])
    text = bodies(mails[0])[0][2]
    tally.check("the date in words", f"Date limite{NBSP}: jeudi 25 juin 2026 inclus, jusqu'à minuit, heure de Paris"
                in text.splitlines(), text)
    tally.check("history: sent, with the relay's reply", all(
        row["state"] == "sent" and row["sent_at"] and re.match(r"250 2\.0\.0 Ok: queued as \w+", row["reply"] or "")
        for row in rows), rows)
    seen = [session for session in lab.sessions(mark, len(season)) if "mail" in session]
    tally.check("each over STARTTLS, logged in, and ended by QUIT", len(seen) == len(season) and all(
        (s.get("starttls"), s.get("auth"), s.get("quit")) == ("1", "1", "1") for s in seen), seen)


def implicit(lab, tally):
    """TLS from the first byte."""
    house = House(lab, DEADLINE.format(recruiters=["malik"]), [("malik", f'email = "malik@{DOMAIN}"')],
                  port=lab.submissions, tls="implicit")
    house.plan()
    mark = lab.mark()
    house.send("2026-06-18T08:59:59")
    mails, sessions = lab.inbox("malik"), lab.sessions(mark)
    tally.equal("the mail arrives", [mail["Subject"] for mail in mails],
                ["Clôture des candidatures dans 7 jours – Trésorier·ère"])
    tally.check("encrypted, as the server saw it", "using TLSv1." in "".join(mails[0].get_all("Received")),
                mails[0].get_all("Received"))
    tally.equal("through that port alone, without STARTTLS, logged in",
                (re.findall(r"postfix/(submissions?)/smtpd\[\d+\]: connect", lab.log(mark)),
                 [(session.get("starttls"), session.get("auth")) for session in sessions]),
                (["submissions"], [(None, "1")]))


def again(lab, tally):
    """Restarts and kill -9 whenever nothing is in hand: the ledger alone knows what has left."""
    posting = DEADLINE.format(recruiters=["joao", "lena"]) + "[start]\non = 2026-08-31\n"
    house = House(lab, posting, [(name, f'email = "{name}@{DOMAIN}"') for name in ("joao", "lena")])
    daemon = house.run("2026-06-01T10:00:00")
    daemon.until("planned")
    daemon.stop(signal.SIGKILL)
    for as_of, events, how in [
        ("2026-06-10T10:00:00", ["started"], signal.SIGTERM),
        ("2026-06-18T08:59:59", ["sent", "sent"], signal.SIGKILL),  # the moment the log says so
        ("2026-06-18T09:00:30", ["loaded"], signal.SIGKILL),
        ("2026-06-18T09:01:00", ["loaded"], signal.SIGTERM),
        ("2026-06-24T08:59:57", ["loaded"], signal.SIGKILL),  # seconds before
        ("2026-06-24T08:59:59", ["sent", "sent"], signal.SIGTERM),
        ("2026-06-24T09:00:30", ["loaded"], signal.SIGKILL),
        ("2026-06-25T08:59:59", ["sent", "sent"], signal.SIGKILL),
        ("2026-08-17T08:59:59", ["sent", "sent"], signal.SIGKILL),
        ("2026-08-28T08:59:59", ["sent", "sent"], signal.SIGTERM),
    ]:
        daemon = house.run(as_of)
        daemon.until(*events)
        daemon.stop(how)
    rows = house.history()
    for name in ("joao", "lena"):
        found = ids(lab.inbox(name))
        tally.equal(f"{name} has each mail once, and all of them", sorted(found),
                    sorted(f"<{row['message_id']}>" for row in rows if row["email"].startswith(name)))
    tally.equal("nothing lost, nothing in doubt",
                [(row["state"], row["doubts"]) for row in rows], [("sent", 0)] * 10)


def burst(lab, tally):
    """kill -9 while mails leave: one mail a line at most leaves twice, and it is the same mail."""
    many, lines = 100, 3  # [smtp] connections, unless the settings say otherwise
    house = House(lab, DEADLINE.format(recruiters=[f"rafale+{n}@{DOMAIN}" for n in range(many)]))
    house.plan()
    mark = lab.mark()
    daemon = house.run("2026-06-18T08:59:59")
    wait_for("some mails", lambda: lab.log(mark).count("/cleanup[") >= 7)
    daemon.stop(signal.SIGKILL)
    left = sum(row["state"] != "sent" for row in of_week(house))
    tally.check(f"killed with {left} of {many} mails to send", 0 < left < many, left)
    house.send("2026-06-18T09:01:00", left)
    rows, copies = of_week(house), Counter(ids(lab.inbox("rafale")))
    tally.equal("nobody is forgotten", set(copies), {f"<{row['message_id']}>" for row in rows})
    doubled = {name for name, count in copies.items() if count > 1}
    doubted = {f"<{row['message_id']}>" for row in rows if row["doubts"]}
    tally.check("one mail a line at most came twice, and its row counts the doubt",
                sum(copies.values()) <= many + lines and doubled <= doubted and len(doubted) <= lines, (doubled, doubted))
    tally.equal("in the end all is sent", Counter(row["state"] for row in rows), {"sent": many})


def wrong_password(lab, tally):
    """A refused login is the relay's trouble: no reminder pays for it."""
    house = House(lab, DEADLINE.format(recruiters=["ines"]), [("ines", f'email = "ines@{DOMAIN}"')])
    wrong = "pas le bon, même à l'accent près"
    house.password(wrong)
    house.plan()
    mark = lab.mark()
    daemon = house.run("2026-06-18T08:59:59", JALON_LOG="trace")
    (line,) = daemon.until("relay-rests")
    tally.check("the log says that the login was refused", "auth: 535 5.7.8" in line, line)
    tally.equal("the rows stay planned, none counts an attempt",
                [(row["state"], row["attempts"]) for row in house.reminders()], [("planned", 0)] * 3)
    tally.equal("SIGTERM ends it with 0", daemon.stop(), 0)
    tally.equal("the server saw one login fail, and no mail",
                [(session.get("auth"), "mail" in session) for session in lab.sessions(mark)], [("0/1", False)])
    tally.equal("the password is nowhere in the log, even at `trace`", leaks(lab, daemon.text, wrong), [])
    house.password(lab.password)
    house.send("2026-06-18T09:05:00")
    tally.equal("with the right one the mail arrives", len(lab.inbox("ines")), 1)


def tokens(lab, tally):
    """XOAUTH2: tokens that a program prints; one that has expired is renewed at once, on a new connection."""
    if not lab.takes_tokens:
        print("skipped: tokens: this Dovecot is newer than those whose settings the lab knows")
        return
    house = House(lab, DEADLINE.format(recruiters=["nora"]), [("nora", f'email = "nora@{DOMAIN}"')])
    expired, good = lab.token(-3600), lab.token(3600)
    program = house.dir / "token.sh"
    program.write_text('cd "$(dirname "$0")" && echo run >>runs && { [ -s next ] && cat next || cat first; }\n')
    def runs():
        return len((house.dir / "runs").read_text().splitlines())
    (house.dir / "first").write_text(expired + "\n")
    house.configure(token_command=["/bin/sh", str(program)])
    house.plan()
    mark = lab.mark()
    daemon = house.run("2026-06-18T08:59:59", JALON_LOG="trace")
    (line,) = daemon.until("relay-rests")
    tally.check("an expired token is refused, twice: the log says how", "auth: 535 5.7.8" in line, line)
    tally.equal("SIGTERM ends it with 0", daemon.stop(), 0)
    seen = lab.sessions(mark, 2)
    tally.equal("two connections, a login each, no mail",
                [(s.get("auth"), "mail" in s) for s in seen], [("0/1", False)] * 2)
    tally.equal("the program ran twice", runs(), 2)
    tally.equal("the rows stay planned, none counts an attempt",
                [(row["state"], row["attempts"]) for row in house.reminders()], [("planned", 0)] * 3)
    # The first run prints the one that has expired, the next one the good one.
    (house.dir / "runs").unlink()
    program.write_text('cd "$(dirname "$0")" && echo run >>runs && if [ $(wc -l <runs) = 1 ]; then cat first;'
                       ' else cat next; fi\n')
    (house.dir / "next").write_text(json.dumps({"access_token": good, "expires_in": 3600}))
    mark = lab.mark()
    other = house.run("2026-06-18T09:01:00", JALON_LOG="trace")
    other.until("sent")
    other.stop()
    seen = lab.sessions(mark, 2)
    tally.equal("the login that failed cost a connection, and no mail", [s.get("auth") for s in seen], ["0/1", "1"])
    tally.equal("the program ran twice", runs(), 2)
    tally.equal("the mail arrives", len(lab.inbox("nora")), 1)
    tally.check("as Postfix logged it: by XOAUTH2", "sasl_method=XOAUTH2" in lab.log(mark), lab.log(mark)[-2000:])
    text = daemon.text + other.text
    tally.equal("no token is in the log, even at `trace`",
                [token for token in (expired, good) if token in text or token.split(".")[2] in text], [])


def untrusted(lab, tally):
    """A server that cannot prove who it is learns nothing: no login, no mail."""
    house = House(lab, DEADLINE.format(recruiters=["yann"]), [("yann", f'email = "yann@{DOMAIN}"')])
    house.plan()
    mark = lab.mark()
    # An authority that signed something else stands for the machine's, whatever the machine trusts.
    strangers = {"SSL_CERT_FILE": str(lab.stranger)}
    for number, (what, as_of, relay) in enumerate([
        ("an unknown authority", "2026-06-18T08:59:59", {"ca_file": None}),
        ("an unknown authority, implicit TLS", "2026-06-18T09:01:00",
         {"ca_file": None, "tls": "implicit", "port": lab.submissions}),
        ("another name", "2026-06-18T09:02:00", {"host": "127.0.0.1"}),
    ], 1):
        house.configure(**relay)
        daemon = house.run(as_of, **strangers)
        (line,) = daemon.until("relay-rests")
        tally.check(f"{what}: the log says that it is the certificate", "tls: the certificate" in line, line)
        tally.equal(f"{what}: the rows stay planned", house.states(), {"planned": 3})
        tally.equal(f"{what}: SIGTERM ends it with 0", daemon.stop(), 0)
        seen = lab.sessions(mark, number)
        tally.check(f"{what}: the server saw neither AUTH nor mail",
                    len(seen) == number and all("auth" not in s and "mail" not in s for s in seen), seen)
    house.configure()
    house.send("2026-06-18T09:05:00")
    tally.equal("with the authority in `ca_file` the mail arrives", len(lab.inbox("yann")), 1)


def refused(lab, tally):
    """An address that does not exist fails alone."""
    unknown = f"personne@{DOMAIN}"
    house = House(lab, DEADLINE.format(recruiters=[unknown, "chloe"]), [("chloe", f'email = "chloe@{DOMAIN}"')])
    house.plan()
    daemon = house.run("2026-06-18T08:59:59")
    daemon.until("sent", "failed")
    daemon.stop()
    rows = {row["email"]: row for row in of_week(house)}
    row = rows[unknown]
    tally.equal("its row: failed, recipient-refused", (row["state"], row["reason"]), ("failed", "recipient-refused"))
    tally.check("with the relay's words", re.match(r"rcpt: 550 5\.1\.1 .*User unknown", row["reply"] or ""),
                row["reply"])
    tally.equal("the other recipient's: sent", rows[f"chloe@{DOMAIN}"]["state"], "sent")
    tally.equal("and the mail arrives", len(lab.inbox("chloe")), 1)


def reunion(lab, tally):
    """A recipient far away: mails leave at nine of their day, and say both hours."""
    house = House(lab, DEADLINE.format(recruiters=["maya"]),
                  [("maya", f'name = "Maya"\nemail = "maya@{DOMAIN}"\ntime_zone = "Indian/Reunion"')])
    house.plan()
    house.send("2026-06-18T06:59:59")  # Paris; it is 08:59:59 in La Réunion
    mails = lab.inbox("maya")
    tally.equal("one mail", len(mails), 1)
    left = mails[0]["Date"].datetime - datetime.fromisoformat("2026-06-18T09:00:00+04:00")
    tally.check("at nine of their day", timedelta(0) <= left < timedelta(seconds=PATIENCE), mails[0]["Date"])
    text = bodies(mails[0])[0][2]
    for line in (f"Date limite{NBSP}: jeudi 25 juin 2026 inclus, jusqu'à minuit, heure de Paris",
                 f"(vendredi 26 juin 2026 à 2{NBSP}h, heure de La Réunion)"):
        tally.check(f"its text says: {line}", line in text.splitlines(), text)


def rehearsal(lab, tally):
    """What ships, rehearsed: every mail of every season is one that Python reads without a complaint."""
    out = lab.dir / "rehearsal"
    jalon(lab.dir, "--config", SHIPPED, "rehearse", "--from", "2021-08-01", "--until", "2027-05-01", "--out", out)
    files = sorted(out.glob("mails/*.eml"))
    tally.equal("36 mails", len(files), 36)
    texts = [path.read_bytes() for path in files]
    mails = [email.message_from_bytes(text, policy=email.policy.default) for text in texts]
    tally.equal("no defect in any", [found for mail in mails for found in defects(mail)], [])
    tally.equal("all are text/plain, then text/html, and neither is empty",
                {tuple(kind for kind, _, text in bodies(mail) if text.strip()) for mail in mails},
                {("text/plain", "text/html")})
    lines = [line for text in texts for line in text.split(b"\r\n")]
    tally.check("lines end by CRLF, are ASCII and at most 998 long (RFC 5322)",
                all(len(line) <= 998 and line.isascii() and not set(line) & set(b"\r\n") for line in lines))
    tally.equal("no two have the same Message-ID", len(set(ids(mails))), len(mails))


def afterwards(lab, tally):
    """What must hold of everything above."""
    tally.equal("nothing bounced", ids(lab.inbox("retours")), [])
    told = [bodies(mail)[0][2] for mail in lab.inbox("operateur")]
    tally.equal("the operator hears of relays that were refused, or refused us, and of nothing else",
                [text for text in told if "relais localhost" not in text and "relais 127.0.0.1" not in text], [])
    texts = [(house.dir / "jalon.db").read_bytes().decode("latin-1") for house in House.opened]
    texts += [daemon.text for house in House.opened for daemon in house.daemons]
    tally.equal("no log and no ledger holds the password", leaks(lab, "\n".join(texts), lab.password), [])


def leaks(lab, text, password):
    """The forms of a password that a text holds: as it is, its bytes misread, as AUTH LOGIN and AUTH PLAIN say it."""
    forms = [password.encode(), f"\0{lab.user}\0{password}".encode()]
    shown = [password, forms[0].decode("latin-1"), *(base64.b64encode(form).decode().rstrip("=") for form in forms)]
    return [form for form in shown if form in text]


SCENARIOS = [starttls, implicit, again, burst, wrong_password, tokens, untrusted, refused, reunion, rehearsal, afterwards]


def main():
    # A signal ends the lab as an exception does, so that servers and daemons are stopped on the way out.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    House.jalon, tally, begun = sys.argv[1], Tally(), time.monotonic()
    with Lab(MAILBOXES) as lab:
        try:
            for scenario in SCENARIOS:
                play(scenario, lab, tally)
        finally:
            for house in House.opened:
                for daemon in house.daemons:
                    daemon.child.kill()
    print(f"in {time.monotonic() - begun:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


def play(scenario, lab, tally):
    """One scenario. What breaks it is one failure, with all that may explain it; the others go on."""
    tally.scenario = scenario.__name__.replace("_", " ")
    failed, houses, mark = tally.failed, len(House.opened), 0
    try:
        mark = lab.mark()
        scenario(lab, tally)
    except Exception:
        tally.check("it comes to its end", False, traceback.format_exc())
    if tally.failed > failed:
        for house in House.opened[houses:]:
            for daemon in house.daemons:
                print("---- jalon\n" + "".join(daemon.text.splitlines(keepends=True)[-10:]), end="")
        print(lab.tails(mark), flush=True)


if __name__ == "__main__":
    sys.exit(main())
