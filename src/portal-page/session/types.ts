// What the API answers, from the routes themselves.
import type { hc, InferResponseType } from 'hono/client'
import type { createPortal } from '#worker/management/portal/routes.ts'

type Client = ReturnType<typeof hc<ReturnType<typeof createPortal>>>
type Portal = Client['api']['v1']['portal']

export type Look = InferResponseType<Portal['page']['$get'], 200>['data']
export type BegunSession = InferResponseType<Portal['session']['$post'], 201>['data']
export type Session = InferResponseType<Portal['session']['$get'], 200>['data']
export type Key = InferResponseType<Portal['keys']['$get'], 200>['data'][number]
export type MintedKey = InferResponseType<Portal['keys']['$post'], 201>['data']
export type ChangedKey = InferResponseType<Portal['keys'][':id']['$patch'], 202>['data']
export type Usage = InferResponseType<Portal['keys'][':id']['usage']['$get'], 200>['data']
