"""A name server that knows one name (RFC 1035): names.py NAME ADDRESS, on 127.0.0.1:53."""

import socket
import sys

NAME, ADDRESS = sys.argv[1], socket.inet_aton(sys.argv[2])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
while True:
    query, peer = server.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question, kind = query[12 : at + 5], query[at + 1 : at + 3]
    known = ".".join(labels).lower() == NAME
    answer = known and kind == b"\0\1"
    head = query[:2] + (b"\x84\x00" if known else b"\x84\x03") + b"\0\1" + (b"\0\1" if answer else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\x04" + ADDRESS if answer else b""
    server.sendto(head + question + record, peer)
