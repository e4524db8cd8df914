import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './src/storage/schema.ts',
    './src/storage/people-schema.ts',
    './src/storage/reset-schema.ts',
    './src/storage/webhook-schema.ts',
    './src/storage/mail-schema.ts',
    './src/storage/factor-schema.ts',
    './src/storage/portal-schema.ts',
  ],
  out: './migrations',
})
