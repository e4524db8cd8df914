// One Worker in workerd without Miniflare or stores: the time from the start of the process to the first answer.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { compatibilityDate, type Modules } from '../../test/support/system/bundle.ts'

export type Call = { method: string; path: string; headers?: Record<string, string>; body?: string }

/** `first`: ms from the start of the process; `next`: ms from sending that request; the statuses of both. */
export type Start = { first: number; next: number; statuses: number[] }

const bindings: Record<string, string> = {
  TAG_SECRETS: 'bench-tag-secret',
  AUTH_SECRETS: 'bench-auth-secret-of-32-characters-or-more',
  BASE_URL: 'http://localhost:8787',
  FENCES_PER_REGION: '1',
  USAGE_SHARDS: '1',
  LOG_SAMPLE: '0',
}

/** Starts workerd, repeats `first` until it is answered, sends `next` once, and stops. */
export async function start(
  program: Modules,
  port: number,
  first: Call,
  next: Call,
): Promise<Start> {
  const text = join(program.modulesRoot, 'config.capnp')
  const config = join(program.modulesRoot, 'config.bin')
  writeFileSync(text, capnp(program, port))
  const output = { maxBuffer: 64 * 1024 * 1024 }
  writeFileSync(config, execFileSync(workerdPath(), ['compile', '--config-only', text], output))
  const began = performance.now()
  const child = spawn(workerdPath(), ['serve', '--binary', config], { stdio: 'ignore' })
  try {
    const firstStatus = await untilAnswered(port, first, child)
    const firstAt = performance.now()
    const nextStatus = await send(port, next)
    const nextMs = performance.now() - firstAt
    return { first: firstAt - began, next: nextMs, statuses: [firstStatus, nextStatus] }
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

function workerdPath(): string {
  // The main export of the package is the path of the binary for this machine.
  return createRequire(import.meta.url)('workerd').default as string
}

function capnp({ modules }: Modules, port: number): string {
  const files = modules.map(({ path }) => basename(path))
  const module = (file: string) => `(name = "${file}", esModule = embed "${file}")`
  const texts = Object.entries(bindings).map(
    ([name, text]) => `(name = "${name}", text = "${text}")`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
const worker :Workerd.Worker = (
  modules = [ ${files.map(module).join(',\n    ')} ],
  compatibilityDate = "${compatibilityDate()}",
  bindings = [ ${texts.join(', ')} ]
);
`
}

async function untilAnswered(port: number, call: Call, child: ChildProcess): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`workerd exited with ${child.exitCode}.`)
    try {
      return await send(port, call)
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 0.5))
    }
  }
}

function send(port: number, { method, path, headers, body }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
