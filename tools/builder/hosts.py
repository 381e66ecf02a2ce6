"""Hosts of static files: their headers, and precompressed copies of files."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from builder.compress import compressed
from builder.errors import BuildError
from builder.serve import ISOLATION, TYPES
from builder.site import HASH, HASHED, Site

HOSTS = ("netlify", "cloudflare", "nginx", "caddy")

FOR_EVER = "public, max-age=31536000, immutable"
PERMISSIONS = "camera=(self), display-capture=(self), microphone=(self), geolocation=()"

# Only a header can stop other sites from framing the page.
FRAMES = "frame-ancestors 'self'"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')


def policy(html: str) -> str:
    """Return the security policy of every response: the page's, without rules for documents only.

    A worker gets its policy from the response with its script, not from the page's ``<meta>``. If
    it starts threads, no Trusted Types policy exists that could allow their addresses.

    Args:
        html: the page, with its own policy in it.
    """
    found = POLICY.search(html)
    if found is None:
        raise BuildError("index.html has no Content-Security-Policy: restore that line.")
    return "; ".join(rule for rule in found[1].split("; ") if "trusted-types" not in rule)


def headers(html: str) -> dict[str, str]:
    """Return the headers of every response.

    Args:
        html: the page, with its own security policy in it.
    """
    return ISOLATION | {
        "Content-Security-Policy": f"{policy(html)}; {FRAMES}",
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def write_host_file(host: str, site: Site, out: Path, html: str) -> Path:
    """Write the file from which ``host`` reads its headers; return its path in the finished site.

    Those of netlify and cloudflare are part of the site; those of nginx and caddy are written
    beside it, for the server's own configuration to include.

    Args:
        out: the folder of the finished site.
        html: the page.
    """
    sent = headers(html)
    if host in ("netlify", "cloudflare"):
        site.write("_headers", headers_file(site, sent).encode())
        return out / "_headers"
    text, ending = (nginx(site, sent), "nginx.conf") if host == "nginx" else (caddy(sent), "caddy")
    path = out.with_name(f"{out.name}.{ending}")
    path.write_text(text, encoding="utf-8")
    return path


def headers_file(site: Site, sent: dict[str, str]) -> str:
    """Return ``_headers`` as Netlify and Cloudflare Pages read it."""
    base = "/" if site.base == "./" else site.base
    blocks = [(f"{base}*", sent)]
    kept = {"Cache-Control": FOR_EVER}
    # A rule may have one asterisk, at its end. In each folder either all names are hashed or none.
    hashed = sorted({name for name in site.names.values() if HASHED.search(name)})
    folders = sorted({f"{name.split('/')[0]}/*" for name in hashed if "/" in name})
    blocks += [(base + name, kept) for name in folders]
    blocks += [(base + name, kept) for name in hashed if "/" not in name]
    return "".join(
        f"{path}\n" + "".join(f"  {name}: {value}\n" for name, value in values.items())
        for path, values in blocks
    )


def nginx(site: Site, sent: dict[str, str]) -> str:
    """Return the lines for a ``server`` block of nginx that has a ``root``."""
    base = "/" if site.base == "./" else site.base
    common = "".join(f'    add_header {name} "{value}" always;\n' for name, value in sent.items())
    kinds: dict[str, list[str]] = {}
    for ending, kind in TYPES.items():
        kinds.setdefault(kind.split(";")[0], []).append(ending.removeprefix("."))
    types = "".join(f"    {kind} {' '.join(ends)};\n" for kind, ends in kinds.items())
    # nginx has text/html built in, and it must not be named again.
    pressed = " ".join(
        kind for kind in kinds if not re.match("text/html|image/[^s]|video|font", kind)
    )
    return f"""# Include this in a server block whose root holds the site.
types {{
{types}}}
default_type text/plain;
charset utf-8;
gzip on;
gzip_static on;
gzip_vary on;
gzip_types {pressed};
location {base} {{
{common}    add_header Cache-Control "no-cache";
}}
location ~ "^{base}.*{HASHED.pattern}" {{
{common}    add_header Cache-Control "{FOR_EVER}";
}}
"""


def caddy(sent: dict[str, str]) -> str:
    """Return the lines for a site block of a Caddyfile that has a ``root``."""
    common = "".join(f'\t{name} "{value}"\n' for name, value in sent.items())
    digit = "[0-9a-f]"
    hashed = HASHED.pattern.replace(f"{digit}{{{HASH}}}", digit * HASH)
    return f"""# Import this into a site block whose root holds the site.
header {{
{common}}}
@hashed path_regexp "{hashed}"
@other not path_regexp "{hashed}"
header @other Cache-Control "no-cache"
header @hashed Cache-Control "{FOR_EVER}"
encode zstd gzip
file_server {{
\tprecompressed br gzip
}}
"""


# ---- precompressed -------------------------------------------------------------------------------

# The best quality, because it is done once: some minutes, and a tenth smaller than at 9.
QUALITIES = {"br": 11, "gz": 9}
COMPRESSED_ALREADY = (".jpg", ".png", ".webp", ".mp4", ".webm", ".woff2")
WORTH = 0.95  # of the size: files that do not get that small are sent uncompressed


# Smaller files are not worth unpacking in the service worker.
LARGE = 100_000  # bytes


def precompress(site: Site, cache: Path) -> int:
    """Write a ``.br`` and a ``.gz`` beside every file that gets smaller; return how many did.

    Args:
        cache: the folder with copies from earlier builds.
    """
    paths = plain_files(site)
    return len({path for method in QUALITIES for path in beside(paths, method, cache)})


def pack(site: Site, cache: Path) -> list[str]:
    """Write a ``.gz`` beside every large file that gets smaller; return those files' addresses.

    Args:
        cache: as above.
    """
    paths = [path for path in plain_files(site) if path.stat().st_size >= LARGE]
    return [path.relative_to(site.folder).as_posix() for path in beside(paths, "gz", cache)]


def plain_files(site: Site) -> list[Path]:
    """Return the site's files that compression may make smaller."""
    packed = (*COMPRESSED_ALREADY, *(f".{method}" for method in QUALITIES))
    files = [path for path in sorted(site.folder.rglob("*")) if path.is_file()]
    return [path for path in files if path.suffix not in packed]


def beside(paths: Sequence[Path], method: str, cache: Path) -> list[Path]:
    """Write a compressed copy beside each file that gets smaller; return those files."""
    say = f"compressing files as .{method} (once) ..."
    copies = compressed(paths, method, QUALITIES[method], cache, say)
    worth = [path for path in paths if copies[path].stat().st_size < WORTH * path.stat().st_size]
    for path in worth:
        shutil.copyfile(copies[path], path.with_name(f"{path.name}.{method}"))
    return worth
