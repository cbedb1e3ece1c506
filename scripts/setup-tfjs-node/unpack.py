"""Takes the C headers and libraries out of a TensorFlow wheel: python3 unpack.py WHEEL FOLDER (standard library only)."""
import sys
import zipfile

LIBRARIES = {"tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"}

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = [name for name in wheel.namelist() if name in LIBRARIES or name.startswith("tensorflow/include/")]
    missing = LIBRARIES.difference(names)
    if missing:
        sys.exit(f"{sys.argv[1]} has no {', '.join(sorted(missing))}")
    wheel.extractall(sys.argv[2], names)
