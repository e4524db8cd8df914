// What people and machines read about the API: made from the routes when it is first asked for, and the
// same from then on.
import { Hono } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { requestId } from '../response/request-id.ts'
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
  router.use(requestId)
  router.get('/openapi.json', (c) =>
    // Public, and read by tools that run in browsers.
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
