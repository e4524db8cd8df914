// `npx node test/simulation/credits/main.ts`: histories of one meter and its callers.
import { runSuite } from '../suite.ts'
import { runSeed } from './world.ts'

runSuite('credits', runSeed)
