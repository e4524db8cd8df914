// latchkey logout: forgets the credentials of a deployment, and ends the session there.
import { command, connectionArgs } from './command.ts'
import { deploymentOf } from './connection.ts'
import { forget, storedFor } from './credentials.ts'
import { authApi } from './session/auth-api.ts'
import { say } from './terminal.ts'

const { url } = connectionArgs

export default command({
  args: { url },
  async run(args) {
    const deployment = deploymentOf(args)
    const { key, person } = storedFor(deployment)
    if (key === undefined && person === undefined)
      return say(`Nobody is signed in to ${deployment}.`)
    // Forgotten here, whatever the server says.
    forget(deployment)
    say(`Signed out of ${deployment}.`)
    if (key !== undefined) say('The key still works: revoke it if nobody needs it.')
    if (person?.kind !== 'session') return
    await authApi(deployment, person.cookies)
      .signOut()
      .catch(() => say('The session could not be ended at the server: end it on the profile page.'))
  },
})
