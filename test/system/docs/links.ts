// The targets of a page must exist: files, headings, npm commands, paths in backticks.
import { ok } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { root } from '../../support/system/launch.ts'
import { anchorsOf, type Page, proseOf } from './pages.ts'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
const repositoryPath = /^(?:src|test|docs|bench|scripts|migrations|examples)\/[\w./-]+$/

export function testLinks(pages: readonly Page[]): void {
  for (const page of pages) {
    it(`${page.path} refers only to existing targets`, () => {
      const wrong = [...brokenLinks(page), ...missingCommands(page), ...missingPaths(page)]
      ok(wrong.length === 0, wrong.join('\n'))
    })
  }
}

function brokenLinks(page: Page): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^https?:/.test(target) && !resolves(page, target))
}

function resolves(page: Page, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(root, page.path) : join(root, dirname(page.path), path)
  if (!existsSync(file)) return false
  return anchor === undefined || anchorsOf({ text: readFileSync(file, 'utf8') }).has(anchor)
}

function missingCommands({ text }: Page): string[] {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name)
  return named.filter((name) => scripts[name] === undefined).map((name) => `npm run ${name}`)
}

/** A path in backticks, from the root or from the page's own folder. */
function missingPaths(page: Page): string[] {
  const quoted = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
  const exists = (path: string) =>
    existsSync(join(root, path)) || existsSync(join(root, dirname(page.path), path))
  return quoted.filter((text) => repositoryPath.test(text) && !exists(text))
}
