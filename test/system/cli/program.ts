// The program itself: usage, exit codes, completion, failures of the deployment, and docs/cli.md.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { root } from '../../support/system/launch.ts'
import { endOf, hasControls } from './cli.ts'
import type { Scene } from './scene.ts'

const token = `whm_${'a'.repeat(32)}`

/** What it answers to every request, and what it was sent. */
async function answering(status: number, headers: Record<string, string>, body: string) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(String(request.headers.authorization))
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked, stop: () => server.close() }
}

export function testProgram(scene: () => Scene): void {
  it('prints its version, and help for every command', async () => {
    const { run } = scene().cli()
    match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
    const help = await run(['--help'])
    equal(help.code, 0)
    for (const words of [['keys', 'list'], ['import'], ['doctor']]) {
      const { code, stdout } = await run([...words, '--help'])
      equal(code, 0)
      match(stdout, new RegExp(`^Usage: latchkey ${words.join(' ')}`, 'm'))
    }
    ok(!help.stdout.includes('\u001b'), 'no colours without a terminal')
  })

  it('ends wrong usage with 2, sends nothing, and quotes no value', async () => {
    const { run } = scene().cli()
    const env = { LATCHKEY_URL: 'http://127.0.0.1:1', LATCHKEY_KEY: 'k' }
    for (const words of [
      ['frobnicate'],
      ['keys'],
      ['keys', 'list', '--stat', 'active'],
      ['keys', 'list', '--status', 'lost'],
      ['keys', 'list', '--search'],
      ['keys', 'get'],
      ['keys', 'get', 'one', 'two'],
      ['keys', 'revoke', 'id', '--dry-ran'],
      ['keys', 'rotate', 'x', '--overlap', 'soon', '--token-file', 'f'],
      ['completion', 'tcsh'],
    ]) {
      const { code, stdout, stderr } = await run(words, { env })
      equal(code, 2, `${words.join(' ')}: ${stderr}`)
      equal(stdout, '')
      ok(stderr.length > 10)
    }
    for (const words of [
      [token],
      ['keys', token],
      [`--${token}`],
      ['keys', 'list', `--${token}`],
      ['keys', 'list', '--status', token],
      ['keys', 'lookup', token],
      ['keys', 'explain', token],
      ['login', token],
      ['keys', 'list', '--limit', token],
    ]) {
      const { code, stdout, stderr } = await run(words, { env })
      equal(code, 2, `${words.join(' ')}: ${stderr}`)
      ok(!`${stdout}${stderr}`.includes('a'.repeat(32)), stderr)
    }
  })

  it('ends with 3 where nobody is signed in, and sends no key to an address that was not named with it', async () => {
    const { run } = scene().cli()
    const { url } = scene().deployment
    equal((await run(['keys', 'list', '--url', url])).code, 3)
    const withoutUrl = await run(['keys', 'list'], { env: { LATCHKEY_KEY: token } })
    equal(withoutUrl.code, 2)
    const wrong = await run(['keys', 'list'], { env: { LATCHKEY_URL: url, LATCHKEY_KEY: token } })
    equal(wrong.code, 3)
    match(wrong.stderr, /invalid_api_key[\s\S]*request [0-9a-f-]+/)
    ok(!wrong.stderr.includes(token))
  })

  it('ends with 4 where the deployment is unavailable, or is none', async () => {
    const { run } = scene().cli()
    const problem = JSON.stringify({ code: 'authority_unavailable', detail: 'Not known.' })
    const json = { 'content-type': 'application/problem+json' }
    const down = await answering(503, { ...json, 'retry-after': '120' }, problem)
    const page = await answering(200, { 'content-type': 'text/html' }, '<h1>Hello</h1>')
    for (const [url, said] of [
      [down.url, /Not known\. \(authority_unavailable\)[\s\S]*Try again in 120 s/],
      [page.url, /not as Latchkey does/],
      ['http://127.0.0.1:1', /cannot be reached/],
    ] as const) {
      const env = { LATCHKEY_URL: url, LATCHKEY_KEY: token }
      const { code, stdout, stderr } = await run(['keys', 'list'], { env })
      equal(code, 4, stderr)
      equal(stdout, '')
      match(stderr, said)
    }
    down.stop()
    page.stop()
  })

  it('sends a key nowhere else, whatever the deployment redirects to', async () => {
    const { run } = scene().cli()
    const other = await answering(200, {}, '{}')
    const first = await answering(307, { location: other.url }, '')
    const env = { LATCHKEY_URL: first.url, LATCHKEY_KEY: token }
    equal((await run(['keys', 'list'], { env })).code, 4)
    deepEqual([first.asked.length > 0, other.asked], [true, []])
    first.stop()
    other.stop()
  })

  it('prints no escape sequence that a deployment sends', async () => {
    const { run } = scene().cli()
    const evil = '\u001b]0;owned\u0007\u009b31m\u202ered'
    const detail = JSON.stringify({ code: 'forbidden', detail: evil })
    const server = await answering(403, { 'content-type': 'application/problem+json' }, detail)
    const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: token }
    const { code, stderr } = await run(['keys', 'list'], { env })
    equal(code, 1)
    ok(!hasControls(stderr), JSON.stringify(stderr))
    server.stop()
  })

  it('completes commands, options and values, in the shells that are here', async () => {
    const { run, program, env, home } = scene().cli()
    const { stdout: script } = await run(['completion', 'bash'])
    const commands = await run(['complete', '--', 'keys', ''])
    match(commands.stdout, /^create\t.*\n(.*\n)*:4\n$/m)
    match((await run(['complete', '--', 'keys', 'list', '--status', 'ex'])).stdout, /^expired\t/m)
    match((await run(['complete', '--', 'keys', 'revoke', '--dry'])).stdout, /^--dry-run\t/m)

    const typed = `${script}
COMP_WORDS=(latchkey keys ro) COMP_CWORD=2 COMP_LINE='latchkey keys ro' COMP_POINT=16
complete_function=$(complete -p latchkey | sed -E 's/.*-F ([^ ]+).*/\\1/')
_get_comp_words_by_ref() { cur=ro; prev=keys; words=("\${COMP_WORDS[@]}"); cword=2; }
"$complete_function" latchkey ro keys
printf '%s\\n' "\${COMPREPLY[@]}"`
    const PATH = `${dirname(program)}:${process.env.PATH}`
    const bash = spawnSync('bash', ['-c', typed], {
      cwd: home,
      env: env({ PATH }),
      encoding: 'utf8',
    })
    equal(bash.status, 0, bash.stderr)
    match(bash.stdout, /^rotate/m)
    for (const shell of ['zsh', 'fish']) {
      const { stdout, code } = await run(['completion', shell])
      equal(code, 0)
      if (spawnSync(shell, ['-c', 'true']).error) continue
      equal(spawnSync(shell, ['-n'], { input: stdout }).status, 0, shell)
    }
  })

  it('does what docs/cli.md says', async () => {
    const { deployment, cli } = scene()
    const { home, env, program } = cli()
    const page = readFileSync(join(root, 'docs', 'cli.md'), 'utf8')
    const block = /^```sh\n(.*?)^```/ms.exec(page)?.[1] ?? ''
    const script = block
      .replace('https://keys.example.com', deployment.url)
      .replace('whm_…', deployment.key)
    const PATH = `${dirname(program)}:${process.env.PATH}`
    const options = { cwd: home, env: env({ PATH }) }
    const ended = endOf(spawn('bash', ['-euo', 'pipefail', '-c', script], options))
    const { code, stdout, stderr } = await ended
    equal(code, 0, stderr)
    const output = `${stdout}${stderr}`
    for (const [, expected = ''] of block.matchAll(/# → (.+)$/gm)) {
      ok(output.includes(expected), `${expected} is not in:\n${output}`)
    }
    equal(await deployment.statusOf(readFileSync(join(home, 'billing.token'), 'utf8').trim()), 401)
  })
}
