// The fields of the playground, and the question that they ask. The address has all of them but a token. Pure.
import type { Question } from '../usage/explain.ts'

export const subjects = ['A key', 'A token'] as const
export type Subject = (typeof subjects)[number]

export type Fields = {
  subject: Subject
  keyId: string
  /** In no address, draft or storage. */
  token: string
  method: string
  /** Empty: a service verifies the key. */
  path: string
  ip: string
  /** Empty: as the request needs it. */
  environment: string
  /** Separated by spaces or commas. */
  scopes: string
}

/** The names that the API has for them. */
const names = {
  key_id: 'keyId',
  method: 'method',
  path: 'path',
  ip: 'ip',
  environment: 'environment',
  scopes: 'scopes',
} as const satisfies Record<string, keyof Fields>

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export function fieldsOfParams(params: URLSearchParams): Fields {
  const text = (name: keyof typeof names) => params.get(name) ?? ''
  return {
    subject: params.get('by') === 'token' ? 'A token' : 'A key',
    keyId: text('key_id'),
    token: '',
    method: text('method') || 'GET',
    path: text('path'),
    ip: text('ip'),
    environment: text('environment'),
    scopes: text('scopes'),
  }
}

export function paramsOfFields(fields: Fields): URLSearchParams {
  const isToken = fields.subject === 'A token'
  const params = new URLSearchParams(isToken ? { by: 'token' } : {})
  for (const [name, field] of Object.entries(names)) {
    const isUsed = !(name === 'key_id' && isToken) && !(name === 'method' && fields.path === '')
    if (isUsed && fields[field] !== '') params.set(name, fields[field])
  }
  return params
}

/** null: neither a key nor a token is given. */
export function questionOf(fields: Fields): Question | null {
  const [token, path, ip] = [fields.token.trim(), fields.path.trim(), fields.ip.trim()]
  const scopes = fields.scopes.split(/[\s,]+/).filter(Boolean)
  const subject = fields.subject === 'A token' ? { token } : { key_id: fields.keyId }
  if (Object.values(subject).includes('')) return null
  return {
    ...subject,
    ...(path && { method: fields.method, path }),
    ...(ip && { ip }),
    ...(fields.environment && { environment: fields.environment }),
    ...(scopes.length > 0 && { scopes }),
  } as Question
}
