// The part of latchkey.config.ts for this API: its scopes, its routes and its upstream.

/** The same routes under /api and /api/v1. */
const both = (method: string, path: string, scope: string, resource?: string) =>
  ['/api', '/api/v1'].map((base) => ({
    ...{ method, path: base + path, scope },
    ...(resource !== undefined && { resource }),
  }))

export const crm = {
  scopes: {
    'messages:send': 'Send WhatsApp messages',
    'messages:read': 'Read messages and their delivery status',
    'contacts:read': { description: 'List and read contacts', resource: true as const },
    'contacts:write': 'Create and update contacts',
    'conversations:read': 'List and read conversations',
    'broadcasts:send': 'Launch broadcast campaigns',
    'webhooks:manage': 'Register and manage outbound event webhooks',
  },

  memberScopes: ['contacts:read', 'messages:read', 'conversations:read'],

  routes: [
    ...both('GET', '/contacts', 'contacts:read'),
    ...both('GET', '/contacts/{id}', 'contacts:read', 'id'),
    ...both('POST', '/contacts', 'contacts:write'),
    ...both('PATCH', '/contacts/{id}', 'contacts:write'),
    ...both('POST', '/messages', 'messages:send'),
    ...both('GET', '/messages', 'messages:read'),
    ...both('GET', '/messages/{id}', 'messages:read'),
    ...both('GET', '/conversations', 'conversations:read'),
    ...both('GET', '/conversations/{id}', 'conversations:read'),
    ...both('POST', '/broadcasts', 'broadcasts:send'),
    ...both('GET', '/webhooks', 'webhooks:manage'),
    ...both('POST', '/webhooks', 'webhooks:manage'),
    ...both('DELETE', '/webhooks/{id}', 'webhooks:manage'),
  ],

  upstream: {
    // Imported by the first request that reaches it, so that verifying a key does not load it.
    async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
      const { default: app } = await import('./src/app.ts')
      return app.fetch(request, env, context)
    },
  },
}
