// Commands of a page: run to their end, or in the background until their server listens.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

type Where = { cwd: string; env: Record<string, string> }
export type Running = {
  stop(): void
  /** All that it has printed. */
  output(): string
}

const limitMs = 120_000

/** Its output. @throws Error with the output where it fails or does not end. */
export async function runShell(script: string, where: Where): Promise<string> {
  const shell = open(script, where)
  const timer = setTimeout(shell.stop, limitMs)
  const code = await shell.exit
  clearTimeout(timer)
  if (code !== 0) throw new Error(`${script}\nended with ${code}\n${shell.output()}`)
  return shell.output()
}

/** Resolves once the port answers HTTP. @throws Error with the output where the command ends before, or takes too long. */
export async function startShell(script: string, where: Where, port: number): Promise<Running> {
  const shell = open(script, where)
  let hasEnded = false
  void shell.exit.then(() => (hasEnded = true))
  const until = Date.now() + limitMs
  for (;;) {
    const response = await fetch(`http://localhost:${port}/ready`).catch(() => null)
    await response?.text().catch(() => '')
    if (response !== null) return shell
    if (hasEnded || Date.now() > until) {
      shell.stop()
      throw new Error(`${script}\ndoes not listen on ${port}\n${shell.output()}`)
    }
    await sleep(100)
  }
}

function open(script: string, { cwd, env }: Where) {
  // A process group of its own: the shell and its programs end together.
  const options = { cwd, env: { ...process.env, ...env, CI: 'true' }, detached: true } as const
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], options)
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  const stop = () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  process.once('exit', stop)
  void exit.then(() => process.off('exit', stop))
  return { output: () => output, exit, stop }
}
