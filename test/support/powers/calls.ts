// A command as a request, with what the model predicts for it.
import { expect } from 'vitest'
import type { Answer } from '../test-app.ts'
import type { Command, Fields } from './commands.ts'
import {
  type Prediction,
  predictCreate,
  predictCredits,
  predictDelete,
  predictImport,
  predictList,
  predictPatch,
  predictRead,
  predictRevoke,
  predictRotate,
  type World,
} from './predict.ts'
import type { Row } from './rows.ts'

const formats = { native: ['whm', 'wacrm_live'], default: 'whm' }
const foreign = 'unkey'

export type Call = {
  method: string
  path: string
  body?: object
  predict(world: World): Prediction
  /** What a 2xx must hold in addition. */
  check?(answer: Answer, prediction: Extract<Prediction, { status: 'ok' }>): void
}

export function callOf(
  command: Exclude<Command, { does: 'wait' }>,
  target: Row | undefined,
  nowMs: number,
): Call | null {
  if (command.does === 'create') {
    const fields = timed(command.fields, nowMs)
    const predict = (world: World) => predictCreate(world, fields, formats.default)
    return { method: 'POST', path: '', body: bodyOf(fields), predict }
  }
  if (command.does === 'import') {
    const fields = timed(command.fields, nowMs)
    const bytes = crypto.getRandomValues(new Uint8Array(32))
    const entry = { digest: bytes.toHex(), format: foreign, ...bodyOf(fields) }
    return {
      method: 'POST',
      path: '/import',
      body: { keys: [entry] },
      predict: (world) => predictImport(world, fields, foreign),
    }
  }
  if (command.does === 'list') {
    return { method: 'GET', path: '?limit=100', predict: predictList, check: checkList }
  }
  return target === undefined ? null : callOn(command, target, nowMs)
}

function callOn(
  command: Exclude<Command, { does: 'wait' | 'create' | 'import' | 'list' }>,
  target: Row,
  nowMs: number,
): Call {
  const path = `/${target.id}`
  switch (command.does) {
    case 'read':
      return { method: 'GET', path, predict: (world) => predictRead(world, target) }
    case 'patch': {
      const fields = timed(command.fields, nowMs)
      const predict = (world: World) => predictPatch(world, target, fields)
      return { method: 'PATCH', path, body: bodyOf(fields), predict }
    }
    case 'rotate': {
      const { overlap } = command
      const { expires_at } = timed(command.fields, nowMs)
      const body = {
        overlap_seconds: overlap,
        ...bodyOf({ ...(expires_at !== undefined && { expires_at }) }),
      }
      const rotation = { overlap, expiresAt: expires_at }
      const predict = (world: World) => predictRotate(world, target, rotation, formats)
      return { method: 'POST', path: `${path}/rotate`, body, predict }
    }
    case 'delete':
      return { method: 'DELETE', path, predict: (world) => predictDelete(world, target) }
    case 'credits': {
      const predict = (world: World) => predictCredits(world, target)
      return { method: 'POST', path: `${path}/credits`, body: { add: command.add }, predict }
    }
    case 'revoke':
      return revocation(command.selection, target)
  }
}

function timed({ expires_in, ...fields }: Fields, nowMs: number): Fields {
  if (expires_in === undefined) return fields
  return { ...fields, expires_at: expires_in && nowMs + expires_in * 1_000 }
}

function revocation(
  selection: Extract<Command, { does: 'revoke' }>['selection'],
  target: Row,
): Call {
  const by = {
    ids: [(row: Row) => row.id === target.id, target.id],
    created_by: [(row: Row) => row.createdBy === target.createdBy, target.createdBy],
    made_by: [(row: Row) => row.madeBy === target.madeBy, target.madeBy],
    external_id: [
      (row: Row) => row.externalId === (target.externalId ?? 'x'),
      target.externalId ?? 'x',
    ],
  } as const
  const [isNamed, named] = by[selection]
  return {
    method: 'POST',
    path: '/revoke',
    body: { [selection]: selection === 'ids' ? [named] : named },
    predict: (world) => predictRevoke(world, isNamed, named ?? ''),
    check({ body, text }, { changed, missing }) {
      expect({ revoked: body.data.revoked, missing: body.data.missing }, text).toEqual({
        revoked: changed.size,
        missing,
      })
    },
  }
}

function checkList({ body }: Answer, { seen = [] }: Extract<Prediction, { status: 'ok' }>): void {
  const listed = body.data.map(({ id }: Row) => id).toSorted()
  expect(listed).toEqual(seen.map(({ id }) => id).toSorted())
}

function bodyOf({ expires_at, ...fields }: Fields): object {
  if (expires_at === undefined) return fields
  return { ...fields, expires_at: expires_at && new Date(expires_at).toISOString() }
}
