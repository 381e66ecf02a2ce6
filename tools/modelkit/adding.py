"""Puts a network that somebody brings into models/: read, sealed, compared, with a card.

What cannot be sealed stays open: the network as it came, beside a card that says how to feed and
read it. Either way the page and the library run it like any other.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import yaml
from numpy.typing import NDArray

from modelkit.agreement import Agreement, Form, Seen, compare, look
from modelkit.cards import NETWORK, PICTURE, recorded, write_card
from modelkit.choosing import Asked, Say, choose
from modelkit.compact import STORAGES, compact
from modelkit.errors import ConversionError
from modelkit.seal_open import seal_open
from obscura import Detections, pictures
from obscura.cards import labels
from obscura.cards.card import ModelCard, ModelFile
from obscura.cards.catalogue import CARD, read_card
from obscura.cards.complete import UNKNOWN_LICENSE
from obscura.engine.native import NativeSession
from obscura.errors import BackendError, ModelUnsupported, ObscuraError
from obscura.families.common.reading import Reading, any_size
from obscura.families.decode import decode
from obscura.graph.inspect import Graph, inspect
from obscura.identify import guess
from obscura.own_model import describe

Pixels = NDArray[np.uint8]  # RGBA, (height, width, 4)
USUAL_STORAGE = "fp16"  # where it changes no answer
DRAWN = 8  # boxes a reading
LONGEST_LICENSE = 100  # letters; "AGPL-3.0 License (https://...)" and the like


class Wish(NamedTuple):
    """What the command line asks for; see `builder.own_models.arguments`."""

    file: Path
    name: str
    title: str | None = None
    license: str | None = None
    labels: Path | None = None
    family: str | None = None
    reading: int | None = None
    size: tuple[int, int] | None = None
    threshold: float | None = None
    quantize: str | None = None
    images: Path | None = None
    default: bool = False
    replace: bool = False


class Network(NamedTuple):
    """What was brought: an ONNX file, whole."""

    file: str  # its name
    sha256: str  # of the file as it lay
    data: bytes  # with the weights that lay beside it
    graph: Graph


class Made(NamedTuple):
    """What goes into the folder."""

    card: ModelCard
    data: bytes


def add(wish: Wish, models: Path, say: Say) -> Path:
    """Add a model to the folder `models` of a repository; return the model's own folder.

    Args:
        wish: what is asked for.
        models: the folder of models.
        say: told what happens, line by line.

    Raises:
        ConversionError, ObscuraError, OSError: it cannot be done; says why, and what to do. Nothing
            has changed then.
    """
    folder = _free(wish, models)
    images = _images(wish)
    names = read_names(wish.labels) if wish.labels else ()
    network = read(wish.file)
    outputs = ", ".join(f"{v.name} {list(v.shape)}".replace("'", "") for v in network.graph.outputs)
    say(f"{network.file}: {_size(network.data)}, returns {outputs}")
    if any_size(network.graph) and wish.size is None:
        say("its input can have any size: --size chooses one, such as --size 320x320")
    sample = _rgba(PICTURE)

    def see(number: int, reading: Reading) -> str:
        drawing = _build_folder(models) / f"reading-{number}.png"
        try:
            with _opened(_open_card(wish, network, reading), network) as form:
                return _drawn(form, images[0] if images else PICTURE, drawing)
        except ObscuraError as error:
            return f"nothing: it cannot be read like this: {error.cause}"

    asked = Asked(names, wish.family, wish.reading, wish.size)
    reading = choose(network.graph, network.data, asked, say, see)
    say(f"read as {describe(reading)}: {reading.why}")
    card = _open_card(wish, network, reading)
    if not names and not reading.labels:
        say("the file names no classes, so they are numbered: see --labels")
    if wish.license is None:
        told = (
            "because the file names none" if card.license == UNKNOWN_LICENSE else "as the file says"
        )
        say(f"no --license: the card says {card.license}, {told}")
    with _opened(card, network) as form:
        _found(form, sample)  # raises where it cannot be read so after all
        made = _made(form, network, wish.quantize, [PICTURE, *images], say)
    with closing(NativeSession(*made)) as session:
        found = _found(Form(made.card, session), sample)
    say(f"on {PICTURE.name} it sees {_words(found, card)}")
    table = guess.to_table(made.card)
    table["check"] = recorded(found, (sample.shape[1], sample.shape[0]))
    _put(folder, table, made.data)
    say(f"wrote models/{wish.name}: {NETWORK} of {_size(made.data)}, and {CARD}")
    if wish.default:
        (models / "default").write_text(f"{wish.name}\n", "utf-8", newline="\n")
        say(f"{wish.name} is the model that the page loads first")
    return folder


def read(path: Path) -> Network:
    """Read an ONNX file, and the files beside it that hold its weights.

    Raises:
        ModelUnreadable: it is no ONNX model, or damaged, or cut off.
        ConversionError: a file beside it is missing or damaged.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    graph = inspect(lambda start, stop: data[start:stop], len(data))
    digest = sha256(data).hexdigest()
    if graph.external:
        try:
            data = onnx.load(path).SerializeToString()
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise ConversionError(
                f"{path.name} keeps weights in other files, and they cannot be read: put "
                f"{', '.join(graph.external[:3])} beside it, as it was exported."
            ) from error
    return Network(path.name, digest, data, graph._replace(external=()))


