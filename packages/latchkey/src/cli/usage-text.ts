// What --help prints. Ours and not citty's, which takes neither the width of the terminal nor NO_COLOR into account.
import type { ArgDef, ArgsDef, CommandDef } from 'citty'
import { wrapAnsi } from 'fast-wrap-ansi'
import { colour, print } from './terminal.ts'

const leftWidth = 30
const most = 100

export async function printUsage(program: CommandDef, words: readonly string[]): Promise<void> {
  const { command, path } = askedFor(program, words)
  const args = Object.entries(await argsOf(command))
  const positional = args.filter(([, { type }]) => type === 'positional')
  const options = args.filter(([, { type }]) => type !== 'positional')
  const commands = Object.entries(subCommandsOf(command))
  const line = [
    ...path,
    ...positional.map(([name, { required }]) =>
      required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
    ),
    ...(options.length > 0 ? ['[OPTIONS]'] : []),
    ...(commands.length > 0 ? ['COMMAND'] : []),
  ]
  print(`${metaOf(command).description ?? ''}\n\nUsage: ${colour('bold', line.join(' '))}`)
  printList(
    'Arguments',
    positional.map(([name, each]) => [name.toUpperCase(), each.description]),
  )
  printList(
    'Options',
    options.map(([name, each]) => [optionText(name, each), each.description]),
  )
  printList(
    'Commands',
    commands.map(([name, each]) => [name, metaOf(each).description]),
  )
  if (commands.length > 0) print(`\n${path.join(' ')} COMMAND --help says more.`)
}

function askedFor(program: CommandDef, words: readonly string[]) {
  let command = program
  const path = ['latchkey']
  for (const word of words) {
    const next = subCommandsOf(command)[word]
    if (next === undefined) break
    command = next
    path.push(word)
  }
  return { command, path }
}

export function subCommandsOf({ subCommands }: CommandDef): Record<string, CommandDef> {
  return (subCommands ?? {}) as Record<string, CommandDef>
}

export async function argsOf({ args }: CommandDef): Promise<ArgsDef> {
  return (typeof args === 'function' ? await args() : await args) ?? {}
}

export function metaOf({ meta }: CommandDef): {
  name?: string
  description?: string
  version?: string
} {
  return (meta ?? {}) as { name?: string }
}

function optionText(name: string, definition: ArgDef): string {
  const { type, valueHint } = definition
  const alias = 'alias' in definition && definition.alias ? `-${definition.alias}, ` : ''
  if (type === 'boolean') return `${alias}--${name}`
  const values = 'options' in definition ? definition.options?.join('|') : undefined
  return `${alias}--${name} ${values ?? valueHint ?? 'text'}`
}

function printList(title: string, rows: readonly (readonly [string, string | undefined])[]): void {
  if (rows.length === 0) return
  print(`\n${title}`)
  const room = Math.max(20, Math.min(process.stdout.columns ?? most, most) - leftWidth)
  for (const [left, description = ''] of rows) {
    const lines = wrapAnsi(description, room).split('\n')
    const start = `  ${left}`
    const isLong = start.length > leftWidth - 2
    if (isLong) print(start)
    for (const [at, text] of lines.entries()) {
      print(`${(at === 0 && !isLong ? start : '').padEnd(leftWidth)}${text}`)
    }
  }
}
