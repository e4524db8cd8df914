// `npm run deploy -- --env staging`: a deployment of its own beside production, from `[env.staging]` of wrangler.toml.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { buildDashboard } from '../../../scripts/dashboard.ts'
import { readConfig } from '../../../scripts/deploy/environment.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import {
  bindingsOf,
  deploy,
  migrationFiles,
  migrationsOf,
  root,
  secretsOf,
  secretValues,
} from './deployment.ts'
import { requiredSecrets } from './expectations.ts'
import { openCloudflare } from './open.ts'

before(buildDashboard)

const address = 'https://latchkey-staging.example.workers.dev'

describe('npm run deploy -- --env staging', { timeout: suiteTimeoutMs }, () => {
  it('deploys beside production with its own databases, queues, secrets and address', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { world } = cloudflare
    const production = await deploy(cloudflare)
    assert.equal(production.code, 0, production.output)
    const before = structuredClone(world.worker)

    const first = await deploy(cloudflare, ['--generate', '--env', 'staging'])
    assert.equal(first.code, 0, first.output)
    assert.deepEqual(cloudflare.unknown, [])
    assert.deepEqual(world.worker, before, 'production is as it was')
    assert.deepEqual(migrationsOf(cloudflare, 'latchkey-staging'), migrationFiles('migrations'))
    assert.deepEqual(world.namespaces.map(({ title }) => title).sort(), [
      'latchkey-key-cache',
      'latchkey-staging-key-cache',
    ])
    const queues = world.queues.map(({ name }) => name)
    for (const name of ['usage', 'webhooks']) {
      for (const one of [`latchkey-${name}`, `latchkey-staging-${name}`])
        assert.ok(queues.includes(one), one)
    }
    const [ours, theirs] = [bindingsOf(cloudflare, world.staging), bindingsOf(cloudflare)]
    assert.equal(ours.get('BASE_URL')?.text, address)
    assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort())
    for (const [name, field] of [
      ['DB', 'id'],
      ['KEY_CACHE', 'namespace_id'],
      ['USAGE', 'queue_name'],
    ] as const) {
      assert.notEqual(ours.get(name)?.[field], theirs.get(name)?.[field], name)
    }
    const secrets = secretValues(cloudflare, world.staging)
    assert.deepEqual(Object.keys(secrets).sort(), requiredSecrets.toSorted())
    for (const name of requiredSecrets)
      assert.notEqual(secrets[name], secretValues(cloudflare)[name], name)
    const kept = secretsOf(cloudflare, 'latchkey-staging')
    assert.deepEqual(JSON.parse(readFileSync(kept, 'utf8')), secrets)
    assert.match(first.output, /npm run deploy -- --env staging --domain/)

    // It needs no secret any more, and keeps its address.
    const second = await deploy(cloudflare, ['--env', 'staging'])
    assert.equal(second.code, 0, second.output)
    assert.equal(bindingsOf(cloudflare, world.staging).get('BASE_URL')?.text, address)
    assert.deepEqual(secretValues(cloudflare, world.staging), secrets)
    assert.deepEqual(world.worker, before)

    const text = (name: string, value: string) => {
      const binding = bindingsOf(cloudflare, world.staging).get(name)
      assert.ok(binding)
      const was = binding.text
      binding.text = value
      return () => {
        binding.text = was
      }
    }
    const undo = text('CHANGES', 'stopped')
    const stopped = await deploy(cloudflare, ['--env', 'staging'])
    assert.match(stopped.output, /D1 is being restored/)
    undo()
    text('USAGE_SHARDS', '2')
    const moved = await deploy(cloudflare, ['--env', 'staging'])
    assert.match(moved.output, /USAGE_SHARDS is "1", and "2" is deployed/)
    assert.deepEqual([stopped.code, moved.code], [1, 1])
  })

  it('is not what CLOUDFLARE_ENV of the shell selects', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { code, output } = await deploy(cloudflare, ['--generate'], { CLOUDFLARE_ENV: 'staging' })
    assert.equal(code, 0, output)
    assert.equal(cloudflare.world.staging, null)
    assert.ok(cloudflare.world.worker)
  })

  it('binds an existing namespace that an earlier run left unbound', async (test) => {
    const cloudflare = await openCloudflare(test)
    cloudflare.world.namespaces.push({ title: 'latchkey-staging-key-cache', id: 'left-behind' })
    const { code, output } = await deploy(cloudflare, ['--generate', '--env', 'staging'])
    assert.equal(code, 0, output)
    const bindings = bindingsOf(cloudflare, cloudflare.world.staging)
    assert.equal(bindings.get('KEY_CACHE')?.namespace_id, 'left-behind')
  })
})

