// The servers that answer the cases of test/conformance, one a framework: a route for each case, and one whose handler
// throws the LatchkeyError of a wrong key.

const settings = `
import { readFileSync } from 'node:fs'
import { createClient } from 'latchkey'
const { PORT: port, CASES } = process.env
const { routes, thrower } = JSON.parse(readFileSync(CASES, 'utf8'))
const optionsOf = (route) => ({ ...route, scopes: ['contacts:read'], onError() {} })
const throws = () => createClient(thrower).scopes()
`

const express = (name: string) => `
import express from '${name}'
import { apiKey } from 'latchkey/express'
${settings}
const app = express()
for (const route of routes) {
  app.get('/' + route.at, apiKey(optionsOf(route)), (request, response) => {
    response.json({ id: request.apiKey.id })
  })
}
app.get('/throws', (_request, _response, next) => throws().catch(next))
app.listen(port)
`

const fastify = (name: string) => `
import fastify from '${name}'
import { apiKey } from 'latchkey/fastify'
${settings}
const app = fastify()
for (const route of routes) {
  const onRequest = apiKey(optionsOf(route))
  app.get('/' + route.at, { onRequest }, async (request) => ({ id: request.apiKey.id }))
}
app.get('/throws', throws)
await app.listen({ port: Number(port) })
`

const hono = `
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { apiKey } from 'latchkey/hono'
${settings}
const app = new Hono()
for (const route of routes) {
  app.get('/' + route.at, apiKey(optionsOf(route)), (c) => c.json({ id: c.var.apiKey.id }))
}
app.get('/throws', throws)
serve({ fetch: app.fetch, port: Number(port) })
`

const web = `
import { apiKey, limitHeaders } from 'latchkey/web'
${settings}
const checks = routes.map((route) => apiKey(optionsOf(route)))
async function handle(request) {
  const { pathname } = new URL(request.url)
  if (pathname === '/throws') await throws()
  const caller = await checks[Number(pathname.slice(1))](request)
  if (caller instanceof Response) return caller
  return Response.json({ id: caller.id }, { headers: limitHeaders(caller) })
}
globalThis.Bun ? Bun.serve({ port, fetch: handle }) : Deno.serve({ port: Number(port) }, handle)
`

/** A Worker has no files: the cases are bundled. */
const worker = `
import { Hono } from 'hono'
import { createClient } from 'latchkey'
import { apiKey } from 'latchkey/hono'
import { routes, thrower } from './cases.json'
const app = new Hono()
for (const route of routes) {
  const options = { ...route, scopes: ['contacts:read'], onError() {} }
  app.get('/' + route.at, apiKey(options), (c) => c.json({ id: c.var.apiKey.id }))
}
app.get('/throws', () => createClient(thrower).scopes())
export default app
`

const workerConfig = `
name = "cases"
main = "worker.js"
compatibility_date = "2026-04-01"
`

const nextCase = `
import { apiKey } from 'latchkey/next'
${settings}
const handlers = routes.map((route) =>
  apiKey(optionsOf(route))((_request, { id }) => Response.json({ id })),
)
export async function GET(request, context) {
  const { at } = await context.params
  return handlers[Number(at)](request, context)
}
`

const nextThrows = `
${settings}
export const GET = () => throws()
`

/** Files of a program, the command that starts it, and what is installed for it beside its page's packages. */
export type Program = {
  files: Record<string, string>
  /** null: the server of the page answers the files too. */
  command: string | null
  install?: string
  /** Where the routes are. */
  path?: string
  /** false: the language has no exceptions. */
  throws?: false
}

const onNode = (code: string, install?: string): Program => ({
  files: { 'cases.mjs': code },
  command: 'node cases.mjs',
  ...(install !== undefined && { install }),
})

/** By the title of the section of the page, or of the page. */
export const programs: Record<string, Record<string, Program>> = {
  express: {
    'Express 5': onNode(express('express')),
    'Express 4': onNode(express('express4'), 'express4@npm:express@4'),
  },
  fastify: {
    'Fastify 5': onNode(fastify('fastify')),
    'Fastify 4': onNode(fastify('fastify4'), 'fastify4@npm:fastify@4'),
  },
  'hono-node': { 'Hono on Node': onNode(hono) },
  'hono-workers': {
    'Hono on Workers': {
      files: { 'cases/worker.js': worker, 'cases/wrangler.toml': workerConfig },
      command: 'cp "$CASES" cases/cases.json && wrangler dev -c cases/wrangler.toml --port $PORT',
    },
  },
  next: {
    'Next 16': {
      files: { 'app/cases/[at]/route.js': nextCase, 'app/cases/throws/route.js': nextThrows },
      command: null,
      path: '/cases',
    },
  },
  'web#Bun': { Bun: { files: { 'cases.js': web }, command: 'bun cases.js' } },
  'web#Deno': { Deno: { files: { 'cases.js': web }, command: 'deno run -A cases.js' } },
}
