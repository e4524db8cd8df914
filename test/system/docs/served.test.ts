// The documentation that a deployment serves for agents: every link from llms.txt on leads to a page or heading that is there.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { root, type Server, startLatchkey } from '../../support/system/launch.ts'
import { anchorsOf, proseOf } from './pages.ts'

const markdown = 'text/markdown; charset=utf-8'

describe('the documentation of a running Latchkey', () => {
  let latchkey: Server
  before(async () => {
    latchkey = await startLatchkey({ config: 'shipped', command: 'npm start' })
  })
  after(() => latchkey.stop())

  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(latchkey.url + path, init)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const linksOf = (text: string) =>
    [...proseOf({ text } as never).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)

  it('begins at llms.txt, in the form of llmstxt.org', async () => {
    const { status, headers, text } = await get('/llms.txt')
    equal(status, 200)
    equal(headers.get('content-type'), 'text/plain; charset=utf-8')
    match(text, /^# Latchkey\n\n> /)
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, name]) => name)
    deepEqual(sections, ['API', 'Guides', 'Integrations', 'Optional'])
    const afterSections = text.slice(text.indexOf('## ')).split('\n')
    for (const line of afterSections) match(line, /^$|^## \w+$|^- \[[^\]]+\]\(\/[^)\s]+\)(: .+)?$/)
  })

  it('has every page of docs/, and every link leads to a page and a heading', async () => {
    const texts = new Map<string, string>()
    const wrong: string[] = []
    const open = [...linksOf((await get('/llms.txt')).text)].map((target) => ['/llms.txt', target])
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [from, target = ''] = next
      if (/^https?:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const place = path || (from as string)
      if (!place.startsWith('/')) {
        wrong.push(`${from}: ${target} is relative`)
        continue
      }
      if (!texts.has(place)) {
        const { status, headers, text } = await get(place)
        texts.set(place, text)
        if (status !== 200) wrong.push(`${from}: ${target} answers ${status}`)
        if (!place.endsWith('.md')) continue
        if (headers.get('content-type') !== markdown) wrong.push(`${place} is no Markdown`)
        for (const each of linksOf(text)) open.push([place, each])
      }
      const anchors = place.endsWith('.md') ? anchorsOf({ text: texts.get(place) ?? '' }) : null
      if (anchor && anchors?.has(anchor) === false) wrong.push(`${from}: ${target} has no heading`)
    }
    deepEqual(wrong, [])
    const pages = globSync('docs/{,integrate/,decisions/}*.md', { cwd: root })
    const served = [...texts.keys()].filter((path) => path.endsWith('.md'))
    deepEqual(served.sort(), [...pages.map((path) => `/${path}`), '/docs/package.md'].sort())
  })

  it('is the text of the pages, without the comments for tests', async () => {
    const { text } = await get('/docs/start.md')
    const source = readFileSync(join(root, 'docs', 'start.md'), 'utf8')
    equal(text.split('\n')[0], source.split('\n')[0])
    const express = (await get('/docs/integrate/express.md')).text
    ok(!express.includes('<!--'), express)
    match(express, /^npm install express latchkey$/m)
    const all = await get('/llms-full.txt')
    equal(all.headers.get('content-type'), 'text/plain; charset=utf-8')
    ok(all.text.includes(text.replace('\n', '\nSource: /docs/start.md\n')))
    ok(all.text.includes(express.slice(express.indexOf('\n'))))
  })

  it('may be read by pages of any origin, and is hardened as the dashboard is', async () => {
    for (const path of ['/llms.txt', '/llms-full.txt', '/docs/integrate/index.md']) {
      const { headers } = await get(path)
      equal(headers.get('access-control-allow-origin'), '*', path)
      equal(headers.get('cross-origin-resource-policy'), 'cross-origin', path)
      equal(headers.get('cache-control'), 'public, max-age=300', path)
      equal(headers.get('x-content-type-options'), 'nosniff', path)
      match(headers.get('content-security-policy') ?? '', /^default-src 'none'/, path)
    }
    equal((await get('/')).headers.get('access-control-allow-origin'), null)
  })

  it('leaves the reference and the errors where they are, and takes no other method', async () => {
    for (const path of ['/docs', '/docs/errors']) {
      const { status, headers } = await get(path)
      equal(status, 200)
      match(headers.get('content-type') ?? '', /^text\/html/)
    }
    equal((await get('/docs/nothing.md')).status, 404)
    equal((await get('/docs/start.md', { method: 'POST' })).status, 405)
    deepEqual([(await get('/llms.txt', { method: 'HEAD' })).text], [''])
  })

  it('is named by the metadata of the resource, which a 401 names', async () => {
    const { status, headers } = await get('/api/v1/me')
    equal(status, 401)
    const url = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
    const metadata = await (await fetch(url ?? '')).json()
    equal(metadata.resource, latchkey.url)
    equal(metadata.authorization_servers, undefined)
    equal((await fetch(metadata.resource_documentation)).status, 200)
  })
})
