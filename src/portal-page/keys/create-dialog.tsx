// The form of a new key, and what follows where its answer was lost.
import { useRef, useState } from 'preact/hooks'
import { callPortal } from '../session/portal.ts'
import type { MintedKey, Session } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogButtons } from '../ui/dialog.tsx'
import { control, Field, Select } from '../ui/fields.tsx'
import { Problem } from '../ui/problem.tsx'
import { useTask } from '../ui/use-task.ts'
import { expiresAt, expiryChoices, usualChoice } from './expiry.ts'
import { LostToken } from './lost-token.tsx'

type Props = {
  session: Session
  onMade: (key: MintedKey) => void
  /** @param id of a key that was made all the same */
  onClose: (id: string | null) => void
}

export function CreateDialog({ session, onMade, onClose }: Props) {
  const form = useKeyForm(session)
  const task = useTask((body: object) =>
    callPortal<MintedKey>('/keys', { method: 'POST', body, isOnce: true }),
  )
  const lostId = task.failure?.key_id ?? null
  if (lostId !== null) {
    return <LostToken {...{ keyId: lostId, onMade, onClose }} />
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    const body = form.read()
    const made = body && (await task.run(body))
    if (made) onMade(made.data)
  }
  return (
    <Dialog title="Create a key" isHeld={task.isPending} onClose={() => onClose(null)}>
      <form class="flex flex-col gap-4" onSubmit={submit} noValidate>
        <KeyFields session={session} form={form} />
        <Problem failure={task.failure} />
        <DialogButtons>
          <Button onClick={() => !task.isPending && onClose(null)}>Cancel</Button>
          <Button kind="primary" type="submit" isPending={task.isPending}>
            {task.isPending ? 'Creating …' : 'Create key'}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}

type Draft = { name: string; scopes: readonly string[]; environment: string; expiry: string }
type Body = {
  name: string
  scopes: readonly string[]
  environment: string
  expires_at?: string | null
}

function useKeyForm(session: Session) {
  const [only] = session.scopes.length === 1 ? session.scopes : []
  const [draft, setDraft] = useState<Draft>({
    name: '',
    scopes: only ? [only.scope] : [],
    environment: session.environments[0] ?? '',
    expiry: usualChoice(session),
  })
  const [error, setError] = useState<'name' | 'scopes' | null>(null)
  /** The same values are the same request, also where its answer was lost: its expiry does not move. */
  const sent = useRef<{ draft: Draft; body: Body } | null>(null)
  return {
    draft,
    error,
    set(change: Partial<Draft>) {
      setDraft({ ...draft, ...change })
      setError(null)
    },
    read(): Body | null {
      const wrong = draft.name.trim() === '' ? 'name' : draft.scopes.length === 0 ? 'scopes' : null
      setError(wrong)
      if (wrong !== null) document.getElementById(`new-key-${wrong}`)?.focus()
      if (wrong !== null) return null
      if (sent.current?.draft !== draft) {
        const { expiry, ...fields } = draft
        sent.current = { draft, body: { ...fields, ...expiresAt(expiry, Date.now()) } }
      }
      return sent.current.body
    },
  }
}

type FieldsProps = { session: Session; form: ReturnType<typeof useKeyForm> }

function KeyFields({ session, form: { draft, error, set } }: FieldsProps) {
  const { environments } = session
  const names = Object.fromEntries(environments.map((each) => [each, each]))
  return (
    <>
      <div class="flex flex-col gap-1">
        <label for="new-key-name" class="text-sm font-medium">
          Name
        </label>
        <input
          id="new-key-name"
          class={control}
          value={draft.name}
          maxLength={80}
          autoComplete="off"
          aria-invalid={error === 'name'}
          aria-describedby="new-key-name-hint"
          onInput={(event) => set({ name: event.currentTarget.value })}
        />
        <p
          id="new-key-name-hint"
          class={`text-sm ${error === 'name' ? 'text-danger-ink' : 'text-subtle'}`}
        >
          {error === 'name'
            ? 'Give the key a name.'
            : 'What the key is for, such as “Nightly export”.'}
        </p>
      </div>
      <ScopeChoice session={session} draft={draft} isWrong={error === 'scopes'} set={set} />
      {environments.length > 1 && (
        <Field label="Environment">
          {(id) => (
            <Select
              {...{ id, value: draft.environment, choices: names }}
              onChange={(environment) => set({ environment })}
            />
          )}
        </Field>
      )}
      <Field label="Expires after">
        {(id) => (
          <Select
            {...{ id, value: draft.expiry, choices: expiryChoices(session) }}
            onChange={(expiry) => set({ expiry })}
          />
        )}
      </Field>
    </>
  )
}

type ScopeProps = {
  session: Session
  draft: Draft
  isWrong: boolean
  set: (change: Partial<Draft>) => void
}

function ScopeChoice({ session, draft, isWrong, set }: ScopeProps) {
  const toggle = (scope: string, isChosen: boolean) => {
    const others = draft.scopes.filter((each) => each !== scope)
    set({ scopes: isChosen ? [...others, scope] : others })
  }
  return (
    <fieldset>
      <legend id="new-key-scopes" tabIndex={-1} class="mb-1 text-sm font-medium">
        What it can do
      </legend>
      <div class="max-h-64 overflow-auto rounded-lg border border-line px-3 py-1">
        {session.scopes.map(({ scope, description }) => (
          <label key={scope} class="flex gap-2 py-1.5 text-sm">
            <input
              type="checkbox"
              class="mt-0.5 size-4 shrink-0 accent-brand"
              checked={draft.scopes.includes(scope)}
              onChange={(event) => toggle(scope, event.currentTarget.checked)}
            />
            <span class="wrap-anywhere">
              {description} <code class="text-xs text-subtle">{scope}</code>
            </span>
          </label>
        ))}
      </div>
      {isWrong && (
        <p role="alert" class="mt-1 text-sm text-danger-ink">
          Choose at least one.
        </p>
      )}
    </fieldset>
  )
}
