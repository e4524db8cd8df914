// The API that Latchkey protects by default: a small CRM. It takes the place of your own API, so it imports
// nothing from Latchkey and knows it only by the X-Latchkey-* headers.
import { Hono } from 'hono'
import { trustGateway } from './context.ts'
import type { CrmEnv } from './crm-env.ts'
import { answerError, answerUnknownPath } from './problem.ts'
import { broadcastRoutes } from './routes/broadcasts.ts'
import { contactRoutes } from './routes/contacts.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { messageRoutes } from './routes/messages.ts'
import { webhookRoutes } from './routes/webhooks.ts'

const resources = new Hono<CrmEnv>()
  .route('/contacts', contactRoutes)
  .route('/messages', messageRoutes)
  .route('/conversations', conversationRoutes)
  .route('/broadcasts', broadcastRoutes)
  .route('/webhooks', webhookRoutes)

const app = new Hono<CrmEnv>()
app.onError(answerError)
app.notFound(answerUnknownPath)
app.use(trustGateway)
app.route('/api', resources)
app.route('/api/v1', resources)

export default app
