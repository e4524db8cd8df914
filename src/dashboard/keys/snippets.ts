// The first request with a key, in several languages. The token is an environment variable, as in the .env file of its dialog.
// Pure; test/system/browser/first-request.test.ts runs each one.

/** `origin`: of the deployment; `environment`: of the key. */
type Place = { origin: string; environment: string }

export const snippets = {
  curl: ({ origin }: Place) => `curl -i ${origin}/api/v1/me \\
  -H "X-API-Key: $LATCHKEY_API_KEY"`,

  Node: ({ origin }: Place) => `const response = await fetch('${origin}/api/v1/me', {
  headers: { 'X-API-Key': process.env.LATCHKEY_API_KEY },
})
console.log(response.status, await response.json())`,

  Python: ({ origin }: Place) => `import json, os, urllib.request

request = urllib.request.Request(
    "${origin}/api/v1/me",
    headers={"X-API-Key": os.environ["LATCHKEY_API_KEY"]},
)
with urllib.request.urlopen(request) as response:
    print(response.status, json.load(response))`,

  Go: ({ origin }: Place) => `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", "${origin}/api/v1/me", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("X-API-Key", os.Getenv("LATCHKEY_API_KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body), err)
}`,

  Hono: ({ origin, environment }: Place) => `import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { apiKey } from 'latchkey/hono'

const key = process.env.LATCHKEY_KEY // of this server, with keys:verify
const app = new Hono()
app.use(apiKey({ url: '${origin}', key${environmentOption(environment)} }))
app.get('/', (c) => c.json({ account: c.var.apiKey.account.name }))
serve({ fetch: app.fetch, port: 3000 })

// curl -i http://localhost:3000 -H "X-API-Key: $LATCHKEY_API_KEY"`,
} as const satisfies Record<string, (place: Place) => string>

/** Where a request is checked as one of `live` unless it says otherwise. */
function environmentOption(environment: string): string {
  return environment === 'live' ? '' : `, environment: '${environment}'`
}

export type Language = keyof typeof snippets
export const languages = Object.keys(snippets) as Language[]
