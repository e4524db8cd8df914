// Why a request with a key passes or is refused.
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'

const { explain } = management['api-keys']

export type Explanation = DataOf<typeof explain.$post>
export type Check = Explanation['checks'][number]
export type Question = InferRequestType<typeof explain.$post>['json']

/** It may hold a token, so it bypasses the query cache. */
export async function explainRequest(json: Question): Promise<Explanation> {
  return (await answer(explain.$post({ json }))).data
}
