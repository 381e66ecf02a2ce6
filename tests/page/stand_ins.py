"""Stand-ins for browser and models, with state as the real things have: a video element that shows
one thing at a time, one canvas for photos, an engine that answers when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.errors import BackendError, ObscuraError
from obscura.families.decode import Outputs
from obscura.live.timing import Timings
from obscura.page.app import App
from obscura.page.live import kinds
from obscura.page.state.camera import CameraLost
from obscura.page.state.scene import Kind
from obscura.pipeline import Answer as HeadAnswer
from obscura.pipeline import Request

from .answers import SAMPLE, Image, mirror_image, model_number, outputs_for, size_of


class File(NamedTuple):
    """What a person gives the page."""

    name: str
    type: str
    picture: int
    content: bytes = b""

    @property
    def size(self) -> int:
        return len(self.content)


class Camera(NamedTuple):
    """A camera that is plugged in."""

    device_id: str
    label: str


class Answered(NamedTuple):
    """What the models return."""

    card: ModelCard
    outputs: Outputs


class Source:
    """A camera or video that plays in the video element."""

    is_live = True

    def __init__(
        self,
        screen: Screen,
        picture: int,
        *,
        is_camera: bool,
        facing: str = "",
        shared: object = None,
    ) -> None:
        self._screen, self.picture = screen, picture
        self.is_camera, self.facing = is_camera, facing
        self.is_screen, self.stream = shared is not None, shared
        self.device_id = f"camera-{picture}" if is_camera else ""
        self.name = f"Camera {picture}" if is_camera else "clip.mp4"
        self.silent = self.unplugged = False
        self.size = size_of(picture)
        self.stopped = False
        self.duration_s = None if is_camera or self.is_screen else 10.0
        self.position_s, self.rate = 0.0, 1.0
        self.seeking = False
        self.sizes: list[str] = []  # that the camera was asked to send
        self.sizable = True

    @property
    def ended(self) -> bool:
        """Whether the camera was released or disconnected."""
        return (self.is_camera or self.is_screen) and (self.stopped or self.unplugged)

    def play(self, playing: bool) -> None:
        """Play or pause."""
        assert not self.stopped, "it was released"
        self._screen.playing = playing

    def seek(self, seconds: float) -> None:
        """Go to a time of the video; a test says when its frame is there."""
        self.position_s, self.seeking = seconds, True

    def set_rate(self, rate: float) -> None:
        """Play faster or slower."""
        self.rate = rate

    async def set_resolution(self, resolution: str) -> bool:
        """Have the camera send pictures of about this size."""
        self.sizes.append(resolution)
        return self.sizable

    def stop(self) -> None:
        """Release it, and the video element if that does not show another by now."""
        self.stopped = True
        self.let_go()

    def let_go(self) -> None:
        """Play it no more."""
        if self._screen.video is self:
            self._screen.video = None


class Photo:
    """A decoded photo."""

    is_live = False

    def __init__(self, file: Any, picture: int) -> None:
        self.blob, self.name, self.picture = file, getattr(file, "name", "photo"), picture
        self.stopped = False

    def stop(self) -> None:
        """Free its memory."""
        self.stopped = True


class Screen:
    """The elements that show pictures."""

    def __init__(self) -> None:
        self.video: Source | None = None
        self.drawn: list[int] = []  # numbers of the photos that were drawn on the canvas
        self.frame = 0  # of the video
        self.playing = True
        self.capture_time_s = 0.0
        self.released: list[int] = []  # frames that were captured for nothing but their times

    @property
    def canvas(self) -> int:
        """Return the number of the photo on the canvas."""
        return self.drawn[-1]

    @property
    def photo_size(self) -> tuple[int, int]:
        """Width and height of the photo on the canvas."""
        return size_of(self.canvas)

    def grab(self, size: tuple[int, int], card: ModelCard, *, only_new: bool) -> Image | None:
        """Capture what the video element shows."""
        self.capture_time_s = self.frame / 30
        return Image(self.video.picture, self.frame) if self.video is not None else None

    def release(self, image: Image) -> None:
        """Free a capture that nobody takes."""
        self.released.append(image.frame)

    def captured(self, image: Image) -> Image:
        """Return what can be drawn of a frame."""
        return image

    def read_photo(self) -> Image:
        """Return the photo's pixels."""
        return Image(self.canvas)

    def read_photo_mirrored(self) -> Image:
        """Return the pixels of the photo's mirror image."""
        return self.mirrored(self.read_photo())

    def mirrored(self, pixels: Image) -> Image:
        """Return the pixels of a mirror image."""
        return Image(pixels.picture, pixels.frame, mirrored=not pixels.mirrored)

    def draw_photo(self, photo: Photo) -> None:
        """Draw a photo."""
        assert not photo.stopped, "its memory was freed"
        self.drawn.append(photo.picture)

    def show_video(self, source: Source) -> None:
        """Put a camera or video in view."""
        assert not source.stopped, "it was released"
        self.video, self.playing = source, True

    def in_view(self, kind: Kind, size: tuple[int, int] | None) -> tuple[Kind, Any]:
        """Return what was asked for."""
        return kind, size


