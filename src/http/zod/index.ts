// zod without `core` and `locales`, which esbuild keeps whole where `z` is passed on as a value: error texts in 62
// languages were a fifth of the Worker. `alias` in wrangler.toml puts this in the place of `zod`, for libraries too.
export * from './exports.ts'
export * as z from './exports.ts'
export * as default from './exports.ts'
