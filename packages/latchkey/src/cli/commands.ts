// Every command: a line adds one. Its module is loaded when it runs.
import type { CommandDef } from 'citty'
import { version } from '../../package.json'
import { group, lazy } from './command.ts'

const keys = group('keys', 'List, create, change and revoke keys', [
  lazy('list', 'List keys', () => import('./keys/list.ts')),
  lazy('get', 'Show a key', () => import('./keys/get.ts')),
  lazy('create', 'Create a key; its token is shown once', () => import('./keys/create.ts')),
  lazy('update', 'Change a key', () => import('./keys/update.ts')),
  lazy('rotate', 'Give a key a new token', () => import('./keys/rotate.ts')),
  lazy('revoke', 'Revoke keys for good', () => import('./keys/revoke.ts')),
  lazy(
    'explain',
    'Why a request with a key passes or is refused',
    () => import('./keys/explain.ts'),
  ),
  lazy('lookup', 'Find the key that has a token', () => import('./keys/lookup.ts')),
])

const accounts = group('accounts', 'The accounts of a deployment, for its platform', [
  lazy('list', 'List accounts', () => import('./accounts/list.ts')),
  lazy('get', 'Show an account', () => import('./accounts/get.ts')),
  lazy('create', 'Create an account', () => import('./accounts/create.ts')),
  lazy('update', 'Rename an account, or set its quotas', () => import('./accounts/update.ts')),
  lazy('suspend', 'Stop every key of an account', () => import('./accounts/suspend.ts')),
  lazy('resume', 'Let the keys of an account work again', () => import('./accounts/resume.ts')),
  lazy(
    'delete',
    'Suspend an account, and delete it in 14 days',
    () => import('./accounts/delete.ts'),
  ),
])

export const program: CommandDef = {
  ...group('latchkey', 'Manage the keys of a Latchkey deployment', [
    lazy('login', 'Sign in, with a managing key or as a person', () => import('./login.ts')),
    lazy('logout', 'Forget a deployment, and end the session there', () => import('./logout.ts')),
    lazy('whoami', 'Who is signed in, and where', () => import('./whoami.ts')),
    keys,
    accounts,
    lazy('usage', 'Requests by result, over time', () => import('./usage.ts')),
    lazy('requests', 'The last requests, or those to come', () => import('./requests.ts')),
    lazy('export', 'Write the data of an account to a file', () => import('./export.ts')),
    lazy(
      'import',
      'Import keys of another system by their digests',
      () => import('./import/command.ts'),
    ),
    lazy(
      'doctor',
      'Check a deployment, and name what is wrong',
      () => import('./doctor/command.ts'),
    ),
    lazy('mcp', 'Tools that read, for agents (MCP over stdio)', () => import('./mcp.ts')),
    lazy('completion', 'Print the completion script of a shell', () => import('./completion.ts')),
  ]),
  meta: { name: 'latchkey', version, description: 'Manage the keys of a Latchkey deployment' },
}
