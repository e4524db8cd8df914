"""Latchkey for Python 3.11 and newer: a client, and middleware for ASGI and WSGI. One file, the standard library alone.

The middleware asks Latchkey about every request and keeps no verdict, so that a revoked key fails on its next request. It fails
closed: 503 where the verdict is not known, 500 where Latchkey refuses this server itself (its own key, an unknown scope), and
neither is ever the client's 401 or a pass. test/conformance/cases.json is what it is tested against.
"""

from __future__ import annotations

import asyncio
import email.utils
import http.client
import json
import logging
import random
import re
import socket
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

__all__ = ["ApiKeyASGIMiddleware", "ApiKeyWSGIMiddleware", "Client", "LatchkeyError", "API_KEY"]

API_KEY = "latchkey.api_key"
"""Where the verified key is in the ASGI scope and in the WSGI environ: no header of a client can have this name."""

Json = dict[str, Any]
Headers = list[tuple[str, str]]
log = logging.getLogger("latchkey")


# --- The connection to a deployment ---------------------------------------------------------------------------------------


@dataclass
class _Response:
    status: int
    headers: Mapping[str, str]
    body: Any  # None: it is no JSON.


class _NoAnswer(Exception):
    """No connection, a broken one, or none in time. Whether a change took place is unknown."""


