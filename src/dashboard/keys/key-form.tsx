// The form of a new key and of changes to a key.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import type { ApiProblem } from '../api/problem.ts'
import { scopesQuery } from '../scopes/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { useFirstError } from '../ui/form.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ProgressNote } from '../ui/progress-note.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { formatsQuery } from './api.ts'
import { ExpiryField } from './expiry-field.tsx'
import { FormatField } from './format-field.tsx'
import { GrantFields } from './grant-fields.tsx'
import { type DraftErrors, type KeyDraft, managesKeys } from './key-draft.ts'
import { LimitFields } from './limit-fields.tsx'
import { RestrictionFields } from './restriction-fields.tsx'
import { type Inheritance, ScopePicker } from './scope-picker.tsx'

type Props = {
  draft: KeyDraft
  onChange: (draft: KeyDraft) => void
  errors: DraftErrors
  problem: ApiProblem | null
  /** Called with a field of the API whose value was edited. */
  forget: (field: string) => void
  isPending: boolean
  /** When changing a key: the label of its current expiration. */
  currentExpiry?: string
  inheritance: Inheritance
  submit: string
  waitingFor: string
  onSubmit: () => void
  onCancel: () => void
}

/** By part of the draft, what it is in the API. */
const fieldsOfDraft: Record<keyof KeyDraft, readonly string[]> = {
  name: ['name'],
  expiry: ['expires_at'],
  date: ['expires_at'],
  format: ['format'],
  scopeChoice: ['scopes'],
  scopes: ['scopes'],
  addresses: ['allowed_ips'],
  externalId: ['external_id', 'limits_by'],
  metadata: ['metadata'],
  limits: ['rate_limit', 'credits', 'limits_by'],
  grants: ['may_grant'],
}

export function KeyForm(props: Props) {
  const { draft, onChange, errors, problem, isPending, currentExpiry } = props
  const { role } = useSignedIn()
  const isNew = currentExpiry === undefined
  const lookForErrors = useFirstError(isPending)
  const set = (part: Partial<KeyDraft>) => {
    onChange({ ...draft, ...part })
    for (const [name, fields] of Object.entries(fieldsOfDraft)) {
      if (name in part) fields.forEach(props.forget)
    }
  }
  const field = { draft, set, problem }
  const scopes = useQuery(scopesQuery)
  const formats = useQuery({ ...formatsQuery, enabled: isNew })
  // A field that appears later moves the fields below it, and a click at that moment misses.
  if (scopes.isLoading || formats.isLoading) return <ListSkeleton label="Loading form" />
  return (
    <form
      noValidate
      // A field that the keyboard reaches is not behind the bar at the end.
      className="flex flex-col gap-6 [&_:is(input,textarea,button)]:scroll-mb-32"
      onSubmit={(event) => {
        event.preventDefault()
        if (isPending) return
        lookForErrors(event.currentTarget)
        props.onSubmit()
      }}
    >
      <Card title="General">
        <div className="flex flex-col gap-5">
          <TextInput
            label="Name"
            name="name"
            placeholder="CRM integration"
            description="Name the program that will use the key, so that you know what depends on it."
            className="w-full max-w-lg"
            maxLength={80}
            required
            autoComplete="off"
            value={draft.name}
            onValueChange={(name) => set({ name })}
            passwordManagerIgnore
            error={errors.name ?? problem?.of('name')}
          />
          <ExpiryField {...field} error={errors.date} current={currentExpiry} />
          {isNew && <FormatField {...field} />}
        </div>
      </Card>
      <ScopePicker {...field} error={errors.scopes} inheritance={props.inheritance} />
      {role === 'owner' && managesKeys(draft) && <GrantFields {...field} errors={errors} />}
      <LimitFields {...field} errors={errors} isNew={isNew} />
      <RestrictionFields {...field} error={errors.metadata} />
      <ProblemBanner problem={problem} />
      <ProgressNote isShown={isPending}>{props.waitingFor}</ProgressNote>
      <div className="sticky bottom-0 z-10 -mx-4 flex flex-wrap items-center gap-2 border-t border-kumo-hairline bg-kumo-canvas px-4 py-3">
        <ErrorSummary />
        <Button type="submit" variant="primary" loading={isPending}>
          {props.submit}
        </Button>
        <Button disabled={isPending} onClick={props.onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
