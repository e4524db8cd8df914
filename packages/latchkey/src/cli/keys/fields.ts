// The fields of a key as options, for create and update.
import type { ArgsDef } from 'citty'
import type { NewKey } from '../../types.ts'
import { given, jsonOption, listOf } from '../command.ts'
import { usageError } from '../exit.ts'

export const fieldArgs = {
  scopes: {
    type: 'string',
    valueHint: 'a,b',
    description: 'Separated by commas; "" for none; left out, a new key inherits',
  },
  'expires-at': { type: 'string', valueHint: 'time', description: 'RFC 3339' },
  'expires-in': { type: 'string', valueHint: '90d', description: 'In so many m, h or d' },
  'allowed-ips': { type: 'string', valueHint: 'a,b', description: 'Addresses and CIDR blocks' },
  'rate-limit': {
    type: 'string',
    valueHint: '100/60s',
    description: 'Requests in seconds, m, h or d, /fast if isolates decide; several by commas',
  },
  credits: {
    type: 'string',
    valueHint: 'json',
    description: 'Such as {"remaining":500}, or a number',
  },
  'limits-by': {
    type: 'enum',
    options: ['key', 'external_id'],
    description: 'Whose limits they are',
  },
  'external-id': { type: 'string', description: 'The customer, as your system names them' },
  metadata: { type: 'string', valueHint: 'json', description: 'An object' },
  'may-grant': { type: 'string', valueHint: 'json', description: 'What a managing key may grant' },
} as const satisfies ArgsDef

export const mayBeEmpty = ['scopes', 'allowed-ips']

type Given = { [Name in keyof typeof fieldArgs]?: string | undefined }

/** @throws CliError */
export function fieldsOf(args: Given): Omit<NewKey, 'name'> {
  if (args['expires-at'] !== undefined && args['expires-in'] !== undefined) {
    throw usageError('Give one of --expires-at and --expires-in.')
  }
  return given({
    scopes: listOf(args.scopes),
    expires_at: args['expires-at'] ?? timeIn(args['expires-in']),
    allowed_ips: listOf(args['allowed-ips']),
    rate_limit: windowsOf(args['rate-limit']),
    credits: creditsOf(args.credits),
    limits_by: args['limits-by'] as NewKey['limits_by'],
    external_id: args['external-id'],
    metadata: jsonOption('metadata', args.metadata) as NewKey['metadata'],
    may_grant: jsonOption('may-grant', args['may-grant']) as NewKey['may_grant'],
  })
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** "90d" in seconds. @throws CliError */
export function secondsOf(name: string, text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? []
  if (count === undefined) throw usageError(`--${name} is a number of s, m, h or d, such as 90d.`)
  return Number(count) * (unitSeconds[unit] ?? 1)
}

function timeIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return new Date(Date.now() + secondsOf('expires-in', text) * 1_000).toISOString()
}

function windowsOf(text: string | undefined): NewKey['rate_limit'] | undefined {
  return listOf(text)?.map((each) => {
    const [limit = '', window = '', mode = 'exact', ...rest] = each.split('/')
    if (!/^\d{1,9}$/.test(limit) || !/^(exact|fast)$/.test(mode) || rest.length > 0) {
      throw usageError('--rate-limit is such as 100/60s, or 100/60s/fast,5000/1d.')
    }
    const window_seconds = secondsOf('rate-limit', window)
    return { limit: Number(limit), window_seconds, ...(mode === 'fast' && { mode: 'fast' }) }
  })
}

function creditsOf(text: string | undefined): NewKey['credits'] | undefined {
  const credits = jsonOption('credits', text)
  return typeof credits === 'number' ? { remaining: credits } : (credits as NewKey['credits'])
}