def read_names(path: Path) -> tuple[str, ...]:
    """Read a file of class names; YAML of any form.

    Raises:
        LabelsError: the file cannot be understood.
        OSError: it cannot be read.
    """

    def load(text: str) -> Any:
        try:
            # The base loader leaves every scalar text: a class called "no" is not false.
            return yaml.load(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error

    return labels.parse(path.name, path.read_bytes(), load_yaml=load)


def _free(wish: Wish, models: Path) -> Path:
    # A name is also part of addresses, and a folder on any system.
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", wish.name):
        raise ConversionError(
            f"--name {wish.name!r} is not a valid name: use small letters and digits, with - . _ "
            "between them."
        )
    folder = models / wish.name
    if folder.exists() and not (wish.replace and folder.is_dir()):
        raise ConversionError(f"models/{wish.name} exists: choose another --name or add --replace.")
    return folder


def _images(wish: Wish) -> list[Path]:
    if wish.images is None:
        return []
    found = [path for path in wish.images.iterdir() if path.suffix.lower() in pictures.SUFFIXES]
    if not found:
        raise ConversionError(f"{wish.images} contains no pictures: name a folder that does.")
    return sorted(found)


def _open_card(wish: Wish, network: Network, reading: Reading) -> ModelCard:
    card = guess.card_of(
        reading,
        name=wish.name,
        title=wish.title or wish.name,
        file=_file(network.data),
        license=wish.license or _license(network.graph) or UNKNOWN_LICENSE,
    )
    classes = f"{len(card.labels)} classes" if len(card.labels) > 1 else "1 class"
    return replace(
        card,
        summary=f"{classes}; {reading.leaves_out} are left out" if reading.leaves_out else classes,
        source={"file": network.file, "sha256": network.sha256},
        threshold=card.threshold if wish.threshold is None else wish.threshold,
    )


def _license(graph: Graph) -> str:
    """What the file's metadata says of its licence, if that is a line that fits on a card."""
    text = graph.metadata.get("license", "").strip()
    return text if len(text) <= LONGEST_LICENSE and text.isprintable() else ""


@contextmanager
def _opened(card: ModelCard, network: Network) -> Iterator[Form]:
    try:
        session = NativeSession(card, network.data)
    except BackendError as error:
        foreign = sorted(name for name in network.graph.operators if ":" in name)
        if foreign:
            raise ModelUnsupported(
                "The network uses operators that are not ONNX's own", ", ".join(foreign[:3])
            ) from error
        raise
    with closing(session):
        yield Form(card, session)


def _made(form: Form, network: Network, storage: str | None, on: list[Path], say: Say) -> Made:
    """The sealed form, or the open one where that cannot be.

    Args:
        form: the open one, ready to run.
        network: what was brought.
        storage: how weights are to be stored; None for what is usual.
        on: the pictures on which forms are compared.
        say: told what came out.
    """
    if len(on) > 1:
        say(f"comparing forms on {len(on)} pictures ...")
    seen = look(form, map(_rgba, on))
    try:
        model, top = seal_open(onnx.load_from_string(network.data), form.card, _examples(form))
        made = _sealed(form.card, model, top)
        agreement = _agreement(seen, made, on)
    except (ConversionError, BackendError) as error:
        say(f"it stays open, for it cannot be sealed: {error}")
        return Made(form.card, network.data)
    if not agreement.exact:
        say(f"it stays open, for sealed it would answer otherwise: {agreement}")
        return Made(form.card, network.data)
    say(f"sealed, {_size(made.data)}; compared with the open form: {agreement}")
    if not agreement.boxes:
        say("pictures of what it detects, given with --images, would show more")
    wanted, told = storage or USUAL_STORAGE, "none"
    if wanted != "none":
        small = _sealed(form.card, compact(model, wanted), top)
        changed = _agreement(seen, small, on)
        say(f"{STORAGES[wanted]}, {_size(small.data)}: {changed}")
        if storage is not None or changed.close:
            made, agreement, told = small, changed, wanted
        if not changed.close:
            say(
                "that changes answers, so weights stay as they came"
                if storage is None
                else "note that this changes answers; --quantize none does not"
            )
    source = {**made.card.source, "storage": told, "agreement": str(agreement)}
    return Made(replace(made.card, source=source), made.data)


def _examples(form: Form) -> list[dict[str, NDArray[np.generic]]]:
    """Raw outputs for pictures as different as can be."""
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 4), np.uint8)
    black = np.zeros((64, 64, 4), np.uint8)
    return [form.session.run(picture) for picture in (_rgba(PICTURE), noise, black)]


