// Each operation of Better Auth that is open: its request and its answer are as the document describes them.
import { expect, it, vi } from 'vitest'
import { operationsOf } from '../../src/http/openapi/document.ts'
import { contentOf, judge, judgeAnswer } from '../support/contract.ts'
import { openEverything } from '../support/every-route/routes.ts'
import { credentialOf } from '../support/permission-matrix.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const all = await openEverything()
const { document, world } = all
const routes = all.routes.filter(({ section, isClosed }) => section === 'people' && !isClosed)

it.each(routes.map((route) => [route.name, route] as const))('%s', async (name, route) => {
  const sample = await all.sampleOf(route)
  if (route.operation === null) throw new Error(`${name} is not in the document.`)
  const [media] = Object.values(contentOf(route.operation.requestBody))
  if (media === undefined) expect(sample.body ?? '{}').toBe('{}')
  else judge(document, media.schema, JSON.parse(String(sample.body)), `the request of ${name}`)
  const answer = await all.send(route, sample)
  expect([200, 202]).toContain(answer.status)
  judgeAnswer(document, name, route.operation, answer)
})

it('shows the session of a cookie, and a list with something in it', async () => {
  const headers = await credentialOf(world, 'owner')
  const send = async (method: string, path: string, body?: object) => {
    const sent = { 'content-type': 'application/json', ...headers }
    const init = { method, headers: sent, ...(body && { body: JSON.stringify(body) }) }
    const response = await all.app.send(`/api/auth${path}`, init)
    const answer = {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }
    const place = `/api/auth${path.split('?')[0]}`
    const found = operationsOf(document).find((each) => each.path === place)
    if (found === undefined) throw new Error(place)
    judgeAnswer(document, path, found.operation, answer)
    return JSON.parse(answer.text)
  }
  const organizationId = world.acme.id
  const session = await send('GET', '/get-session')
  expect(session.session.activeOrganizationId).toBe(organizationId)
  const invited = { email: 'someone@example.test', role: 'member', organizationId }
  const { id } = await send('POST', '/organization/invite-member', invited)
  const list = await send('GET', `/organization/list-invitations?organizationId=${organizationId}`)
  expect(list.map((each: { id: string }) => each.id)).toContain(id)
  const whole = await send('GET', '/organization/get-full-organization')
  expect([whole.members.length, whole.invitations.length]).toEqual([
    expect.any(Number),
    list.length,
  ])
  const removed = { memberIdOrEmail: `${world.acme.member.id}@example.test`, organizationId }
  await send('POST', '/organization/remove-member', removed)
})
