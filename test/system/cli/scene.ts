// What the tests of a command are given.
import type { Cli } from './cli.ts'
import type { Deployment } from './deployment.ts'

export type Scene = {
  deployment: Deployment
  /** The program with a home of its own. */
  cli: () => Cli
}