def _sealed(card: ModelCard, model: onnx.ModelProto, top: int) -> Made:
    data = model.SerializeToString(deterministic=True)
    return Made(replace(card, open=None, top=top, file=_file(data)), data)


def _agreement(seen: Sequence[Seen], made: Made, on: list[Path]) -> Agreement:
    with closing(NativeSession(*made)) as session:
        return compare(seen, look(Form(made.card, session), map(_rgba, on)), made.card.threshold)


def _file(data: bytes) -> ModelFile:
    return ModelFile(NETWORK, len(data), sha256(data).hexdigest())


def _rgba(path: Path) -> Pixels:
    return pictures.to_rgba(pictures.open_picture(path))


def _found(form: Form, picture: Pixels) -> Detections:
    height, width = picture.shape[:2]
    return decode(form.run(picture), form.card, (width, height))


def _drawn(form: Form, on: Path, drawing: Path) -> str:
    """Draw the best boxes of all, for a person who knows what is in the picture; say them, too."""
    image = pictures.upright(pictures.open_picture(on))
    outputs = form.run(pictures.to_rgba(image))
    found = decode(outputs, form.card, image.size, threshold=0)[:DRAWN]
    pictures.annotated(image, found, form.card.labels).save(drawing)
    words = [
        f"{row['label']} {row['score']:.0%} at " + ", ".join(f"{edge:.0f}" for edge in row["box"])
        for row in found[:3].to_records(form.card.labels)
    ]
    return f"{'; '.join(words) or 'nothing'} (drawn in build/{drawing.name})"


def _words(found: Detections, card: ModelCard) -> str:
    words = [f"{row['label']} {row['score']:.0%}" for row in found[:8].to_records(card.labels)]
    return ", ".join(words + ["..."] * (len(found) > 8)) or "nothing"


def _size(data: bytes) -> str:
    return f"{len(data) / 1e6:.1f} MB" if len(data) >= 1e5 else f"{len(data) / 1e3:.0f} KB"


def _put(folder: Path, table: Mapping[str, Any], network: bytes) -> None:
    """Put a model in place, whole or not at all; the former one goes."""
    build = _build_folder(folder.parent)
    with tempfile.TemporaryDirectory(prefix="adding-", dir=build) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        (fresh / NETWORK).write_bytes(network)
        write_card(fresh, table)
        read_card(fresh)  # raises what the build would find fault with
        if folder.exists():
            folder.rename(Path(scratch) / "former")
        fresh.rename(folder)


def _build_folder(models: Path) -> Path:
    folder = models.parent / "build"  # whose contents are nobody's
    folder.mkdir(exist_ok=True)
    return folder
