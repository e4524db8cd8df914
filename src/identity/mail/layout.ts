// The form of every message: the same paragraphs as text and as HTML.

export type Letter = {
  subject: string
  /** Plain text: the HTML escapes them. */
  paragraphs: readonly string[]
  /** Below the paragraphs. */
  list?: readonly string[]
  /** `url` may hold a token. */
  link: { label: string; url: string } | null
  /** What to do about a message that was not expected. */
  note: string
}

export type RenderedMail = { subject: string; text: string; html: string }

/** @param origin who sends it: the public origin of the deployment */
export function renderLetter(letter: Letter, origin: string): RenderedMail {
  return { subject: letter.subject, text: textOf(letter, origin), html: htmlOf(letter, origin) }
}

function textOf({ paragraphs, list = [], link, note }: Letter, origin: string): string {
  const items = list.length === 0 ? [] : [list.map((item) => `- ${item}`).join('\n')]
  const linked = link === null ? [] : [`${link.label}:\n${link.url}`]
  return `${[...paragraphs, ...items, ...linked, note, `-- \nLatchkey, ${origin}`].join('\n\n')}\n`
}

// Styles stand in the elements, since mail programs drop style sheets. No image and no remote resource, which would
// tell who reads a message.
function htmlOf({ subject, paragraphs, list = [], link, note }: Letter, origin: string): string {
  const items = list.map((item) => `<li>${escapeHtml(item)}</li>`).join('')
  const lines = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`)
  const button =
    link === null
      ? []
      : [
          `<p><a href="${escapeHtml(link.url)}" style="${buttonStyle}">${escapeHtml(link.label)}</a></p>`,
          `<p style="${quietStyle}">If the button does not work, open this address:<br>${escapeHtml(link.url)}</p>`,
        ]
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${bodyStyle}">`,
    ...lines,
    ...(items === '' ? [] : [`<ul>${items}</ul>`]),
    ...button,
    `<p>${escapeHtml(note)}</p>`,
    `<p style="${quietStyle}">Latchkey, ${escapeHtml(origin)}</p>`,
    '</body></html>',
  ].join('\n')
}

const bodyStyle =
  'margin:0 auto;max-width:36rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:#1a1a1e'
const buttonStyle =
  'display:inline-block;padding:.6rem 1rem;border-radius:.4rem;background:#0b57d0;color:#fff;text-decoration:none'
const quietStyle = 'font-size:13px;color:#5c5c66;overflow-wrap:anywhere'

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
