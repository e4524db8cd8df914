// `npm run deploy` with the real wrangler against a fake of Cloudflare's API: `npm run test:system`.
// docs/deploy.md lists what the fake cannot show.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { buildDashboard } from '../../../scripts/dashboard.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { createDatabase, query } from './cloud.ts'
import {
  bindingsOf,
  changesIn,
  deploy,
  migrationFiles,
  migrationsOf,
  root,
  secretValues,
} from './deployment.ts'
import {
  assertComplete,
  assertSecrecy,
  assertUntouched,
  folders,
  requiredSecrets,
  workersDev,
} from './expectations.ts'
import { testFailures } from './failures.ts'
import { openCloudflare } from './open.ts'

before(buildDashboard)

describe('npm run deploy', { concurrency: 2, timeout: suiteTimeoutMs }, () => {
  it('deploys to an empty account, and a second run upgrades the deployment', async (test) => {
    const cloudflare = await openCloudflare(test)
    const first = await deploy(cloudflare)
    assert.equal(first.code, 0, first.output)
    assertComplete(cloudflare)
    assertSecrecy(cloudflare, first)
    assert.match(first.output, new RegExp(`first owner, with SETUP_TOKEN, at ${workersDev}/setup`))

    const secrets = secretValues(cloudflare)
    cloudflare.calls.length = 0
    const second = await deploy(cloudflare, [])
    assert.equal(second.code, 0, second.output)
    assertComplete(cloudflare)
    assert.deepEqual(secretValues(cloudflare), secrets)
    assert.deepEqual(
      changesIn(cloudflare).filter((call) => /^POST \/(d1|storage|queues$)/.test(call)),
      ['POST /d1/database/ID/query', 'POST /d1/database/ID/query'],
      'only the table of migrations is ensured to exist',
    )
  })

  it('migrates an existing database before the new code is uploaded', async (test) => {
    const cloudflare = await openCloudflare(test)
    await deploy(cloudflare)
    const database = createDatabase('latchkey')
    const [oldest = ''] = migrationFiles('migrations')
    query(database.sql, readFileSync(join(root, 'migrations', oldest), 'utf8'))
    query(
      database.sql,
      `CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);
      INSERT INTO d1_migrations (name) VALUES ('${oldest}')`,
    )
    const present = cloudflare.world.databases.find(({ name }) => name === 'latchkey')
    assert.ok(present)
    present.sql = database.sql
    cloudflare.calls.length = 0
    const { code, output } = await deploy(cloudflare, [])
    assert.equal(code, 0, output)
    assertComplete(cloudflare)
    const order = changesIn(cloudflare)
    const upload = order.findIndex((call) => /scripts\/latchkey(\/versions)?$/.test(call))
    assert.ok(order.lastIndexOf('POST /d1/database/ID/query') < upload, order.join('\n'))
  })

  it('stores a newly required secret, and does not change the others', async (test) => {
    const cloudflare = await openCloudflare(test)
    await deploy(cloudflare)
    const before = secretValues(cloudflare)
    const [version] = cloudflare.world.worker?.versions.slice(-1) ?? []
    assert.ok(version)
    const [name = ''] = requiredSecrets
    version.bindings = version.bindings.filter((binding) => binding.name !== name)
    const given = {
      TAG_SECRETS: 'given-tag-secret',
      AUTH_SECRETS: 'x'.repeat(32),
      SETUP_TOKEN: 'given-token',
    }
    const { code, output } = await deploy(cloudflare, [], given)
    assert.equal(code, 0, output)
    const expected = { ...before, [name]: given[name as keyof typeof given] }
    assert.deepEqual(secretValues(cloudflare), expected)
    assert.ok(!output.includes('given-t'))
  })

  it('keeps the given address, and attaches a custom domain', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { code, output } = await deploy(cloudflare, [
      '--generate',
      '--domain',
      'keys.example.com',
    ])
    assert.equal(code, 0, output)
    assertComplete(cloudflare, 'https://keys.example.com')
    assert.deepEqual(cloudflare.world.worker?.domains, ['keys.example.com'])
    const again = await deploy(cloudflare, [])
    assert.equal(again.code, 0, again.output)
    assertComplete(cloudflare, 'https://keys.example.com')
    assert.deepEqual(cloudflare.world.worker?.domains, ['keys.example.com'])
  })

  it('changes nothing without a login', async (test) => {
    const cloudflare = await openCloudflare(test)
    const none = await deploy(cloudflare, ['--generate'], { CLOUDFLARE_API_TOKEN: '' })
    assert.equal(none.code, 1)
    assert.match(none.output, /Not logged in to Cloudflare/)
    cloudflare.world.loggedIn = false
    const refused = await deploy(cloudflare)
    assert.equal(refused.code, 1)
    assert.match(refused.output, /Wrangler could not read the login/)
    assertUntouched(cloudflare)
  })

  it('names the missing secrets without a terminal', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { code, output } = await deploy(cloudflare, [])
    assert.equal(code, 1)
    for (const name of requiredSecrets) assert.match(output, new RegExp(name))
    assertUntouched(cloudflare)
  })

  it('refuses to deploy during a gradual deployment or a restore', async (test) => {
    const cloudflare = await openCloudflare(test)
    await deploy(cloudflare)
    const { worker } = cloudflare.world
    assert.ok(worker)
    const [old, current] = worker.versions
    assert.ok(old && current)
    worker.deployed = [old, current].map(({ id }) => ({ version_id: id, percentage: 50 }))
    cloudflare.calls.length = 0
    const gradual = await deploy(cloudflare, [])
    assert.match(gradual.output, /A gradual deployment is under way/)
    worker.deployed = [{ version_id: current.id, percentage: 100 }]
    const changes = bindingsOf(cloudflare).get('CHANGES')
    assert.ok(changes)
    changes.text = 'stopped'
    const stopped = await deploy(cloudflare, [])
    assert.match(stopped.output, /D1 is being restored/)
    assert.deepEqual([gradual.code, stopped.code, changesIn(cloudflare)], [1, 1, []])
  })

  it('refuses to deploy over a secret that keeps mail in place of sending it', async (test) => {
    const cloudflare = await openCloudflare(test)
    await deploy(cloudflare)
    cloudflare.world.worker?.versions.at(-1)?.bindings.push({
      ...{ type: 'secret_text', name: 'DEV_MAIL', text: 'yes' },
    })
    cloudflare.calls.length = 0
    const { code, output } = await deploy(cloudflare, [])
    assert.match(output, /DEV_MAIL is set/)
    assert.deepEqual([code, changesIn(cloudflare)], [1, []])
  })

  it('prints the plan of a dry run without any request', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { code, output } = await deploy(cloudflare, ['--dry-run'], { CLOUDFLARE_API_TOKEN: '' })
    assert.equal(code, 0, output)
    assert.deepEqual(cloudflare.calls, [])
    for (const word of [...requiredSecrets, ...Object.keys(folders)])
      assert.ok(output.includes(word))
  })

  it('package.json describes every secret, and .dev.vars.example lists them without values, for the deploy button', () => {
    const { cloudflare } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const example = readFileSync(join(root, '.dev.vars.example'), 'utf8')
    const named = example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    assert.deepEqual(named.sort(), requiredSecrets.map((name) => `${name}=`).sort())
    for (const name of requiredSecrets) assert.ok(cloudflare.bindings[name]?.description, name)
  })

  it('names an invalid address', async (test) => {
    const cloudflare = await openCloudflare(test)
    const { code, output } = await deploy(cloudflare, ['--url', 'http://keys.example.com/api'])
    assert.equal(code, 1)
    assert.match(output, /is not an address like/)
    assert.deepEqual(migrationsOf(cloudflare, 'latchkey'), [])
    assertUntouched(cloudflare)
  })

  testFailures()
})
