"""Makes the wheels: one a platform, each with the program as a script and nothing else.

    python3 packaging/pypi/build.py FOLDER TARGET=BINARY...

A wheel is a zip file of a documented layout (PEP 427), so this needs nothing but Python.
"""

import base64
import hashlib
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The Linux binaries are static: they run with any C library.
PLATFORMS = {
    "x86_64-unknown-linux-musl": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64-unknown-linux-musl": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    "x86_64-pc-windows-msvc": "win_amd64",
}

# The same wheel has the same bytes whenever it is built.
DATE = (1980, 1, 1, 0, 0, 0)


def field(name):
    manifest = (ROOT / "Cargo.toml").read_text("utf-8")
    return re.search(rf'^{name} = "(.*)"$', manifest, re.MULTILINE).group(1)


def wheel(folder, target, binary):
    version, tags = field("version"), PLATFORMS[target]
    info = f"seamlint-{version}.dist-info"
    program = "seamlint.exe" if "windows" in target else "seamlint"
    readme = (ROOT / "README.md").read_text("utf-8")
    metadata = [
        "Metadata-Version: 2.4",
        "Name: seamlint",
        f"Version: {version}",
        f"Summary: {field('description')}",
        f"License-Expression: {field('license')}",
        "License-File: LICENSE",
        "Keywords: salesforce,apex,lint,static-analysis,sarif",
        f"Project-URL: Source, {field('repository')}",
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown",
        "",
        readme,
    ]
    tag_lines = [f"Tag: py3-none-{tag}" for tag in tags.split(".")]
    files = [
        (f"seamlint-{version}.data/scripts/{program}", binary.read_bytes(), 0o755),
        (f"{info}/METADATA", "\n".join(metadata).encode(), 0o644),
        (
            f"{info}/WHEEL",
            "\n".join(["Wheel-Version: 1.0", "Generator: seamlint", "Root-Is-Purelib: false", *tag_lines, ""]).encode(),
            0o644,
        ),
        (f"{info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    ]
    record = []
    for path, data, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(data)}")
    record += [f"{info}/RECORD,,", ""]
    files.append((f"{info}/RECORD", "\n".join(record).encode(), 0o644))

    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"seamlint-{version}-py3-none-{tags}.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data, mode in files:
            entry = zipfile.ZipInfo(path, DATE)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    print(made)


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: build.py FOLDER TARGET=BINARY...")
    for pair in arguments[1:]:
        target, _, binary = pair.partition("=")
        if target not in PLATFORMS or not binary:
            sys.exit(f"`{pair}` is not TARGET=BINARY with one of: {', '.join(PLATFORMS)}")
        wheel(pathlib.Path(arguments[0]), target, pathlib.Path(binary))


main(sys.argv[1:])
