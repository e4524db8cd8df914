// The documentation of the deployment, of its own version: read from /llms-full.txt once, searched here.
import MiniSearch from 'minisearch'
import { secretless } from './untrusted.ts'

/** The text of a path of the deployment. @throws LatchkeyError */
export type ReadText = (path: string) => Promise<string>

export type Section = { id: number; page: string; title: string; heading: string; text: string }

export type Docs = {
  search(query: string, limit: number): Promise<Omit<Section, 'id'>[]>
  /** null: there is no such page. */
  read(page: string): Promise<{ page: string; title: string; text: string } | null>
  pages(): Promise<string[]>
}

const maxExcerpt = 1_200
/** Longer pages are tables that are looked up, not read. */
const maxPage = 40_000

export function createDocs(readText: ReadText): Docs {
  let loading: Promise<Loaded> | null = null
  const load = () => {
    loading ??= readText('/llms-full.txt').then(loadedOf)
    // A deployment that did not answer is asked again.
    loading.catch(() => (loading = null))
    return loading
  }
  return {
    async search(query, limit) {
      const { index, sections } = await load()
      return index
        .search(query)
        .flatMap(({ id }) => {
          const { id: _, ...section } = sections[id] as Section
          return [{ ...section, text: cut(section.text, maxExcerpt) }]
        })
        .slice(0, limit)
    },
    async read(page) {
      const { pages } = await load()
      const found = pages.get(nameOf(page))
      return found === undefined ? null : { ...found, text: cut(found.text, maxPage) }
    },
    pages: async () => [...(await load()).pages.keys()],
  }
}

type Page = { page: string; title: string; text: string }
type Loaded = { pages: Map<string, Page>; sections: Section[]; index: MiniSearch<Section> }

/** `/docs/limits.md`, `docs/limits.md`, `limits.md` and `limits` are the same page. */
function nameOf(page: string): string {
  return page.replace(/^\/?(?:docs\/)?/, '').replace(/(?:\.md)?(?:#.*)?$/, '')
}

/** Each page begins with its title and, on the next line, `Source: /docs/NAME.md`. */
function loadedOf(all: string): Loaded {
  const pages = new Map<string, Page>()
  const sections: Section[] = []
  for (const part of secretless(all).split(/^(?=# .+\nSource: \/docs\/)/m)) {
    const [, title = '', url = ''] = /^# (.+)\nSource: (\S+)$/m.exec(part) ?? []
    if (url === '') continue
    const page = nameOf(url)
    pages.set(page, { page, title, text: part })
    for (const text of part.split(/^(?=## )/m)) {
      const heading = /^## (.+)$/m.exec(text)?.[1] ?? title
      sections.push({ id: sections.length, page, title, heading, text })
    }
  }
  const index = new MiniSearch<Section>({
    fields: ['heading', 'title', 'text'],
    searchOptions: { boost: { heading: 3, title: 2 }, prefix: true, fuzzy: 0.1 },
  })
  index.addAll(sections)
  return { pages, sections, index }
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}\n… (cut)`
}
