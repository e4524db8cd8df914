import type { Key, Session } from '../session/types.ts'

/** In words, where the session has them, and as the API names them. */
export function ScopeTexts({ scopes, session }: { scopes: Key['scopes']; session: Session }) {
  if (scopes === null) return <span>Everything</span>
  if (scopes.length === 0) return <span>Nothing but identify itself</span>
  const texts = new Map(session.scopes.map(({ scope, description }) => [scope, description]))
  return (
    <ul class="flex flex-col gap-1">
      {scopes.map((scope) => (
        <li key={scope} class="wrap-anywhere">
          {texts.get(scope)} <code class="text-xs text-subtle">{scope}</code>
        </li>
      ))}
    </ul>
  )
}
