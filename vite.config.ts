// The dashboard's build: files only, nothing inline, so that the strictest Content-Security-Policy holds.
import { readFileSync } from 'node:fs'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { servedDocs } from './scripts/served-docs.ts'

/** The list of keys and its frame: what the first visit needs beside the entry, which has the sign-in page. */
const first = /\/src\/dashboard\/(shell\/shell|keys\/keys-page)\.tsx$/
/** What shell/later.ts loads after the first paint. */
const later = /\/src\/dashboard\/ui\/(open-menu|open-select|shown-toasts)\.tsx$/
const entry = /\/src\/dashboard\/main\.tsx$/

type Modules = { getModuleInfo: (id: string) => { importers: readonly string[] } | null }

/** Whether a module is imported, not on demand, by one of the roots. */
function importedBy(roots: RegExp) {
  const known = new Map<string, boolean>()
  return function isImported(id: string, modules: Modules): boolean {
    const before = known.get(id)
    if (before !== undefined) return before
    known.set(id, roots.test(id))
    // Through the index of all icons, every icon is imported by everything.
    const importers = (modules.getModuleInfo(id)?.importers ?? []).filter(
      (importer) => !importer.includes('phosphor-icons/react/dist/index'),
    )
    const is = roots.test(id) || importers.some((importer) => isImported(importer, modules))
    known.set(id, is)
    return is
  }
}

const isOfEntry = importedBy(entry)
const isOfFirst = importedBy(first)
const isOfLater = importedBy(later)

/** Each icon comes in six weights, of which three are used: the others were 40 kB of the first visit. */
function usedWeights(): Plugin {
  const unused = / {2}\[\n {4}"(?:duotone|light|thin)",\n[\s\S]*?\n {2}\],?\n/g
  return {
    name: 'used-weights',
    transform(code, id) {
      if (!/phosphor-icons\/react\/dist\/defs\/\w+\.es\.js$/.test(id)) return null
      const used = code.replaceAll(unused, '')
      if (used === code) this.error('An icon is laid out in another way.')
      return { code: used, map: null }
    },
  }
}

/** The browser's own tooltips in the place of Kumo's, which every button imports with all that places a popup. */
function nativeTooltips(): Plugin {
  return {
    name: 'native-tooltips',
    load(id) {
      if (!/\/kumo\/dist\/chunks\/tooltip-\w+\.js$/.test(id)) return null
      const own = new URL('src/dashboard/ui/native-tooltip.tsx', import.meta.url).pathname
      return `export { Tooltip as t, Tooltip as n } from ${JSON.stringify(own)}`
    },
  }
}

/** Kumo's table imports its checkbox, with all that a field of a form needs, for cells that no page has. */
function tableWithoutCheckbox(): Plugin {
  const none = '\0no-checkbox'
  return {
    name: 'table-without-checkbox',
    enforce: 'pre',
    resolveId(source, importer = '') {
      const isOfTable = /\/kumo\/dist\/chunks\/table-\w+\.js$/.test(importer)
      return isOfTable && /\/checkbox-\w+\.js$/.test(source) ? none : null
    },
    load(id) {
      return id === none ? 'export const t = null' : null
    },
  }
}

/**
 * The few small functions that fields take from what places popups, in copies of their own: a module is in one file, and all
 * of it would come with them.
 */
function fieldsWithoutPopups(): Plugin {
  const small =
    /^(is\w*(Element|Node|Root)|get(ComputedStyle|NodeName|Target|Window)|floor|activeElement|ownerDocument|transitionStatusMapping|startingStyle)$/
  const isSmall = (name: string) => small.test(name.trim().replace(/^\S+ as /, ''))
  return {
    name: 'fields-without-popups',
    transform: {
      order: 'pre',
      handler(code, id) {
        if (!/\/kumo\/dist\/chunks\//.test(id)) return null
        return code.replaceAll(
          /^import \{([^}]*)\} from "(\.\/vendor-(?:floating-ui|utils)-\w+\.js)";/gm,
          (whole, names: string, file: string) =>
            names.split(',').every(isSmall) ? `import {${names}} from "${file}?small";` : whole,
        )
      },
    },
  }
}

/** The classes of a component are in the styles only if styles.css names its file. */
function styledComponents(): Plugin {
  const component = /\/kumo\/dist\/chunks\/((?!vendor-)[a-z][a-z-]*)-\w+\.js$/
  const hasClasses = /className|cn\(/
  const styles = readFileSync(new URL('src/dashboard/styles.css', import.meta.url), 'utf8')
  const named = /chunks\/\{([^}]+)\}/.exec(styles)?.[1]?.split(',') ?? []
  return {
    name: 'styled-components',
    transform(code, id) {
      const name = component.exec(id)?.[1]
      if (name === undefined || named.includes(name) || !hasClasses.test(code)) return null
      this.error(`styles.css must name ${name} among the components of Kumo.`)
    },
  }
}

/** Chromium compiles what the first visit runs while it arrives, and not at the first call of each function. */
function compiledEarly(): Plugin {
  return {
    name: 'compiled-early',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== 'chunk' || !/^(sign-in|list)$/.test(file.name)) continue
          file.code = `//# allFunctionsCalledOnLoad\n${file.code}`
        }
      },
    },
  }
}

/** Tells boot.js the file of the list, which it loads beside the entry and not after it. */
function namesList(): Plugin {
  return {
    name: 'names-list',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const file = Object.keys(bundle).find((name) => /^assets\/list-[\w-]+\.js$/.test(name))
        if (file === undefined) return html
        return html.replace('<script', `<meta name="list" content="/${file}" />\n    <script`)
      },
    },
  }
}

export default defineConfig({
  root: 'src/dashboard',
  plugins: [
    react(),
    tailwindcss(),
    servedDocs(),
    usedWeights(),
    nativeTooltips(),
    tableWithoutCheckbox(),
    fieldsWithoutPopups(),
    styledComponents(),
    namesList(),
    compiledEarly(),
  ],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2024',
    // A data: URL or an inline script would need an exception in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What e2e's budget reads to know which files the first page loads.
    manifest: 'manifest.json',
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Few files in the place of fifty small ones: each is compressed as a whole.
          groups: [
            {
              debugName: 'sign-in',
              name: (id, modules) => (isOfEntry(id, modules) ? 'sign-in' : null),
              priority: 2,
            },
            {
              debugName: 'list',
              name: (id, modules) => (isOfFirst(id, modules) ? 'list' : null),
              priority: 1,
            },
            {
              debugName: 'later',
              name: (id, modules) => (isOfLater(id, modules) ? 'later' : null),
              priority: 0,
            },
          ],
        },
      },
    },
  },
})