class Opening:
    """A source that is being opened, until a test lets it arrive or fail."""

    def __init__(self, kind: str, source: Any, picture: int) -> None:
        self.kind, self.source, self.picture = kind, source, picture
        self.arguments: dict[str, Any] = {}
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, None]:
        return self._future.__await__()

    @property
    def done(self) -> bool:
        """Whether it has arrived or failed."""
        return self._future.done()

    def arrive(self) -> None:
        """The browser has opened it."""
        self._future.set_result(None)

    def fail(self, error: ObscuraError) -> None:
        """The browser could not open it."""
        self._future.set_exception(error)


class Opener:
    """Opens sources, each when a test lets it arrive."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.pending: list[Opening] = []
        self.opened: list[Source | Photo] = []
        self.on_ended: Callable[[], Any] = lambda: None
        self.on_silent: Callable[[], Any] = lambda: None
        self.on_sought: Callable[[], Any] = lambda: None
        self.on_played: Callable[[], Any] = lambda: None
        self.pictures = SAMPLE  # numbers given to pictures so far
        self.can_share = self.can_run_several = True
        self.asked = 0  # how often the browser was to ask for a screen

    def number(self) -> int:
        """Return the number of another picture."""
        self.pictures += 1
        return self.pictures

    async def camera(self, *, wanted: Callable[[], bool], **arguments: Any) -> Source:
        """Open a camera, as `live.sources.SourceOpener` does."""
        opening = self._open("camera", "camera")
        opening.arguments, facing = arguments, arguments["facing"]
        await opening
        if not wanted():
            raise CameraLost("The camera is no longer wanted")
        camera = Source(self._screen, opening.picture, is_camera=True, facing=facing)
        self.opened.append(camera)
        return camera

    def ask_for_screen(self) -> object:
        """Have the browser ask which screen to share."""
        self.asked += 1
        return object()

    async def screen(self, asked: object) -> Source:
        """Open a screen that was asked for."""
        opening = self._open("screen", "screen")
        await opening
        screen = Source(self._screen, opening.picture, is_camera=False, shared=asked)
        self.opened.append(screen)
        return screen

    async def part_of(self, shared: Source, stream: object) -> Source:
        """Play a part of a screen, which is another picture."""
        opening = self._open("part", stream)
        await opening
        part = Source(self._screen, opening.picture, is_camera=False, shared=shared.stream)
        self.opened.append(part)
        return part

    async def is_video(self, source: Any) -> bool:
        """Whether a file or address holds a video."""
        return kinds.is_video(source)

    async def video(self, source: Any) -> Source:
        """Open a video."""
        opening = self._open("video", source)
        await opening
        video = Source(self._screen, opening.picture, is_camera=False)
        self.opened.append(video)
        return video

    async def photo(self, source: Any) -> Photo:
        """Decode a photo."""
        opening = self._open("photo", source)
        await opening
        photo = Photo(source, opening.picture)
        self.opened.append(photo)
        return photo

    def _open(self, kind: str, source: Any) -> Opening:
        self.pending = [opening for opening in self.pending if not opening.done]
        picture = source.picture if isinstance(source, File) else self.number()
        opening = Opening(kind, source, picture)
        self.pending.append(opening)
        return opening


class Run:
    """A picture that a model is given, until a test has it answer or fail."""

    def __init__(self, card: ModelCard, image: Image) -> None:
        self.card, self.image = card, image
        self.future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()

    def answer(self) -> None:
        """Answer, truly."""
        outputs = outputs_for(self.image.picture, model_number(self.card))
        if self.image.mirrored:
            outputs = mirror_image(outputs)
        self.future.set_result(Answered(self.card, outputs))

    def fail(self, error: ObscuraError | None = None) -> None:
        """The backend failed."""
        self.future.set_exception(error or BackendError("The backend failed"))


class SamplePixels(Image):
    """Pixels of the bundled picture."""

    @property
    def width(self) -> int:
        """In pixels."""
        return size_of(self.picture)[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return size_of(self.picture)[1]


class Info(NamedTuple):
    """What a session says of itself."""

    backend: str = "wasm"
    threads: int = 2
    precision: str = "float32"


class Sessions:
    """The model in use."""

    def __init__(self) -> None:
        self.card: ModelCard | None = None
        self.in_use: Any = None
        self.timings = Timings()
        self.runs: list[Run] = []
        self.status = ""
        self.why = ""
        self.lost = False
        self.head: Callable[[Request], HeadAnswer] | None = None  # answers second networks

    @property
    def ready(self) -> bool:
        """Whether there is one."""
        return self.card is not None

    @property
    def info(self) -> Info | None:
        """What its session says of itself."""
        return Info() if self.card else None

    @property
    def sample(self) -> Outputs | None:
        """Its answer about the bundled picture."""
        return outputs_for(SAMPLE, model_number(self.card)) if self.card else None

    @property
    def pending(self) -> list[Run]:
        """Runs that were not answered yet."""
        return [run for run in self.runs if not run.future.done()]

    def take_over(self) -> None:
        """A faster way to run the same model takes over: the session before is closed."""
        self.in_use = object()
        for run in self.pending:
            run.future.set_result(None)

    async def run_head(self, request: Request, card: ModelCard) -> HeadAnswer | None:
        """Run a head, as `models.sessions` does."""
        if self.card is not card or self.head is None:
            return None
        in_use = self.in_use
        await asyncio.sleep(0)
        answer = self.head(request)
        return answer if self.in_use is in_use else None

    async def sample_image(self) -> Any:
        """Return pixels of the bundled picture."""
        return SamplePixels(SAMPLE)

    async def run(self, capture: Callable[[], Image | None]) -> Answered | None:
        """Run the model on what `capture()` returns, as `models.sessions` does."""
        if self.card is None:
            raise BackendError("No model is loaded")
        card, image = self.card, capture()
        if image is None:
            return None
        run = Run(card, image)
        self.runs.append(run)
        return await run.future


class Models:
    """Which model is in use, and what was asked for."""

    def __init__(self, app: App, sessions: Sessions) -> None:
        self._app, self._sessions = app, sessions
        self.opening: str | None = None
        self.begun = False
        self.asked: list[Any] = []  # what a person asked for, in order
        self.errors: list[ObscuraError] = []  # of runs that failed
        self.own_forgotten = False

    @property
    def chosen(self) -> str:
        """The chosen model's name."""
        return str(self._app.settings.model or "model-1")

    async def begin(self) -> None:
        """Load the model."""
        self.begun = True

    async def use(self, card: ModelCard) -> None:
        """This model is in use from now on."""
        self._sessions.card = card
        await self._app.model_opened()

    async def recover(self, error: ObscuraError) -> None:
        """A run failed: the session is closed, and the model opens on another backend."""
        self.errors.append(error)
        self._sessions.card = None

    async def choose(self, name: str) -> None:
        """A person chose a model."""
        self.asked.append(name)

    async def add(self, files: Any) -> None:
        """A person gave a model."""
        self.asked.append(list(files))

    async def recheck(self) -> None:
        """Check the model again."""
        self.asked.append("recheck")

    async def retry(self) -> None:
        """Load the model again."""
        self.asked.append("retry")

    async def choose_smallest(self) -> None:
        """Choose the smallest model."""
        self.asked.append("smallest")

    async def choose_automatic(self) -> None:
        """Leave the backend to the page."""
        self.asked.append("automatic")

    async def open(self) -> None:
        """Show the models page."""
        self.asked.append("models page")

    async def forget_own(self) -> None:
        """Remove the models that a person added."""
        self.own_forgotten = True

    def described(self) -> list[dict[str, Any]]:
        """Return the models for programs."""
        return [{"name": "model-1", "title": "Model 1", "own": False, "ms": {}}]


