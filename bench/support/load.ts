// Load on one URL: wrk if it is installed, else autocannon.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workFolder } from './places.ts'

export type Shot = { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string }

export type Load = {
  url: string
  /** Sent in turn. */
  shots: Shot[]
  connections: number
  seconds: number
}

export type Outcome = {
  requests: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** Answers with a status of 400 and above. */
  refused: number
  /** Requests without an answer. */
  failed: number
}

export async function fire(load: Load): Promise<Outcome> {
  return (await hasWrk()) ? wrk(load) : autocannon(load)
}

let isInstalled: boolean | null = null

async function hasWrk(): Promise<boolean> {
  isInstalled ??= (await run('sh', ['-c', 'command -v wrk || true'])).trim() !== ''
  return isInstalled
}

export async function loadProgram(): Promise<'wrk' | 'autocannon'> {
  return (await hasWrk()) ? 'wrk' : 'autocannon'
}

async function wrk({ url, shots, connections, seconds }: Load): Promise<Outcome> {
  mkdirSync(workFolder, { recursive: true })
  const script = join(workFolder, 'shots.lua')
  writeFileSync(script, luaOf(shots))
  const threads = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s']
  const output = await run('wrk', [...threads, '-s', script, url])
  const line = /^RESULT (.*)$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`The output of wrk was not understood: ${output}`)
  const result = JSON.parse(line) as Record<string, number>
  const { requests = 0, us = 1, p50 = 0, p99 = 0, refused = 0, failed = 0 } = result
  const perSecond = requests / (us / 1e6)
  return { requests, perSecond, p50Ms: p50 / 1000, p99Ms: p99 / 1000, refused, failed }
}

/** The requests are written once, before the load; the summary is one line of JSON. */
function luaOf(shots: readonly Shot[]): string {
  const text = (value: string) => `[==[${value}]==]`
  const formats = shots.map(({ method, headers, body }) => {
    const fields = Object.entries(headers).map(
      ([name, value]) => `[ ${text(name)} ]=${text(value)}`,
    )
    const content = body === undefined ? 'nil' : text(body)
    return `  wrk.format(${text(method)}, nil, {${fields.join(', ')}}, ${content}),`
  })
  return `local shots
local at = 0
function init()
  shots = {
${formats.join('\n')}
  }
end
function request()
  at = at % #shots + 1
  return shots[at]
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format('RESULT {"requests":%d,"us":%d,"p50":%d,"p99":%d,"refused":%d,"failed":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`
}

async function autocannon({ url, shots, connections, seconds }: Load): Promise<Outcome> {
  // @ts-expect-error it has no types, and exists only after bench/ was installed
  const { default: fireAt } = await import('autocannon')
  const requests = shots.map((shot) => ({ ...shot, path: new URL(url).pathname }))
  const result = await fireAt({ url, connections, duration: seconds, requests })
  return {
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    refused: result.non2xx,
    failed: result.errors + result.timeouts,
  }
}

async function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}.`)
  return output
}
