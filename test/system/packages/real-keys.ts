// The keys of a running Latchkey that the cases of test/conformance name, made by its demo owner.
import { createClient } from '../../../packages/latchkey/src/index.ts'
import { secretOf } from '../../support/system/launch.ts'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'
import type { Real } from './conformance.ts'

export async function createKeys(url: string): Promise<Real> {
  const send = sendTo(url)
  const jwt = await jwtOf(send, await signIn(send, url, demoOwner(secretOf('DEMO_PASSWORD'))))
  const owner = createClient({ url, key: jwt })
  const create = (name: string, ...scopes: string[]) => owner.create({ name, scopes })
  const [server, revokedServer, client, revoked, manager] = await Promise.all([
    create('Server', 'keys:verify'),
    create('Revoked server', 'keys:verify'),
    create('Client', 'contacts:read'),
    create('Revoked client', 'contacts:read'),
    owner.create({
      name: 'Manager',
      scopes: ['keys:manage', 'keys:verify', 'contacts:read'],
      may_grant: {},
    }),
  ])
  await owner.revokeMany({ ids: [revokedServer.id, revoked.id] })
  return {
    url,
    server: {
      ...{ good: server.key, wrong: `${server.key.slice(0, -4)}0000`, revoked: revokedServer.key },
      unscoped: client.key,
    },
    client: { good: client.key, revoked: revoked.key },
    manager: manager.key,
  }
}
