import './styles.css'
import { Toasty } from '@cloudflare/kumo/components/toast'
import { TooltipProvider } from '@cloudflare/kumo/components/tooltip'
import { CSPProvider } from '@cloudflare/kumo/primitives/csp-provider'
import { LinkProvider } from '@cloudflare/kumo/utils'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { createQueryClient } from './session/query-client.ts'
import { AppLink } from './ui/app-link.tsx'

// A page that was loaded before a deployment requests chunks that no longer exist.
addEventListener('vite:preloadError', () => location.reload())

// A page that the browser kept as it was may show what its session can no longer read.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root.')

createRoot(root).render(
  <StrictMode>
    {/* The Content-Security-Policy allows no <style> element. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={createQueryClient()}>
        <LinkProvider component={AppLink}>
          <TooltipProvider>
            <Toasty>
              <App />
            </Toasty>
          </TooltipProvider>
        </LinkProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
