// latchkey import: interrupted and resumed, refused row by row, through quotas and lost connections.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endOf } from './cli.ts'
import { startProxy } from './proxy.ts'
import type { Scene } from './scene.ts'

const importPath = '/api/api-keys/import'

type Made = { token: string; row: Record<string, unknown> }

/** A row of Unkey's table. */
function unkeyRow(name: string, more: Record<string, unknown> = {}): Made {
  const token = `uk_${randomBytes(12).toString('hex')}`
  const hash = createHash('sha256').update(token).digest('base64')
  return { token, row: { id: name, hash, start: token.slice(0, 7), name, enabled: 1, ...more } }
}

const ndjson = (made: readonly Made[]) => made.map(({ row }) => `${JSON.stringify(row)}\n`).join('')
const counted = (stdout: string) => JSON.parse(stdout) as Record<string, number>

export function testImport(scene: () => Scene): void {
  const words = (file: string, ...more: string[]) => [
    ...['import', file, '--from', 'unkey', '--scopes', 'contacts:read', '--json'],
    ...more,
  ]
  const envOf = async (url = scene().deployment.url) => ({
    LATCHKEY_URL: url,
    LATCHKEY_JWT: await scene().deployment.jwt(),
  })

  it('goes on where it was after SIGKILL, and sends no row twice', async () => {
    const { deployment, cli } = scene()
    const { run, path, program, home, env } = cli()
    const made = Array.from({ length: 250 }, (_, at) => unkeyRow(`Resumed ${at}`))
    const file = path('keys.ndjson')
    writeFileSync(file, ndjson(made))
    let isHeld = true
    const proxy = await startProxy(deployment.url, ({ path: to, body }) =>
      to === importPath && isHeld && body.includes('Resumed 249') ? 'hold' : null,
    )
    const variables = await envOf(proxy.url)
    const child: ChildProcess = spawn(program, words(file), { cwd: home, env: env(variables) })
    const checkpoint = `${file}.latchkey-import`
    while (!existsSync(checkpoint) || !readFileSync(checkpoint, 'utf8').includes('"rows":200')) {
      equal(child.exitCode, null, 'it has ended')
      await sleep(50)
    }
    child.kill('SIGKILL')
    isHeld = false
    proxy.asked.length = 0
    const { code, stdout, stderr } = await run(words(file), { env: variables })
    equal(code, 0, stderr)
    match(stderr, /after row 200/)
    deepEqual(counted(stdout), { created: 250 })
    const sent = proxy.asked.filter(({ path: to }) => to === importPath)
    deepEqual(
      sent.map(({ body }) => (JSON.parse(body) as { keys: unknown[] }).keys.length),
      [50],
    )
    ok(!existsSync(checkpoint))
    const statuses = await Promise.all(
      [0, 99, 100, 249].map((at) => deployment.statusOf(made[at]?.token ?? '')),
    )
    deepEqual(statuses, [200, 200, 200, 200])
    deepEqual(counted((await run(words(file), { env: variables })).stdout), { exists: 250 })
    proxy.stop()
  })

  it('names row, line and reason of each refusal, skips keys that work no more, and imports the others', async () => {
    const { deployment, cli } = scene()
    const { run, path } = cli()
    const [good, off, expired, noDigest, badTime, last] = [
      unkeyRow('Good', { expires: '2099-01-01 00:00:00' }),
      unkeyRow('Off', { enabled: 0 }),
      unkeyRow('Over', { expires: '2020-01-01 00:00:00.000' }),
      unkeyRow('Unhashed', { hash: 'uk_this_is_the_token_itself' }),
      unkeyRow('Timeless', { expires: 'soon' }),
      unkeyRow('Last, "quoted"'),
    ] as const
    const columns = ['id', 'hash', 'start', 'name', 'enabled', 'expires']
    const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`
    const line = ({ row }: Made) => columns.map((column) => cell(row[column])).join(',')
    const rows = [good, off, expired, noDigest, badTime].map(line)
    const csv = [columns.join(','), ...rows, 'too,few', line(last)].join('\r\n')
    writeFileSync(path('keys.csv'), `\ufeff${csv}`)
    const env = await envOf()
    const ended = await run(words(path('keys.csv'), '--refusals', path('refused')), { env })
    equal(ended.code, 1, ended.stderr)
    deepEqual(counted(ended.stdout), { created: 2, disabled: 1, expired: 1, invalid: 3 })
    match(ended.stderr, /^Row 4, line 5 \(Unhashed\): digest: /m)
    match(ended.stderr, /^Row 5, line 6 \(Timeless\): expires_at: /m)
    match(ended.stderr, /^Row 6, line 7: Not a row of CSV/m)
    ok(!ended.stderr.includes('the_token_itself'))
    const refused = readFileSync(path('refused'), 'utf8').trim().split('\n')
    deepEqual(
      refused.map((text) => (JSON.parse(text) as { row: number }).row),
      [4, 5, 6],
    )
    equal(statSync(path('refused')).mode & 0o777, 0o600)
    equal(await deployment.statusOf(good.token), 200)
    equal(await deployment.statusOf(last.token), 200)
    equal(await deployment.statusOf(off.token), 401)
  })

  it('names the row that the deployment refuses, also where one row spoils the whole request', async () => {
    const { cli } = scene()
    const { run, path } = cli()
    const made = Array.from({ length: 20 }, (_, at) => unkeyRow(`Spoilt ${at}`))
    const lines = ndjson(made).split('\n')
    lines[6] = JSON.stringify({ ...made[6]?.row, meta: { a: '@' } }).replace('@', '\\ud800')
    lines[12] = JSON.stringify({ ...made[12]?.row, name: '\u202e' })
    lines[15] = '{"broken"'
    writeFileSync(path('keys.ndjson'), lines.join('\n'))
    const { code, stdout, stderr } = await run(words(path('keys.ndjson')), { env: await envOf() })
    equal(code, 1, stderr)
    deepEqual(counted(stdout), { created: 17, invalid: 3 })
    match(stderr, /^Row 7, line 7 \(Spoilt 6\): /m)
    match(stderr, /^Row 13, line 13.*: name: /m)
    match(stderr, /^Row 16, line 16: Not valid JSON/m)
  })

  it('waits for the quota, and through lost connections and a store that is down', async () => {
    const { deployment, cli } = scene()
    const { run, path } = cli()
    writeFileSync(path('keys.ndjson'), ndjson([unkeyRow('Patient')]))
    const json = { 'content-type': 'application/problem+json' }
    const problems = [
      {
        status: 429,
        headers: { ...json, 'retry-after': '1' },
        body: { code: 'quota_exceeded', detail: 'Full.' },
      },
      'reset',
      { status: 503, headers: json, body: { code: 'authority_unavailable', detail: 'Down.' } },
    ] as const
    let calls = 0
    const proxy = await startProxy(deployment.url, ({ path: to }) =>
      to === importPath ? (problems[calls++] ?? null) : null,
    )
    const { code, stdout, stderr } = await run(words(path('keys.ndjson')), {
      env: await envOf(proxy.url),
    })
    equal(code, 0, stderr)
    deepEqual(counted(stdout), { created: 1 })
    equal(calls, 4)
    proxy.stop()
  })

  it('reads without sending for --dry-run, in constant memory, and from standard input', async () => {
    const { cli } = scene()
    const { run, path } = cli()
    const lines = ndjson([unkeyRow('Dry', { meta: 'x'.repeat(200).replace(/.+/, '{"a":"$&"}') })])
    writeFileSync(path('many.ndjson'), lines.repeat(300_000))
    const env = { NODE_OPTIONS: '--max-old-space-size=48' }
    const many = await run(words(path('many.ndjson'), '--dry-run'), { env })
    deepEqual([many.code, counted(many.stdout)], [0, { would_import: 300_000 }])
    const piped = await run(words('-', '--dry-run', '--input', 'ndjson'), { input: lines })
    deepEqual(counted(piped.stdout), { would_import: 1 })
  })

  it('refuses what it cannot mean, before it sends anything', async () => {
    const { deployment, cli } = scene()
    const { run, path } = cli()
    const env = await envOf()
    const file = path('keys.ndjson')
    writeFileSync(file, ndjson([unkeyRow('Unsent')]))
    writeFileSync(path('array.ndjson'), JSON.stringify([unkeyRow('Unsent').row]))
    for (const [wrong, said] of [
      [['import', file, '--from', 'unkey'], /--scopes/],
      [['import', file, '--scopes', ''], /--from/],
      [['import', path('keys.txt'), '--from', 'wacrm'], /--input/],
      [['import', path('array.ndjson'), '--from', 'unkey', '--scopes', ''], /one JSON array/],
    ] as const) {
      const { code, stderr } = await run(wrong, { env })
      equal(code, 2, stderr)
      match(stderr, said)
    }
    const byKey = { LATCHKEY_URL: deployment.url, LATCHKEY_KEY: deployment.key }
    const { code, stderr } = await run(words(file), { env: byKey })
    equal(code, 3)
    match(stderr, /only a person/)
  })

  it('imports through standard input', async () => {
    const { deployment, cli } = scene()
    const { program, home, env } = cli()
    const made = unkeyRow('Piped')
    const child = spawn(program, words('-', '--input', 'ndjson'), {
      cwd: home,
      env: env(await envOf()),
    })
    child.stdin.end(ndjson([made]))
    const { code, stdout } = await endOf(child)
    deepEqual([code, counted(stdout)], [0, { created: 1 }])
    equal(await deployment.statusOf(made.token), 200)
  })

  it('asks once for step-up, although several batches are under way, and goes on', async () => {
    const { deployment, cli } = scene()
    const { url, owner, password } = deployment
    const { terminal, path } = cli()
    writeFileSync(
      path('keys.ndjson'),
      ndjson(Array.from({ length: 250 }, (_, at) => unkeyRow(`Step ${at}`))),
    )
    const login = terminal(['login', '--url', url, '--email', owner])
    await login.shows('Password of')
    login.types(`${password}\r`)
    equal((await login.end()).code, 0)
    await deployment.ageSessions()
    const imported = terminal(words(path('keys.ndjson')))
    await imported.shows('Your password')
    imported.types(`${password}\r`)
    const { code, screen } = await imported.end()
    equal(code, 0, screen)
    match(screen, /"created": 250/)
    equal(screen.split('This needs a proof').length - 1, 1)
  })
}
