// GET /dev/mail: what DEV_MAIL kept, to be read on the machine that runs `npm start`. Everywhere else the path is unknown.
import type { Context, Next } from 'hono'
import { escapeHtml } from '../../identity/mail/layout.ts'
import type { AppEnv } from '../app-env.ts'
import type { KeptMail } from '../services.ts'
import { isFromThisMachine } from './loopback.ts'

export async function devMail(c: Context<AppEnv>, next: Next): Promise<Response | undefined> {
  const kept = isFromThisMachine(c.req.raw) ? await c.env.keptMail() : null
  if (kept === null) {
    await next()
    return
  }
  const to = c.req.query('to')?.toLowerCase()
  const mails = kept.filter((mail) => to === undefined || mail.to.toLowerCase() === to)
  const wantsJson =
    c.req.path.endsWith('.json') || c.req.header('accept')?.includes('application/json')
  return wantsJson ? c.json({ status: 'success', data: mails }) : page(mails)
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // The styles of a message stand in its elements, and its frame has the policy of this page.
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

function page(mails: readonly KeptMail[]): Response {
  const articles = mails.length === 0 ? ['<p>There is none yet.</p>'] : mails.map(article)
  return new Response(`${head}${articles.join('\n')}</main></body></html>`, { headers })
}

const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mail · Latchkey</title>
<link rel="stylesheet" href="/docs/style.css">
<style>main { max-width: 52rem; padding: 0 1.5rem 4rem } pre { white-space: pre-wrap; overflow-wrap: anywhere }
iframe { width: 100%; height: 22rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff }</style>
</head>
<body>
<header><a class="brand" href="/">Latchkey</a> <a href="/dev/mail">Mail</a> <a href="/dev/mail.json">JSON</a></header>
<main><h1>Mail</h1>
<p>Kept on this machine for a day, in place of being sent; newest first.</p>
`

function article(mail: KeptMail): string {
  const { to, subject, sent_at, link, text, html } = mail
  const opened = link === null ? '' : `<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`
  return `<article>
<h2>${escapeHtml(subject)}</h2>
<p class="callers">To ${escapeHtml(to)}, ${sent_at}</p>
${opened}
<details open><summary>Text</summary><pre>${escapeHtml(text)}</pre></details>
<details><summary>HTML</summary><iframe sandbox title="The message as HTML" srcdoc="${escapeHtml(html)}"></iframe></details>
</article>`
}
