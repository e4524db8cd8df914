// The documentation of the API for people and machines, made from the routes by the first request.
import { Hono } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { routed } from '../response/reporting.ts'
import type { AppSettings, Services } from '../services.ts'
import { apiPage } from './api-page.ts'
import { createDocument, type Document } from './document.ts'
import { errorsPage } from './errors-page.ts'
import { style } from './style.ts'

const shortCache = 'public, max-age=300'

export function createDocuments(settings: AppSettings): Hono<AppEnv> {
  let made: Document | null = null
  const documentOf = ({ baseUrl }: Pick<Services, 'baseUrl'>) => {
    made ??= createDocument(settings, baseUrl)
    return made
  }
  const router = new Hono<AppEnv>()
  router.onError(answerFailure)
  router.notFound(answerUnknownPath)
  router.use(routed)
  router.get('/openapi.json', (c) =>
    // Public, and read by tools in browsers.
    c.json(documentOf(c.env), 200, {
      'cache-control': shortCache,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    }),
  )
  router.get('/docs', (c) => apiPage(documentOf(c.env)))
  router.get('/docs/errors', () => errorsPage())
  router.get('/docs/style.css', (c) => {
    const headers = { 'content-type': 'text/css; charset=utf-8', 'cache-control': shortCache }
    return c.body(style, 200, headers)
  })
  return router
}
