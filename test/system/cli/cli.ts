// The program `latchkey` as it is published: packed, installed into an empty project, and run as a process of its own.
import { ok } from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packed, removePacked, run } from '../packages/tarball.ts'

export type Ended = { code: number | null; stdout: string; stderr: string }
type Options = {
  env?: Record<string, string>
  /** Typed or piped at once. */
  input?: string
}

export type Cli = {
  /** An empty folder, which is also the home of the program. */
  home: string
  path: (name: string) => string
  program: string
  env: (more?: Record<string, string>) => NodeJS.ProcessEnv
  run: (args: readonly string[], options?: Options) => Promise<Ended>
  terminal: (args: readonly string[], options?: TerminalOptions) => Terminal
}

type TerminalOptions = Options & { stdout?: string; columns?: number }

const limitMs = 60_000

export function installCli(): { cli: () => Cli; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-cli-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed()], folder)
  removePacked()
  const program = join(folder, 'node_modules', '.bin', 'latchkey')
  return {
    cli: () => cliOf(program, mkdtempSync(join(folder, 'home-'))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function cliOf(program: string, home: string): Cli {
  const path = (name: string) => join(home, name)
  const { PATH = '' } = process.env
  const env = (more = {}) => ({ PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm', ...more })
  return {
    ...{ home, path, program, env },
    run(args, options = {}) {
      const child = spawn(program, args, { cwd: home, env: env(options.env) })
      child.stdin.on('error', () => {})
      child.stdin.end(options.input ?? '')
      return endOf(child)
    },
    terminal(args, { stdout, columns, ...options } = {}) {
      const flags = [
        ...(stdout === undefined ? [] : ['--stdout', stdout]),
        ...(columns === undefined ? [] : ['--columns', String(columns)]),
      ]
      const script = join(import.meta.dirname, 'terminal.py')
      const all = [script, ...flags, program, ...args]
      return terminalOf(spawn('python3', all, { cwd: home, env: env(options.env) }))
    },
  }
}

export function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => (stdout += data))
  child.stderr.on('data', (data) => (stderr += data))
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout, stderr })
    }),
  )
}

export type Terminal = {
  /** Waits until it shows this, after what was waited for before. @throws Error with all that it shows */
  shows(text: string | RegExp): Promise<void>
  types(text: string): void
  /** All that it has shown, once the program has ended. */
  end(): Promise<{ code: number | null; screen: string }>
}

function terminalOf(child: ChildProcessWithoutNullStreams): Terminal {
  let screen = ''
  let seen = 0
  let wake = () => {}
  child.stdout.on('data', (data) => {
    screen += data
    wake()
  })
  child.stderr.on('data', (data) => (screen += data))
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  let hasEnded = false
  const closed = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer)
      hasEnded = true
      wake()
      resolve(code)
    }),
  )
  return {
    async shows(text) {
      for (;;) {
        const rest = screen.slice(seen)
        const at = typeof text === 'string' ? rest.indexOf(text) : rest.search(text)
        if (at >= 0) {
          seen += at + (typeof text === 'string' ? text.length : 1)
          return
        }
        ok(!hasEnded, `It has ended, and never showed ${text}:\n${screen}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    types: (text) => void child.stdin.write(text),
    async end() {
      const code = await closed
      return { code, screen }
    },
  }
}

/** Whether there is what a terminal would act on, apart from line breaks. */
export function hasControls(text: string): boolean {
  return /[\p{Cc}\u202e]/u.test(text.replace(/\r?\n/g, ''))
}
