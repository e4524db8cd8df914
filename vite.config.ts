// The dashboard's build: files only, nothing inline, so that the strictest Content-Security-Policy holds.
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'src/dashboard',
  plugins: [react(), tailwindcss()],
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
  },
})
