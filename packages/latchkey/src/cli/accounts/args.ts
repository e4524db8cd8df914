/** Of a command for one account. */
export const accountArg = {
  id: { type: 'positional', required: true, description: 'The id of the account' },
} as const
