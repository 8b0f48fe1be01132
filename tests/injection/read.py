"""Reads mails from the standard input (a line with a length, then so many bytes), and says in a line of JSON each what
Python's email package makes of them."""

import json
import sys
from email import message_from_bytes, message_from_string, policy


def people(header):
    if header is None:
        return []
    if any(group.display_name is not None for group in header.groups):
        raise ValueError("a group")
    return [[address.display_name, address.addr_spec] for address in header.addresses]


def read(raw):
    # Headers may hold UTF-8 (RFC 6532), and the bodies are ASCII: as text, Python reads both.
    mail = message_from_string(raw.decode(), policy=policy.default)
    plain = message_from_bytes(raw)  # compat32: the headers as they stand
    if mail.keys() != plain.keys():
        raise ValueError("two readings of the headers")
    parts = list(mail.walk())
    defects = [str(defect) for part in parts for defect in part.defects]
    for name in ("from", "to", "reply-to", "subject", "message-id", "date"):
        # A local part may be more than ASCII (RFC 6532 §3.2).
        defects += [f"{name}: {defect!r}" for header in mail.get_all(name, [])
                    for defect in header.defects if type(defect).__name__ != "NonASCIILocalPartDefect"]
    if defects:
        raise ValueError(f"defects: {defects}")
    kinds = [part.get_content_type() for part in parts]
    if kinds[0] == "multipart/mixed":  # the dates, as a file
        file = parts.pop()
        if kinds.pop() != "text/calendar" or not file.get_filename().endswith(".ics"):
            raise ValueError(f"parts: {kinds}")
        parts, kinds = parts[1:], kinds[1:]
    if kinds != ["multipart/alternative", "text/plain", "text/html"]:
        raise ValueError(f"parts: {kinds}")
    if any(part.get_filename() for part in parts):
        raise ValueError("a part with a file name")
    return {
        "headers": mail.keys(),
        "from": people(mail["from"]),
        "to": people(mail["to"]),
        "reply_to": people(mail["reply-to"]),
        "subject": str(mail["subject"]),
        "message_id": str(mail["message-id"]),
        "text": parts[1].get_content(),
        "html": parts[2].get_content(),
    }


while line := sys.stdin.buffer.readline():
    raw = sys.stdin.buffer.read(int(line))
    try:
        answer = read(raw)
    except Exception as error:
        answer = {"wrong": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
