// The context that every suite receives.
import type { Api } from './api.ts'
import type { Latchkey } from './latchkey.ts'
import type { Program } from './programs.ts'

export type Scene = () => { api: Api; latchkey: Latchkey; folder: string }

export type Start = (folder: string, ports: { latchkey: number; api: number }) => Promise<Program>
