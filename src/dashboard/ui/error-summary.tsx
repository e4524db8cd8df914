// What is wrong in the form around it, as links to the fields. It reads the errors that are shown, so that those of the
// form and of the API are in it alike.
import { useEffect, useRef, useState } from 'react'

const fields = 'input, textarea, select, button, [role=radio], [role=combobox]'

type Found = { text: string; field: HTMLElement }

export function ErrorSummary() {
  const place = useRef<HTMLDivElement>(null)
  const [texts, setTexts] = useState<readonly string[]>([])
  useEffect(() => {
    const next = errorsOf(place.current).map(({ text }) => text)
    if (next.join('\n') !== texts.join('\n')) setTexts(next)
  })
  return (
    <div ref={place} role="status" className="basis-full text-sm empty:hidden">
      {texts.length > 0 && (
        <ul aria-label="What to mend" className="flex flex-wrap gap-x-4 gap-y-1">
          {texts.map((text) => (
            <li key={text}>
              <button
                type="button"
                className="rounded text-left text-kumo-default underline outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus"
                onClick={() =>
                  goTo(errorsOf(place.current).find((each) => each.text === text)?.field)
                }
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function errorsOf(place: HTMLElement | null): Found[] {
  const form = place?.closest('form')
  if (!place || !form) return []
  const shown = [...form.querySelectorAll<HTMLElement>('.text-kumo-danger')]
  const errors = shown.filter((each) => !place.contains(each) && each.innerText.trim() !== '')
  const all = errors.map((error) => ({ text: error.innerText.trim(), field: fieldOf(error, form) }))
  return all.filter(({ text }, index) => all.findIndex((each) => each.text === text) === index)
}

/** The one that names the error, else the nearest around it. */
function fieldOf(error: HTMLElement, form: HTMLElement): HTMLElement {
  const named = error.id && form.querySelector<HTMLElement>(`[aria-describedby~="${error.id}"]`)
  if (named) return named
  for (let around = error.parentElement; around && around !== form; around = around.parentElement) {
    const field = around.querySelector<HTMLElement>(fields)
    if (field) return field
  }
  return error
}

function goTo(field: HTMLElement | undefined): void {
  field?.focus({ preventScroll: true })
  field?.scrollIntoView({ block: 'center' })
}
