"""The image sets of the experiments as arrays, and parts of them written in the formats that fedtune reads."""
import gzip
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Images:
    """Pixels `[n, channels, height, width]` as bytes; `columns` tells of each image what stands before its pixels."""
    pixels: np.ndarray
    columns: dict[str, np.ndarray]
    names: dict[str, list[str]]

    def where(self, keep: np.ndarray) -> "Images":
        return Images(self.pixels[keep], {name: values[keep] for name, values in self.columns.items()}, self.names)


def read_mnist(folder: Path, part: str) -> Images:
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        magic, count, height, width = struct.unpack(">4I", file.read(16))
        assert magic == 2051
        pixels = np.frombuffer(file.read(), np.uint8).reshape(count, 1, height, width)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        assert struct.unpack(">2I", file.read(8)) == (2049, count)
        labels = np.frombuffer(file.read(), np.uint8)
    return Images(pixels, {"label": labels}, {"label": [str(digit) for digit in range(10)]})


def read_pacs(folder: Path, part: str) -> Images:
    with gzip.open(folder / f"{part}.bin.gz") as file:
        records = np.frombuffer(file.read(), np.uint8).reshape(-1, 3074)
    names = {column: (folder / f"{column}s.txt").read_text().split() for column in ("domain", "label")}
    return Images(records[:, 2:].reshape(-1, 3, 32, 32), {"domain": records[:, 0], "label": records[:, 1]}, names)


def read_cifar10(folder: Path, part: str) -> Images:
    with gzip.open(folder / f"{part}.bin.gz") as file:
        records = np.frombuffer(file.read(), np.uint8).reshape(-1, 3073)
    return Images(records[:, 1:].reshape(-1, 3, 32, 32), {"label": records[:, 0]}, {"label": (folder / "labels.txt").read_text().split()})


def write_idx(images: Images, folder: Path, part: str) -> None:
    count, _, height, width = images.pixels.shape
    folder.mkdir(parents=True, exist_ok=True)
    for name, header, values in (("images-idx3", struct.pack(">4I", 2051, count, height, width), images.pixels),
                                 ("labels-idx1", struct.pack(">2I", 2049, count), images.columns["label"])):
        (folder / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(header + np.ascontiguousarray(values).tobytes(), mtime=0))


def write_records(images: Images, folder: Path, part: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    flat = images.pixels.reshape(len(images.pixels), -1)
    records = np.concatenate([np.stack(list(images.columns.values()), 1), flat], 1).astype(np.uint8)
    (folder / f"{part}.bin.gz").write_bytes(gzip.compress(records.tobytes(), mtime=0))
    for column, names in images.names.items():
        (folder / f"{column}s.txt").write_text("\n".join(names) + "\n")
