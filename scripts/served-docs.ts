// The documentation as a deployment serves it for agents: Markdown below /docs, and llms.txt (llmstxt.org), made from docs/ by
// the build of the dashboard, so that a running Latchkey describes its own version.
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path/posix'
import type { Plugin } from 'vite'
import { root } from './settings.ts'

type Doc = { source: string; url: string; title: string; summary: string; text: string }

const packagePage = 'packages/latchkey/README.md'
const contentTypes: Record<string, string> = {
  md: 'text/markdown; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
}

/** A file of the build for each page, as `npm run dev` serves them too. */
export function servedDocs(): Plugin {
  return {
    name: 'latchkey-docs',
    generateBundle() {
      for (const [fileName, source] of docFiles()) {
        this.emitFile({ type: 'asset', fileName, source })
      }
    },
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const fileName = request.url?.slice(1).split('?')[0] ?? ''
        const text = /^(?:docs\/|llms)/.test(fileName) ? docFiles().get(fileName) : undefined
        if (text === undefined) return next()
        response.setHeader('content-type', contentTypes[fileName.split('.').at(-1) ?? ''] ?? '')
        response.end(text)
      })
    },
  }
}

/** By the path below the origin, without its slash. */
export function docFiles(): Map<string, string | Uint8Array> {
  const docs = readDocs()
  const pages = docs.map(({ url, text }) => [url.slice(1), text] as const)
  const images = sources('docs/images/*').map(
    (path) => [path, readFileSync(join(root, path))] as const,
  )
  return new Map<string, string | Uint8Array>([
    ...pages,
    ...images,
    ['llms.txt', indexOf(docs)],
    [
      'llms-full.txt',
      docs
        .filter(isGuide)
        .map(({ text, url }) => text.replace('\n', `\nSource: ${url}\n`))
        .join('\n'),
    ],
  ])
}

function sources(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root }).sort()
}

function readDocs(): Doc[] {
  const paths = [
    ...sources('docs/*.md'),
    ...sources('docs/{integrate,decisions}/*.md'),
    packagePage,
  ]
  const urls = new Map(paths.map((path) => [path, urlOf(path)]))
  for (const path of sources('docs/images/*')) urls.set(path, `/${path}`)
  return paths.map((source) => {
    const text = readFileSync(join(root, source), 'utf8')
      // Which test runs a block is of no use to a reader of the page.
      .replace(/^<!-- .* -->\n/gm, '')
    const [, title = source] = /^# (.+)$/m.exec(text) ?? []
    const url = urls.get(source) as string
    return {
      source,
      url,
      title,
      summary: summaryOf(text),
      text: withServedLinks(source, text, urls),
    }
  })
}

const urlOf = (path: string) => (path === packagePage ? '/docs/package.md' : `/${path}`)

/** The first sentence of the first paragraph of prose. */
function summaryOf(text: string): string {
  const paragraphs = text.replace(/^```[\s\S]*?^```$/gm, '').split('\n\n')
  const paragraph = paragraphs.find((each) => /^[\p{L}`[]/u.test(each)) ?? ''
  const plain = paragraph.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  const sentence = plain.split(/(?<=[.:])\s/)[0] ?? ''
  return sentence.replace(/\s+/g, ' ').replace(/[.:]$/, '')
}

/** Links lead to what is served; to the repository where that is not. Code blocks stay. */
function withServedLinks(source: string, text: string, urls: ReadonlyMap<string, string>): string {
  return text
    .split(/^(```[\s\S]*?^```$)/m)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : part.replace(/\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (_, path, anchor = '') => {
            const target = join(dirname(source), path)
            return `](${urls.get(target) ?? `${repository()}/blob/main/${target}`}${anchor})`
          }),
    )
    .join('')
}

/** As the package names it, which a fork changes there. */
function repository(): string {
  const { repository } = JSON.parse(
    readFileSync(join(root, 'packages/latchkey/package.json'), 'utf8'),
  )
  return repository.url.replace(/^git\+|\.git$/g, '')
}

const isIntegration = ({ source }: Doc) =>
  source.startsWith('docs/integrate/') || source === packagePage
const isDecision = ({ source }: Doc) => source.startsWith('docs/decisions/')
/** Measurements, models and generated lists: long, and no answer to how something is done. */
const isBackground = (doc: Doc) =>
  isDecision(doc) ||
  ['capacity', 'licences', 'performance', 'soak', 'world'].includes(basename(doc.source, '.md'))
const isGuide = (doc: Doc) => !isBackground(doc)

function indexOf(docs: readonly Doc[]): string {
  const line = ({ title, url, summary }: Doc) => `- [${title}](${url})${summary && `: ${summary}`}`
  const section = (name: string, lines: string[]) => [`## ${name}`, '', ...lines, '']
  return [
    '# Latchkey',
    '',
    '> API keys for APIs at the edge: a revoked key fails on its very next request, anywhere in the world. This deployment creates,',
    '> verifies, limits, rotates and revokes keys; your API asks it, or stands behind its gateway.',
    '',
    'A key is sent as `X-API-Key: TOKEN` or `Authorization: Bearer TOKEN`, never in a URL. Failures are `application/problem+json` with a',
    'stable `code`. A token is shown once, to who creates the key: never ask for one, repeat one or write one down.',
    '',
    ...section('API', [
      '- [OpenAPI 3.1](/openapi.json): every operation, schema and event',
      '- [Reference](/docs): the same to read',
      '- [Protected resource metadata](/.well-known/oauth-protected-resource): RFC 9728',
    ]),
    ...section('Guides', docs.filter((doc) => isGuide(doc) && !isIntegration(doc)).map(line)),
    ...section('Integrations', docs.filter(isIntegration).map(line)),
    ...section('Optional', [
      '- [All guides and integrations in one file](/llms-full.txt)',
      ...docs.filter(isBackground).map(line),
    ]),
  ].join('\n')
}