class Notice:
    """The error card."""

    def __init__(self) -> None:
        self.code: str | None = None
        self.message = ""

    def show(self, error: BaseException) -> None:
        """Show an error."""
        self.code = error.code if isinstance(error, ObscuraError) else "unexpected"
        self.message = str(error)

    def hide(self) -> None:
        """Put the card away."""
        self.code = None


class Shell:
    """Dialogs, full screen, reload."""

    def __init__(self) -> None:
        self.dialog = False
        self.did: list[str] = []

    def dialog_open(self) -> bool:
        """Whether a dialog covers the page."""
        return self.dialog

    def close_dialogs(self) -> None:
        """Close the dialogs."""
        self.dialog = False

    def click(self, element: str) -> None:
        """Click an element."""
        self.did.append(f"click {element}")

    def open_help(self) -> None:
        """Open the keyboard help."""
        self.did.append("help")

    def toggle_full_screen(self) -> None:
        """Show the picture alone."""
        self.did.append("full screen")

    def reload(self) -> None:
        """Load the page again."""
        self.did.append("reload")


class Frames:
    """The frames that the video element shows."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.on_frame: Any = None
        self.asked = self.hidden = False

    def ask(self) -> None:
        """Have the next frame offered."""
        self.asked = True

    def cancel(self) -> None:
        """Have none offered."""
        self.asked = False

    def total(self) -> int:
        """Return how many frames were shown."""
        return self._screen.frame

    def sought(self, seconds: float) -> None:
        """Another part of the video is sought."""

    def stepped(self, position_s: float, frames: int) -> float:
        """Return the time of the frame so many frames later."""
        return position_s + frames / 30

    def play(self) -> None:
        """Show the next frame, if something plays."""
        if self._screen.video is None or not self._screen.playing:
            return
        self._screen.frame += 1
        if self.asked:
            self.asked = False
            self.on_frame(self._screen.frame)


class View:
    """Fit, fill and zoom of the picture."""

    def __init__(self) -> None:
        self.fills = False
        self.resets = 0
        self.shown: list[tuple[Kind, bool, str]] = []

    def show(self, kind: Kind, *, moving: bool, fit: str) -> None:
        """Note what is in view."""
        self.shown.append((kind, moving, fit))

    def reset(self) -> None:
        """Count the returns to the whole picture."""
        self.resets += 1
