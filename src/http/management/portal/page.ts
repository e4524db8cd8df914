// GET /api/v1/portal/page: how the page looks, before anybody has a session.
import { createRoute, z } from '@hono/zod-openapi'
import { type PortalPage, portalThemes, readPortalPage } from '../../../core/portal-page.ts'
import { openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'

const page = createRoute({
  tags: ['Portal'],
  security: anonymous,
  method: 'get',
  path: '/api/v1/portal/page',
  operationId: 'getPortalPage',
  summary: 'The name, logo and theme of the portal, as `latchkey.config.ts` has them',
  responses: {
    200: success(
      'How the page looks',
      z.object({
        name: z.string().nullable(),
        logo: z.string().nullable().openapi({ description: 'A path of this origin' }),
        theme: z.enum(portalThemes).openapi({ description: '`auto`: as the device has it' }),
      }),
    ),
    ...openFailures,
  },
})

export function createPortalPage({ config }: AppSettings) {
  let look: PortalPage | null = null
  return createRouter().openapi(page, (c) => {
    look ??= readPortalPage(config.portal ?? null)
    const data = look
    return c.json({ status: 'success' as const, data }, 200)
  })
}
