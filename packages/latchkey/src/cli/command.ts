// A command: its arguments, checked strictly, since a misspelt --dry-run must not be a run.
import { type ArgDef, type ArgsDef, type CommandDef, type ParsedArgs, parseArgs } from 'citty'
import { usageError } from './exit.ts'

export type Command = { args: ArgsDef; run: (rawArgs: string[]) => Promise<void> }

/** Arguments of every command that reaches a deployment. */
export const connectionArgs = {
  url: {
    type: 'string',
    valueHint: 'address',
    description: 'The deployment (LATCHKEY_URL); else the last one that was signed in to',
  },
  account: {
    type: 'string',
    valueHint: 'id',
    description: 'The account to act in (LATCHKEY_ACCOUNT)',
  },
  json: { type: 'boolean', description: 'Print JSON' },
} as const satisfies ArgsDef

export const yesArg = {
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
} as const satisfies ArgsDef

export const dryRunArg = {
  'dry-run': { type: 'boolean', description: 'Print what would be done, and do nothing' },
} as const satisfies ArgsDef

type Options<Args extends ArgsDef> = {
  args: Args
  /** Takes any number of arguments, as `args._`. */
  isVariadic?: boolean
  /** Options whose value may be "". */
  mayBeEmpty?: readonly string[]
  run: (args: ParsedArgs<Args>) => Promise<void>
}

export function command<const Args extends ArgsDef>(options: Options<Args>): Command {
  const { args: definitions, run } = options
  return {
    args: definitions,
    async run(rawArgs) {
      const args = parseArgs<Args>(rawArgs, definitions)
      refuseUnknown(args as Record<string, unknown>, options)
      await run(args)
    },
  }
}

/** A line of the table of commands: the module of a command is loaded when it runs. */
export function lazy(
  name: string,
  description: string,
  load: () => Promise<{ default: Command }>,
): CommandDef {
  return {
    meta: { name, description },
    args: async () => (await load()).default.args,
    run: async ({ rawArgs }) => (await load()).default.run(rawArgs),
  }
}

export function group(name: string, description: string, commands: CommandDef[]): CommandDef {
  const byName = commands.map((each) => [(each.meta as { name: string }).name, each] as const)
  return { meta: { name, description }, subCommands: Object.fromEntries(byName) }
}

/** Values are never quoted: one might be a token. @throws CliError */
function refuseUnknown<Args extends ArgsDef>(
  args: Record<string, unknown>,
  { args: definitions, isVariadic, mayBeEmpty = [] }: Options<Args>,
): void {
  const known = new Set(Object.entries(definitions).flatMap(([name, def]) => spellings(name, def)))
  for (const [name, value] of Object.entries(args)) {
    if (name === '_') continue
    if (!known.has(name)) throw usageError(`There is no option ${optionText(name)}.`)
    if (value === '' && !mayBeEmpty.includes(name) && isString(definitions, name)) {
      throw usageError(`--${name} needs a value.`)
    }
  }
  // citty does not check it of an enum.
  for (const [name, { required, type }] of Object.entries(definitions)) {
    const isMissing = required === true && type !== 'positional' && args[name] === undefined
    if (isMissing) throw usageError(`--${name} is needed. See --help.`)
  }
  const positional = Object.values(definitions).filter(({ type }) => type === 'positional')
  if (!isVariadic && (args._ as string[]).length > positional.length) {
    throw usageError('There are more arguments than the command takes.')
  }
}

function isString(definitions: ArgsDef, name: string): boolean {
  const type = definitions[name]?.type
  return type === 'string' || type === 'enum'
}

function spellings(name: string, definition: ArgDef): string[] {
  const alias = ('alias' in definition ? definition.alias : undefined) ?? []
  const camel = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return [name, camel, ...(Array.isArray(alias) ? alias : [alias])]
}

function optionText(name: string): string {
  return /^[a-z][a-z-]{0,30}$/i.test(name) ? `--${name}` : 'of that name'
}

/** "a,b" as a list; "" is the empty list. */
export function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').flatMap((each) => each.trim() || [])
}

/** @throws CliError */
export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,12}$/.test(text)) throw usageError(`--${name} is a whole number.`)
  return Number(text)
}

/** @throws CliError */
export function jsonOption(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw usageError(`--${name} is not valid JSON.`)
  }
}

/** Without what was not given: an absent field stays absent. */
export function given<Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<Fields>
}
