// Chooses a key by its name, prefix or external ID.
import { Combobox } from '@cloudflare/kumo/components/combobox'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { errorProp } from '../ui/error-prop.ts'
import { formatsQuery, type Key, keyQuery, keysQuery } from './api.ts'
import { TokenHint } from './key-values.tsx'
import { noteOfToken, prefixOfToken } from './token-prefix.ts'

type Props = {
  label?: string
  /** What no key means. */
  placeholder: string
  id: string | null
  onChange: (id: string | null) => void
  error?: string | undefined
}

export function KeyPicker({ label, placeholder, id, onChange, error }: Props) {
  const [isOpen, setIsOpen] = useState(false)
  const [text, setText] = useState('')
  const { data: formats } = useQuery(formatsQuery)
  const { data: chosen } = useQuery({ ...keyQuery(id ?? ''), enabled: id !== null })
  const search = usePaused(text)
  const prefix = prefixOfToken(search, formats)
  const wanted = (prefix ?? search).trim().slice(0, 100)
  const list = useQuery({
    ...keysQuery({ limit: '10', ...(wanted && { search: wanted }) }),
    enabled: isOpen,
  })
  const value = (id !== null && chosen) || null
  return (
    <>
      <Combobox
        {...(label && { label })}
        {...errorProp(error)}
        items={list.data?.data ?? []}
        // The API has searched already.
        filter={null}
        // The highlight does not survive a later answer, which Enter may come before.
        autoHighlight
        value={value}
        onValueChange={(key) => onChange((key as Key | null)?.id ?? null)}
        onOpenChange={setIsOpen}
        onInputValueChange={(typed, { reason }) => setText(reason === 'input-change' ? typed : '')}
        itemToStringLabel={(key: Key) => key.name}
        isItemEqualToValue={(one: Key, other: Key) => one.id === other.id}
      >
        <Combobox.TriggerInput
          placeholder={placeholder}
          className="w-full"
          {...(!label && { 'aria-label': 'Key' })}
        />
        <Combobox.Content>
          <Combobox.Empty>{list.isPending ? 'Searching…' : 'No such key.'}</Combobox.Empty>
          <Combobox.List>
            {(key: Key) => (
              <Combobox.Item key={key.id} value={key}>
                <span className="flex min-w-0 flex-col">
                  <bdi className="truncate">{key.name}</bdi>
                  <span className="text-sm text-kumo-subtle">
                    <TokenHint value={key} />
                  </span>
                </span>
              </Combobox.Item>
            )}
          </Combobox.List>
        </Combobox.Content>
      </Combobox>
      <p role="status" className="text-sm text-kumo-subtle empty:hidden">
        {prefix !== null && isOpen && noteOfToken}
      </p>
    </>
  )
}

const debounceMs = 250

/** What was typed, once the typing pauses. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), debounceMs)
    return () => clearTimeout(timer)
  }, [text])
  return paused
}
