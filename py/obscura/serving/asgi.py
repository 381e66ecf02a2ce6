"""The application: calls of the server, for any ASGI host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from obscura import __version__
from obscura.heads import native
from obscura.serving import detecting, inference
from obscura.serving.answers import Error, Listing, Record
from obscura.serving.detecting import Limits
from obscura.serving.limits import Limits as Guard
from obscura.serving.limits import Receive
from obscura.serving.metrics import CONTENT_TYPE, Metrics
from obscura.serving.page import Page
from obscura.serving.pictures import RAW, check_kind, decoded, raw
from obscura.serving.pool import Answer, Pool, Work
from obscura.serving.refusal import Refusal, come_again, error_body
from obscura.serving.settings import Models, Settings

Share = Annotated[float | None, Query(ge=0, le=1)]
Side = Annotated[int | None, Query(ge=1, le=65_535)]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURE = {
    "requestBody": {
        "required": True,
        "content": dict.fromkeys(("image/jpeg", "image/png", "image/webp", RAW), _BINARY),
    }
}
_TENSORS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/octet-stream": _BINARY,
        },
    }
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Error} for status in (401, 403, 421, *statuses)}


class Server:
    """The workers of an application, and its answers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = Pool(settings.open_models, settings.jobs, settings.most_waiting)
        self.metrics = Metrics(self.pool)

    @asynccontextmanager
    async def running(self, _app: FastAPI) -> AsyncIterator[None]:
        """Keep the workers while the application runs."""
        self.pool.start()
        yield
        await asyncio.to_thread(self.pool.close)

    async def run(self, work: Work, receive: Receive) -> Answer:
        """Let a worker do something, unless the client leaves before its turn.

        Args:
            receive: of a request whose body has been read.

        Raises:
            Refusal: 429 or 503; or what ``work`` raises.
        """
        job = asyncio.wrap_future(self.pool.submit(work))
        leaving = asyncio.ensure_future(receive())
        both: set[asyncio.Future[Any]] = {job, leaving}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                job.cancel()  # one that runs is left to its end, one that waits is not begun
            answer = await job
        except asyncio.CancelledError:
            raise come_again(503, "loading", "The server is stopping", 5) from None
        finally:
            leaving.cancel()
            # The job holds its error, whose traceback holds this frame: a ring that would keep the
            # picture until the garbage collector finds it.
            del job, both
        self.metrics.ran(answer)
        return answer

    def model(self, name: str) -> native.AnyDetector:
        """Return a model for its card; raise Refusal if it is not here, or not yet."""
        if not self.pool.ready:
            raise come_again(503, "loading", "The models are being loaded", 1)
        return detecting.chosen(self.pool.models, name)


def create_app(settings: Settings) -> FastAPI:
    """Return the application, whose workers start with it."""
    server = Server(settings)
    app = FastAPI(
        title="Obscura",
        version=__version__,
        description="Object detection that keeps nothing of a picture.",
        docs_url=None,  # it would load its scripts from another host
        redoc_url=None,
        lifespan=server.running,
    )
    app.state.server = server
    app.add_middleware(Guard, settings=settings, answered=server.metrics.answered)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    _add_own(app, server)
    _add_protocol(app, server)
    if settings.page is not None:
        app.mount("/", Page(settings.page))
    return app


def _timed(answer: Answer) -> dict[str, str]:
    wait, run = 1000 * answer.wait_s, 1000 * answer.run_s
    return {"server-timing": f"wait;dur={wait:.1f}, run;dur={run:.1f}"}


