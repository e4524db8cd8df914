// latchkey doctor: of a deployment that is well, and of ones where something is wrong.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../scripts/free-port.ts'
import { endOf } from './cli.ts'
import { type Instead, startProxy } from './proxy.ts'
import type { Scene } from './scene.ts'

type Check = { check: string; result: string; detail: string; mend: string | null }
type Report = { healthy: boolean; checks: Check[] }

export function testDoctor(scene: () => Scene): void {
  const envOf = (url = scene().deployment.url) => ({
    LATCHKEY_URL: url,
    LATCHKEY_KEY: scene().deployment.key,
  })
  const wrong = ({ checks }: Report) => checks.filter(({ result }) => result === 'failed')
  const probes = async () => {
    const { data } = await scene().deployment.api('GET', '/api/api-keys?search=latchkey+doctor')
    return data as { status: string }[]
  }
  /** The report on the deployment behind a proxy that answers some requests itself. */
  async function through(
    decide: Parameters<typeof startProxy>[1],
    headersOf?: Parameters<typeof startProxy>[2],
  ) {
    const { deployment, cli } = scene()
    const proxy = await startProxy(deployment.url, decide, headersOf)
    const { code, stdout, stderr } = await cli().run(['doctor', '--json'], {
      env: envOf(proxy.url),
    })
    proxy.stop()
    equal(code, 1, stderr)
    return wrong(JSON.parse(stdout) as Report)
  }
  const problem = (status: number, code: string, detail: string): Instead => ({
    ...{ status, body: { code, detail } },
    headers: { 'content-type': 'application/problem+json' },
  })

  it('follows a key from its creation to its refusal, and leaves none behind', async () => {
    const { run } = scene().cli()
    const { code, stdout, stderr } = await run(['doctor', '--json'], { env: envOf() })
    equal(code, 0, stderr)
    const { healthy, checks } = JSON.parse(stdout) as Report
    ok(healthy)
    const names = checks.map(({ check }) => check)
    for (const each of [
      'address',
      'clock',
      'database',
      'queue',
      'create',
      'use',
      'revoke',
      'refusal',
    ]) {
      ok(names.includes(each), `${each} is not in ${names}`)
    }
    const left = await probes()
    ok(left.length > 0)
    deepEqual(
      left.filter(({ status }) => status !== 'revoked'),
      [],
    )
    ok(!/whm_[0-9a-f]{32}/.test(stdout + stderr))
    match((await run(['doctor'], { env: envOf() })).stderr, /Nothing is wrong\./)
  })

  it('checks what it can without a credential', async () => {
    const { run } = scene().cli()
    const { code, stdout } = await run(['doctor', '--url', scene().deployment.url, '--json'])
    equal(code, 0)
    equal((JSON.parse(stdout) as Report).checks.at(-1)?.result, 'skipped')
  })

  it('names a wrong address', async () => {
    const { run } = scene().cli()
    const closed = await run(['doctor', '--url', `http://127.0.0.1:${await freePort()}`])
    equal(closed.code, 1)
    match(`${closed.stdout}${closed.stderr}`, /ECONNREFUSED[\s\S]*Nothing listens there/)
    const other = await startProxy('', () => ({ status: 200, body: '<h1>Hello</h1>' }))
    const page = await run(['doctor', '--url', other.url])
    equal(page.code, 1)
    match(`${page.stdout}${page.stderr}`, /not as Latchkey does/)
    other.stop()
  })

  it('names a store that is down, and the binding', async () => {
    const [cache] = await through(({ path }) =>
      path === '/readyz'
        ? {
            status: 503,
            body: { status: 'not_ready', checks: { cache: { ok: false, ms: 2_000 } } },
          }
        : null,
    )
    equal(cache?.check, 'cache')
    match(cache?.mend ?? '', /KEY_CACHE/)
  })

  it('names a clock that is wrong', async () => {
    const found = await through(
      () => null,
      () => ({ date: new Date(Date.now() + 120_000).toUTCString() }),
    )
    deepEqual(
      found.map(({ check }) => check),
      ['clock'],
    )
    match(found[0]?.detail ?? '', /1(19|20|21)\.\d s behind/)
  })

  it('names changes that are stopped, and a credential that may create nothing', async () => {
    const detail = 'Changes are stopped while the database is being restored. Keys keep working.'
    const stops = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path === '/api/api-keys'
    const [stopped] = await through((asked) =>
      stops(asked) ? problem(503, 'authority_unavailable', detail) : null,
    )
    match(stopped?.mend ?? '', /CHANGES/)
    const [forbidden] = await through((asked) =>
      stops(asked) ? problem(403, 'forbidden', 'Members may read.') : null,
    )
    match(forbidden?.mend ?? '', /may create keys/)
  })

  it('names a revoked key that still passes, and revokes one that it could not use', async () => {
    const [passes] = await through(({ path }) =>
      path === '/api/v1/me' ? { status: 200, body: { data: {} } } : null,
    )
    equal(passes?.check, 'refusal')
    const [unused] = await through(({ path }) =>
      path === '/api/v1/me' ? problem(503, 'authority_unavailable', 'Not known.') : null,
    )
    equal(unused?.check, 'use')
    deepEqual(
      (await probes()).filter(({ status }) => status !== 'revoked'),
      [],
    )
  })

  it('revokes its key when it is interrupted', async () => {
    const { deployment, cli } = scene()
    const { program, home, env } = cli()
    const proxy = await startProxy(deployment.url, ({ path }) =>
      path === '/api/v1/me' ? 'hold' : null,
    )
    const child = spawn(program, ['doctor'], { cwd: home, env: env(envOf(proxy.url)) })
    const ended = endOf(child)
    while (!proxy.asked.some(({ path }) => path === '/api/v1/me')) await sleep(50)
    child.kill('SIGINT')
    equal((await ended).code, 130)
    proxy.stop()
    deepEqual(
      (await probes()).filter(({ status }) => status !== 'revoked'),
      [],
    )
  })
}
