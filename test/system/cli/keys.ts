// latchkey keys: with a managing key from the environment.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { hasControls } from './cli.ts'
import { startProxy } from './proxy.ts'
import type { Scene } from './scene.ts'

type Key = { id: string; name: string; status: string; scopes: string[] | null }
const printed = /whm_[0-9a-f]{32}/

export function testKeys(scene: () => Scene): void {
  const envOf = () => {
    const { url, key } = scene().deployment
    return { LATCHKEY_URL: url, LATCHKEY_KEY: key }
  }
  const parse = <Value>(text: string) => JSON.parse(text) as Value
  /** A key whose token is in a file. */
  async function create(cli: ReturnType<Scene['cli']>, name: string, ...more: string[]) {
    const file = cli.path(`${name}.token`)
    const words = ['keys', 'create', name, '--token-file', file, '--json', ...more]
    const { code, stdout, stderr } = await cli.run(words, { env: envOf() })
    equal(code, 0, stderr)
    return { ...parse<Key>(stdout), file, token: readFileSync(file, 'utf8').trim() }
  }
  const numberOf = async (search: string) => {
    const { data } = await scene().deployment.api('GET', `/api/api-keys?search=${search}`)
    return (data as unknown[]).length
  }

  it('shows a new token once, on a terminal', async () => {
    const { deployment, cli } = scene()
    const { terminal } = cli()
    const words = ['keys', 'create', 'Shown', '--scopes', 'contacts:read', '--expires-in', '1h']
    const { code, screen } = await terminal(words, { env: envOf() }).end()
    equal(code, 0, screen)
    const tokens = screen.match(new RegExp(printed, 'g')) ?? []
    equal(tokens.length, 1, screen)
    equal(await deployment.statusOf(tokens[0] ?? ''), 200)
    ok(!deployment.server.output().includes(tokens[0] ?? ''))
  })

  it('hands over a token that works, once, where the answer that held it was lost', async () => {
    const { deployment, cli } = scene()
    const { run, path } = cli()
    let isLost = false
    const proxy = await startProxy(deployment.url, ({ method, path: to }) => {
      const loses = !isLost && method === 'POST' && to === '/api/api-keys'
      isLost ||= loses
      return loses ? 'lose' : null
    })
    const words = ['keys', 'create', 'Lost', '--scopes', '', '--token-file', path('token')]
    const { code, stderr } = await run(words, { env: { ...envOf(), LATCHKEY_URL: proxy.url } })
    proxy.stop()
    equal(code, 0, stderr)
    ok(isLost)
    equal(await deployment.statusOf(readFileSync(path('token'), 'utf8').trim()), 200)
    const { data } = await deployment.api('GET', '/api/api-keys?search=Lost&status=active')
    equal((data as Key[]).length, 1)
  })

  it('creates nothing where standard output is no terminal and no file is named', async () => {
    const { cli } = scene()
    const { run, terminal, path } = cli()
    for (const json of [[], ['--json']]) {
      const piped = await run(['keys', 'create', 'Unshown', ...json], { env: envOf() })
      deepEqual([piped.code, piped.stdout], [2, ''])
      match(piped.stderr, /--token-file/)
      const stdout = path('redirected')
      const inFile = terminal(['keys', 'create', 'Unshown', ...json], { env: envOf(), stdout })
      equal((await inFile.end()).code, 2)
      equal(readFileSync(stdout, 'utf8'), '')
    }
    writeFileSync(path('taken'), 'mine')
    const words = ['keys', 'create', 'Unshown', '--token-file', path('taken')]
    equal((await run(words, { env: envOf() })).code, 1)
    equal(readFileSync(path('taken'), 'utf8'), 'mine')
    equal(await numberOf('Unshown'), 0)
  })

  it('writes a token into a new file that only its owner reads, and leaves none where nothing was made', async () => {
    const { deployment, cli } = scene()
    const own = cli()
    const made = await create(own, 'Filed', '--scopes', '')
    match(made.token, new RegExp(`^${printed.source}$`))
    equal(statSync(made.file).mode & 0o777, 0o600)
    equal(await deployment.statusOf(made.token), 200)
    const file = own.path('refused.token')
    const words = ['keys', 'create', 'Bad', '--scopes', 'no:such', '--token-file', file]
    const refused = await own.run(words, { env: envOf() })
    equal(refused.code, 1)
    match(refused.stderr, /scopes/)
    equal(statSync(file, { throwIfNoEntry: false }), undefined)
  })

  it('rotates, changes and shows a key', async () => {
    const { deployment, cli } = scene()
    const own = cli()
    const { run, path } = own
    const env = envOf()
    const limit = ['--rate-limit', '100/1m/fast']
    const old = await create(own, 'Rotated', '--scopes', 'contacts:read', ...limit)
    const about = await run(['keys', 'get', old.id], { env })
    match(about.stdout, /^Rate limit: +100 in 60 s, fast$/m)
    const unknown = ['keys', 'update', old.id, '--rate-limit', '100/1m/slow']
    equal((await run(unknown, { env })).code, 2)
    const words = [
      'keys',
      'rotate',
      old.id,
      '--overlap',
      '1h',
      '--token-file',
      path('new'),
      '--json',
    ]
    const rotated = await run(words, { env })
    equal(rotated.code, 0, rotated.stderr)
    const token = readFileSync(path('new'), 'utf8').trim()
    deepEqual(await Promise.all([old.token, token].map(deployment.statusOf)), [200, 200])
    const { id } = parse<Key>(rotated.stdout)
    const change = ['keys', 'update', id, '--name', 'Renamed', '--clear', 'rate_limit', '--json']
    const changed = await run(change, { env })
    equal(changed.code, 0, changed.stderr)
    const shown = parse<Key & { rate_limit: unknown }>(
      (await run(['keys', 'get', id, '--json'], { env })).stdout,
    )
    deepEqual([shown.name, shown.rate_limit, shown.scopes], ['Renamed', null, ['contacts:read']])
    match((await run(['keys', 'get', id], { env })).stdout, /^Name: +Renamed$/m)
    equal((await run(['keys', 'update', id], { env })).code, 2)
    equal((await run(['keys', 'get', crypto.randomUUID()], { env })).code, 1)
  })

  it('finds the key of a token from standard input, and explains its refusal', async () => {
    const own = scene().cli()
    const { run, terminal } = own
    const env = envOf()
    const { id, token } = await create(own, 'Found', '--scopes', 'contacts:read')
    const found = await run(['keys', 'lookup', '-', '--json'], { env, input: `${token}\n` })
    equal(parse<Key>(found.stdout).id, id)
    const asked = terminal(['keys', 'lookup'], { env })
    await asked.shows('Token')
    asked.types(`${token}\r`)
    const { code, screen } = await asked.end()
    equal(code, 0)
    ok(screen.includes(id) && !screen.includes(token), screen)
    const words = ['keys', 'explain', '-', '--scopes', 'messages:send']
    const refused = await run(words, { env, input: token })
    equal(refused.code, 1)
    match(refused.stdout, /^Answer: +insufficient_scope$/m)
    ok(!`${refused.stdout}${refused.stderr}`.includes(token))
    const passes = await run(['keys', 'explain', id, '--scopes', 'contacts:read', '--json'], {
      env,
    })
    deepEqual([passes.code, parse<{ code: string }>(passes.stdout).code], [0, 'valid'])
  })

  it('lists by filters, page by page, as a table that fits and as JSON', async () => {
    const { cli, deployment } = scene()
    const own = cli()
    const { run, terminal } = own
    const env = envOf()
    for (const name of ['Page 1', 'Page 2', 'Page 3']) {
      const body = { name, scopes: [], external_id: 'pages' }
      equal((await deployment.api('POST', '/api/api-keys', body)).status, 201)
    }
    const words = ['keys', 'list', '--external-id', 'pages', '--limit', '2']
    const first = parse<{ data: Key[]; next_cursor: string }>(
      (await run([...words, '--json'], { env })).stdout,
    )
    equal(first.data.length, 2)
    const rest = await run([...words, '--cursor', first.next_cursor, '--json'], { env })
    equal(parse<{ data: Key[] }>(rest.stdout).data.length, 1)
    const all = (await run([...words, '--all', '--json'], { env })).stdout.trim().split('\n')
    deepEqual(
      new Set(all.map((line) => parse<Key>(line).name)),
      new Set(['Page 1', 'Page 2', 'Page 3']),
    )
    match((await run(words, { env })).stderr, /--all/)
    for (const columns of [60, 80, 200]) {
      const { screen } = await terminal(['keys', 'list', '--external-id', 'pages'], {
        env,
        columns,
      }).end()
      const lines = stripVTControlCharacters(screen).split(/\r?\n/)
      ok(
        lines.every((line) => line.length <= columns),
        screen,
      )
      ok(screen.includes('Page 3'))
    }
  })

  it('prints names and metadata without what a terminal would act on', async () => {
    const { cli, deployment } = scene()
    const { run, terminal } = cli()
    const evil = '\u001b]52;c;b3duZWQ=\u0007\u009b2J\u202e'
    const body = { name: 'Evil', scopes: [], metadata: { evil }, external_id: 'evil' }
    const { data } = await deployment.api('POST', '/api/api-keys', body)
    const { id } = data as Key
    const { screen } = await terminal(['keys', 'get', id], {
      env: { ...envOf(), NO_COLOR: '1' },
    }).end()
    ok(!hasControls(screen), JSON.stringify(screen))
    const { stdout } = await run(['keys', 'get', id, '--json'], { env: envOf() })
    ok(!hasControls(stdout))
    equal(parse<{ metadata: { evil: string } }>(stdout).metadata.evil, evil)
  })

  it('revokes many: shows which first, asks, and names what there is not', async () => {
    const { cli, deployment } = scene()
    const { run, terminal } = cli()
    const env = envOf()
    const ids: string[] = []
    for (const name of ['Many 1', 'Many 2', 'Many 3']) {
      const { data } = await deployment.api('POST', '/api/api-keys', {
        ...{ name, scopes: [], external_id: 'many' },
      })
      ids.push((data as Key).id)
    }
    const select = ['keys', 'revoke', '--external-id', 'many']
    const dry = parse<{ would_revoke: number }>(
      (await run([...select, '--dry-run', '--json'], { env })).stdout,
    )
    equal(dry.would_revoke, 3)
    const unasked = await run(select, { env })
    equal(unasked.code, 2)
    match(unasked.stderr, /3 keys.*--yes/)
    const asked = terminal(select, { env })
    await asked.shows('Revoke 3 keys for good?')
    asked.types('n')
    equal((await asked.end()).code, 130)
    const absent = crypto.randomUUID()
    const some = await run(['keys', 'revoke', ids[0] ?? '', absent, '--yes', '--json'], { env })
    deepEqual([some.code, parse(some.stdout)], [1, { revoked: 1, missing: [absent] }])
    match(some.stderr, new RegExp(absent))
    const rest = await run([...select, '--yes', '--json'], { env })
    deepEqual([rest.code, parse<{ revoked: number }>(rest.stdout).revoked], [0, 2])
    const none = await run(['keys', 'revoke', '--external-id', 'nobody', '--yes'], { env })
    equal(none.code, 1)
    const { data } = await deployment.api('GET', '/api/api-keys?external_id=many&status=revoked')
    equal((data as Key[]).length, 3)
  })

  it('counts requests of a key and of the account', async () => {
    const { run } = scene().cli()
    const env = envOf()
    const all = await run(['usage', '--granularity', 'hour', '--json'], { env })
    equal(all.code, 0, all.stderr)
    equal(parse<{ granularity: string }>(all.stdout).granularity, 'hour')
    const groups = await run(['usage', '--group-by', 'key', '--json'], { env })
    ok(Array.isArray(parse<{ groups: unknown }>(groups.stdout).groups))
    equal((await run(['usage', '--from', 'soon'], { env })).code, 1)
  })
}