def _add_own(app: FastAPI, server: Server) -> None:
    """Add the calls that docs/server.md promises, and the counters."""
    settings, pool = server.settings, server.pool

    @app.get("/v1/models", response_model=Listing, responses=_errors())
    async def models() -> Response:
        """Say what may be asked for, and how much may be sent."""
        known: Models = pool.models if pool.ready else {}
        return JSONResponse(
            {
                "ready": pool.ready,
                "default": next(iter(known), None),
                "models": detecting.described(known),
                "most_bytes": settings.most_bytes,
                "most_pixels": settings.most_pixels,
            }
        )

    @app.post(
        "/v1/detect",
        response_model=Record,
        responses=_errors(404, 408, 413, 415, 422, 429, 503),
        openapi_extra=_PICTURE,
    )
    async def detect(
        request: Request,
        model: str | None = None,
        threshold: Share = None,
        iou: Share = None,
        classes: str | None = None,
        width: Side = None,
        height: Side = None,
    ) -> Response:
        """Find objects in one picture."""
        body = await request.body()
        server.metrics.received(len(body))
        limits = Limits(threshold, iou, inference.split_names(classes))
        is_raw = request.headers.get("content-type", "").partition(";")[0].strip().lower() == RAW
        if not is_raw:
            check_kind(body)

        def work(models: Models) -> bytes:
            detector = detecting.chosen(models, model)
            most = settings.most_pixels
            pixels = raw(body, width, height, most) if is_raw else decoded(body, most)
            made = detecting.record(detector, pixels, limits)
            server.metrics.failed(made.get("failures", ()))
            return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()

        answer = await server.run(work, request.receive)
        return Response(answer.value, headers=_timed(answer), media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Return the counters."""
        return Response(server.metrics.text(), headers={"content-type": CONTENT_TYPE})


def _add_protocol(app: FastAPI, server: Server) -> None:
    """Add the calls of the Open Inference Protocol, version 2."""

    @app.get("/v2", responses=_errors())
    async def about() -> dict[str, Any]:
        """Say what the server is."""
        return {"name": "obscura", "version": __version__, "extensions": ["binary_tensor_data"]}

    @app.get("/v2/health/live")
    async def live() -> dict[str, bool]:
        """Say that the server runs."""
        return {"live": True}

    @app.get("/v2/health/ready", responses={503: {"model": Error}})
    async def ready() -> dict[str, bool]:
        """Say whether the models are loaded."""
        if not server.pool.ready:
            raise come_again(503, "loading", "The models are being loaded", 1)
        return {"ready": True}

    @app.get("/v2/models/{model}", responses=_errors(404, 503))
    async def metadata(model: str) -> dict[str, Any]:
        """Say what a model takes and returns."""
        server.model(model)
        return inference.metadata(model)

    @app.get("/v2/models/{model}/ready", responses=_errors(404, 503))
    async def model_ready(model: str) -> dict[str, Any]:
        """Say whether a model is loaded."""
        server.model(model)
        return {"name": model, "ready": True}

    @app.post(
        "/v2/models/{model}/infer",
        responses=_errors(400, 404, 408, 413, 422, 429, 503),
        openapi_extra=_TENSORS,
    )
    async def infer(request: Request, model: str) -> Response:
        """Find objects in a tensor."""
        body = await request.body()
        server.metrics.received(len(body))
        length = request.headers.get(inference.LENGTH)

        def work(models: Models) -> tuple[bytes, Mapping[str, str]]:
            detector = detecting.chosen(models, model)
            asked = inference.parse(body, length, server.settings.most_pixels)
            found = detecting.found(detector, asked.pixels, asked.limits)
            failures = native.failures(detector)
            server.metrics.failed(failures)
            return inference.answer(model, asked, found, failures)

        answer = await server.run(work, request.receive)
        content, headers = answer.value
        return Response(content, headers={**headers, **_timed(answer)})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _error(error.status, error.body(), error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    cause = f"{first['loc'][-1]}: {first['msg']}. See docs/server.md."
    return _error(422, error_body("parameters", cause))


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 405: "method"}.get(error.status_code, "request-invalid")
    body = error_body(code, f"{error.detail}. See docs/server.md.")
    return _error(error.status_code, body, error.headers)


def _error(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")
