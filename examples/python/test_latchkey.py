"""What test/conformance does not reach: the client, identities that cannot be forged, WebSockets. `python3 -m unittest`"""

import asyncio
import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from latchkey import API_KEY, ApiKeyASGIMiddleware, ApiKeyWSGIMiddleware, Client, LatchkeyError

VALID = {
    **{"valid": True, "code": "valid", "key": {"id": "k1", "name": "CI"}, "account": {"id": "a1", "name": "Acme Inc"}},
    **{"scopes": [], "resources": [], "rate_limit": None, "credits": None},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length).decode()))
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (200, {}, {"data": VALID})
        if status == 0:  # The answer is lost on the way.
            return self.close_connection
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        for at in range(0, len(text), 1 if self.server.drips else 65536):
            self.wfile.write(text[at : at + (1 if self.server.drips else 65536)])
            time.sleep(0.05 if self.server.drips else 0)

    do_GET = do_POST = do_DELETE = do_PATCH = answer

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True
        self.close_connection = True

    def log_message(self, *_):
        pass


class Tests(unittest.TestCase):
    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.asked, self.server.answers, self.server.drips = [], [], False
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/base/"
        self.slept = []
        self.client = Client(self.url, "whm_manager", account="a1", sleep=self.slept.append)

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def wsgi(self, environ, app=None, **options):
        answered = []
        options = {"url": self.url, "key": "whm_server", "on_error": lambda error, _: answered.append(error), **options}

        def own(environ, start_response):
            start_response("200 OK", [])
            return [json.dumps(environ[API_KEY] and environ[API_KEY]["id"]).encode()]

        body = ApiKeyWSGIMiddleware(app or own, **options)(environ, lambda status, headers: answered.insert(0, status))
        return answered, b"".join(body)

    def asgi(self, scope, **options):
        sent = []

        async def app(scope, receive, send):
            sent.append({"type": "passed", "key": scope[API_KEY]})

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "websocket.connect"}

        options = {"url": self.url, "key": "whm_server", "on_error": lambda *_: None, **options}
        asyncio.run(ApiKeyASGIMiddleware(app, **options)(scope, receive, send))
        return sent

    def test_an_identity_is_no_header(self):
        forged = {f"HTTP_{API_KEY.upper()}": "x", API_KEY: {"id": "forged"}, "HTTP_LATCHKEY_API_KEY": "x"}
        self.assertEqual(self.wsgi(forged)[0], ["401 Unauthorized"])
        self.assertEqual(self.wsgi(forged, optional=True)[1], b"null")
        self.assertEqual(self.wsgi({**forged, "HTTP_X_API_KEY": "whm_client"})[1], b'"k1"')

    def test_a_token_in_the_query_is_none(self):
        self.assertEqual(self.wsgi({"QUERY_STRING": "api_key=whm_client&access_token=whm_client"})[0], ["401 Unauthorized"])
        self.assertEqual(self.server.asked, [])

    def test_the_address_is_that_of_the_connection(self):
        headers = {"HTTP_X_API_KEY": "t", "HTTP_X_FORWARDED_FOR": "192.0.2.9", "HTTP_CF_CONNECTING_IP": "192.0.2.9"}
        self.wsgi({**headers, "REMOTE_ADDR": "fe80::1%eth0"})
        self.wsgi(headers)
        self.wsgi(headers, client_address=lambda environ: environ["HTTP_X_FORWARDED_FOR"])
        self.asgi({"type": "http", "headers": [(b"x-api-key", b"t"), (b"x-forwarded-for", b"9")], "client": ("::1", 1)})
        self.assertEqual([json.loads(asked[3])["ip"] for asked in self.server.asked], ["fe80::1", None, "192.0.2.9", "::1"])

    def test_options_reach_latchkey(self):
        options = {"scopes": lambda environ: ["contacts:read#" + environ["id"]], "any_of": ["a"], "cost": 3, "account_id": "*"}
        self.wsgi({"HTTP_X_API_KEY": "t", "id": "42"}, **options, environment="test", fresh=True)
        expected = {"token": "t", "scopes": ["contacts:read#42"], "any_of": ["a"], "cost": 3, "account_id": "*"}
        self.assertEqual(json.loads(self.server.asked[0][3]), {**expected, "environment": "test", "fresh": True, "ip": None})
        self.assertEqual(self.server.asked[0][1], "/base/api/v1/keys/verify")

    def test_a_mistake_in_an_option_is_500_and_told(self):
        def broken(_):
            raise TimeoutError("mine")

        answered, body = self.wsgi({"HTTP_X_API_KEY": "t"}, scopes=broken)
        self.assertEqual((answered[0], json.loads(body)["code"]), ("500 Internal Server Error", "internal_error"))
        self.assertEqual(str(answered[1]), "mine")

    def test_a_log_that_fails_decides_nothing(self):
        self.server.answers = [(401, {}, {"code": "invalid_api_key"})]
        self.assertEqual(self.wsgi({"HTTP_X_API_KEY": "t"}, on_error=lambda *_: 1 / 0)[0], ["500 Internal Server Error"])

    def test_an_answer_that_drips_ends_with_the_timeout(self):
        self.server.drips = True
        began = time.monotonic()
        self.assertEqual(self.wsgi({"HTTP_X_API_KEY": "t"}, timeout=0.5)[0][0], "503 Service Unavailable")
        self.assertLess(time.monotonic() - began, 3)

    def test_a_websocket_needs_a_key(self):
        scope = {"type": "websocket", "headers": [], "client": None}
        self.assertEqual(self.asgi(scope), [{"type": "websocket.close", "code": 1008}])
        sent = self.asgi({**scope, "extensions": {"websocket.http.response": {}}})
        self.assertEqual((sent[0]["type"], sent[0]["status"]), ("websocket.http.response.start", 401))
        passed = self.asgi({**scope, "headers": [(b"X-Api-Key", b"t")]})
        self.assertEqual([(each["type"], each["key"]["id"]) for each in passed], [("passed", "k1")])

    def test_an_unknown_kind_of_connection_does_not_pass(self):
        with self.assertRaises(NotImplementedError):
            self.asgi({"type": "webtransport", "headers": []})

    def test_invalid_options_fail_as_the_app_is_built(self):
        for url in (None, "", "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", "http://", "http://a b"):
            with self.assertRaises(ValueError) as raised:
                Client(url, "k")
            self.assertNotIn("u:p", str(raised.exception))
        for key in (None, "", "a\r\nb"):
            with self.assertRaises(ValueError):
                Client("http://a", key)

    def test_a_safe_call_is_repeated_after_retry_after(self):
        self.server.answers = [(503, {"retry-after": "7"}, {"code": "authority_unavailable"}), (0, {}, None), (200, {}, {"data": {"id": "k1"}})]
        self.assertEqual(self.client.get("k1"), {"id": "k1"})
        self.assertEqual(self.slept[0], 7)
        self.assertEqual(len(self.slept), 2)

    def test_what_is_not_safe_or_too_far_away_is_not_repeated(self):
        for answer, call, code in [
            ((503, {}, {"code": "authority_unavailable"}), lambda: self.client.verify("t"), "authority_unavailable"),
            ((0, {}, None), lambda: self.client.update("k1", name="x"), "unreachable"),
            ((429, {"retry-after": "3600"}, {"code": "rate_limited"}), lambda: self.client.get("k1"), "rate_limited"),
            ((404, {"x-request-id": "r"}, {"code": "not_found", "detail": "No."}), lambda: self.client.get("k1"), "not_found"),
            ((302, {"location": "http://127.0.0.1:1/"}, None), lambda: self.client.revoke("k1"), "unexpected_answer"),
        ]:
            self.server.asked.clear()
            self.server.answers = [answer]
            with self.assertRaises(LatchkeyError) as raised:
                call()
            self.assertEqual((raised.exception.code, len(self.server.asked)), (code, 1))
            self.assertEqual(raised.exception.http_status, answer[0])

    def test_a_key_whose_token_was_lost_is_rotated(self):
        self.server.answers = [(0, {}, None), (409, {}, {"code": "conflict", "key_id": "k1"}), (200, {}, {"data": {"key": "new"}})]
        self.assertEqual(self.client.create(name="CI")["key"], "new")
        made, again, rotated = self.server.asked
        keys = [{name.lower(): value for name, value in asked[2].items()} for asked in self.server.asked]
        self.assertEqual(keys[0]["idempotency-key"], keys[1]["idempotency-key"])
        self.assertNotEqual(keys[1]["idempotency-key"], keys[2]["idempotency-key"])
        self.assertEqual(keys[2]["latchkey-account"], "a1")
        self.assertEqual((made[3], again[3], rotated[1]), ('{"name": "CI"}', made[3], "/base/api/api-keys/k1/rotate"))

    def test_a_key_of_another_call_is_not_rotated(self):
        self.server.answers = [(0, {}, None), (409, {}, {"code": "conflict", "key_id": "k1"})]
        with self.assertRaises(LatchkeyError) as raised:
            self.client.create(name="CI", idempotency_key="mine")
        self.assertEqual(raised.exception.key_id, "k1")

    def test_a_list_reads_every_page_and_an_id_is_no_path(self):
        self.server.answers = [(200, {}, {"data": [{"id": 1}], "next_cursor": "c&d"}), (200, {}, {"data": [{"id": 2}], "next_cursor": None})]
        self.assertEqual([key["id"] for key in self.client.list(status="active")], [1, 2])
        self.assertEqual(self.server.asked[1][1], "/base/api/api-keys?status=active&cursor=c%26d")
        with self.assertRaises(ValueError):
            self.client.get("../accounts")

    def test_a_call_ends_with_its_timeout(self):
        self.server.drips = True
        with self.assertRaises(LatchkeyError) as raised:
            Client(self.url, "k", timeout=0.3, retries=0).get("k1")
        self.assertEqual(raised.exception.code, "timed_out")


if __name__ == "__main__":
    unittest.main()
