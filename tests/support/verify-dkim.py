"""What dkimpy says of each signature of a message, the top one first.

    /usr/bin/python3 verify-dkim.py RECORDS.json MESSAGE.eml

RECORDS.json: names of TXT records and what they say. Prints a JSON list of true and false.
"""

import json
import sys

import dkim

records = {f"{name}.": text.encode() for name, text in json.load(open(sys.argv[1])).items()}
message = open(sys.argv[2], "rb").read()


def txt_of(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)


signatures = sum(1 for name, _ in dkim.DKIM(message).headers if name.lower() == b"dkim-signature")
print(json.dumps([dkim.DKIM(message).verify(idx=n, dnsfunc=txt_of) for n in range(signatures)]))
