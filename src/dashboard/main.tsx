import './styles.css'
// Pages without the theme switch follow the system too.
import './ui/theme.ts'
import { CSPProvider } from '@cloudflare/kumo/primitives/csp-provider'
import { LinkProvider } from '@cloudflare/kumo/utils'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App, firstCode } from './app.tsx'
import { firstRead } from './first-read.ts'
import { createQueryClient } from './session/query-client.ts'
import { AppLink } from './ui/app-link.tsx'
import { reloadPage } from './ui/reload.ts'
import { Toasts } from './ui/toasts.tsx'

// A page that the browser kept as it was may show what its session can no longer read.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void reloadPage()
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root.')

const client = createQueryClient()
const app = (
  <StrictMode>
    {/* The Content-Security-Policy allows no <style> element. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <LinkProvider component={AppLink}>
          <App />
          <Toasts />
        </LinkProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>
)

// Not by a top-level await, for which the bundler would put a file before each that this one loads.
void firstRead(client, firstCode).then(() => createRoot(root).render(app))
