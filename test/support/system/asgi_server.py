"""Serves an ASGI app over HTTP/1.1, one request a connection: `python3 asgi_server.py MODULE:APP --port PORT`."""

import asyncio
import importlib
import os
import sys
import traceback


async def serve(app, reader, writer):
    has_started = False

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        nonlocal has_started
        if message["type"] == "http.response.start":
            has_started = True
            writer.write(b"HTTP/1.1 %d \r\n" % message["status"])
            for name, value in [*message.get("headers", ()), (b"connection", b"close")]:
                writer.write(name + b": " + value + b"\r\n")
            writer.write(b"\r\n")
        else:
            writer.write(message.get("body", b""))

    try:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *lines = head[:-4].split(b"\r\n")
        method, target, _ = line.decode().split(" ")
        path, _, query = target.partition("?")
        headers = [tuple(part.strip() for part in each.split(b":", 1)) for each in lines]
        scope = {
            **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http"},
            **{"method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": ""},
            **{"headers": [(name.lower(), value) for name, value in headers]},
            **{"client": writer.get_extra_info("peername")[:2], "server": writer.get_extra_info("sockname")[:2]},
        }
        await app(scope, receive, send)
    except asyncio.IncompleteReadError:
        pass  # A connection without a request.
    except Exception:
        traceback.print_exc()
        if not has_started:
            writer.write(b"HTTP/1.1 500 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    writer.close()


async def main(name, _, port):
    sys.path.insert(0, os.getcwd())
    module, attribute = name.split(":")
    app = getattr(importlib.import_module(module), attribute)
    server = await asyncio.start_server(lambda *streams: serve(app, *streams), "127.0.0.1", int(port))
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
