// Wrangler as a child process: its output captured, or shown at the terminal. Its standard input is closed,
// so it never prompts: what a person must enter is read before.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Refusal, root } from '../settings.ts'
import { compileCache } from '../wrangler.ts'

const packageFile = createRequire(import.meta.url).resolve('wrangler/package.json')
const program = join(dirname(packageFile), 'bin', 'wrangler.js')

export type Captured = { ok: boolean; stdout: string; stderr: string }
/** A line of wrangler's report (WRANGLER_OUTPUT_FILE_PATH): what it deployed, and at which addresses. */
export type Entry = { type: string; targets?: string[] }

export type RunWrangler = {
  /** Runs it and returns what it printed. */
  capture(...args: string[]): Promise<Captured>
  /** Runs it with its output at the terminal. @throws Refusal if it fails: the command may be repeated. */
  step(...args: string[]): Promise<Entry[]>
}

type Target = {
  environment: string | null
  accountId?: string
}

/** `command`: named in errors, as the one to run again. */
export function createWrangler(command: string, { environment, accountId }: Target): RunWrangler {
  const start = (args: string[], output: 'pipe' | 'inherit', report = '') =>
    spawn(process.execPath, [program, ...args], {
      cwd: root,
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        // With the banner, wrangler checks for updates.
        WRANGLER_HIDE_BANNER: 'true',
        NODE_COMPILE_CACHE: compileCache,
        // `debug` in the environment would mix log lines into the output.
        ...(report === '' ? { WRANGLER_LOG: 'log' } : { WRANGLER_OUTPUT_FILE_PATH: report }),
        // Every command follows it. Empty, it selects the top level, whatever the shell has set.
        CLOUDFLARE_ENV: environment ?? '',
        ...(accountId !== undefined && { CLOUDFLARE_ACCOUNT_ID: accountId }),
      },
      stdio: ['ignore', output, output],
    })
  return {
    capture(...args) {
      const child = start(args, 'pipe')
      const captured = { ok: false, stdout: '', stderr: '' }
      child.stdout?.on('data', (chunk) => (captured.stdout += chunk))
      child.stderr?.on('data', (chunk) => (captured.stderr += chunk))
      return new Promise((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code) => resolve({ ...captured, ok: code === 0 }))
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
        `\n\`wrangler ${args.slice(0, 3).join(' ')}\` failed: see the error above.\n` +
          `Completed steps stay. Fix the cause and run \`${command}\` again: it continues from here.`,
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
export function jsonOf<T>({ ok, stdout, stderr }: Captured, what: string): T {
  const start = stdout.search(/^[[{]/m)
  if (ok && start >= 0) return JSON.parse(stdout.slice(start)) as T
  throw new Refusal(`Wrangler could not read ${what}.\n${stdout}${stderr}`)
}
