// The portal's build: a page of its own beside the dashboard's files, with nothing inline, as its policy asks.
import { join } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'src/portal-page',
  // The dashboard's build brings the files.
  publicDir: false,
  plugins: [tailwindcss()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/dashboard',
    // The dashboard's build comes first, and empties it.
    emptyOutDir: false,
    target: 'es2024',
    // The first browsers with light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: join(import.meta.dirname, 'src', 'portal-page', 'portal.html'),
      output: {
        entryFileNames: 'assets/portal-[hash].js',
        assetFileNames: 'assets/portal-[hash][extname]',
      },
    },
  },
})
