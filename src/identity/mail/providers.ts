// Makers for `mail` in latchkey.config.ts (docs/mail.md): Cloudflare's own binding, and Resend over HTTP.
import type { Mail, MailMessage } from '../../core/mail.ts'

const timeoutMs = 15_000
const maxReasonLength = 300

/** `Latchkey <no-reply@example.com>`, or an address alone. */
const senderPattern = /^(?:([^<>"\r\n]+) )?<?([^\s<>@"]+@[^\s<>@"]+)>?$/

type Sender = { name: string | null; email: string }

function readSender(from: string): Sender {
  const [, name, email] = senderPattern.exec(from) ?? []
  if (email === undefined) {
    throw new Error(
      `latchkey.config.ts: mail.from is "${from}": write Latchkey <no-reply@example.com>.`,
    )
  }
  return { name: name?.trim() || null, email }
}

type Addressed = string | { name: string; email: string }

/** What a binding of `[[send_email]]` in wrangler.toml can do, as far as it is used here. */
export type EmailBinding = {
  send(message: {
    from: Addressed
    to: string
    subject: string
    text: string
    html: string
  }): Promise<unknown>
}

/**
 * Mail through Cloudflare: `[[send_email]]` in wrangler.toml, from a domain that is set up for Email Sending.
 * @throws Error at start for a `from` that is no address.
 * @example mail: cloudflareMail({ from: 'Latchkey <no-reply@example.com>', binding: (env) => env.EMAIL })
 */
export function cloudflareMail<Bindings>({
  from,
  binding,
}: {
  from: string
  binding(env: Bindings): EmailBinding
}): Mail<Bindings> {
  const { name, email } = readSender(from)
  const sender = name === null ? email : { name, email }
  return {
    from,
    async send({ to, subject, text, html }, env) {
      await binding(env).send({ from: sender, to, subject, text, html })
    },
  }
}

/**
 * Mail through Resend, or a provider with the same API. The id of the message is its Idempotency-Key, so that an attempt
 * that is repeated sends nothing twice.
 * @throws Error at start for a `from` that is no address.
 * @example mail: resendMail({ from: 'Latchkey <no-reply@example.com>', apiKey: (env) => env.RESEND_API_KEY })
 */
export function resendMail<Bindings>({
  from,
  apiKey,
  url = 'https://api.resend.com/emails',
}: {
  from: string
  apiKey(env: Bindings): string
  url?: string
}): Mail<Bindings> {
  readSender(from)
  return { from, send: (message, env) => post(url, apiKey(env), message) }
}

/** @throws Error with the status and the beginning of the answer. */
async function post(url: string, key: string, { id, ...message }: MailMessage): Promise<void> {
  if (!key) throw new Error('The API key of the mail provider is not set')
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': id,
    },
    body: JSON.stringify({ ...message, to: [message.to] }),
    // The key is for this address alone.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.ok) return response.body?.cancel()
  const reason = (await response.text()).slice(0, maxReasonLength)
  throw new Error(`The mail provider answered ${response.status}: ${reason}`)
}