describe('an environment of wrangler.toml', () => {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')

  /** The message of what is wrong with `[env.staging]` once the text was changed. */
  function refusal(
    find: string | RegExp,
    put: string,
    environment: string | null = 'staging',
  ): string {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-toml-'))
    try {
      const path = join(folder, 'wrangler.toml')
      const changed = toml.replace(find, put)
      assert.ok(changed !== toml || put === '', 'the text was found')
      writeFileSync(path, changed)
      readConfig(environment, path)
      return 'none'
    } catch (error) {
      return (error as Error).message
    } finally {
      removeFolder(folder)
    }
  }

  it('is complete, and shares nothing with production', () => {
    assert.equal(refusal('', ''), 'none')
  })

  it('never keeps mail in place of sending it', () => {
    for (const environment of ['staging', null]) {
      const put = 'LOG_SAMPLE = $1\nDEV_MAIL = "yes"'
      assert.match(refusal(/LOG_SAMPLE = (.*)/g, put, environment), /DEV_MAIL is set/)
    }
  })

  it('names what an issuer of JWTs lacks', () => {
    for (const environment of ['staging', null]) {
      const vars = (audience: string, keysAt: string) =>
        refusal(
          /JWT_ISSUER = ""\nJWT_AUDIENCE = ""\nJWT_JWKS_URL = ""/g,
          `JWT_ISSUER = "https://a.example/"\nJWT_AUDIENCE = "${audience}"\nJWT_JWKS_URL = "${keysAt}"`,
          environment,
        )
      assert.match(vars('keys', ''), /Empty: JWT_JWKS_URL/)
      assert.match(vars('', ''), /Empty: JWT_AUDIENCE, JWT_JWKS_URL/)
      assert.match(vars('keys', 'a.example/jwks'), /JWT_JWKS_URL is "a\.example\/jwks"/)
      assert.match(vars('keys', 'http://a.example/jwks'), /must be an https address/)
      assert.equal(vars('keys', 'https://a.example/jwks'), 'none')
    }
  })

  const cases: [string, string | RegExp, string, RegExp][] = [
    [
      'lacks a variable',
      /(\[env\.staging\.vars\]\n[^[]*)CHANGES = "on"\n/,
      '$1',
      /lacks the variable CHANGES:/,
    ],
    [
      'lacks a database',
      /\[\[env\.staging\.d1_databases\]\]\nbinding = "DB"\n(\w+ = [^\n]*\n)+/,
      '',
      /lacks the database DB:/,
    ],
    [
      'lacks an object',
      /\[\[env\.staging\.durable_objects\.bindings\]\]\nname = "METER"\n[^\n]*\n/,
      '',
      /lacks the Durable Object METER:/,
    ],
    [
      'lacks a secret',
      /(\[env\.staging\.secrets\]\nrequired = \["TAG_SECRETS"), "AUTH_SECRETS"/,
      '$1',
      /lacks the secret AUTH_SECRETS:/,
    ],
    [
      'lacks a service',
      '[version_metadata]',
      '[[services]]\nbinding = "API"\nservice = "api"\n\n[version_metadata]',
      /lacks the service API:/,
    ],
    [
      'has a queue that nobody reads',
      'queue = "latchkey-staging-usage"\nmax',
      'queue = "another"\nmax',
      /lacks the consumer of the queue USAGE:/,
    ],
    [
      'shares a database',
      '"latchkey-staging"',
      '"latchkey"',
      /shares the database latchkey with the top level/,
    ],
    [
      'shares a queue',
      /latchkey-staging-usage/g,
      'latchkey-usage',
      /shares the queue latchkey-usage with/,
    ],
    [
      'shares a rate limit',
      'namespace_id = "1002"',
      'namespace_id = "1001"',
      /shares the rate limit 1001 with/,
    ],
    [
      'shares the Worker',
      '[env.staging]\n',
      '[env.staging]\nname = "latchkey"\n',
      /shares the Worker latchkey with/,
    ],
    [
      'shares a store with another environment',
      '[env.staging]\n',
      '[env.qa]\nqueues = { producers = [{ binding = "USAGE", queue = "latchkey-staging-usage" }] }\n\n[env.staging]\n',
      /shares the queue latchkey-staging-usage with \[env\.qa\]/,
    ],
  ]
  for (const [name, find, put, sentence] of cases) {
    it(`is refused where it ${name}`, () => assert.match(refusal(find, put), sentence))
  }

  it('is refused where it is absent', () => {
    assert.equal(refusal('', '', 'qa'), 'wrangler.toml has no [env.qa]. It has: staging.')
  })
})
