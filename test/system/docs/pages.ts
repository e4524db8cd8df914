// The pages of the project as text: their code blocks, links and headings.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../support/system/launch.ts'

export type Block = {
  line: number
  language: string
  text: string
  /** The comment above the block: which test runs it, or why none does. */
  claim: string | null
}

export type Page = { path: string; text: string; blocks: Block[] }

/** Every Markdown file that git tracks. */
export function readPages(): Page[] {
  const listed = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  return listed
    .trim()
    .split('\n')
    .map((path) => readPage(path))
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(/(?:^<!-- ([^\n]+) -->\n)?^```(\w*)\n(.*?)^```$/gms)
  const blocks = [...found].map(({ 1: claim, 2: language = '', 3: code = '', index }) => ({
    line: text.slice(0, index).split('\n').length,
    language,
    text: code,
    claim: claim ?? null,
  }))
  return { path, text, blocks }
}

/** The text without its code blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```\w*\n.*?^```$/gms, '')
}

/** The anchors of the headings, as GitHub makes them. */
export function anchorsOf({ text }: Pick<Page, 'text'>): Set<string> {
  const headings = text.replace(/^```\w*\n.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)
  return new Set([...headings].map(([, heading = '']) => anchor(heading)))
}

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}
