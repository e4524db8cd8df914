// /docs/errors: the page that the `type` of every problem refers to.
import { html } from 'hono/html'
import { type ProblemCode, problems } from '../../contract/problems.ts'
import { pageResponse } from './page.ts'
import { problemTexts } from './problem-texts.ts'

export function errorsPage(): Promise<Response> {
  const codes = Object.keys(problemTexts) as ProblemCode[]
  const navigation = html`<ul>${codes.map((code) => html`<li><a href="#${code}">${code}</a></li>`)}</ul>`
  const main = html`<p>Every failure is <code>application/problem+json</code> (RFC 9457). Programs look at
<code>code</code>, which never changes; people read <code>detail</code>; support needs
<code>request_id</code>.</p>${codes.map((code) => {
    const [status, title] = problems[code]
    const { meaning, remedy } = problemTexts[code]
    return html`<article id="${code}">
<h2><code>${code}</code> <span class="status">${status}</span></h2>
<p class="summary">${title}</p><p>${meaning}</p><p><strong>What to do.</strong> ${remedy}</p>
</article>`
  })}`
  return pageResponse('Errors', navigation, main)
}
