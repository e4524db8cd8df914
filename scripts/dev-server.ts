// `npm run dev`: Vite serves the dashboard from its sources, with hot reload, and proxies the Worker's paths.
import { statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createServer, type ViteDevServer } from 'vite'
import { devMailPaths, forwardAuthPaths, gatewayPaths, ownOperations } from '../src/http/paths.ts'
import { root } from './settings.ts'

/**
 * The same origin as the Worker's BASE_URL, so that cookies and the origin check work.
 * @param configPath of the configuration that the Worker has.
 */
export async function startDevServer(
  port: number,
  workerPort: number,
  configPath = join(root, 'latchkey.config.ts'),
): Promise<ViteDevServer> {
  const { default: config } = await import(pathToFileURL(configPath).href)
  const workerPaths = [
    '/api/*',
    gatewayPaths(config.gateway),
    forwardAuthPaths,
    ...devMailPaths,
    ...ownOperations.map(({ path }) => path),
  ]
  const isWorkers = ({ url = '/' }: IncomingMessage) => {
    const { pathname } = new URL(url, 'http://localhost')
    return workerPaths.some((path) => matches(path, pathname)) && !isSource(pathname)
  }
  const target = `http://localhost:${workerPort}`
  const server = await createServer({
    configFile: join(root, 'vite.config.ts'),
    clearScreen: false,
    server: {
      host: 'localhost',
      port,
      strictPort: true,
      proxy: { '^/': { target, bypass: (request) => (isWorkers(request) ? null : request.url) } },
    },
  })
  return server.listen()
}

function matches(path: string, pathname: string): boolean {
  return path.endsWith('/*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path
}

/** Modules of src/dashboard/api are served below /api, too. */
function isSource(pathname: string): boolean {
  const file = statSync(join(root, 'src', 'dashboard', pathname), { throwIfNoEntry: false })
  return file?.isFile() ?? false
}
