// Wrangler as a child: its answers for us to read, or its steps for the person at the terminal to see.
// Its standard input is closed, so it never asks: what needs asking is asked before.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Refusal, root } from '../settings.ts'
import { compileCache } from '../wrangler.ts'

const packageFile = createRequire(import.meta.url).resolve('wrangler/package.json')
const program = join(dirname(packageFile), 'bin', 'wrangler.js')

export type Answer = { ok: boolean; stdout: string; stderr: string }
/** A line of wrangler's own report: what it deployed, and at which addresses. */
export type Entry = { type: string; targets?: string[] }

export type RunWrangler = {
  /** Runs it and answers what it printed. */
  ask(...args: string[]): Promise<Answer>
  /** Runs it before everybody's eyes. @throws Refusal when it fails, saying that the command may be repeated. */
  step(...args: string[]): Promise<Entry[]>
}

/** `command`: what the person typed, and may type again. */
export function createWrangler(command: string, account: Record<string, string> = {}): RunWrangler {
  const start = (args: string[], output: 'pipe' | 'inherit', report = '') =>
    spawn(process.execPath, [program, ...args], {
      cwd: root,
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        // The banner is where wrangler looks for updates.
        WRANGLER_HIDE_BANNER: 'true',
        NODE_COMPILE_CACHE: compileCache,
        // Somebody's `debug` would stand between us and an answer.
        ...(report === '' ? { WRANGLER_LOG: 'log' } : { WRANGLER_OUTPUT_FILE_PATH: report }),
        ...account,
      },
      stdio: ['ignore', output, output],
    })
  return {
    ask(...args) {
      const child = start(args, 'pipe')
      const answer = { ok: false, stdout: '', stderr: '' }
      child.stdout?.on('data', (chunk) => (answer.stdout += chunk))
      child.stderr?.on('data', (chunk) => (answer.stderr += chunk))
      return new Promise((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code) => resolve({ ...answer, ok: code === 0 }))
      })
    },
    async step(...args) {
      const report = join(tmpdir(), `latchkey-${process.pid}-${Date.now()}.ndjson`)
      const child = start(args, 'inherit', report)
      const code = await new Promise((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      })
      const entries = entriesOf(report)
      if (code === 0) return entries
      throw new Refusal(
        `\n\`wrangler ${args.slice(0, 3).join(' ')}\` failed: it says why above.\n` +
          `What was done stays done. Run \`${command}\` again when the cause is gone: it goes on from here.`,
      )
    },
  }
}

function entriesOf(report: string): Entry[] {
  try {
    const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as Entry)
  } catch {
    return []
  } finally {
    rmSync(report, { force: true })
  }
}

/** Parses what wrangler printed as JSON; it may print warnings before. @throws Refusal */
export function jsonOf<T>({ ok, stdout, stderr }: Answer, what: string): T {
  const start = stdout.search(/^[[{]/m)
  if (ok && start >= 0) return JSON.parse(stdout.slice(start)) as T
  throw new Refusal(`Cloudflare does not say ${what}.\n${stdout}${stderr}`)
}
