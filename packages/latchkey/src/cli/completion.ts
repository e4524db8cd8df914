// latchkey completion SHELL: a script for the shell, which asks `latchkey complete -- WORDS` for what may follow.
import { script } from '@bomb.sh/tab'
import { command } from './command.ts'
import { usageError } from './exit.ts'

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

export default command({
  args: {
    shell: {
      type: 'positional',
      required: true,
      description: `${shells.join(', ')}. For bash: eval "$(latchkey completion bash)"`,
    },
  },
  async run({ shell }) {
    const known = shells.find((each) => each === shell)
    if (known === undefined) throw usageError(`Completion is for ${shells.join(', ')}.`)
    script(known, 'latchkey', 'latchkey')
  },
})