class _Deployment:
    """Requests to the paths below the base path of `url`. A redirect is not followed: it would carry the key elsewhere."""

    def __init__(self, url: str | None, key: str | None, workers: int) -> None:
        # The message never quotes `url`, which may hold a password.
        if not url or not re.fullmatch(r"https?://[\x21-\x7e]+", url, re.I) or re.search(r"[?#@]", url):
            raise ValueError("latchkey: url needs http(s), and no user, query or fragment.")
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError("latchkey: url needs a host.")
        if not key or not re.fullmatch(r"[\x21-\x7e]+", key):
            raise ValueError("latchkey: key is missing, or is none.")
        self.host, self.port, self.base = parts.hostname, parts.port, parts.path.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.tls = ssl.create_default_context() if parts.scheme.lower() == "https" else None
        # A thread is started when it is needed. What waits longer than its timeout is given up, whatever holds the thread.
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="latchkey")

    def submit(self, method: str, path: str, headers: Mapping[str, str], body: str | None, timeout: float) -> Future[_Response]:
        return self.pool.submit(self._exchange, method, path, headers, body, time.monotonic() + timeout)

    def _exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None, deadline: float
    ) -> _Response:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _NoAnswer("no answer in time")
        connection = (
            http.client.HTTPSConnection(self.host, self.port, timeout=left, context=self.tls)
            if self.tls
            else http.client.HTTPConnection(self.host, self.port, timeout=left)
        )
        try:
            connection.connect()
            sock = connection.sock
            connection.request(method, self.base + path, body and body.encode(), {**headers, "connection": "close"})
            response = connection.getresponse()
            text = _read(response, sock, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise _NoAnswer(f"no answer: {error!r}") from error
        finally:
            connection.close()
        return _Response(response.status, response.headers, _parse(text))


def _read(response: http.client.HTTPResponse, sock: socket.socket, deadline: float) -> bytes:
    """The whole body, by `deadline`: the timeout of a socket alone is one of each read."""
    chunks: list[bytes] = []
    try:
        while not response.isclosed():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            sock.settimeout(left)
            chunk = response.read1(65536)
            if not chunk:
                break
            chunks.append(chunk)
    except (OSError, http.client.HTTPException):
        # Of a failure the status alone says enough.
        if response.status < 300:
            raise
    return b"".join(chunks)


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# --- How a request is refused (RFC 9457, RFC 6750) ------------------------------------------------------------------------

_PROBLEMS = {
    "missing_credential": (401, "No credential was presented"),
    "invalid_api_key": (401, "The API key is not valid"),
    "revoked_api_key": (401, "The API key has been revoked"),
    "expired_api_key": (401, "The API key has expired"),
    "disabled_api_key": (401, "The API key is disabled"),
    "account_suspended": (401, "The account is suspended"),
    "wrong_environment": (403, "The key belongs to another environment"),
    "insufficient_scope": (403, "The credential lacks a scope"),
    "ip_not_allowed": (403, "The address may not use this key"),
    "conflict": (409, "Conflict"),
    "rate_limited": (429, "Too many requests"),
    "credits_exhausted": (429, "No credits are left"),
    "internal_error": (500, "Something went wrong"),
    "authority_unavailable": (503, "The answer is not known right now"),
}
_DETAILS = {
    "missing_credential": "Present a key as X-API-Key or as Authorization: Bearer.",
    "conflict": "This idempotency key was used for another cost within 24 hours.",
    "authority_unavailable": "A store did not answer, so the answer is not known. Asking again is safe.",
}
# Where no refill will cover the cost: soon enough to notice credits that were added.
_MAX_RETRY_AFTER_SECONDS = 3_600


@dataclass
class _Refusal:
    code: str
    answer: Json = field(default_factory=dict)
    retry_after: str | None = None
    error: Exception | None = None  # What the client is not told.


@dataclass
class _Refused:
    status: int
    headers: Headers
    body: bytes


def _refuse(refusal: _Refusal, environment: str) -> _Refused:
    status, title = _PROBLEMS[refusal.code]
    request_id = str(uuid.uuid4())
    problem = {
        "type": f"/docs/errors#{refusal.code}",
        "title": title,
        "status": status,
        "detail": _detail(refusal, environment),
        "code": refusal.code,
        "request_id": request_id,
    }
    body = json.dumps(problem).encode()
    headers = [
        ("content-type", "application/problem+json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("x-request-id", request_id),
    ]
    if status <= 403:
        headers.append(("www-authenticate", _challenge(refusal)))
    if status in (429, 503):
        retry_after = _retry_after(refusal)
        headers += [("retry-after", retry_after), *_limit_headers(refusal.answer.get("rate_limit"), int(retry_after))]
    return _Refused(status, headers, body)


def _detail(refusal: _Refusal, environment: str) -> str:
    if refusal.code == "insufficient_scope":
        missing, any_of = refusal.answer["missing_scopes"], refusal.answer["missing_any_of"]
        return f"This needs {', and '.join(filter(None, [' and '.join(missing), ' or '.join(any_of)]))}."
    if refusal.code == "wrong_environment":
        return f"This needs a key of the environment {environment}."
    if refusal.code == "rate_limited" and refusal.answer.get("key") is None:
        return "Too many unknown tokens from this address."
    return _DETAILS.get(refusal.code, _PROBLEMS[refusal.code][1])


def _challenge(refusal: _Refusal) -> str:
    # RFC 6750 3: no error where nothing was presented.
    if refusal.code == "missing_credential":
        return 'Bearer realm="latchkey"'
    if refusal.code != "insufficient_scope":
        return 'Bearer realm="latchkey", error="invalid_token"'
    needed = " ".join(refusal.answer["missing_scopes"] + refusal.answer["missing_any_of"])
    return f'Bearer realm="latchkey", error="insufficient_scope", scope="{needed}"'


def _retry_after(refusal: _Refusal) -> str:
    seconds = refusal.answer.get("retry_after_seconds", refusal.retry_after)
    if seconds is None and "retry_after_seconds" in refusal.answer:
        return str(_MAX_RETRY_AFTER_SECONDS)
    until = _seconds_until(str(seconds))
    return "1" if until is None else str(-int(-until // 1))


def _seconds_until(retry_after: str | None) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110 10.2.3)."""
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", retry_after):
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _limit_headers(windows: Sequence[Json] | None, retry_after_seconds: int | None) -> Headers:
    """RateLimit-Policy and RateLimit (draft 11): a client that reads both must not wait longer than `Retry-After`."""
    if not windows:
        return []
    headers = [("ratelimit-policy", ", ".join(f'"{w["name"]}";q={w["limit"]};w={w["window_seconds"]}' for w in windows))]
    shown = [w for w in windows if w["reset_seconds"] <= (retry_after_seconds or float("inf"))]
    if shown:
        headers.append(("ratelimit", ", ".join(f'"{w["name"]}";r={w["remaining"]};t={w["reset_seconds"]}' for w in shown)))
    return headers


# --- What Latchkey answers, read so that nothing unreadable passes ----------------------------------------------------------


def _is_texts(value: Any) -> bool:
    """Scopes and names: what can stand in a header (RFC 6749 3.3)."""
    return isinstance(value, list) and all(
        isinstance(text, str) and re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", text) for text in value
    )


def _is_windows(value: Any) -> bool:
    numbers = ("limit", "window_seconds", "remaining", "reset_seconds")
    return isinstance(value, list) and all(
        isinstance(window, dict)
        and _is_texts([window.get("name")])
        and all(type(window.get(number)) in (int, float) for number in numbers)
        for window in value
    )


def _has_id(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"] != ""


def _verdict(answer: Any) -> Json | _Refusal:
    if isinstance(answer, dict) and (answer.get("rate_limit") is None or _is_windows(answer["rate_limit"])):
        code, holds = answer.get("code"), all(_is_texts(answer.get(held)) for held in ("scopes", "resources"))
        if answer.get("valid") is True and code == "valid" and holds and _has_id(answer.get("key")):
            if _has_id(answer.get("account")):
                return answer
        # A code of another endpoint, or of none, decides nothing.
        is_verdict = isinstance(code, str) and code != "missing_credential" and _PROBLEMS.get(code, (500,))[0] < 500
        is_whole = code != "insufficient_scope" or all(
            _is_texts(answer.get(missing)) for missing in ("missing_scopes", "missing_any_of")
        )
        if answer.get("valid") is False and is_verdict and is_whole:
            return _Refusal(code, answer)
    return _unavailable(_NoAnswer("its answer cannot be read"))


def _unavailable(error: Exception, retry_after: str | None = None) -> _Refusal:
    return _Refusal("authority_unavailable", {}, retry_after, error)


def _read_verdict(response: _Response) -> Json | _Refusal:
    body = response.body if isinstance(response.body, dict) else {}
    if response.status == 200:
        return _verdict(body.get("data"))
    error = RuntimeError(f"latchkey: status {response.status} for this server: {body.get('detail')}")
    # This server's own mistake: any 4xx but 408, and 429, which limits this server and not its client.
    if 400 <= response.status < 500 and response.status not in (408, 429):
        return _Refusal("internal_error", {}, None, error)
    return _unavailable(error, response.headers.get("retry-after"))


# --- Middleware -----------------------------------------------------------------------------------------------------------


class _Middleware:
    """What both kinds share. `request` in the options is the ASGI scope or the WSGI environ.

    url, key: the deployment, and a key of this server with `keys:verify` (or `platform:verify`, with `account_id`).
    scopes: what the key needs, all of it; `any_of`: what it needs beside them, any of it. Lists, or functions of the request.
    environment: `live` by default; `any` for any. fresh: reads the nearest fence even while a lease runs.
    cost: credits, a number or a function of the request. idempotency_key: a function of the request: the cost is consumed once.
    client_address: a function of the request; by default the address that the server states for the connection, never a header.
    optional: a request without a key passes, and its key is None; one with an invalid key is refused.
    timeout: seconds until the answer is 503. max_concurrent: requests to Latchkey at once.
    on_error: receives what the client is not told, and the request; the log `latchkey` by default.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        url: str | None,
        key: str | None,
        scopes: Sequence[str] | Callable[[Any], Sequence[str]] = (),
        any_of: Sequence[str] | Callable[[Any], Sequence[str]] = (),
        environment: str | None = None,
        fresh: bool | None = None,
        cost: int | Callable[[Any], int] | None = None,
        idempotency_key: Callable[[Any], str] | None = None,
        account_id: str | None = None,
        client_address: Callable[[Any], str | None] | None = None,
        optional: bool = False,
        timeout: float = 3.0,
        max_concurrent: int = 64,
        on_error: Callable[[Exception, Any], None] | None = None,
    ) -> None:
        if isinstance(scopes, str) or isinstance(any_of, str):
            raise TypeError("latchkey: scopes are a list.")
        self.app, self._deployment, self._key = app, _Deployment(url, key, max_concurrent), key or ""
        self._scopes, self._any_of, self._cost, self._once = scopes, any_of, cost, idempotency_key
        self._fixed = {"environment": environment, "fresh": fresh, "account_id": account_id}
        self._environment, self._optional, self._timeout = environment or "live", optional, timeout
        self._client_address, self._on_error = client_address, on_error

    def _begin(self, request: Any, token: str, peer: str | None) -> Future[_Response]:
        address = self._client_address(request) if self._client_address else peer
        asked = {
            "token": token,
            "scopes": list(_value_for(self._scopes, request)),
            "any_of": list(_value_for(self._any_of, request)) or None,
            "cost": _value_for(self._cost, request),
            "idempotencyKey": _value_for(self._once, request),
            **self._fixed,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        # A zone (RFC 4007 11) means something on this host alone.
        body["ip"] = (address or "").split("%")[0] or None
        headers = {"content-type": "application/json", "x-api-key": self._key}
        return self._deployment.submit("POST", "/api/v1/keys/verify", headers, json.dumps(body), self._timeout)

    def _refused(self, refusal: _Refusal, request: Any) -> _Refused:
        if refusal.error is not None:
            try:
                if self._on_error is not None:
                    self._on_error(refusal.error, request)
                else:
                    log.error("%s", refusal.error)
            except Exception:  # A log that fails decides nothing.
                pass
        return _refuse(refusal, self._environment)


def _failed(error: Exception) -> _Refusal:
    return _unavailable(error) if isinstance(error, (_NoAnswer, TimeoutError)) else _own_fault(error)


def _own_fault(error: Exception) -> _Refusal:
    """This server asked wrongly: its scopes, its code."""
    return _Refusal("internal_error", {}, None, error)


def _value_for(option: Any, request: Any) -> Any:
    return option(request) if callable(option) else option


def _presented(api_key: str | None, authorization: str | None) -> str | None:
    """The token of a request, '' included. `X-API-Key` wins, and nothing falls back; a query holds none."""
    if api_key is not None:
        return api_key.strip()
    value = (authorization or "").strip()
    if value[:6].lower() != "bearer" or not (value[6:7] == "" or value[6].isspace()):
        return None
    return value[6:].strip()


def _api_key(verdict: Json) -> Json:
    """id, name, external_id, metadata, environment, format, expires_at, account, scopes, resources, rate_limit, credits."""
    rest = {name: value for name, value in verdict.items() if name not in ("valid", "code", "key")}
    return {**verdict["key"], **rest}


class ApiKeyWSGIMiddleware(_Middleware):
    """Lets a request pass with a valid key, which is `environ[API_KEY]`; any other gets `application/problem+json`.

    The address of the client is `REMOTE_ADDR`: that of the connection, unless your server is told which proxy to trust.
    >>> app = ApiKeyWSGIMiddleware(app, url='https://keys.example.com', key='whm_…', scopes=['contacts:read'])
    """

    __doc__ += _Middleware.__doc__ or ""

    def __call__(self, environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        token = _presented(environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"))
        if token is None and self._optional:
            return self.app({**environ, API_KEY: None}, start_response)
        verdict = _Refusal("missing_credential") if token is None else self._ask(environ, token)
        if isinstance(verdict, _Refusal):
            refused = self._refused(verdict, environ)
            start_response(f"{refused.status} {HTTPStatus(refused.status).phrase}", refused.headers)
            return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else refused.body]
        limits = _limit_headers(verdict.get("rate_limit"), None)

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            return start_response(status, headers + _absent(limits, [name for name, _ in headers]), *exc_info)

        return self.app({**environ, API_KEY: _api_key(verdict)}, start)

    def _ask(self, environ: Json, token: str) -> Json | _Refusal:
        try:
            asked = self._begin(environ, token, environ.get("REMOTE_ADDR"))
        except Exception as error:
            return _own_fault(error)
        try:
            return _read_verdict(asked.result(self._timeout))
        except Exception as error:
            return _failed(error)


def _absent(limits: Headers, names: Iterable[str]) -> Headers:
    present = {name.lower() for name in names}
    return [(name, value) for name, value in limits if name not in present]


class ApiKeyASGIMiddleware(_Middleware):
    """Lets a request pass with a valid key, which is `scope[API_KEY]`; any other gets `application/problem+json`.

    A WebSocket needs a key as well; it is refused before it is accepted. The address of the client is `scope['client']`: that of
    the connection, unless your server is told which proxy to trust.
    >>> app = ApiKeyASGIMiddleware(app, url='https://keys.example.com', key='whm_…', scopes=['contacts:read'])
    """

    __doc__ += _Middleware.__doc__ or ""

    async def __call__(self, scope: Json, receive: Callable[[], Awaitable[Json]], send: Callable[[Json], Awaitable[None]]) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] not in ("http", "websocket"):
            raise NotImplementedError(f"latchkey: no key of a {scope['type']} can be checked.")
        token = _presented(_header(scope, b"x-api-key"), _header(scope, b"authorization"))
        if token is None and self._optional:
            return await self.app({**scope, API_KEY: None}, receive, send)
        verdict = _Refusal("missing_credential") if token is None else await self._ask(scope, token)
        if isinstance(verdict, _Refusal):
            return await _send_refused(self._refused(verdict, scope), scope, receive, send)
        limits = _limit_headers(verdict.get("rate_limit"), None)

        async def send_limits(message: Json) -> None:
            if message["type"] == "http.response.start" and limits:
                headers = list(message.get("headers", ()))
                added = _absent(limits, [name.decode("latin-1") for name, _ in headers])
                message = {**message, "headers": headers + _encoded(added)}
            await send(message)

        await self.app({**scope, API_KEY: _api_key(verdict)}, receive, send_limits)

    async def _ask(self, scope: Json, token: str) -> Json | _Refusal:
        try:
            asked = self._begin(scope, token, (scope.get("client") or (None,))[0])
        except Exception as error:
            return _own_fault(error)
        try:
            return _read_verdict(await asyncio.wait_for(asyncio.wrap_future(asked), self._timeout))
        except Exception as error:
            return _failed(error)


def _header(scope: Json, name: bytes) -> str | None:
    values = [value.decode("latin-1") for each, value in scope["headers"] if each.lower() == name]
    return ", ".join(values) if values else None


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


async def _send_refused(refused: _Refused, scope: Json, receive: Any, send: Any) -> None:
    prefix = "http.response"
    if scope["type"] == "websocket":
        await receive()  # websocket.connect, which the server sends before it takes an answer.
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            return await send({"type": "websocket.close", "code": 1008})  # The server answers 403.
        prefix = "websocket.http.response"
    await send({"type": f"{prefix}.start", "status": refused.status, "headers": _encoded(refused.headers)})
    await send({"type": f"{prefix}.body", "body": b"" if scope.get("method") == "HEAD" else refused.body})


# --- The management client --------------------------------------------------------------------------------------------------


class LatchkeyError(Exception):
    """Every failure of a call. `code` is that of the problem that Latchkey answered (`/docs/errors` of a deployment), or
    `unreachable` (no answer: whether a change took place is unknown), `timed_out` (the same, in time) or
    `unexpected_answer` (none of Latchkey, such as a page of a proxy). `http_status` is 0 where there was no answer.
    """

    def __init__(self, code: str, http_status: int, detail: str, headers: Mapping[str, str] | None = None, problem: Json | None = None):
        super().__init__(f"{code}: {detail}")
        problem, headers = problem or {}, headers or {}
        self.code, self.http_status, self.detail = code, http_status, detail
        self.request_id: str | None = headers.get("x-request-id")
        self.retry_after_seconds: float | None = _seconds_until(headers.get("retry-after"))
        self.errors: list[Json] = problem["errors"] if isinstance(problem.get("errors"), list) else []
        # For the conflict of a repeated call that made a key: rotate this key for a token.
        self.key_id: str | None = problem.get("key_id")
        self.replaced_by: str | None = problem.get("replaced_by")


_MAX_DELAY_SECONDS = 30.0
_Attempts = list[None]


class Client:
    """The calls of one deployment. Names and fields are those of the wire; each call raises LatchkeyError.

    key: one with `keys:manage` (or `keys:verify`, to verify), or the JWT of a person. account: the id of the account whose keys
    it manages, where the key holds `platform:manage`. timeout: seconds of one attempt; a change is answered once it is in force
    everywhere. retries: of what is safe to repeat: a GET, a DELETE, and what has an Idempotency-Key.
    >>> client = Client('https://keys.example.com', 'whm_…')
    """

    def __init__(
        self,
        url: str | None,
        key: str | None,
        *,
        account: str | None = None,
        timeout: float = 75.0,
        retries: int = 2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # Without an account the call would act in another than the caller means.
        if account == "":
            raise ValueError("latchkey: account is empty.")
        self._deployment, self._timeout, self._retries, self._sleep = _Deployment(url, key, 16), timeout, retries, sleep
        self._headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
        self._account = {} if account is None else {"latchkey-account": account}

    def verify(self, token: str, **asked: Any) -> Json:
        """Verifies a token. An unknown verdict is raised (`authority_unavailable`), never `valid: False`. Not retried: it may cost."""
        return self._call("POST", "/api/v1/keys/verify", {"token": token, **asked})["data"]

    def list(self, **query: Any) -> Iterator[Json]:
        """Every key, newest first, one request a page."""
        while True:
            page = self._call("GET", f"/api/api-keys?{urlencode(query)}", headers=self._account)
            yield from page["data"]
            if page.get("next_cursor") is None:
                return
            query["cursor"] = page["next_cursor"]

    def get(self, id: str) -> Json:
        return self._call("GET", _key_path(id), headers=self._account)["data"]

    def create(self, *, idempotency_key: str | None = None, **new_key: Any) -> Json:
        """Creates a key, once; `key` is its token. Where the answer that held the token was lost, the key is rotated for a token
        that nobody saw; not with an `idempotency_key` of yours, since an earlier call may have received the token."""
        return self._issue("/api/api-keys", new_key, idempotency_key)

    def rotate(self, id: str, *, idempotency_key: str | None = None, **rotation: Any) -> Json:
        """Issues a new token with the same powers. The old one expires after `overlap_seconds`, 0 by default."""
        return self._issue(f"{_key_path(id)}/rotate", rotation, idempotency_key)

    def update(self, id: str, **changes: Any) -> Json:
        return self._call("PATCH", _key_path(id), changes, headers=self._account)["data"]

    def revoke(self, id: str) -> Json:
        """Revokes a key for good. Returns once it fails everywhere; safe to repeat."""
        return self._call("DELETE", _key_path(id), headers=self._account)["data"]

    def _issue(self, path: str, body: Json, given: str | None) -> Json:
        attempts: _Attempts = []
        headers = {**self._account, "idempotency-key": given or str(uuid.uuid4())}
        try:
            return self._call("POST", path, body, headers, attempts)["data"]
        except LatchkeyError as error:
            # Nobody else knows the Idempotency-Key that was drawn, so nobody has the token that was lost.
            if given or len(attempts) < 2 or error.code != "conflict" or not error.key_id:
                raise
            return self._issue(f"{_key_path(error.key_id)}/rotate", {}, None)

    def _call(
        self, method: str, path: str, body: Json | None = None, headers: Json | None = None, attempts: _Attempts | None = None
    ) -> Json:
        sent = {**self._headers, **(headers or {})}
        if body is not None:
            sent["content-type"] = "application/json"
        # A POST or PATCH may have taken place though its answer was lost: only the caller can decide to repeat it.
        left = self._retries if method in ("GET", "DELETE") or "idempotency-key" in sent else 0
        attempts = [] if attempts is None else attempts
        while True:
            attempts.append(None)
            try:
                return self._once(method, path, sent, None if body is None else json.dumps(body))
            except LatchkeyError as error:
                delay = _retry_delay(len(attempts), error)
                if left == 0 or delay is None:
                    raise
            left -= 1
            self._sleep(delay)

    def _once(self, method: str, path: str, headers: Json, body: str | None) -> Json:
        try:
            response = self._deployment.submit(method, path, headers, body, self._timeout).result(self._timeout)
        except (_NoAnswer, TimeoutError) as error:
            if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
                raise LatchkeyError("timed_out", 0, f"No answer in {self._timeout} s.") from error
            raise LatchkeyError("unreachable", 0, f"{self._deployment.origin} cannot be reached.") from error
        answer, status = response.body, response.status
        if 200 <= status < 300 and isinstance(answer, dict):
            return answer
        code = answer.get("code") if isinstance(answer, dict) else None
        if not isinstance(code, str):
            detail = f"{self._deployment.origin} answered {status}, and not as Latchkey does."
            raise LatchkeyError("unexpected_answer", status, detail, response.headers)
        raise LatchkeyError(code, status, str(answer.get("detail", code)), response.headers, answer)


def _key_path(id: str) -> str:
    """An id cannot lead to another path, whatever it holds."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", id):
        raise ValueError("latchkey: an id is a UUID.")
    return f"/api/api-keys/{id}"


def _retry_delay(attempt: int, error: LatchkeyError) -> float | None:
    """Seconds until the next attempt; None where a retry is pointless or too far away."""
    if error.http_status not in (0, 408, 429, 502, 503, 504):
        return None
    # Half of the delay is random, so that clients that failed together do not return together.
    back_off = 0.25 * 2 ** (attempt - 1) * (0.5 + random.random() / 2)
    delay = max(back_off, error.retry_after_seconds or 0.0)
    return delay if delay <= _MAX_DELAY_SECONDS else None
