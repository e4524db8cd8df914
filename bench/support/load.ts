// Load on one URL: wrk if it is installed, else this process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
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
  return (await hasWrk()) ? wrk(load) : fireHere(load)
}

let isInstalled: boolean | null = null

async function hasWrk(): Promise<boolean> {
  isInstalled ??= (await run('sh', ['-c', 'command -v wrk || true'])).trim() !== ''
  return isInstalled
}

export async function loadProgram(): Promise<string> {
  return (await hasWrk()) ? 'wrk' : 'a client in Node'
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

/** Without a tool; it takes more processor time than what it measures. */
export async function fireHere({ url, shots, connections, seconds }: Load): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let refused = 0
  const began = performance.now()
  const sendInTurn = async (first: number) => {
    for (let at = first; performance.now() < began + seconds * 1000; at += connections) {
      const sent = performance.now()
      const status = await send(agent, url, shots[at % shots.length] as Shot)
      times.push(performance.now() - sent)
      if (status >= 400) refused++
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, at) => sendInTurn(at)))
  agent.destroy()
  const perSecond = (times.length * 1000) / (performance.now() - began)
  times.sort((a, b) => a - b)
  const quantile = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
  const outcome = { requests: times.length, perSecond, refused, failed: 0 }
  return { ...outcome, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

function send(agent: Agent, url: string, { method, headers, body }: Shot): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.once('error', reject).end(body)
  })
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
