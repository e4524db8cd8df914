import { Link } from 'wouter'
import type { KeyTemplate } from './api.ts'

/** Links to the form as each template fills it in. */
export function TemplateList({ templates, current }: Props) {
  if (templates.length === 0) return null
  return (
    <nav aria-label="Templates" className="flex flex-wrap items-center gap-2 text-base">
      <span className="text-kumo-subtle">Start from</span>
      {templates.map(({ template, description }) => (
        <Link
          key={template}
          href={`/keys/new?${new URLSearchParams({ template })}`}
          title={description}
          aria-current={template === current}
          className={`rounded-full px-3 py-1 text-kumo-default ring ring-kumo-line hover:bg-kumo-tint ${template === current ? 'bg-kumo-tint font-medium' : 'bg-kumo-base'}`}
        >
          {template}
        </Link>
      ))}
      {current !== null && (
        <Link href="/keys/new" className="text-kumo-link underline">
          Empty form
        </Link>
      )}
    </nav>
  )
}

type Props = { templates: readonly KeyTemplate[]; current: string | null }
