"""Goldens for packages/core's codecs: half precision by numpy, bfloat16 by torch, safetensors by its Python library."""
import base64
import hashlib
import json
import struct

import numpy as np
import torch
from safetensors.torch import load, save, save_file

from common import CORE, provenance, write_json

SEED = 80
TRICKY = [0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, np.pi, 65504.0, 65519.0, 65519.996, 65520.0, 65536.0, 1e30, -1e30, 2.0**-14, 2.0**-14 - 2.0**-25,
          2.0**-24, 2.0**-25, np.nextafter(np.float32(2.0**-25), np.float32(1)), 2.0**-26, 3 * 2.0**-25, 5 * 2.0**-25, 1.5 * 2.0**-24, 1e-8, 1e-40, 1.4e-45,
          1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-11 + 2.0**-23, 2048.0, 2049.0, 2051.0, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 3.3895314e38, 3.4028235e38,
          np.inf, -np.inf, 0.00006103515625, 0.00006097555160522461]


def bits32(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).view(np.uint32)


def to_f16(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(np.float32).astype(np.float16).view(np.uint16)


def to_bf16(values: np.ndarray) -> np.ndarray:
    return torch.from_numpy(values.astype(np.float32)).to(torch.bfloat16).view(torch.uint16).numpy()


def encode_cases() -> list[list[int]]:
    """Rows [float32 bits, float16 bits, bfloat16 bits]: tricky values, then random bit patterns that are numbers."""
    random = np.random.default_rng(SEED).integers(0, 2**32, 400, dtype=np.uint32).view(np.float32)
    near = (np.random.default_rng(SEED + 1).standard_normal(200) * 10.0 ** np.random.default_rng(SEED + 2).uniform(-9, 5, 200)).astype(np.float32)
    values = np.concatenate([np.array(TRICKY, dtype=np.float32), random[~np.isnan(random)], near])
    return np.stack([bits32(values), to_f16(values), to_bf16(values)], axis=1).tolist()


def decode_hash() -> str:
    """SHA-256 of the float32 bytes (little-endian) of the float16 bit patterns 0..65535, each NaN as 7fc00000."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    bits = bits32(values)
    bits[np.isnan(values)] = 0x7FC00000
    return hashlib.sha256(bits.astype("<u4").tobytes()).hexdigest()


def tie_hash() -> str:
    """SHA-256 of the float16 bytes of (below, middle, above) for each h in 0..31743, middle = (half(h) + half(h+1)) / 2.

    half(31744) counts as 65536; below and above are the float32 neighbours of the middle.
    """
    halves = np.arange(31745, dtype=np.uint16).view(np.float16).astype(np.float32)
    halves[-1] = 65536
    middle = (halves[:-1] + halves[1:]) / np.float32(2)
    around = np.stack([np.nextafter(middle, np.float32(-np.inf)), middle, np.nextafter(middle, np.float32(np.inf))], axis=1)
    return hashlib.sha256(to_f16(around).astype("<u2").tobytes()).hexdigest()


def half() -> None:
    nan = [[0x7FC00000, "quiet"], [0x7F800001, "signalling"], [0xFFC12345, "negative with payload"]]
    source = provenance("make_codecs.py", SEED, "numpy", "torch")
    write_json(CORE / "half.json", {"provenance": source, "columns": ["f32", "f16", "bf16"], "encode": encode_cases(), "nan_f32": nan,
                                    "decode_f16_sha256": decode_hash(), "ties_f16_sha256": tie_hash()})


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    return {
        "weight.f32": torch.randn(3, 4, generator=generator),
        "weight.f16": torch.tensor([[1.0, -0.5, 65504.0], [2.0**-24, float("inf"), -0.0]], dtype=torch.float16),
        "weight.bf16": torch.tensor([1.0, -3.140625, 1e38, 1e-40], dtype=torch.bfloat16),
        "exact.f64": torch.tensor([1 / 3, 1e-300], dtype=torch.float64),
        "ids.i64": torch.tensor([[0, -1], [2**53, -(2**40)]], dtype=torch.int64),
        "ids.i32": torch.tensor([7, -(2**31)], dtype=torch.int32),
        "ids.u8": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "mask.bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "naïve.名": torch.tensor([1.0, 2.0]),
    }


def described(tensor: torch.Tensor) -> dict:
    """Values as JSON: 64-bit integers and infinities as strings, since JSON numbers cannot carry them."""
    plain = lambda value: str(value) if tensor.dtype == torch.int64 or (isinstance(value, float) and not np.isfinite(value)) else value
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
             torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL"}
    values = tensor.flatten().to(torch.float64 if tensor.is_floating_point() else tensor.dtype).tolist()
    return {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "values": [plain(value) for value in values]}


def written_files() -> None:
    folder = CORE / "safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    mixed, metadata = tensors(), {"note": "quotes \" and ünïcode"}  # the library writes more than one key in random order
    save_file(mixed, folder / "mixed.safetensors", metadata=metadata)
    save_file({"only": torch.arange(6, dtype=torch.float32).reshape(2, 3)}, folder / "plain.safetensors")
    source = provenance("make_codecs.py", SEED, "torch", "safetensors")
    write_json(folder / "expected.json", {
        "provenance": source,
        "mixed.safetensors": {"metadata": metadata, "tensors": {name: described(tensor) for name, tensor in mixed.items()}},
        "plain.safetensors": {"metadata": None, "tensors": {"only": described(torch.arange(6, dtype=torch.float32).reshape(2, 3))}}})


def file_of(header, body: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def broken() -> dict[str, bytes]:
    entry = lambda start, end, shape=(2,), dtype="F32": {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    good = save({"a": torch.zeros(2)})
    return {
        "empty file": b"", "seven bytes": bytes(7), "header longer than file": struct.pack("<Q", 10**6) + b"{}", "header length above 2^53": struct.pack("<Q", 2**60) + b"{}",
        "header is no JSON": file_of(b"{a}"), "header is an array": file_of([]), "header is not UTF-8": file_of(b'{"\xff": 1}'),
        "end before start": file_of({"a": entry(8, 0)}), "beyond the file": file_of({"a": entry(0, 16, (4,))}), "size does not fit shape": file_of({"a": entry(0, 8, (3,))}),
        "overlap": file_of({"a": entry(0, 8), "b": entry(4, 12)}, bytes(12)), "hole": file_of({"a": entry(0, 8), "b": entry(12, 20)}, bytes(20)),
        "trailing bytes": file_of({"a": entry(0, 8)}, bytes(12)), "truncated": good[:-1], "negative size": file_of({"a": entry(0, 8, (-2,))}),
        "unknown dtype": file_of({"a": entry(0, 8, (2,), "F31")}), "metadata is no string": file_of({"__metadata__": {"n": 1}, "a": entry(0, 8)}),
        "huge shape overflows": file_of({"a": entry(0, 8, (2**32, 2**32))}), "duplicate name": file_of(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'),
    }


def verdict(data: bytes) -> str | None:
    """The library's own message, or None where it accepts the file."""
    try:
        load(data)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    half()
    written_files()
    cases = [{"name": name, "base64": base64.b64encode(data).decode(), "python": verdict(data)} for name, data in broken().items()]
    write_json(CORE / "safetensors" / "broken.json", {"provenance": provenance("make_codecs.py", SEED, "safetensors"), "cases": cases})


if __name__ == "__main__":
    main()
