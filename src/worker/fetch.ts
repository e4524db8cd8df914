// The handler of HTTP requests: the routes, with the services of each request.
import { createApp } from '../http/app.ts'
import type { Isolate } from './context.ts'
import { RequestServices } from './services.ts'

export type FetchHandler = (
  request: Request,
  env: Env,
  context: ExecutionContext,
) => Response | Promise<Response>

export function createFetchHandler(isolate: Isolate): FetchHandler {
  const app = createApp(isolate)
  return function handle(request, env, context) {
    return app.fetch(request, new RequestServices(isolate, env, context))
  }
}
