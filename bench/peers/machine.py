"""What a result was measured on."""
import importlib.metadata
import os
import platform

import program

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_bf16", "amx_int8", "amx_fp16")


def processor():
    """The fields of the first processor in /proc/cpuinfo."""
    fields = {}
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    return fields


def multiplies_bf16():
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor().get("flags", "").split())


def describe(virnucpro, threads):
    fields = processor()
    versions = {"python": platform.python_version()}
    for package in ("torch", "fair-esm", "transformers"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {"processor": fields.get("model name", platform.processor()),
            "instructions": [flag for flag in FLAGS if flag in fields.get("flags", "").split()],
            "cores_allowed": len(os.sched_getaffinity(0)), "load_at_start": os.getloadavg()[0], "threads": threads, "versions": versions,
            "virnucpro": program.run(virnucpro, "--version")[0].strip()}


def sentence(machine):
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    busy = machine["load_at_start"] > 0.5
    return (f"{machine['processor']} ({' '.join(machine['instructions'])}), {machine['threads']} threads; "
            f"{machine['virnucpro'].splitlines()[0]}; {versions}." +
            (f" Load {machine['load_at_start']:.1f} before the start: the machine was busy, and times mean little." if busy else ""))
