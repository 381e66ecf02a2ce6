"""Photos: collects pictures that were given at once, analyses them, and shows them as a grid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError, PictureError
from obscura.page.browser import canvas, files
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, every
from obscura.page.browser.shell import close_dialogs
from obscura.page.features.context import Context
from obscura.page.features.photos import words
from obscura.page.features.photos.bar import PictureBar
from obscura.page.features.photos.collection import Choice, Collection, State, View
from obscura.page.features.photos.dialog import PhotosDialog, said
from obscura.page.features.photos.given import photo_of
from obscura.page.features.photos.grid import Grid
from obscura.page.features.photos.keeping import Keeping
from obscura.page.features.photos.reader import PhotoReader, identity
from obscura.page.features.photos.saver import Saver
from obscura.page.features.photos.selection import Selection
from obscura.page.features.photos.thumbs import Thumbnails
from obscura.page.features.photos.tiles import Tile, describe
from obscura.page.features.photos.work import Work
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings

RENDER_MS = 400
"""Between two looks at whether the grid shows what is known by now."""
AT_ONCE = 100
"""Files that are added to the list before the page has its turn."""


def start(context: Context) -> Photos:
    """Start the feature."""
    return Photos(context)


class Photos(Part):
    """The grid and the bar, and the work behind them."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        self._collection, self._selection = Collection(), Selection()
        self._before: tuple[Collection, Selection] | None = None  # was cleared, and may come back
        self._choice, self._view = Choice(), View()
        self._sight: Sequence[int] = ()
        self._first: Any = None  # the first of several files, while it is being opened
        self._stale = False  # whether something was found since the grid was rendered
        self._reading = self._collection  # that of the picture which is being analysed
        self._keeping = Keeping(context.build.store_url, lambda: self._dialog.say(words.FULL))
        self._reader = self._make_reader()
        self._bar = PictureBar(self._page.sources, context.spawn, self._open_grid)
        self._thumbs = Thumbnails(
            lambda number: self._reader.small(self._collection.photos[number]),
            files.object_url,
            files.revoke,
            self._touch,
        )
        self._work = Work(
            waiting=lambda: self._collection.waiting,
            first=lambda: self._sight,
            blocked=self._blocked,
            read=self._read,
            failed=self._failed,
            changed=self._touch,
            now_s=lambda: now_ms() / 1000,
        )
        grid = Grid(
            self._describe,
            open_one=self._open_one,
            select=self._select,
            select_all=self._select_shown,
            in_sight=self._seen,
        )
        self._dialog = PhotosDialog(grid, self._render, self._page.change)
        self._saver = Saver(self._dialog, lambda: self._page.sources.veiled)
        every(RENDER_MS, self._render_if_stale)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        return {
            "grid": self._open_grid,
            "grid of the bar": self._open_grid,
            "grid of Export": self._leave_export,
            "previous": lambda: self._bar.album.move(-1),
            "next": lambda: self._bar.album.move(1),
            "pause": self._pause,
            "cancel": lambda: self._work.stop(words.STOPPED),
            "select": self._select_shown,
            "unselect": self._unselect,
            "clear": self._clear,
            "undo": self._undo,
            "save": self._save,
            "cancel save": self._saver.cancel,
        }[command]()

    def step(self, steps: int) -> Any:
        """See `Part`."""
        return None if self._page.sources.is_video else self._bar.album.move(steps)

    @property
    def collects(self) -> bool:
        """See `Part`: what is given while the grid is open is added to it."""
        return bool(self._dialog.open and len(self._collection))

    def files_given(self, media: Sequence[Any], others: Sequence[Any]) -> None:
        """See `Part`."""
        noted = self._bar.note(others)
        if self.collects:
            self._collect(media)
            return
        if len(media) < 2 and not (media and self._dialog.open):
            self._bar.album.fill(media if noted else ())
            return
        if not self._dialog.open:
            self._set_aside()
        self._bar.album.fill(media)
        self._first = media[0]
        self._collect(media)
        self._open_grid()
        self._pass_over()

    def scene_changed(self) -> None:
        """See `Part`."""
        self._bar.album.scene_changed()
        self._touch()
        self._pass_over()

    def model_opened(self, card: ModelCard) -> None:  # noqa: ARG002
        """See `Part`."""
        self._begin()

    def settings_changed(self, settings: Settings) -> None:  # noqa: ARG002
        """See `Part`."""
        if len(self._collection):
            self._begin()
            self._render()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        collection = self._collection
        if not len(collection):
            return {"photos": None}
        return {
            "photos": {
                "count": len(collection),
                "analysed": collection.count(State.DONE),
                "failed": collection.count(State.FAILED),
                "waiting": len(collection.waiting),
                "shown": len(self._view.order),
                "selected": len(self._selection),
            }
        }

    async def forget(self) -> None:
        """See `Part`."""
        await self._keeping.forget()

    def _collect(self, media: Sequence[Any]) -> None:
        self._collection.add(photo_of(file) for file in media[:AT_ONCE])
        if len(media) > AT_ONCE:
            self._context.spawn(self._add(self._collection, media[AT_ONCE:]))
        self._begin()

    async def _add(self, collection: Collection, media: Sequence[Any]) -> None:
        """Add files, a few at a time: to look at thousands takes the browser a moment."""
        for start in range(0, len(media), AT_ONCE):
            await asyncio.sleep(0)
            collection.add(photo_of(file) for file in media[start : start + AT_ONCE])
            self._touch()
        if collection is self._collection:
            self._begin()

    def _pass_over(self) -> None:
        """Once the first of several pictures has been opened, or cannot be: in this case the grid
        says why, in its place, and the error card must not cover the others."""
        first, sources = self._first, self._page.sources
        if first is None or sources.scene.opening:
            return
        self._first = None
        if sources.given is not first:
            self._context.spawn(self._return_to_grid())

    async def _return_to_grid(self) -> None:
        if self._page.notice.code is not None:
            self._page.notice.dismiss()
        self._open_grid()

    # ---- analysis --------------------------------------------------------------------------------

    def _make_reader(self) -> PhotoReader:
        return PhotoReader(
            self._page.sources,
            self._context.analysis,
            self._keeping.answers,
            new_canvas=lambda: canvas.new_canvas(1, 1),
            read_pixels=canvas.read_pixels,
            small_copy=canvas.small_copy,
            release=canvas.release,
            unstored=self._keeping.failed,
        )

    def _begin(self) -> None:
        """Analyse what is to be analysed by the model in use."""
        card = self._page.sessions.card
        if card is not None:
            options = self._context.analysis.options(card)
            if self._collection.use_model(identity(card, options.iou), card.name, card.labels):
                self._dialog.want_any()
        self._touch()
        if self._collection.waiting and not self._work.stopped:
            self._context.spawn(self._work.run())

    def _blocked(self) -> str:
        """Return why the analysis must wait: what is in view goes first."""
        sources = self._page.sources
        if not self._page.sessions.ready:
            return words.NO_MODEL
        scene = sources.scene
        if scene.kind is Kind.LIVE and not scene.paused:
            return words.LIVE
        busy = scene.opening or (scene.kind is Kind.STILL and not sources.answered)
        return words.IN_VIEW if busy and self._page.notice.code is None else ""

    async def _read(self, number: int) -> None:
        collection, card = self._collection, self._page.sessions.card
        self._reading = collection
        if card is None:
            return
        try:
            small = await self._reader.read(collection, number, card)
        except PictureError:
            raise
        except ObscuraError as error:
            if self._page.sessions.card is card:  # on the next backend there is another try
                await self._page.models.recover(error)
            raise
        if small is not None and collection is self._collection:
            self._thumbs.keep(number, small)

    async def _failed(self, number: int, error: ObscuraError) -> None:
        unreadable = isinstance(error, PictureError)
        self._reading.failed(number, words.failure(error), unreadable=unreadable)

    def _pause(self) -> None:
        if self._work.stopped:
            self._work.go_on()
            self._collection.try_again()
            self._begin()
        else:
            self._work.stop(words.PAUSED)

    # ---- the grid --------------------------------------------------------------------------------

    def _touch(self) -> None:
        self._stale = True

    def _render_if_stale(self) -> None:
        if self._stale and self._dialog.open:
            self._render()
        elif self._stale:
            self._render_button()

    def _render(self) -> None:
        self._stale = False
        card = self._page.sessions.card
        if card is not None:
            options = self._context.analysis.options(card)
            threshold = card.threshold if options.threshold is None else options.threshold
            classes = None if options.classes is None else frozenset(options.classes)
            self._choice = Choice(threshold, classes)
        self._choice = self._dialog.choice(self._choice)
        self._view = self._collection.view(self._choice)
        self._dialog.render(self._collection, self._view, self._choice, self._selection)
        self._dialog.allow_pictures(not self._page.sources.veiled)
        self._dialog.render_work(self._collection, self._work)
        self._render_button()

    def _render_button(self) -> None:
        count = len(self._collection)
        by_id("photos").hidden = by_id("export-photos").hidden = not count
        said(by_id("photos-text"), words.pictures(count))

    def _open_grid(self) -> None:
        if not len(self._collection) and self._before is None:
            return
        self._dialog.show()
        self._render()
        shown = self._collection.number_of(self._page.sources.given)
        if shown is not None:
            self._dialog.grid.activate(shown)
        self._dialog.grid.focus()

    def _leave_export(self) -> None:
        close_dialogs()
        self._open_grid()

    def _describe(self, number: int) -> Tile:
        return describe(
            self._collection,
            number,
            self._choice,
            url=self._thumbs.url(number),
            chosen=number in self._selection,
            shown=self._collection.photos[number].file is self._page.sources.given,
        )

    def _seen(self, numbers: Sequence[int]) -> None:
        """These pictures are in sight: they are analysed first, and shown small."""
        self._sight = numbers
        photos = self._collection.photos
        wanted = [n for n in numbers if photos[n].state in (State.DONE, State.WAITING)]
        if self._work.running and not self._work.why:
            # Those that wait get theirs with their answer.
            wanted = [n for n in wanted if photos[n].state is State.DONE]
        if self._thumbs.want(wanted):
            self._context.spawn(self._thumbs.run())

    async def _open_one(self, number: int) -> None:
        order = self._view.order
        self._dialog.close()
        shown = [self._collection.photos[each].file for each in order]
        self._bar.focus_soon()
        await self._bar.album.enter(shown, order.index(number))

    def _select(self, number: int, extend: bool) -> None:
        if extend:
            self._selection.extend(number, self._view.order)
        else:
            self._selection.toggle(number)
        self._render()

    def _select_shown(self) -> None:
        self._selection.add(self._view.order)
        self._render()

    def _unselect(self) -> None:
        self._selection.clear()
        self._render()

    def _set_aside(self) -> None:
        """Empty the list; it can be brought back."""
        if len(self._collection):
            self._before = (self._collection, self._selection)
        self._collection, self._selection = Collection(), Selection()
        self._sight = ()
        self._thumbs.clear()
        self._dialog.unfilter()
        self._dialog.offer_undo(self._before is not None)
        self._work.go_on()

    def _clear(self) -> None:
        self._set_aside()
        self._bar.album.fill(())
        self._dialog.say(words.CLEARED)
        self._render()

    def _undo(self) -> None:
        if self._before is None:
            return
        self._collection, self._selection = self._before
        self._before = None
        self._thumbs.clear()
        self._dialog.offer_undo(False)
        self._dialog.say("")
        self._begin()
        self._render()
        self._dialog.grid.focus()

    # ---- what leaves the grid --------------------------------------------------------------------

    def _save(self) -> Any:
        """Save the pictures that are marked; all that are shown if none is."""
        order = self._view.order
        numbers = self._selection.among(order) if len(self._selection) else order
        return self._saver.save(self._collection, numbers, self._choice, self._dialog.format)
