"""Makes the fixtures that NumPy and h5py write. Run by hand: python3 make.py"""

import gzip
import os
import struct
import wave

import h5py
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(here, name)


# ---- NumPy ----

np.save(path("float32.npy"), np.arange(24, dtype="<f4").reshape(4, 3, 2) / 8)
np.save(path("big-endian.npy"), np.arange(6, dtype=">i2").reshape(3, 2) - 3)
np.save(path("bytes.npy"), np.array([[0, 127], [128, 255]], dtype="u1"))
np.save(path("vector.npy"), np.array([1.5, -2.0, 1e300]))
np.save(path("fortran.npy"), np.asfortranarray(np.arange(6, dtype="f8").reshape(2, 3)))
np.save(path("complex.npy"), np.array([1 + 2j, 0.1 - 1e300j]))
np.save(path("big-complex.npy"), np.array([[1.5 - 2j]], dtype=">c8"))
np.save(path("unsigned.npy"), np.array([0, 2**64 - 1], dtype="u8"))
np.save(path("texts.npy"), np.array(["a"]))

# ---- IDX: numbers in NumPy's words, the header by hand ----


def idx(name, kind, array):
    header = struct.pack(">BBBB", 0, 0, kind, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape)
    data = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
    opened = gzip.GzipFile(path(name), "wb", mtime=0) if name.endswith(".gz") else open(path(name), "wb")
    with opened as file:
        file.write(data)


idx("bytes.idx", 0x08, np.arange(250, 274, dtype="u1").reshape(4, 3, 2))
idx("bytes.idx.gz", 0x08, np.arange(250, 274, dtype="u1").reshape(4, 3, 2))
idx("signed.idx", 0x09, np.array([-128, 0, 127], dtype="i1"))
idx("short.idx", 0x0B, np.array([[-300, 300]], dtype="i2"))
idx("int.idx", 0x0C, np.array([-70000, 70000], dtype="i4"))
idx("float.idx", 0x0D, np.array([0.5, -1.25], dtype="f4"))
idx("double.idx", 0x0E, np.array([1e-300, np.pi], dtype="f8"))

# ---- HDF5 ----

with h5py.File(path("arrays.h5"), "w") as file:
    file["images"] = np.arange(24, dtype="f4").reshape(4, 3, 2) / 8
    file.create_dataset("labels", data=np.array([3, 1, 4, 1], dtype="i8"))
    file.create_dataset("bytes", data=np.array([[0, 255]], dtype="u1"))
    file.create_dataset("train/x", data=np.arange(40, dtype="f8").reshape(20, 2), chunks=(5, 2), compression="gzip", shuffle=True)
    file["train/scalar"] = 2.5
    file["train/names"] = ["a", "b"]
    for kind in ["i1", "i2", "i4", "i8", "u2", "u4", "u8"]:
        limits = np.iinfo(kind)
        file[f"whole/{kind}"] = np.array([limits.min, limits.max], dtype=kind)
    file["half"] = np.array([1.5, 65504], dtype="f2")
    file["truth"] = np.array([True, False])

# ---- WAV ----


def wav(name, channels, width, rate, samples):
    with wave.open(path(name), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)


wav("stereo16.wav", 2, 2, 8000, np.array([[0, 32767], [-32768, 16384], [1, -1]], dtype="<i2").tobytes())
wav("mono8.wav", 1, 1, 11025, np.array([0, 128, 255, 192], dtype="u1").tobytes())
wav("mono24.wav", 1, 3, 44100, bytes([0xFF, 0xFF, 0x7F, 0, 0, 0x80, 0, 0, 0x40]))
