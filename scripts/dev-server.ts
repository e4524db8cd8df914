// `npm run dev`: Vite serves the dashboard and the portal from their sources, with hot reload, and proxies the Worker's paths.
import { statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createServer, type ViteDevServer } from 'vite'
import { devMailPaths, forwardAuthPaths, gatewayPaths, ownOperations } from '../src/http/paths.ts'
import { freePort } from './free-port.ts'
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
  const portal = await startPortalServer()
  const server = await createServer({
    configFile: join(root, 'vite.config.ts'),
    clearScreen: false,
    server: {
      host: 'localhost',
      port,
      strictPort: true,
      // The first that matches counts.
      proxy: {
        [`^(/portal$|${portalBase})`]: {
          target: portal,
          rewrite: (path) => (path === '/portal' ? `${portalBase}portal.html` : path),
        },
        '^/': { target, bypass: (request) => (isWorkers(request) ? null : request.url) },
      },
    },
  })
  return server.listen()
}

/** Its modules have a base of their own: the dashboard's have the same names. */
const portalBase = '/portal-sources/'

/** @returns its address, from which hot reload connects too */
async function startPortalServer(): Promise<string> {
  const port = await freePort()
  const server = await createServer({
    configFile: join(root, 'vite.portal.config.ts'),
    base: portalBase,
    clearScreen: false,
    server: { host: 'localhost', port, strictPort: true, hmr: { clientPort: port } },
  })
  await server.listen()
  return `http://localhost:${port}`
}

function matches(path: string, pathname: string): boolean {
  return path.endsWith('/*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path
}

/** Modules of src/dashboard/api are served below /api, too. */
function isSource(pathname: string): boolean {
  const file = statSync(join(root, 'src', 'dashboard', pathname), { throwIfNoEntry: false })
  return file?.isFile() ?? false
}
