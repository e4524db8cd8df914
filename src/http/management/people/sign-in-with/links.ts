// /api/auth/links: the identities of other providers by which the person of a session signs in. Ours, in front of Better Auth.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { isSteppedUp } from '../../../../core/step-up.ts'
import { listLinks, unlink } from '../../../../storage/sign-in-links.ts'
import type { AppEnv } from '../../../app-env.ts'
import { actingOf } from '../../../auth/acting.ts'
import { Problem } from '../../../response/problem.ts'
import { stepUpRequired } from '../../../response/step-up.ts'
import { idParam, json } from '../../../routing/requests.ts'
import {
  bodyFailures,
  failure,
  managementFailures,
  success,
  wholeList,
} from '../../../routing/responses.ts'
import { createRouter, operationsAfterStepUp } from '../../../routing/router.ts'
import { bySession, bySessionAfterStepUp } from '../../../routing/security.ts'
import { isoTime, time } from '../../../routing/time.ts'
import { withSession } from '../factors/session.ts'
import { begin, begun, nextField, noStore, providerField, providerOf, tags } from './schema.ts'

export const linksPath = '/api/auth/links'

const linkSchema = z
  .object({
    id: z.uuid(),
    provider: z.string().nullable().openapi({
      description: 'null: the configuration has it no more, so that nobody signs in with it',
    }),
    name: z.string().openapi({ description: 'Of the provider', example: 'GitHub' }),
    issuer: z.string(),
    created_at: time,
  })
  .openapi('Link')

const list = createRoute({
  method: 'get',
  path: linksPath,
  operationId: 'listLinks',
  tags,
  security: bySession,
  summary: 'The other providers with which the person signs in, oldest first',
  responses: { 200: wholeList('Their links', linkSchema), ...managementFailures },
})

const add = createRoute({
  method: 'post',
  path: linksPath,
  operationId: 'beginLink',
  tags,
  security: bySessionAfterStepUp,
  summary: 'Begin to link a provider',
  description: 'The browser comes back to GET /api/auth/callback/{provider}, which links.',
  request: json(z.strictObject({ provider: providerField, next: nextField.optional() })),
  responses: {
    200: success('Where the browser goes', begun),
    ...managementFailures,
    ...bodyFailures,
    404: failure('There is no such provider'),
  },
})

const remove = createRoute({
  method: 'delete',
  path: `${linksPath}/{id}`,
  operationId: 'removeLink',
  tags,
  security: bySessionAfterStepUp,
  summary: 'Sign in with this provider no more',
  request: { params: idParam },
  responses: {
    200: success('Removed', z.object({ id: z.uuid() })),
    ...managementFailures,
    404: failure('The person has no such link'),
    409: failure('It is their last way to sign in'),
  },
})

const proved: MiddlewareHandler<AppEnv> = async function proved(c, next) {
  if (!isSteppedUp(c.var.session.provedAt, Date.now())) throw stepUpRequired('session')
  await next()
}

export function createLinkRoutes() {
  const links = createRouter()
    .openapi(list, async (c) => {
      const links = await listLinks(c.env.db, c.var.session.userId)
      const data = links.map(({ id, issuer, createdAt }) => {
        const { provider, name } = providerOfIssuer(c, issuer)
        return { id, provider, name, issuer, created_at: isoTime(createdAt.getTime()) }
      })
      return c.json({ status: 'success' as const, data, next_cursor: null }, 200, noStore)
    })
    .openapi(add, async (c) => {
      const { provider: id, next = null } = c.req.valid('json')
      const { userId, sessionId, email } = c.var.session
      const link = { userId, sessionId, email }
      const data = await begin(c, providerOf(c, id), { next, isFresh: false, link })
      return c.json({ status: 'success' as const, data }, 200, noStore)
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param')
      await removeLink(c, id)
      return c.json({ status: 'success' as const, data: { id } }, 200, noStore)
    })
  const routes = createRouter()
  routes.use(linksPath, withSession)
  routes.use(`${linksPath}/:id`, withSession)
  for (const { method, path } of operationsAfterStepUp(links)) routes.on(method, path, proved)
  return routes.route('/', links)
}

/** @throws Problem 404, 409 */
async function removeLink(c: Context<AppEnv>, id: string): Promise<void> {
  const { people, db } = c.env
  const { userId, email } = c.var.session
  const stored = (await listLinks(db, userId)).find((link) => link.id === id)
  if (stored === undefined) throw new Problem('not_found', { detail: 'You have no such link.' })
  const { signedInWith, name } = providerOfIssuer(c, stored.issuer)
  const request = { userId, email, hasMail: people.hasMail, acting: actingOf(c) }
  const issuers = people.providers.map(({ issuer }) => issuer)
  if (await unlink(db, request, { id, signedInWith, name }, issuers)) return
  const detail = 'It is your last way to sign in: set a password, or link another provider first.'
  throw new Problem('conflict', { detail })
}

function providerOfIssuer(c: Context<AppEnv>, issuer: string) {
  const found = c.env.people.providers.find((provider) => provider.issuer === issuer)
  return {
    provider: found?.id ?? null,
    name: found?.name ?? new URL(issuer).host,
    signedInWith: found?.signedInWith ?? issuer,
  }
}
