// latchkey complete -- WORDS: what may follow these words, for the script of `latchkey completion`.
import root, { type Command as Completed } from '@bomb.sh/tab'
import type { ArgDef, CommandDef } from 'citty'
import { shells } from './completion.ts'
import { argsOf, metaOf, subCommandsOf } from './usage-text.ts'

export async function complete(program: CommandDef, words: readonly string[]): Promise<void> {
  await add(program, [])
  root.parse([...words])
}

async function add(of: CommandDef, path: readonly string[]): Promise<void> {
  for (const [name, each] of Object.entries(subCommandsOf(of))) {
    const words = [...path, name]
    const { description = '' } = metaOf(each)
    const completed = root.command(words.join(' '), description)
    for (const [option, definition] of Object.entries(await argsOf(each))) {
      addOption(completed, option, definition)
    }
    await add(each, words)
  }
}

function addOption(to: Completed, name: string, definition: ArgDef): void {
  const { type, description = '' } = definition
  const suggest = (values: readonly string[]) => (add: (value: string, text: string) => void) => {
    for (const value of values) add(value, '')
  }
  if (type === 'positional') {
    if (name === 'shell') to.argument(name, suggest(shells))
  } else if (type === 'boolean') {
    to.option(name, description)
  } else {
    const values = 'options' in definition ? (definition.options ?? []) : []
    to.option(name, description, suggest(values))
  }
}
