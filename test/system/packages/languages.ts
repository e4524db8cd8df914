// Python and Go: the servers that answer the cases of test/conformance, the programs that they need, the tests of their own and
// the clients that their pages (python.md, go.md) show.
import { match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { aptInstall } from '../../support/system/apt.ts'
import { root } from '../../support/system/launch.ts'
import type { Program } from './programs.ts'
import { runShell } from './shell.ts'

const asgiServer = join(root, 'test', 'support', 'system', 'asgi_server.py')
const packages: Record<string, string> = { python3: 'python3', go: 'golang' }

/** Installs the language of a page, if it has one. @returns why its test is skipped. Never in CI. */
export function missingLanguage(scenario: string): string | false {
  const [page] = scenario.split('#')
  if (page !== 'python' && page !== 'go') return false
  const program = page === 'python' ? 'python3' : 'go'
  const isInstalled = () => spawnSync('which', [program]).status === 0
  aptInstall([packages[program] ?? program], isInstalled)
  return isInstalled() || process.env.CI === 'true' ? false : `There is no ${program}.`
}

/** uvicorn is of PyPI: the test's own server of the standard library is in its place. */
export function inTestServer(script: string): string {
  return script.replace(/^uvicorn /m, `python3 ${asgiServer} `)
}

const pythonSettings = `
import json, os
from latchkey import API_KEY, Client

with open(os.environ["CASES"]) as file:
    document = json.load(file)
port = int(os.environ["PORT"])
thrower = document["thrower"]

def middleware(kind, app, route):
    return kind(app, url=route["url"], key=route["key"], scopes=["contacts:read"], timeout=route["timeoutMs"] / 1000,
                on_error=lambda error, request: None)

def throws():
    next(Client(thrower["url"], thrower["key"]).list())
`

const wsgi = `
${pythonSettings}
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server
from latchkey import ApiKeyWSGIMiddleware

def answer(environ, start_response):
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps({"id": environ[API_KEY]["id"]}).encode()]

apps = {f"/{route['at']}": middleware(ApiKeyWSGIMiddleware, answer, route) for route in document["routes"]}

def app(environ, start_response):
    if environ["PATH_INFO"] == "/throws":
        throws()
    if environ["PATH_INFO"] not in apps:
        start_response("404 Not Found", [])
        return []
    return apps[environ["PATH_INFO"]](environ, start_response)

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

make_server("127.0.0.1", port, app, Server).serve_forever()
`

const asgi = `
${pythonSettings}
import asyncio
from latchkey import ApiKeyASGIMiddleware

async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps({"id": scope[API_KEY]["id"]}).encode()})

apps = {f"/{route['at']}": middleware(ApiKeyASGIMiddleware, answer, route) for route in document["routes"]}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["path"] == "/throws":
        await asyncio.to_thread(throws)
    if scope["path"] in apps:
        return await apps[scope["path"]](scope, receive, send)
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
`

const go = `package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"contacts/latchkey"
)

func main() {
	var document struct {
		Routes []struct {
			At        int
			URL, Key  string
			TimeoutMs int
		}
	}
	text, err := os.ReadFile(os.Getenv("CASES"))
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, &document); err != nil {
		log.Fatal(err)
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := latchkey.FromContext(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]string{"id": key.ID})
	})
	mux := http.NewServeMux()
	for _, route := range document.Routes {
		needsKey, err := latchkey.Middleware(latchkey.Options{
			URL: route.URL, Key: route.Key, Scopes: []string{"contacts:read"},
			Timeout: time.Duration(route.TimeoutMs) * time.Millisecond,
			OnError: func(error, *http.Request) {},
		})
		if err != nil {
			log.Fatal(err)
		}
		mux.Handle(fmt.Sprintf("/%d", route.At), needsKey(answer))
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
`

export const languages: Record<string, Record<string, Program>> = {
  python: { 'Python WSGI': { files: { 'cases.py': wsgi }, command: 'python3 cases.py' } },
  'python#ASGI': {
    'Python ASGI': {
      files: { 'cases.py': asgi },
      command: `python3 ${asgiServer} cases:app --port $PORT`,
    },
  },
  go: { Go: { files: { 'cases/main.go': go }, command: 'go run ./cases', throws: false } },
}

/** After it a key must have been made, rotated and revoked. */
const clients: Record<string, { file: string; run: string; wrap(block: string): string }> = {
  python: {
    file: 'client.py',
    run: 'python3 client.py',
    wrap: (block) => `
import os
url, key = os.environ["LATCHKEY_URL"], os.environ["MANAGER"]
${block}
verdict = lambda key: client.verify(key)["code"]
print("now", verdict(issued["key"]))
`,
  },
  go: {
    file: 'client/main.go',
    run: 'go run ./client',
    wrap: (block) => `package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"

	"contacts/latchkey"
)

func main() {
	ctx, address, key := context.Background(), os.Getenv("LATCHKEY_URL"), os.Getenv("MANAGER")
	${block}
	if err != nil {
		log.Fatal(err)
	}
	old, _ := client.Verify(ctx, latchkey.VerifyRequest{Token: issued.Token})
	verdict, _ := client.Verify(ctx, latchkey.VerifyRequest{Token: rotated.Token})
	fmt.Println("old", old.Code, "now", verdict.Code)
}
`,
  },
}

const ownTests: Record<string, [folder: string, command: string]> = {
  python: ['python', 'python3 -B -m unittest'],
  go: ['go', 'test -z "$(gofmt -l .)" && go vet . && go test -count=1 .'],
}

/** The tests of the language itself, and the client of its page against a running Latchkey. */
export async function checkLanguage(
  page: string,
  folder: string,
  env: Record<string, string>,
): Promise<void> {
  const [name, command] = ownTests[page] ?? []
  const client = clients[page]
  if (name === undefined || command === undefined || client === undefined) return
  await runShell(command, { cwd: join(root, 'examples', name), env })
  const text = readFileSync(join(root, 'docs', 'integrate', `${page}.md`), 'utf8')
  const block = text.match(/^## Client\n\n<!-- run by [^\n]+ -->\n```\w+\n(.*?)^```$/ms)?.[1]
  ok(block !== undefined, `${page}.md shows no client`)
  mkdirSync(dirname(join(folder, client.file)), { recursive: true })
  writeFileSync(join(folder, client.file), client.wrap(block))
  match(await runShell(client.run, { cwd: folder, env }), /now revoked_api_key/)
}
