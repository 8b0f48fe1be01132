"""A relay for the lab: STARTTLS, a login, and what it took on record. As slow at the dot as it is told to be."""

import base64
import json
import re
import socket
import ssl
import threading
import time


class Relay:
    def __init__(self, address, password, record, certificate=None):
        self.password, self.record, self.slow = password, record, 0.0
        self.dots = 0  # mails of which the dot has come
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(address)
        threading.Thread(target=self._listen, daemon=True).start()

    def taken(self):
        """What was taken so far, each with its Message-ID and the recipients."""
        try:
            with open(self.record) as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def _listen(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            self._talk(peer)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            peer.close()

    def _talk(self, peer):
        file = peer.makefile("rb")
        say = lambda text: peer.sendall(text.encode() + b"\r\n")
        say("220 relay")
        logged_in, recipients = False, []
        while line := file.readline():
            word = line.decode().strip()
            verb = word.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                more = "250-STARTTLS\r\n" if self.context and not isinstance(peer, ssl.SSLSocket) else "250-AUTH PLAIN\r\n"
                say(f"250-relay\r\n{more}250 8BITMIME")
            elif verb == "STARTTLS":
                say("220 go on")
                peer = self.context.wrap_socket(peer, server_side=True)
                file = peer.makefile("rb")
                say = lambda text: peer.sendall(text.encode() + b"\r\n")
            elif verb == "AUTH":
                login = base64.b64decode(word.split(" ")[2]).decode().split("\0")
                logged_in = login[2] == self.password
                say("235 welcome" if logged_in else "535 5.7.8 not this password")
            elif verb == "MAIL":
                recipients = []
                say("250 ok" if logged_in else "530 5.7.0 log in first")
            elif verb == "RCPT":
                recipients.append(re.search("<(.*?)>", word)[1])
                say("250 ok")
            elif verb == "DATA":
                say("354 go on")
                text = b""
                while (line := file.readline()) != b".\r\n":
                    if not line:
                        return
                    text += line
                self.dots += 1
                time.sleep(self.slow)
                message_id = re.search(rb"(?im)^message-id:\s*(<.*?>)", text)[1].decode()
                with open(self.record, "a") as out:
                    out.write(json.dumps({"id": message_id, "to": recipients, "text": text.decode()}) + "\n")
                say("250 2.0.0 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
