import { defineConfig } from 'drizzle-kit'

// Paths are those of the repository's root, from where drizzle-kit is run.
export default defineConfig({
  dialect: 'sqlite',
  schema: './examples/crm/src/schema.ts',
  out: './examples/crm/migrations',
})
