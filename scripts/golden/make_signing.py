"""Golden requests for packages/core/src/security: the signed bytes and their Ed25519 signatures by OpenSSL (cryptography)."""
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common import CORE, provenance, write_json

SEED = 73

REQUESTS = [
    {"method": "GET", "path": "/runs/toy/blobs/" + "ab" * 32, "body": "", "run": "toy", "client": "ada", "expires": 1792000000000},
    {"method": "PUT", "path": "/runs/toy/rounds/3/updates/ada", "body": "an update", "run": "toy", "client": "ada", "expires": 1792000060000},
    {"method": "CONNECT", "path": "/socket", "body": "", "run": "A_run-2", "client": "0", "expires": 0},
    {"method": "POST", "path": "/api/v1/x?y=%0A&z=~!", "body": "\u00e9\u4e16\n", "run": "r" * 64, "client": "c" * 64,
     "expires": 9007199254740991},
]


def key_of(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"fedtune golden {SEED} {name}".encode()).digest())


def golden(number: int, request: dict) -> dict:
    """RFC 8032 signs deterministically: the same key and bytes give the same signature."""
    key = key_of(request["client"])
    nonce = hashlib.sha256(f"nonce {SEED} {number}".encode()).hexdigest()[:32]
    body_hash = hashlib.sha256(request["body"].encode()).hexdigest()
    lines = ["fedtune-request-v1", request["method"], request["path"], body_hash, request["run"], request["client"], nonce,
             str(request["expires"]), "end"]
    signed = "".join(line + "\n" for line in lines).encode("ascii")
    return {**request, "nonce": nonce, "bodyHash": body_hash, "signed": signed.hex(),
            "privateKey": key.private_bytes_raw().hex(),
            "publicKey": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
            "signature": key.sign(signed).hex()}


write_json(CORE / "signing.json", {
    "provenance": provenance("make_signing.py", SEED, "cryptography"),
    "requests": [golden(number, request) for number, request in enumerate(REQUESTS)],
})
