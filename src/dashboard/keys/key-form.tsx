// The fields of a key, for making one and for changing one.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { formatsQuery, scopesQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { errorOf } from '../ui/error-prop.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ProgressNote } from '../ui/progress-note.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { ExpiryField } from './expiry-field.tsx'
import { FormatField } from './format-field.tsx'
import type { DraftErrors, KeyDraft } from './key-draft.ts'
import { LimitFields } from './limit-fields.tsx'
import { RestrictionFields } from './restriction-fields.tsx'
import { type Inherited, ScopePicker } from './scope-picker.tsx'

type Props = {
  draft: KeyDraft
  onChange: (draft: KeyDraft) => void
  errors: DraftErrors
  problem: ApiProblem | null
  isPending: boolean
  /** When changing a key: what is sent, what is waited for, and when it expires today. */
  existing?: { expiry: string }
  inherits: Inherited
  submit: string
  waitingFor: string
  onSubmit: () => void
  cancel: ReactNode
}

export function KeyForm(props: Props) {
  const { draft, onChange, errors, problem, isPending, existing } = props
  const set = (part: Partial<KeyDraft>) => onChange({ ...draft, ...part })
  const field = { draft, set, problem }
  const scopes = useQuery(scopesQuery)
  const formats = useQuery({ ...formatsQuery, enabled: !existing })
  // What comes later moves what is below it, and a click in that moment is lost.
  if (scopes.isLoading || formats.isLoading) return <ListSkeleton label="Loading the form" />
  return (
    <form
      noValidate
      className="flex flex-col gap-6"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isPending) props.onSubmit()
      }}
    >
      <Card title="What it is for">
        <div className="flex flex-col gap-5">
          <Input
            label="Name"
            name="name"
            placeholder="CRM integration"
            description="After what will use it, so that you know later what breaks when you revoke it."
            className="w-full max-w-lg"
            maxLength={80}
            required
            autoComplete="off"
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            passwordManagerIgnore
            {...errorOf(errors.name ?? problem?.of('name'))}
          />
          <ExpiryField {...field} error={errors.date} existing={existing?.expiry} />
          {!existing && <FormatField {...field} />}
        </div>
      </Card>
      <ScopePicker {...field} error={errors.scopes} inherits={props.inherits} />
      <LimitFields {...field} errors={errors} isNew={!existing} />
      <RestrictionFields {...field} />
      <ProblemBanner problem={problem} />
      <ProgressNote isShown={isPending}>{props.waitingFor}</ProgressNote>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" loading={isPending}>
          {props.submit}
        </Button>
        {props.cancel}
      </div>
    </form>
  )
}

export type FieldProps = {
  draft: KeyDraft
  set: (part: Partial<KeyDraft>) => void
  problem: ApiProblem | null
}
