// The frame of the documentation pages, without scripts, fonts or images. Content is escaped by hono's `html`.
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'public, max-age=300',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

/** A complete page. */
export async function pageResponse(title: string, navigation: Html, main: Html): Promise<Response> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Latchkey</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><a class="brand" href="/docs">Latchkey</a> <a href="/docs">API</a> <a href="/docs/errors">Errors</a> <a href="/openapi.json">openapi.json</a></header>
<div class="columns">
<nav aria-label="Contents">${navigation}</nav>
<main><h1>${title}</h1>${main}</main>
</div>
</body>
</html>`
  return new Response(page.toString(), { headers })
}

/** The subset of Markdown in descriptions: paragraphs, `code`, **strong** and [links](/to). */
export function markdown(text: string): Html[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => html`<p>${paragraph.split(inline).map(piece)}</p>`)
}

const inline = /(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\(\/[^)\s]*\))/

function piece(text: string): Html | string {
  const link = /^\[([^\]]+)\]\((\/[^)\s]*)\)$/.exec(text)
  if (link !== null) return html`<a href="${link[2]}">${link[1]}</a>`
  if (/^`[^`]+`$/.test(text)) return html`<code>${text.slice(1, -1)}</code>`
  return /^\*\*[^*]+\*\*$/.test(text) ? html`<strong>${text.slice(2, -2)}</strong>` : text
}
